"""Questions that lean on the turn before, and the one that costs least; never a product of an older turn."""

import pytest

from edge.assistant.sessions import Sessions
from edge.assistant.talk import Talk
from tests.unit.edge_assistant.shop_fixture import Shop, demo_shop, small_shop


@pytest.fixture(scope="module")
def shop() -> Shop:
    return demo_shop()


def ask(shop: Shop, *questions: str) -> str:
    shop.assistant.forget("session-1")
    return [shop.assistant.ask(question, kiosk_id="k", session="session-1").answer for question in questions][-1]


def test_the_intent_goes_on_with_another_product(shop: Shop) -> None:
    assert "Camembert, 250 g costs €2.59" in ask(shop, "how much is the kefir", "and the camembert?")
    assert "Camembert, 250 g is in aisle 2, bay 4" in ask(shop, "where is the kefir", "what about the camembert")


@pytest.mark.parametrize("question", ["how much?", "and the price?", "how much is it", "what do they cost"])
def test_the_product_is_left_out(shop: Shop, question: str) -> None:
    assert "Kefir, 500 ml costs €1.39" in ask(shop, "where is the kefir", question)


def test_one_of_those_on_the_screen_is_picked(shop: Shop) -> None:
    assert "Pesto red" in ask(shop, "where is the pesto", "the red one")
    assert "Pesto green" not in ask(shop, "where is the pesto", "the red one")


def test_the_cheaper_one_is_one_of_those_on_the_screen(shop: Shop) -> None:
    assert "Red wine Merlot, 750 ml costs €5.49" in ask(shop, "how much is red wine", "and the cheaper one?")
    assert ask(shop, "and the cheaper one?").startswith("I don't know")


def test_an_offer_counts_when_the_cheapest_is_asked(shop: Shop) -> None:
    answer = ask(shop, "what is your cheapest minced meat")
    assert "Minced beef" in answer
    assert "€4.49" in answer


def test_after_several_products_it_points_at_none_of_an_older_turn(shop: Shop) -> None:
    answer = ask(shop, "where is the kefir", "how much is red wine", "how much is it")
    assert "Kefir" not in answer
    assert "Which one do you mean?" in answer


def test_nothing_is_left_of_a_forgotten_session() -> None:
    shop = small_shop()
    shop.assistant.ask("where is the salted butter", kiosk_id="k", session="session-1")
    shop.assistant.forget("session-1")
    assert shop.assistant.ask("how much?", kiosk_id="k", session="session-1").outcome == "unknown"


def test_sessions_keep_what_was_spoken_of_beside_the_ticket() -> None:
    sessions = Sessions()
    sessions.remember("a", mono_s=0.0, talk=Talk(sku="BR-0001"))
    sessions.remember("a", mono_s=1.0, ticket="C-001")
    memory = sessions.recall("a", mono_s=2.0)
    assert (memory.talk.sku, memory.ticket) == ("BR-0001", "C-001")
