"""After a short while without a touch nothing of a shopper is left: not on the screen, not in the browser, not here."""

import gc
from collections.abc import Iterator

import pytest

from tests.e2e.browser import Browser
from tests.e2e.kiosk_stage import LANGUAGES, Kiosk, ask, open_start, speaking_shop, take, type_question

# Backwards, so that this test itself never holds what it looks for: the word is typed letter by letter.
BACKWARDS = "quvwxyz"
STORED = (
    "(async () => [localStorage.length, sessionStorage.length, document.cookie.length,"
    " (await indexedDB.databases()).length, (await caches?.keys() ?? []).length,"
    " (await navigator.serviceWorker?.getRegistrations() ?? []).length, history.length])()"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with Browser() as browser:
        yield browser


def holds(text: str) -> bool:
    return BACKWARDS in text[::-1].lower()


def held_here() -> list[str]:
    """Live texts of this process, the kiosk's server among it, in which the word stands."""
    gc.collect()
    return [
        repr(type(holder))
        for holder in gc.get_objects()
        for text in gc.get_referents(holder)
        if type(text) is str and holds(text)
    ]


def test_nothing_of_a_session_is_left_after_the_countdown(browser: Browser) -> None:
    with Kiosk(idle_s=8.0) as kiosk:
        open_start(browser, kiosk)
        began = browser.evaluate(STORED)
        type_question(browser, BACKWARDS[::-1])
        browser.touch(".ask-key")
        browser.wait_until("document.querySelector('.card.unknown')", "no answer")
        ask(browser, "where is the camembert", shot="before-the-wipe")
        type_question(browser, BACKWARDS[::-1])
        browser.evaluate("window.kept = document.getElementById('question').value, 0")
        assert holds(browser.heap()), "the search would find what is kept"
        browser.evaluate("delete window.kept")
        assert len(kiosk.shop.assistant._sessions) == 1

        browser.wait_until("!document.getElementById('countdown').hidden", "no countdown")
        take(browser, "countdown")
        assert "Are you still there?" in browser.evaluate("document.getElementById('countdown').innerText")
        browser.wait_until("document.body.dataset.view === 'home'", "not wiped")
        browser.wait_until_still()

        assert browser.evaluate(STORED) == began
        assert not holds(
            browser.evaluate("document.documentElement.outerHTML + document.getElementById('question').value")
        )
        assert browser.evaluate("document.getElementById('answer-view').childElementCount") == 0
        assert browser.evaluate("document.getElementById('spoken').textContent") == ""
        browser.evaluate("(document.getElementById('question').focus(), document.execCommand('undo'))")
        assert browser.evaluate("document.getElementById('question').value") == "", "undo brings it back"
        browser.wait_for(lambda: len(kiosk.shop.assistant._sessions) == 0, "the server still remembers")
        assert not holds("".join(fact.model_dump_json() for fact in kiosk.shop.recorded))
        assert held_here() == []
        browser.wait_for(lambda: not holds(browser.heap()), "the page's scripts still hold it")
        assert not any(holds(url) for url in browser.requests)


def test_any_touch_goes_on_and_done_wipes_at_once(browser: Browser) -> None:
    with Kiosk(idle_s=6.0) as kiosk:
        open_start(browser, kiosk)
        browser.touch(".offer-tile")
        browser.wait_until("document.querySelector('.card.product')", "no answer")
        browser.wait_until("!document.getElementById('countdown').hidden", "no countdown")
        browser.touch(".go-on")
        browser.wait_until("document.getElementById('countdown').hidden", "it does not go on")
        assert browser.evaluate("document.body.dataset.view") == "answer"
        browser.wait_until("!document.getElementById('countdown').hidden", "no second countdown")
        browser.touch("#countdown .plain")
        browser.wait_until("document.body.dataset.view === 'home'", "not wiped")


def test_language_and_looks_go_back_to_the_shops_own(browser: Browser) -> None:
    with Kiosk(idle_s=4.0, shop=speaking_shop()) as kiosk:
        open_start(browser, kiosk)
        for target in (".language[lang=de]", ".switch.large", ".switch.contrast"):
            browser.touch(target)
        assert browser.evaluate("document.getElementById('headline').innerText") == LANGUAGES["de"].words["headline"]
        browser.wait_until("document.documentElement.lang === 'en'", "still German")
        assert browser.evaluate("Object.keys(document.documentElement.dataset).length") == 0
        assert browser.evaluate("document.getElementById('headline').innerText") == LANGUAGES["en"].words["headline"]


def test_a_screen_that_nobody_touches_counts_nothing_down(browser: Browser) -> None:
    with Kiosk(idle_s=1.0) as kiosk:
        open_start(browser, kiosk)
        browser.evaluate("new Promise(done => setTimeout(done, 1500))")
        assert browser.evaluate("document.getElementById('countdown').hidden")
