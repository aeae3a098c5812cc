"""axe-core finds nothing on the kiosk's screens: as they come, in large type, in high contrast, in each language."""

from collections.abc import Callable, Iterator

import pytest

from edge.facts import KioskHandoffFact
from edge.kiosk.shop_view import ShopView
from tests.e2e.accessibility import violations
from tests.e2e.browser import Browser
from tests.e2e.kiosk_stage import LANGUAGES, Kiosk, open_start, speaking_shop, take

LOOKS = {"as it comes": (), "large type": (".large",), "high contrast": (".contrast",)}


@pytest.fixture(scope="module")
def kiosk() -> Iterator[Kiosk]:
    with Kiosk(idle_s=600, shop=speaking_shop()) as kiosk:
        yield kiosk


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with Browser() as browser:
        yield browser


def _put(question: str) -> Callable[[Browser], None]:
    def put(page: Browser) -> None:
        page.evaluate("document.getElementById('question').focus()")
        page.command("Input.insertText", text=question)
        page.touch(".ask-key")
        page.wait_until("document.querySelector('#answer-view .next')", "no answer")

    return put


def _press(selector: str, until: str) -> Callable[[Browser], None]:
    def press(page: Browser) -> None:
        page.touch(selector)
        page.wait_until(until, f"nothing came of {selector}")

    return press


def _count_down(page: Browser) -> None:
    _put("where is the camembert")(page)
    page.evaluate(
        "import('/static/js/countdown.js').then(({Countdown}) => new Countdown(document.getElementById('countdown'),"
        " {say: key => key}, {onFinish() {}}).show(7, 10))"
    )


STATES: dict[str, Callable[[Browser], None]] = {
    "start": Browser.wait_until_still,
    "keyboard": _press("#question", "document.body.dataset.keyboard"),
    "answer": _put("where is the camembert"),
    "offer": _press(".offer-tile", "document.querySelector('.price.offer .normal')"),
    "several": _put("milk"),
    "allergens": _put("does the hazelnut chocolate contain milk"),
    "unknown": _put("do you sell motor oil"),
    "hours": _put("when are you open"),
    "service": _put("where is the customer toilet"),
    "department": _press(".tile", "document.querySelectorAll('.choice').length > 5"),
    "ticket": _press("#colleague", "document.querySelector('.ticket')"),
    "countdown": _count_down,
    "lost": lambda page: page.evaluate("document.getElementById('lost').hidden = false, 0"),
}


@pytest.mark.slow
@pytest.mark.parametrize("look", LOOKS)
def test_every_state_is_free_of_violations(kiosk: Kiosk, browser: Browser, look: str) -> None:
    found = {}
    for state, reach in STATES.items():
        open_start(browser, kiosk)
        for switch in LOOKS[look]:
            browser.touch(f".switch{switch}")
        reach(browser)
        browser.wait_until_still()
        found[state] = [*violations(browser), *wider_than_the_screen(browser)]
        take(browser, f"{look}-{state}".replace(" ", "-"))
    assert "\n".join(f"{state}: {one}" for state, wrong in found.items() for one in wrong) == ""


@pytest.mark.slow
@pytest.mark.parametrize("code", [code for code in LANGUAGES if code != "en"])
def test_every_language_is_free_of_violations(kiosk: Kiosk, browser: Browser, code: str) -> None:
    found = {}
    for state in ("start", "keyboard", "offer", "department", "ticket"):
        open_start(browser, kiosk)
        browser.touch(f".language[lang={code}]")
        STATES[state](browser)
        browser.wait_until_still()
        found[state] = [*violations(browser), *wider_than_the_screen(browser)]
        take(browser, f"{code}-{state}")
    assert "\n".join(f"{state}: {one}" for state, wrong in found.items() for one in wrong) == ""


def wider_than_the_screen(page: Browser) -> list[str]:
    """Elements whose text does not fit them, or that reach over the screen's edge."""
    wide = page.evaluate(
        "[...document.querySelectorAll('main *, footer *, .keyboard *, .over *')].filter(e => e.checkVisibility()"
        " && e.clientWidth > 1 && !e.closest('svg, .visually-hidden, input')"
        " && (e.getBoundingClientRect().right > innerWidth + 1 || e.scrollWidth > e.clientWidth + 2"
        " && getComputedStyle(e).display !== 'inline' && getComputedStyle(e).textOverflow !== 'ellipsis'))"
        ".map(e => `wide: ${e.className} ${e.innerText?.slice(0, 30)}`)"
    )
    assert isinstance(wide, list)
    return [str(one) for one in wide[:4]]


def test_a_call_is_in_the_language_of_who_called(kiosk: Kiosk, browser: Browser) -> None:
    open_start(browser, kiosk)
    browser.touch(".language[lang=de]")
    browser.touch("#colleague")
    browser.wait_until("document.querySelector('.ticket')", "no ticket")
    assert LANGUAGES["de"].words["ticket_title"] in browser.evaluate("document.body.innerText")
    assert [fact for fact in kiosk.shop.recorded if isinstance(fact, KioskHandoffFact)]


def test_the_large_offer_is_in_the_language_that_was_chosen(kiosk: Kiosk, browser: Browser) -> None:
    for code in LANGUAGES:
        open_start(browser, kiosk)
        browser.touch(f".language[lang={code}]")
        name = ShopView(kiosk.shop.assistant, name="-").shop(code).offers[0].name
        browser.wait_until(
            f"document.querySelector('.hero-card strong')?.innerText === {name!r}", f"{code}: not {name}"
        )
        eyebrow = browser.evaluate("document.querySelector('.hero-card .eyebrow').textContent")
        assert code == "en" or eyebrow == LANGUAGES[code].words["on_offer"]
