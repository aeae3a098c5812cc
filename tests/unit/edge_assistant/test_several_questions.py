"""Several questions in one text: each is answered, or the text is taken as a whole."""

import pytest

from tests.unit.edge_assistant.shop_fixture import Shop, demo_shop


@pytest.fixture(scope="module")
def shop() -> Shop:
    return demo_shop()


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("where is the kefir and how much is it", ["Kefir, 500 ml is in aisle 2, bay 3", "€1.39"]),
        ("how much is kefir, where is it?", ["€1.39", "aisle 2, bay 3"]),
        ("how much is the kefir and where is the camembert", ["€1.39", "Camembert, 250 g is in aisle 2, bay 4"]),
        ("how much is the salted butter and how much is the whole milk?", ["on offer: €1.99", "costs €1.29"]),
        ("how much is the whole milk and how much is the salted butter?", ["on offer: €1.99", "costs €1.29"]),
        ("where is the kefir? and are you open on sunday?", ["aisle 2, bay 3", "closed on Sunday 29 November"]),
        ("what time do you close and where is the toilet", ["until 20:00", "behind the service desk"]),
    ],
)
def test_each_question_is_answered(shop: Shop, question: str, says: list[str]) -> None:
    answer = shop.assistant.ask(question, kiosk_id="k")
    assert all(text in answer.answer for text in says), answer.answer
    assert (answer.verified, answer.wording) == (True, "template")


@pytest.mark.parametrize(
    "question",
    [
        "which chocolate has no nuts and where is it",
        "i am allergic to nuts. where is the chocolate?",
        "where is the motor oil and how much is it",
    ],
)
def test_care_and_ignorance_hold_for_the_whole_text(shop: Shop, question: str) -> None:
    assert shop.assistant.ask(question, kiosk_id="k").outcome == "unknown"


def test_a_yes_is_not_said_beside_an_empty_shelf(shop: Shop) -> None:
    answer = shop.assistant.ask("do you have camembert and where is the gouda", kiosk_id="k")
    assert answer.verified
    assert "cannot answer this right now" not in answer.answer


def test_the_next_question_leans_on_all_of_them(shop: Shop) -> None:
    shop.assistant.ask("where is the kefir and how much is it", kiosk_id="k", session="session-2")
    assert "Kefir" in shop.assistant.ask("is it in stock", kiosk_id="k", session="session-2").answer
