"""No list of products by allergen: one of them would pass for all of them."""

import pytest

from edge.assistant.language import load_language
from tests.unit.edge_assistant.shop_fixture import Shop, demo_shop


@pytest.fixture(scope="module")
def shop() -> Shop:
    return demo_shop()


@pytest.mark.parametrize(
    "question",
    [
        "which products contain celery?",
        "which products contain fish?",
        "which chocolate contains nuts",
        "what contains celery",
        "what products have fish in them",
        "do you have products with celery",
    ],
)
def test_products_are_not_listed_by_allergen(shop: Shop, question: str) -> None:
    answer = shop.assistant.ask(question, kiosk_id="k")
    assert (answer.answer, answer.outcome, answer.verified) == (
        load_language("en").answers.say.no_allergen_list,
        "unknown",
        True,
    )


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("what allergens are in the fish fingers", "fish, gluten"),
        ("what does the celery contain", "celery"),
        ("does the hummus contain sesame", "sesame"),
        ("where is the celery", "aisle 1, bay 5"),
    ],
)
def test_one_product_is_still_answered(shop: Shop, question: str, says: str) -> None:
    assert says in shop.assistant.ask(question, kiosk_id="k").answer


def test_what_may_be_in_a_product_is_not_taken_for_the_product(shop: Shop) -> None:
    assert "Mustard" not in shop.assistant.ask("does the salami contain mustard", kiosk_id="k").answer
