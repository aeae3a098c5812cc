"""Suggestions: only what the shop's files say goes together, and nothing that was seen to be gone."""

from dataclasses import replace
from datetime import timedelta

import pytest

from edge.assistant.assistant import Answer, Assistant
from edge.assistant.language import load_language
from edge.assistant.replies import Replies
from edge.assistant.router import Router
from edge.assistant.tools import Stock, Tools
from edge.assistant.verifier import Verifier
from edge.catalogue_search import SearchResult
from edge.questions.stage import STAGED_AT, Stage, StageClock, StagedShelves

STAGE = Stage.of_demo_shop()
SKUS = {product.name: product.sku for product in STAGE.shop.catalogue}


def assistant(**units: int) -> Assistant:
    """The demo shop whose cameras saw ``units`` of products (underscores for spaces in their names)."""
    seen = {
        SKUS[name.replace("_", " ")]: Stock(units=count, seen_at=STAGED_AT - timedelta(seconds=30))
        for name, count in units.items()
    }
    return replace(STAGE, shelves=StagedShelves(seen)).assistant()


def names(answer: Answer) -> list[object]:
    return [fact["name"] for fact in answer.facts if fact["kind"] == "product"]


def test_an_empty_shelf_is_told_with_what_could_be_taken_instead() -> None:
    answer = assistant(Spaghetti=0, Penne=4).ask("have you got spaghetti", kiosk_id="k")
    assert answer.verified
    assert "its shelf was empty when last seen" in answer.answer
    assert "Instead of Pastavento Spaghetti, 500 g you could take: Pastavento Penne, 500 g:" in answer.answer
    assert names(answer)[:2] == ["Spaghetti", "Penne"]


def test_what_is_gone_itself_is_never_suggested() -> None:
    answer = assistant(Spaghetti=0, Penne=0).ask("have you got spaghetti", kiosk_id="k")
    assert "Penne" not in names(answer)


def test_what_was_seen_on_its_shelf_comes_first() -> None:
    answer = assistant(Fusilli_wholewheat=2).ask("an alternative to spaghetti", kiosk_id="k")
    assert names(answer)[1] == "Fusilli wholewheat"


def test_what_lists_a_further_allergen_is_named_only_to_who_asks_and_with_the_label() -> None:
    asked = assistant().ask("an alternative to butter", kiosk_id="k")
    assert names(asked)[1] == "Vegan spread"
    assert "check the label" in asked.answer
    told = assistant(Butter_salted=0).ask("have you got salted butter", kiosk_id="k")
    assert "Vegan spread" not in names(told)


def test_without_anything_alike_the_answer_stays_as_it_is() -> None:
    answer = assistant(Garlic=0).ask("have you got garlic", kiosk_id="k")
    assert names(answer) == ["Garlic"]


@pytest.mark.parametrize(
    "question", ["what goes with garlic bread and dragons", "what goes with cigarettes", "what wine goes with it"]
)
def test_what_the_shop_does_not_suggest_nobody_knows(question: str) -> None:
    assert assistant().ask(question, kiosk_id="k").outcome == "unknown"


def test_an_idea_is_not_told_to_whoever_must_leave_something_out() -> None:
    answer = assistant().ask("what goes with spaghetti without milk", kiosk_id="k")
    assert "Parmesan-style hard cheese" not in names(answer)


def test_a_word_alone_is_a_product_not_an_idea() -> None:
    answer = assistant().ask("where is curry", kiosk_id="k")
    assert answer.intent == "where_is"
    assert "as the shop suggests" not in answer.answer


class _OnlyAlike:
    """A search that finds nothing by words and proposes two products."""

    def find(self, text: str, *, limit: int = 3) -> SearchResult:
        catalogue = STAGE.shop.catalogue
        alike = (catalogue.get(SKUS["Penne"]), catalogue.get(SKUS["Spaghetti"]))
        return SearchResult("none", proposals=tuple(product for product in alike if product is not None))


def test_what_is_only_alike_is_asked_about_and_never_claimed() -> None:
    language, clock = load_language("en"), StageClock()
    tools = Tools(STAGE.shop, _OnlyAlike(), STAGE.shelves, formats=language.formats, clock=clock)
    router = Router(language.phrases, language.words)
    replies = Replies(tools, router, language.answers, language="en")
    reply = replies.to(router.route("have you got macaroni"))
    assert reply.text.startswith("I found nothing by that name. Did you mean one of these? Pastavento Penne, 500 g:")
    assert "we have" not in reply.text
    verifier = Verifier(STAGE.shop.catalogue, language.answers, language.claims, language.words)
    assert verifier.prove(reply.text, reply.facts).ok
    assert not verifier.prove(reply.text, reply.facts[:1]).ok


def test_nothing_alike_is_proposed_for_what_must_be_left_out() -> None:
    language, clock = load_language("en"), StageClock()
    tools = Tools(STAGE.shop, _OnlyAlike(), STAGE.shelves, formats=language.formats, clock=clock)
    router = Router(language.phrases, language.words)
    replies = Replies(tools, router, language.answers, language="en")
    assert not replies.to(router.route("pasta without gluten")).facts
