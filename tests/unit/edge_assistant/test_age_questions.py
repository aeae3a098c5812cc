"""Every answer to a question of age names the product's age limit, or says that it is not known."""

import pytest

from tests.unit.edge_assistant.shop_fixture import Shop, demo_shop


@pytest.fixture(scope="module")
def shop() -> Shop:
    return demo_shop()


@pytest.mark.parametrize(
    ("question", "limit"),
    [
        ("I am 12, can I buy the pilsner beer bottle?", 16),
        ("I'm 17, can I get the vodka?", 18),
        ("my son is 15, can he buy the wheat beer", 16),
        ("do I need to be 18 for the wheat beer?", 16),
        ("do you have to be 21 to buy vodka", 18),
        ("must i be 18 to buy the wheat beer", 16),
        ("am i old enough for the wheat beer", 16),
        ("can kids buy the wheat beer", 16),
        ("can minors buy vodka", 18),
    ],
)
def test_the_limit_is_in_the_answer(shop: Shop, question: str, limit: int) -> None:
    answer = shop.assistant.ask(question, kiosk_id="k")
    assert f"{limit} or over" in answer.answer
    assert answer.verified


def test_no_limit_in_the_data_proves_nothing(shop: Shop) -> None:
    assert shop.assistant.ask("I am 12, can I buy the kefir?", kiosk_id="k").outcome == "unknown"


@pytest.mark.parametrize(
    "question", ["how much is 12 eggs", "where is the kefir", "is there wheat beer under 15 euros"]
)
def test_other_numbers_are_no_age(shop: Shop, question: str) -> None:
    assert not shop.voice.router.route(question).asks_age
