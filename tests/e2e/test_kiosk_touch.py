"""The whole way of a shopper by touch, in each language: ask, see, rate, call, go; and texts that want to break out."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from edge.assistant.assistant import Assistant
from edge.assistant.language import load_language
from edge.assistant.tools import ShopData
from edge.assistant.voice import make_voice
from edge.catalogue import Catalogue
from edge.facts import KioskHandoffFact, KioskRatingFact
from edge.shop_info import Offers
from tests.e2e.browser import Browser
from tests.e2e.kiosk_stage import LANGUAGES, Kiosk, ask, open_start, speaking_shop, take
from tests.integration.edge_kiosk.kiosk_fixture import tickets_of
from tests.unit.edge_assistant.shop_fixture import BERLIN, INFO, FakeClock, FakeStock, Shop, product


@dataclass(frozen=True)
class Asked:
    """What is typed in a language, letters of its own among it, and how it writes a price."""

    question: str
    price: str


ASKED = {
    "en": Asked("where is the camembert", "€2.59"),
    "de": Asked("wo finde ich den camembert für heute", "2,59"),
    "fr": Asked("où est le camembert", "2,59"),
    "es": Asked("dónde está el camembert", "2,59"),
}
OWN_LETTERS = {"en": "'", "de": "äöüß", "fr": "éèçœ", "es": "ñá¿"}


@pytest.fixture(scope="module")
def kiosk() -> Iterator[Kiosk]:
    with Kiosk(idle_s=600, shop=speaking_shop()) as kiosk:
        yield kiosk


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with Browser() as browser:
        yield browser


@pytest.mark.slow
@pytest.mark.parametrize("code", list(LANGUAGES))
def test_a_shopper_asks_sees_rates_calls_and_goes(kiosk: Kiosk, browser: Browser, code: str) -> None:
    words, asked, shop = LANGUAGES[code].words, ASKED[code], kiosk.shop
    ratings = sum(isinstance(fact, KioskRatingFact) for fact in shop.recorded)
    open_start(browser, kiosk)
    browser.touch(f".language[lang={code}]")
    browser.wait_until(f"document.getElementById('headline').innerText === {words['headline']!r}", "another language")
    browser.touch("#question")
    for letter in OWN_LETTERS[code]:
        browser.touch(".key", text=letter)
    assert browser.evaluate("document.getElementById('question').value") == OWN_LETTERS[code]
    for _ in OWN_LETTERS[code]:
        browser.touch(".key.erase")

    text = ask(browser, asked.question, shot=f"touch-{code}", space=words["space"])
    assert asked.price in text
    assert words["where"] in text
    assert words["checked"] in text
    assert browser.evaluate("document.querySelectorAll('.plan .way').length") == 1
    browser.touch(".thumb-up")
    browser.wait_until(f"document.querySelector('.thumbs').innerText === {words['thanks']!r}", "no thanks")
    browser.wait_for(
        lambda: sum(isinstance(fact, KioskRatingFact) for fact in shop.recorded) > ratings, "no thumb counted"
    )

    browser.touch(".plain")
    browser.wait_until("document.querySelector('.ticket[data-state=opened]')", "no ticket")
    number = browser.evaluate("document.querySelector('.ticket .number').innerText")
    assert [waiting.ticket_id for waiting in tickets_of(shop).waiting()] == [number], "staff see it"
    opened = next(f for f in reversed(shop.recorded) if isinstance(f, KioskHandoffFact))
    for state, title in (("coming", "ticket_coming_title"), ("closed", "ticket_closed_title")):
        shop.recorded.append(opened.model_copy(update={"state": state}))
        browser.wait_until(f"document.querySelector('.ticket[data-state={state}]')", f"not {state}")
        assert words[title] in browser.evaluate("document.querySelector('.ticket').innerText")
    browser.touch(".again")
    browser.wait_until("document.body.dataset.view === 'home'", "not at the start")
    assert browser.console_errors == []
    assert browser.foreign_requests(kiosk.host) == []


def test_a_department_has_one_picture_in_every_language(kiosk: Kiosk, browser: Browser) -> None:
    pictures = {}
    for code in LANGUAGES:
        tools = kiosk.shop.assistant.tools(code)
        open_start(browser, kiosk)
        browser.touch(f".language[lang={code}]")
        last = tools.shop.catalogue.departments[-1]
        browser.wait_until(f"[...document.querySelectorAll('.tile')].some(t => t.innerText === {last!r})", "no tile")
        pictures[code] = browser.evaluate("[...document.querySelectorAll('.tile .pack')].map(p => p.dataset.kind)")
    assert pictures == dict.fromkeys(LANGUAGES, pictures["en"])
    assert len(set(pictures["en"])) == len(pictures["en"]) - 1, "each its own; only the two for help have none"


HOSTILE = "<img src=x onerror=alert(1)>"
LONG = "Donaudampfschifffahrtsgesellschaftskapitänsbuttermilchgetränk"


def odd_shop() -> Shop:
    """Names that want to be markup, and names that want more room than there is."""
    goods = (
        product("BR-0001", f"{HOSTILE} milk", brand="<b>Bold</b>", department="<script>alert(2)</script>"),
        product(
            "BR-0002", LONG, brand="Vereinigte Molkereigenossenschaften Oberösterreich", department="Molkereiprodukte"
        ),
        *(
            product(f"BR-01{n:02d}", f"{LONG} {n}", department=f"Tiefkühlfertiggerichte und Speiseeisspezialitäten {n}")
            for n in range(8)
        ),
    )
    data = ShopData(catalogue=Catalogue(goods), info=INFO, offers=Offers(()), currency="EUR", timezone=BERLIN)
    clock, stock = FakeClock(), FakeStock()
    voice = make_voice(load_language("en"), data, stock, clock=clock)
    recorded: list = []  # type: ignore[type-arg]
    return Shop(clock, stock, voice.tools, voice, Assistant([voice], clock=clock, record=recorded.append), recorded)


def test_names_are_text_and_long_ones_stay_in_their_place(browser: Browser) -> None:
    with Kiosk(idle_s=600, shop=odd_shop()) as kiosk:
        open_start(browser, kiosk)
        take(browser, "odd-start")
        assert HOSTILE.removeprefix("<img ") not in browser.evaluate("document.documentElement.innerHTML")
        assert browser.evaluate("[...document.querySelectorAll('.tile')].some(t => t.innerText.includes('<script>'))")
        assert browser.evaluate("document.documentElement.scrollWidth") <= browser.width
        browser.evaluate("document.getElementById('question').focus()")
        browser.command("Input.insertText", text=f"where is {HOSTILE} milk")
        browser.touch(".ask-key")
        browser.wait_until("document.querySelector('#answer-view .next')", "no answer")
        assert browser.evaluate("document.querySelectorAll('#answer-view img, #answer-view b').length") == 0
        for tile in ("Molkereiprodukte", "Tiefkühlfertiggerichte und Speiseeisspezialitäten 1"):
            open_start(browser, kiosk)
            browser.touch(".tile", text=tile)
            browser.touch(".choice")
            browser.wait_until("document.querySelector('#answer-view .asked')", "no answer")
            browser.wait_until("document.querySelector('#answer-view .next')", "no answer")
            browser.wait_until_still()
            take(browser, f"odd-{tile[:4]}")
            assert browser.evaluate("document.documentElement.scrollWidth") <= browser.width
            assert browser.evaluate("document.querySelectorAll('#answer-view img').length") == 0
        assert browser.console_errors == []
