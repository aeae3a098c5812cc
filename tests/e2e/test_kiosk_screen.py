"""The kiosk in a real browser, driven by touch, over the demo shop."""

from collections.abc import Iterator

import pytest

from edge.facts import KioskHandoffFact, KioskRatingFact
from tests.e2e.browser import Browser
from tests.e2e.kiosk_stage import Kiosk, ask, open_start, shown_answer, small_targets, speaking_shop, take


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
    open_start(browser, kiosk)
    yield browser
    assert browser.console_errors == []
    assert browser.foreign_requests(kiosk.host) == []


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


def test_a_suggestion_says_what_it_goes_with_and_lists_only_the_others(browser: Browser) -> None:
    with Kiosk(idle_s=60, shop=speaking_shop()) as kiosk:
        open_start(browser, kiosk)
        text = ask(browser, "what goes with spaghetti", shot="suggestion")
        assert "the shop suggests:" in browser.evaluate("document.querySelector('.lead h2').innerText")
        assert "Which one do you mean?" not in text
        choices = browser.evaluate("[...document.querySelectorAll('.choice')].map((one) => one.innerText).join()")
        assert choices
        assert "Spaghetti" not in choices


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


def test_a_thumb_is_counted_without_words(kiosk: Kiosk, page: Browser) -> None:
    ask(page, "butter salted", shot="thumbs")
    page.touch(".thumb-up")
    page.wait_until("document.querySelector('.thumbs').innerText === 'Thank you!'", "no thanks")
    page.wait_for(lambda: [f for f in kiosk.shop.recorded if isinstance(f, KioskRatingFact)], "no thumb counted")
    rating = next(f for f in kiosk.shop.recorded if isinstance(f, KioskRatingFact))
    assert (rating.helped, rating.outcome) == (True, "answered")


def test_the_screen_tells_when_a_colleague_comes_and_when_the_call_is_closed(kiosk: Kiosk, page: Browser) -> None:
    page.touch("#colleague")
    page.wait_until("document.querySelector('.ticket[data-state=opened]')", "no ticket")
    opened = [fact for fact in kiosk.shop.recorded if isinstance(fact, KioskHandoffFact)][-1]
    kiosk.shop.recorded.append(opened.model_copy(update={"state": "coming"}))
    page.wait_until("document.querySelector('.ticket[data-state=coming]')", "nobody is on the way")
    page.wait_until_still()
    take(page, "ticket-coming")
    assert "on the way" in page.evaluate("document.getElementById('spoken').textContent")
    kiosk.shop.recorded.append(opened.model_copy(update={"state": "closed"}))
    page.wait_until("document.querySelector('.ticket[data-state=closed]')", "the call stays open")


def test_a_service_is_shown_on_the_floor_with_its_way(page: Browser) -> None:
    text = ask(page, "where is the customer toilet", shot="service")
    assert "behind the service desk" in text
    assert page.evaluate("document.querySelectorAll('.plan .way').length") == 1


def test_the_age_of_a_count_goes_on_while_one_looks_and_grows_stale(kiosk: Kiosk, page: Browser) -> None:
    assert "s ago" in ask(page, "where is the camembert", shot="age")
    before = page.evaluate("document.querySelector('.stock .detail').innerText")
    page.wait_until(f"document.querySelector('.stock .detail').innerText !== {before!r}", "the age stands still")
    page.evaluate("performance.now = (then => () => then.call(performance) + 9e5)(performance.now)")
    page.wait_until("document.querySelector('.stock').dataset.state === 'stale'", "an old count looks fresh")
    assert "Not seen lately" in page.evaluate("document.querySelector('.stock').innerText")


def test_a_real_keyboard_and_a_mouse_do_as_well(page: Browser) -> None:
    for letter in "camembert":
        page.command("Input.dispatchKeyEvent", type="keyDown", text=letter, key=letter)
        page.command("Input.dispatchKeyEvent", type="keyUp", key=letter)
    page.command(
        "Input.dispatchKeyEvent", type="keyDown", key="Enter", code="Enter", text="\r", windowsVirtualKeyCode=13
    )
    assert "2.59" in shown_answer(page, shot="by-keyboard")
    box = page.evaluate(
        "(() => { const b = document.querySelector('.again').getBoundingClientRect(); return [b.x + 9, b.y + 9] })()"
    )
    for kind in ("mousePressed", "mouseReleased"):
        page.command("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left", clickCount=1)
    page.wait_until("document.body.dataset.view === 'home'", "the mouse does nothing")


def test_a_screen_without_the_shops_computer_says_so_and_comes_back(browser: Browser) -> None:
    with Kiosk(idle_s=60) as first:
        open_start(browser, first)
    browser.wait_until("!document.getElementById('lost').hidden", "it does not say so")
    take(browser, "lost")
    assert "please ask a colleague" in browser.evaluate("document.getElementById('lost').innerText")
    with Kiosk(idle_s=60, port=first.port) as second:
        browser.wait_until("document.getElementById('lost').hidden", "it does not come back")
        assert "2.59" in ask(browser, "camembert", shot="back")
        assert second.shop.recorded
