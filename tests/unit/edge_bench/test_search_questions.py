"""Questions made from product types, and the search bench over a small catalogue of our own."""

from pathlib import Path

import pytest

from edge.bench import search as bench
from edge.bench.search_questions import by_hand, by_rule, our_catalogue
from edge.catalogue_making import make_search, till_words_of
from edge.catalogue_typed import TypedSearch
from edge.errors import ConfigError
from edge.places import DEMO_SHOP

WORDS = till_words_of("en")
CATALOGUE = our_catalogue(bench.OURS, WORDS, rows=600)


def test_the_same_seed_asks_the_same_questions_and_another_asks_others() -> None:
    asked = [by_rule(CATALOGUE, WORDS, count=40, seed=seed) for seed in (1, 1, 2)]
    assert asked[0] == asked[1] != asked[2]


def test_each_question_is_of_another_type_and_a_fifth_is_misspelled() -> None:
    questions = by_rule(CATALOGUE, WORDS, count=40, seed=1)
    assert len({question.right for question in questions}) == len(questions) == 40
    assert sum(question.is_misspelled for question in questions) == 8


def test_our_catalogue_has_as_many_terse_rows_as_asked_for_each_with_its_own_text() -> None:
    assert len(CATALOGUE) == len({product.name for product in CATALOGUE}) == 600


def test_shoppers_words_written_by_hand_find_their_types() -> None:
    search = make_search(CATALOGUE, "en")
    assert isinstance(search, TypedSearch)
    questions = by_hand(bench.OURS)
    found = [bool(q.right & {hit.kind.type_text for hit in search.find_kinds(q.asked)[:3]}) for q in questions]
    assert sum(found) / len(found) >= 0.97


def test_what_no_grocer_sells_is_not_claimed() -> None:
    search = make_search(CATALOGUE, "en")
    outside = bench.OUTSIDE.read_text("utf-8").split("\n")
    claimed = [line for line in outside if line and search.find(line).kind != "none"]
    assert len(claimed) <= 1


@pytest.mark.parametrize(
    ("path", "said"),
    [
        pytest.param(DEMO_SHOP / "catalogue.csv", "has no product types", id="no types"),
        pytest.param(Path("/nowhere.csv"), "cannot be read", id="no file"),
    ],
)
def test_a_catalogue_that_cannot_be_measured_is_told(path: Path, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        bench.run(quick=True, path=path)
