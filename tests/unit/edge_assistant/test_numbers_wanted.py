"""How many a shopper wants: no "yes" to more than were seen, no price of one for several."""

from datetime import timedelta

import pytest

from edge.assistant.tools import Stock
from tests.unit.edge_assistant.shop_fixture import NOON, FakeLanguage, Shop, said_facts, small_shop

MILK, MUFFINS = "BR-0001", "BR-0004"


def shop_with(sku: str, units: int | None) -> Shop:
    shop = small_shop(FakeLanguage(said_facts))
    if units is not None:
        shop.stock.seen[sku] = Stock(units=units, seen_at=NOON - timedelta(seconds=5))
    return shop


@pytest.mark.parametrize(
    ("question", "units", "says"),
    [
        ("do you have 50 whole milk?", 3, "There are 3 on the shelf"),
        ("do you have fifty whole milk?", 3, "There are 3 on the shelf"),
        ("have you got 5 whole milk?", 3, "There are 3 on the shelf"),  # no 5 of its 3.5 %
        ("have you got ten whole milk?", 1, "There is 1 on the shelf"),
        ("have you got 2 whole milk", 0, "shelf was empty"),
        ("have you got 2 whole milk", None, "cannot see its shelf"),
    ],
)
def test_no_yes_to_more_than_were_seen(question: str, units: int | None, says: str) -> None:
    answer = shop_with(MILK, units).assistant.ask(question, kiosk_id="k")
    assert says in answer.answer
    assert "Yes" not in answer.answer
    assert answer.verified


def test_a_yes_to_as_many_as_were_seen() -> None:
    assert shop_with(MILK, 3).assistant.ask("have you got 3 whole milk", kiosk_id="k").answer.startswith("Yes")


def test_a_number_of_the_size_is_not_a_number_wanted() -> None:
    answer = shop_with(MUFFINS, 2).assistant.ask("have you got 4 chocolate muffins", kiosk_id="k")
    assert answer.answer.startswith("Yes")


@pytest.mark.parametrize("question", ["how much are three whole milk?", "what do 2 salted butter cost"])
def test_a_price_of_one_is_called_so_where_several_are_wanted(question: str) -> None:
    answer = shop_with(MILK, 3).assistant.ask(question, kiosk_id="k")
    assert "That is the price of one." in answer.answer
    assert (answer.verified, answer.wording) == (True, "template")


@pytest.mark.parametrize("question", ["how much is the whole milk?", "how much are 4 chocolate muffins"])
def test_nothing_is_added_where_one_is_wanted(question: str) -> None:
    assert "price of one" not in shop_with(MILK, 3).assistant.ask(question, kiosk_id="k").answer
