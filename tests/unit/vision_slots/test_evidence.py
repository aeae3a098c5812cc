"""How sources are joined: silence, agreement and contradiction, and the bar under which nothing is claimed."""

import pytest

from vision.evidence import CLAIM, SlotVerdict, Source, join, join_slot, learnt_odds, likeness_odds, products_odds
from vision.looks import Opinion, Verdict

STOCKED = Opinion(Verdict.STOCKED, 0.999, 0.95, 1.0, knows_empty=True)
EMPTY = Opinion(Verdict.EMPTY, 0.001, 0.1, 0.1, knows_empty=True)
UNSURE = Opinion(Verdict.UNSURE, 0.999, 0.3, 1.4, knows_empty=True)


def test_no_source_is_an_even_chance() -> None:
    assert join([]) == 0.5


def test_a_source_that_agrees_makes_a_cell_surer_and_one_that_contradicts_less_sure() -> None:
    alone = join([likeness_odds(STOCKED)])
    assert join([likeness_odds(STOCKED), products_odds(0.6)]) > alone
    assert join([likeness_odds(STOCKED), products_odds(0.0)]) < alone


def test_a_likeness_that_could_not_decide_decides_little() -> None:
    assert abs(likeness_odds(UNSURE)) < 1 < abs(likeness_odds(STOCKED))
    assert join([likeness_odds(UNSURE), products_odds(0.0)]) < 0.15


def test_an_empty_look_alone_is_weak_evidence_of_a_full_cell() -> None:
    new_structure = Opinion(Verdict.STOCKED, 0.999, 0.9, 3.0, knows_empty=True, knows_stocked=False)
    assert likeness_odds(new_structure) < likeness_odds(STOCKED)


def test_no_source_is_ever_certain() -> None:
    assert all(
        abs(odds) < 5
        for odds in (
            likeness_odds(STOCKED),
            likeness_odds(EMPTY),
            products_odds(1.0),
            learnt_odds(0.0),
            learnt_odds(1.0),
        )
    )


@pytest.mark.parametrize(
    ("shares", "told"),
    [
        ((0.99, 0.98), (True, True)),
        ((0.99, 0.02), (True, False)),
        ((0.99, 0.6), None),
    ],
)
def test_a_slot_is_as_sure_as_its_least_sure_cell(shares: tuple[float, ...], told: tuple[bool, ...] | None) -> None:
    verdict = SlotVerdict(shares)
    assert verdict.told == told
    assert (verdict.confidence >= CLAIM) == (told is not None)


def test_every_source_speaks_of_every_cell() -> None:
    verdict = join_slot({Source.PRODUCTS: (3.0, -3.0), Source.LEARNT: (2.0, -2.0)}, cells=2)
    assert verdict.states == (True, False)
    assert verdict.confidence_of((True, True)) < 0.1
