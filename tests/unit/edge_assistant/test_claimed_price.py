"""A price that the shopper names is answered with the product's own, never taken for a size."""

import pytest

from tests.unit.edge_assistant.shop_fixture import small_shop


@pytest.mark.parametrize(
    "question",
    [
        "does the whole milk cost 1.29?",
        "does the whole milk cost 2.50?",
        "does the whole milk cost 2",
        "does the whole milk cost 1,29 €?",
        "does the whole milk cost 1.29 a litre?",
        "is the whole milk €1.29",
        "is the whole milk 2.50?",
        "does the whole milk cost 5 euros",
    ],
)
def test_a_named_price_is_answered_with_the_real_one(question: str) -> None:
    answer = small_shop().assistant.ask(question, kiosk_id="k")
    assert "costs €1.29" in answer.answer
    assert "none with" not in answer.answer
    assert answer.verified


def test_a_size_is_still_a_size_and_a_bare_amount_is_none() -> None:
    ask = small_shop().assistant.ask
    assert "none with 5 l" in ask("do you have whole milk 5 l", kiosk_id="k").answer
    for question in ("do you have whole milk for 1.39", "whole milk 0.33"):
        answer = ask(question, kiosk_id="k")
        assert answer.verified
        assert "none with" not in answer.answer
