"""The kiosk in a real browser, driven by touch, over the demo shop."""

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from edge.facts import KioskHandoffFact
from edge.kiosk.config import KioskSettings
from tests.e2e.browser import Browser
from tests.integration.edge_kiosk.kiosk_fixture import demo_plan, kiosk_app
from tests.unit.edge_assistant.shop_fixture import Shop, demo_shop

SHOTS = Path(os.environ["KIOSK_SHOTS"]) if "KIOSK_SHOTS" in os.environ else None


class Kiosk:
    """The application in its own uvicorn thread."""

    def __init__(self, *, idle_s: float) -> None:
        self.shop: Shop = demo_shop()
        settings = KioskSettings(idle_s=idle_s, rate_per_minute=6000)
        app = kiosk_app(self.shop, settings, floor_plan=demo_plan())
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.host = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self._server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), name="kiosk")

    def __enter__(self) -> "Kiosk":
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.should_exit = True
        self._thread.join(10)
        self._socket.close()


@pytest.fixture(scope="module")
def kiosk() -> Iterator[Kiosk]:
    with Kiosk(idle_s=60) as kiosk:
        yield kiosk


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with Browser() as browser:
        yield browser


@pytest.fixture
def page(kiosk: Kiosk, browser: Browser) -> Iterator[Browser]:
    browser.console_errors.clear()
    browser.requests.clear()
    browser.open(f"http://{kiosk.host}/")
    browser.wait_until("document.querySelectorAll('.tile').length > 8", "no tiles")
    yield browser
    assert browser.console_errors == []
    assert browser.foreign_requests(kiosk.host) == []


def type_question(page: Browser, question: str) -> None:
    page.touch("#question")
    for char in question:
        page.touch(".key", text="space" if char == " " else char)


def ask(page: Browser, question: str, *, shot: str) -> str:
    type_question(page, question)
    page.touch(".ask-key")
    page.wait_until("document.querySelector('#answer-view .next')", "no answer")
    page.wait_until_still()
    assert small_targets(page) == []
    take(page, shot)
    return str(page.evaluate("document.getElementById('answer-view').innerText"))


def take(page: Browser, name: str) -> None:
    if SHOTS is not None:
        page.screenshot(SHOTS / f"{name}.png")


def small_targets(page: Browser) -> list[object]:
    """Touch targets under 64 px, as a finger would meet them."""
    found = page.evaluate(
        "[...document.querySelectorAll('button, input')].filter(e => e.checkVisibility()).map(e => {"
        " const box = e.getBoundingClientRect(); return [e.id || e.className, box.width, box.height] })"
        ".filter(([, width, height]) => Math.min(width, height) < 63.99)"
    )
    assert isinstance(found, list)
    return found


def test_the_start_screen_fits_and_every_target_is_large(kiosk: Kiosk, page: Browser) -> None:
    page.wait_until_still()
    take(page, "home")
    assert small_targets(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= 1080")
    policy = page.responses[f"http://{kiosk.host}/"]["content-security-policy"]
    assert policy.startswith("default-src 'self'")


def test_a_typed_question_shows_the_right_price_aisle_and_stock(page: Browser) -> None:
    text = ask(page, "where is the camenbert", shot="answer")
    assert "€2.59" in text
    assert "Aisle 2, bay 4" in text
    assert "Checked: from the shop\u2019s own data" in text
    assert page.evaluate("document.querySelectorAll('.plan .bay.here').length") == 1
    assert "aisle 2, bay 4" in page.evaluate("document.getElementById('spoken').textContent")
    assert "With the screen at your back: straight on 9 m, right 1 m." in text
    assert page.evaluate("document.querySelectorAll('.plan .way').length") == 1
    assert "right 1 m" in page.evaluate("document.querySelector('.plan').getAttribute('aria-label')")


def test_an_ambiguous_word_offers_products_to_touch(page: Browser) -> None:
    text = ask(page, "mlik", shot="several")
    assert "Which one do you mean?" in text
    page.touch(".choice")
    page.wait_until("document.querySelector('.card.product')", "no card after choosing")
    assert "milk" in page.evaluate("document.querySelector('.names h2').innerText").lower()


def test_what_the_shop_does_not_know_leads_to_a_colleague_and_a_ticket(kiosk: Kiosk, page: Browser) -> None:
    assert "I don't know" in ask(page, "do you sell motor oil", shot="unknown")
    page.touch(".big-call")
    page.wait_until("document.querySelector('.ticket .number')", "no ticket")
    page.wait_until_still()
    take(page, "ticket")
    number = page.evaluate("document.querySelector('.ticket .number').innerText")
    assert number in [fact.ticket for fact in kiosk.shop.recorded if isinstance(fact, KioskHandoffFact)]


def test_departments_and_offers_lead_to_products_by_touch(page: Browser) -> None:
    page.touch(".tile", text="Dairy and eggs")
    page.wait_until("document.querySelectorAll('.choice').length > 10", "no products")
    page.wait_until_still()
    take(page, "department")
    assert small_targets(page) == []
    page.touch("#home")
    page.touch(".offer-tile")
    page.wait_until("document.querySelector('.price.offer .normal')", "no offer")
    take(page, "offer")


def test_a_question_is_plain_text_and_never_markup(page: Browser) -> None:
    page.touch("#question")
    page.command("Input.insertText", text="<img src=x onerror=alert(1)> milk")
    page.touch(".ask-key")
    page.wait_until("document.querySelector('#answer-view .next')", "no answer")
    assert page.evaluate("document.querySelectorAll('#answer-view img').length") == 0


def test_a_failing_server_is_said_in_a_plain_sentence(kiosk: Kiosk, page: Browser) -> None:
    router = kiosk.shop.assistant._voices
    kiosk.shop.assistant._voices = {"en": None}  # type: ignore[dict-item]
    try:
        assert "Please ask a colleague" in ask(page, "butter", shot="problem")
    finally:
        kiosk.shop.assistant._voices = router
    page.console_errors.clear()  # the browser notes the 503 itself


def test_nothing_of_a_session_is_left_after_a_short_idle_time(browser: Browser) -> None:
    with Kiosk(idle_s=4.0) as kiosk:
        browser.open(f"http://{kiosk.host}/")
        browser.wait_until("document.querySelectorAll('.tile').length > 8", "no tiles")
        browser.touch(".offer-tile")
        browser.wait_until("document.querySelector('.card.product')", "no answer")
        assert len(kiosk.shop.assistant._sessions) == 1
        browser.wait_until("document.body.dataset.view === 'home'", "not wiped")
        assert browser.evaluate("document.getElementById('answer-view').childElementCount") == 0
        assert (
            browser.evaluate(
                "document.getElementById('spoken').textContent + document.getElementById('question').value"
            )
            == ""
        )
        assert browser.evaluate("localStorage.length + sessionStorage.length + document.cookie.length") == 0
        browser.wait_for(lambda: len(kiosk.shop.assistant._sessions) == 0, "the server still remembers")
