import json
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from tests.e2e.browser import Browser
from tests.integration.edge_console.console_fake import PASSWORD

Say = Callable[[str], None]


@pytest.fixture(scope="module")
def shop() -> Iterator[tuple[str, Say]]:
    """A console in a process of its own, and a way to change what its shop does."""
    command = [sys.executable, "-m", "tests.integration.edge_console.console_fake"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        stdin = process.stdin

        def say(line: str) -> None:
            stdin.write(line + "\n")
            stdin.flush()

        yield process.stdout.readline().strip(), say
        stdin.close()
        assert process.wait(15.0) == 0


@pytest.fixture(scope="module")
def browser(shop: tuple[str, Say]) -> Iterator[Browser]:
    """A browser at the console's usual size."""
    with Browser(width=1440, height=900) as opened:
        yield opened


@pytest.fixture
def page(shop: tuple[str, Say], browser: Browser) -> Browser:
    """The browser, logged in and on the overview."""
    address, say = shop
    say("back")
    browser.open(f"{address}/login")
    if browser.evaluate("location.pathname") == "/login":
        _log_in(browser, PASSWORD)
    browser.wait_until(_shows(".stage-header h1", "Overview"), "not logged in")
    browser.console_errors.clear()
    return browser


def _log_in(browser: Browser, password: str) -> None:
    browser.wait_until("document.readyState === 'complete'", "the form is not there")
    # A page that has not been painted takes no touch.
    browser.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))")
    browser.evaluate(f"document.querySelector('#password').value = {password!r}")
    browser.touch("button", text="Log in")


def _shows(selector: str, text: str) -> str:
    return (
        f"[...document.querySelectorAll({json.dumps(selector)})].some(e => e.textContent.includes({json.dumps(text)}))"
    )


def test_a_wrong_password_is_told_and_the_right_one_opens_the_overview(shop: tuple[str, Say], browser: Browser) -> None:
    address, _ = shop
    browser.open(f"{address}/facts")
    browser.wait_until("location.pathname === '/login'", "not sent to the login page")

    _log_in(browser, "wrong")
    browser.wait_until(_shows("#message", "not the password"), "no word about the wrong password")
    _log_in(browser, PASSWORD)

    browser.wait_until(_shows(".stage-header h1", "Overview"), "no overview")


@pytest.mark.parametrize(
    ("path", "selector", "text"),
    [
        ("/", ".camera-card", "Dairy fridge"),
        ("/cameras/cam-pantry", ".picture .live", "Live"),
        ("/facts", "td", "Out of stock"),
        ("/sync", "td", "Telemetry"),
        ("/privacy", "td", "detector: phone number"),
        ("/health", ".tile", "SmolLM2"),
    ],
)
def test_each_page_works_without_errors_and_without_another_host(
    page: Browser, shop: tuple[str, Say], path: str, selector: str, text: str
) -> None:
    address, _ = shop
    page.open(f"{address}{path}")

    page.wait_until(_shows(selector, text), "the page lacks it")
    page.wait_until("[...document.images].every(i => i.complete && i.naturalWidth > 0)", "a picture is missing")
    page.wait_until("document.querySelector('#popup').ariaHidden === 'true'", "the page is not connected")
    assert page.evaluate(
        "document.documentElement.scrollWidth <= innerWidth && document.body.scrollHeight <= innerHeight"
    )
    assert page.console_errors == []
    assert page.foreign_requests(address.removeprefix("http://")) == []


def test_pictures_are_renewed_while_the_page_is_open(page: Browser) -> None:
    page.wait_until("document.querySelector('.picture img')?.src", "no picture")
    first = page.evaluate("document.querySelector('.picture img').src")

    page.wait_until(f"document.querySelector('.picture img').src !== {first!r}", "the picture stays the same")


def test_a_camera_that_goes_blind_shows_a_banner_and_no_counts(page: Browser, shop: tuple[str, Say]) -> None:
    _, say = shop
    say("blind cam-pantry")

    page.wait_until(_shows("a[href='/cameras/cam-pantry'] .fault", "counts are on hold"), "no banner")
    page.wait_until(_shows("a[href='/cameras/cam-pantry'] .pill", "6 no data"), "its slots look counted")


def test_done_closes_a_ticket_that_somebody_went_to(page: Browser) -> None:
    page.wait_until(_shows(".tickets li", "Gluten-free bread"), "no ticket")
    page.touch(".tickets li:first-child button", text="On my way")
    page.wait_until(_shows(".tickets li:first-child", "somebody is on the way"), "nobody is on the way")

    page.touch(".tickets li:first-child button", text="Done")

    page.wait_until(f"!({_shows('.tickets li', 'Gluten-free bread')})", "the ticket stays open")


def test_the_stream_filters_pauses_and_goes_on(page: Browser, shop: tuple[str, Say]) -> None:
    address, say = shop
    page.open(f"{address}/facts")
    page.touch(".chips button", text="Shelves")
    page.wait_until(f"!({_shows('td', 'Line crossed')}) && {_shows('td', 'Out of stock')}", "not filtered")

    page.touch(".bar button", text="Pause")
    page.wait_until(_shows(".bar", "Paused"), "not paused")
    say("fact new-slot")
    page.wait_until(_shows(".bar", "1 newer"), "does not say that there is more")
    assert not page.evaluate(_shows("td", "new-slot"))

    page.touch(".bar button", text="Go on")
    page.wait_until(_shows("td", "new-slot"), "does not go on")


def test_a_source_that_goes_away_turns_the_open_page_to_unavailable_and_back(
    page: Browser, shop: tuple[str, Say]
) -> None:
    address, say = shop
    page.open(f"{address}/sync")
    page.wait_until(_shows(".tile", "Connected"), "no link state")

    say("away")
    page.wait_until(f"{_shows('.unavailable', 'Unavailable')} && !({_shows('.tile', 'Connected')})", "still as if live")
    say("back")
    page.wait_until(_shows(".tile", "Connected"), "does not come back")


def test_a_session_that_ends_takes_the_open_page_back_to_the_login(page: Browser, shop: tuple[str, Say]) -> None:
    _, say = shop
    say("expire")

    page.wait_until("location.pathname === '/login'", "the page stays open")
