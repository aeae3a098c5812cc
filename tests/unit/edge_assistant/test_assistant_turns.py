"""Turns over the small shop: what is said, what is remembered, what is recorded."""

from datetime import timedelta

import pytest

from edge.assistant.assistant import Answer
from edge.assistant.tools import Stock
from edge.errors import StoreFullError
from edge.facts import Fact, KioskHandoffFact, KioskTurnFact
from models.errors import LanguageUnavailableError
from models.language.requests import CompletionRequest
from tests.unit.edge_assistant.shop_fixture import NOON, FakeLanguage, Shop, said_facts, small_shop


@pytest.fixture
def shop() -> Shop:
    return small_shop()


def seen(shop: Shop, sku: str, units: int, *, ago_s: float) -> None:
    shop.stock.seen[sku] = Stock(units=units, seen_at=NOON - timedelta(seconds=ago_s))


@pytest.mark.parametrize(
    ("question", "intent", "answer"),
    [
        ("Where is the whole milk?", "where_is", "Fennmoor Whole milk 3.5 %, 1 l is in aisle 2, bay 1."),
        (
            "how much is whole milk",
            "how_much",
            "Fennmoor Whole milk 3.5 %, 1 l costs €1.29. The unit price is €1.29/l.",
        ),
        (
            "how much is the butter",
            "how_much",
            "Tilbeck Butter salted, 250 g is on offer: €1.99 instead of €2.49, until 30 November.",
        ),
        (
            "have you got butter",
            "have_you_got",
            "Yes, we sell Tilbeck Butter salted, 250 g. Its place is aisle 3, bay 1. I cannot see its shelf right now.",
        ),
        (
            "are you open",
            "open_hours",
            (
                "We are closed now. We open again today at 14:00."
                " We are open today from 08:00 to 12:30 and from 14:00 to 20:00."
            ),
        ),
        ("are you open on sunday", "open_hours", "We are closed on Sunday 29 November."),
        (
            "open on christmas eve?",
            "open_hours",
            "We are open on Thursday 24 December, Christmas Eve from 08:00 to 14:00.",
        ),
        ("can I return this", "returns", "Unopened goods can be returned within 14 days."),
        ("where can I return bottles", "services", "Bottle return: at the entrance."),
        ("do you sell motor oil", "have_you_got", "I don't know. Shall I call a colleague?"),
        ("what is the capital of France", "unknown", "I don't know. Shall I call a colleague?"),
        (
            "does the muffin contain nuts",
            "allergens",
            (
                "For Kornhalm Chocolate muffins, 4 pcs the shop's data lists: gluten, milk."
                " Please check the label; it is what counts."
            ),
        ),
        (
            "is vodka on offer",
            "offers",
            "Polar Ridge Vodka 37.5 %, 700 ml is not on offer today. It costs €9.99.",
        ),
    ],
)
def test_a_question_is_answered_from_the_shops_data(shop: Shop, question: str, intent: str, answer: str) -> None:
    if "open" in question and "sunday" not in question:
        shop.clock.move(3600)  # 13:00, in the lunch break
    got = shop.assistant.ask(question, kiosk_id="k1")
    assert (got.intent, got.answer) == (intent, answer)
    assert got.verified
    assert got.wording == "template"


def test_an_ambiguous_word_is_asked_back_with_real_products(shop: Shop) -> None:
    got = shop.assistant.ask("where is the milk", kiosk_id="k1")
    assert "Which one do you mean?" in got.answer
    assert {fact["sku"] for fact in got.facts if fact["kind"] == "product"} == {"BR-0001", "BR-0002"}


def test_the_shelf_is_reported_with_its_age(shop: Shop) -> None:
    seen(shop, "BR-0003", 6, ago_s=130)
    assert "There are 6 on the shelf, seen 2 minutes ago." in shop.assistant.ask("got any butter", kiosk_id="k").answer


def test_an_empty_shelf_is_said_to_be_empty(shop: Shop) -> None:
    seen(shop, "BR-0003", 0, ago_s=10)
    answer = shop.assistant.ask("have you got butter", kiosk_id="k").answer
    assert "its shelf was empty when last seen, just now" in answer
    assert "Yes" not in answer


@pytest.mark.parametrize("ago_s", [901, 86_400, -60], ids=["stale", "yesterday", "from the future"])
def test_what_was_not_seen_lately_is_unknown_and_never_out_of_stock(shop: Shop, ago_s: float) -> None:
    seen(shop, "BR-0003", 0, ago_s=ago_s)
    got = shop.assistant.ask("have you got butter", kiosk_id="k")
    assert "I cannot see its shelf right now" in got.answer
    assert [fact["state"] for fact in got.facts if fact["kind"] == "stock"] == ["unknown"]


def test_a_follow_up_means_the_product_before_until_the_session_is_wiped(shop: Shop) -> None:
    shop.assistant.ask("where is the butter", kiosk_id="k", session="s-1")
    assert "Butter salted" in shop.assistant.ask("and how much is it?", kiosk_id="k", session="s-1").answer
    assert "I don't know" in shop.assistant.ask("and how much is it?", kiosk_id="k", session="s-2").answer
    shop.assistant.forget("s-1")
    assert "I don't know" in shop.assistant.ask("and how much is it?", kiosk_id="k", session="s-1").answer


def test_a_session_is_forgotten_by_itself(shop: Shop) -> None:
    shop.assistant.ask("where is the butter", kiosk_id="k", session="s-1")
    shop.clock.move(121)
    assert "I don't know" in shop.assistant.ask("how much is it?", kiosk_id="k", session="s-1").answer


def test_a_colleague_is_called_once_per_session_and_the_ticket_is_recorded(shop: Shop) -> None:
    first = shop.assistant.call_colleague(kiosk_id="k1", session="s-1")
    again = shop.assistant.ask("call a colleague", kiosk_id="k1", session="s-1")
    other = shop.assistant.call_colleague(kiosk_id="k1", session="s-2")
    assert first.answer == again.answer == "I have called a colleague. Your ticket is C-001. Please wait here."
    assert "C-002" in other.answer
    tickets = [fact.ticket for fact in shop.recorded if isinstance(fact, KioskHandoffFact)]
    assert tickets == ["C-001", "C-002"]


def test_a_turn_is_recorded_without_the_words(shop: Shop) -> None:
    shop.assistant.ask("how much is the butter for my wife Erika", kiosk_id="k1")
    fact = shop.recorded[-1]
    assert isinstance(fact, KioskTurnFact)
    assert (fact.intent, fact.sku, fact.source) == ("how_much", None, "k1")
    assert "rika" not in fact.model_dump_json()


def test_a_full_store_does_not_cost_the_shopper_the_answer_but_no_ticket_is_given_out() -> None:
    shop = small_shop()

    def full(_: Fact) -> None:
        raise StoreFullError("full")

    shop.assistant._record = full
    assert "aisle 3" in shop.assistant.ask("where is the butter", kiosk_id="k").answer
    with pytest.raises(StoreFullError):
        shop.assistant.call_colleague(kiosk_id="k")


def test_an_honest_model_words_the_answer() -> None:
    shop = small_shop(FakeLanguage(said_facts))
    got = shop.assistant.ask("where is the whole milk", kiosk_id="k")
    assert (got.wording, got.verified) == ("model", True)
    assert "aisle 2, bay 1" in got.answer


def test_a_model_that_is_down_or_late_leaves_the_answer_to_the_template() -> None:
    def late(_: CompletionRequest) -> str:
        raise LanguageUnavailableError("late")

    for language in (FakeLanguage(late), FakeLanguage(said_facts, is_up=False)):
        got = small_shop(language).assistant.ask("where is the whole milk", kiosk_id="k")
        assert (got.wording, got.verified, got.outcome) == ("template", True, "answered")


def test_a_list_or_an_allergen_is_never_worded_by_the_model() -> None:
    language = FakeLanguage(said_facts)
    shop = small_shop(language)
    for question in ("where is the milk", "does the muffin contain nuts", "can I return this", "any offers"):
        assert shop.assistant.ask(question, kiosk_id="k").wording == "template"
    assert language.asked == []


def test_every_step_is_timed(shop: Shop) -> None:
    timings = shop.assistant.ask("where is the butter", kiosk_id="k").timings_ms
    assert set(timings) == {"guard", "route", "tools", "wording", "verify", "total"}


def test_what_was_found_is_there_before_the_model_words_it() -> None:
    seen: list[str] = []
    drafts: list[Answer] = []

    def say(request: CompletionRequest) -> str:
        seen.append(drafts[0].answer)
        return said_facts(request)

    shop = small_shop(FakeLanguage(say))
    answer = shop.assistant.ask("where is the butter", kiosk_id="kiosk-1", on_draft=drafts.append)
    assert answer.wording == "model"
    assert seen == [drafts[0].answer]
    assert (drafts[0].facts, drafts[0].wording, drafts[0].verified) == (answer.facts, "template", True)
    assert [fact.kind for fact in shop.recorded] == ["kiosk.turn"], "one question is one turn"


def test_no_draft_goes_before_an_answer_that_is_there_at_once() -> None:
    drafts: list[Answer] = []
    small_shop().assistant.ask("where is the butter", kiosk_id="kiosk-1", on_draft=drafts.append)
    assert drafts == []
