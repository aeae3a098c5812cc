"""The second opinion on answers: it passes what the kiosk truly says and notices every kind of lie."""

import pytest

from edge.assistant.assistant import Assistant
from edge.bench.kiosk import all_questions
from edge.questions.asking import ask_all, worded_share, wrong_claims_shown
from edge.questions.liar import LyingLanguage
from edge.questions.marking import is_right, wrong_claims
from edge.questions.question import Question
from edge.questions.stage import Stage
from models.language.requests import CompletionRequest


@pytest.fixture(scope="module")
def stage() -> Stage:
    return Stage.of_demo_shop()


@pytest.fixture(scope="module")
def assistant(stage: Stage) -> Assistant:
    return stage.assistant()


TRUE = (
    "Nordlis Kefir, 500 ml costs €1.39. The unit price is €2.78/l.",
    "Tilbeck Butter salted, 250 g is on offer: €1.99 instead of €2.49, until 31 December 2035.",
    "Please go to aisle 2, bay 3 for Nordlis Kefir, 500 ml.",
    "No, Fennmoor Whole milk 3.5 %, 1 l is not sold out. There is 1 on the shelf, seen just now.",
    "We are closed on Sunday 29 November.",
    "Yes, we are open now, until 20:00. We are open today from 08:00 to 20:00.",
    "I don't know. Shall I call a colleague?",
    "Phone: +49 30 555 0142.",
)
LIES = (
    "Nordlis Kefir, 500 ml costs €1.38.",
    "Nordlis Kefir, 500 ml costs nothing.",
    "Nordlis Kefir, 500 ml is free.",
    "Tilbeck Kefir costs €1.39.",
    "Nordlis Kefir, 500 ml costs €1.39. The unit price is €2.79/l.",
    "Nordlis Kefir, 500 ml is on offer: €1.39.",
    "Tilbeck Butter salted, 250 g is on offer: €1.99 instead of €2.59, until 31 December 2035.",
    "Tilbeck Butter salted, 250 g is on offer: €1.99 instead of €2.49, until 31 December 2036.",
    "Tilbeck Butter salted, 250 g is not on offer today. It costs €1.99.",
    "Nordlis Kefir, 500 ml is in aisle 3, bay 2.",
    "Nordlis Kefir, 500 ml is not in aisle 2, bay 3.",
    "Yes, we have Nordlis Kefir, 500 ml.",
    "Fennmoor Whole milk 3.5 %, 1 l is sold out.",
    "There are 7 on the shelf. Fennmoor Whole milk 3.5 %, 1 l is in aisle 2, bay 1.",
    "Polar Ridge Vodka 37.5 %, 700 ml costs €9.99. You must be 16 or over to buy it.",
    "For Olivaki Hummus classic, 200 g the shop's data lists: milk.",
    "We are open on Sunday 29 November from 08:00 to 18:00.",
    "We are closed on Monday 29 November.",
    "We are not open now.",
    "We are open now, until 21:00.",
    "Phone: +49 30 555 0143.",
)


@pytest.mark.parametrize("text", TRUE)
def test_the_truth_passes(stage: Stage, text: str) -> None:
    assert wrong_claims(text, stage) == ()


@pytest.mark.parametrize("text", LIES)
def test_a_lie_is_noticed(stage: Stage, text: str) -> None:
    assert wrong_claims(text, stage)


def test_what_the_lying_model_says_would_be_noticed(stage: Stage) -> None:
    """So that "0 wrong claims shown" is the verifier's merit and not this marking's blindness."""
    liar = LyingLanguage([product.brand for product in stage.shop.catalogue])
    for number in range(30):
        product = list(stage.shop.catalogue)[number * 7]
        fact = f"{product.title} is in aisle {product.aisle}, bay {product.bay}."
        lie = liar.complete(CompletionRequest(prefix="", prompt=f"Facts: {fact}\nQuestion: where", deadline_s=1.0)).text
        assert wrong_claims(lie, stage), lie


def test_no_wrong_claim_is_shown_in_the_whole_set_though_the_model_lies(stage: Stage) -> None:
    liar = LyingLanguage([product.brand for product in stage.shop.catalogue])
    asked = ask_all(stage.assistant(liar), all_questions(), stage)
    assert wrong_claims_shown(asked) == 0
    assert worded_share(asked) == 0.0


def test_an_answer_is_right_only_with_its_product_and_its_words(assistant: Assistant) -> None:
    answer = assistant.ask("how much is the kefir", kiosk_id="k")
    right = Question(ask="how much is the kefir", group="price", products=("Kefir",), says=("€1.39",))
    assert is_right(right, answer)
    for change in ({"products": ("Camembert",)}, {"says": ("€1.40",)}, {"outcome": "unknown"}):
        assert not is_right(right.model_copy(update=change), answer)
    several = assistant.ask("how much is red wine", kiosk_id="k")
    wine = Question(ask="how much is red wine", group="price", products=("Red wine Merlot",))
    assert not is_right(wine, several)
    assert is_right(wine.model_copy(update={"may_show_others": True}), several)


def test_every_template_answer_over_the_set_is_true_to_the_files(stage: Stage, assistant: Assistant) -> None:
    wrong = [claim for one in ask_all(assistant, all_questions(), stage) for claim in one.wrong_claims]
    assert wrong == []
