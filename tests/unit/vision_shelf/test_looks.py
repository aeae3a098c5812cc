"""What a cell's memory makes of looks whose answer is known."""

import numpy as np
import pytest

from vision.looks import CellMemory, Look, Verdict, window_of

CELL = (24, 40)
MARGIN = (5, 4)
SHAPE = (CELL[1] + 2 * MARGIN[1], CELL[0] + 2 * MARGIN[0], 4)


def textured(seed: int, strength: float = 0.25) -> Look:
    coarse = np.random.default_rng(seed).normal(0.0, strength, (SHAPE[0] // 4, SHAPE[1] // 2 + 1, 4))
    field = np.kron(coarse, np.ones((4, 2, 1)))[: SHAPE[0], : SHAPE[1]]
    return Look(field.astype(np.float32), MARGIN)


PACK = textured(1)
OTHER = textured(2)
BACK = textured(3, strength=0.02)


def noisy(look: Look, seed: int = 9) -> Look:
    noise = np.random.default_rng(seed).normal(0.0, 0.01, SHAPE).astype(np.float32)
    return Look(look.gradients + noise, MARGIN)


def shifted(look: Look, x: int, y: int) -> Look:
    return Look(np.roll(look.gradients, (y, x), axis=(0, 1)), MARGIN)


def half_covered(look: Look) -> Look:
    field = look.gradients.copy()
    field[SHAPE[0] // 2 :] = 0.0
    return Look(field, MARGIN)


def memory(*, stocked: bool, empty: bool) -> CellMemory:
    made = CellMemory(window_of(CELL, soft_share=0.1), least_share=0.06)
    if stocked:
        made.learn(PACK, Verdict.STOCKED)
    if empty:
        made.learn(BACK, Verdict.EMPTY)
    return made


@pytest.mark.parametrize("knows_empty", [False, True])
@pytest.mark.parametrize(
    ("look", "verdict"),
    [
        pytest.param(noisy(PACK), Verdict.STOCKED, id="as it was"),
        pytest.param(noisy(shifted(PACK, 3, -2)), Verdict.STOCKED, id="put back askew"),
        pytest.param(noisy(BACK), Verdict.EMPTY, id="the back of the shelf"),
    ],
)
def test_a_cell_is_what_it_resembles(look: Look, verdict: Verdict, knows_empty: bool) -> None:
    assert memory(stocked=True, empty=knows_empty).judge(look).verdict is verdict


@pytest.mark.parametrize("knows_empty", [False, True])
@pytest.mark.parametrize(
    "look",
    [
        pytest.param(noisy(OTHER), id="something else in front"),
        pytest.param(noisy(half_covered(PACK)), id="half covered by something plain"),
    ],
)
def test_a_cell_that_resembles_neither_memory_is_never_empty(look: Look, knows_empty: bool) -> None:
    assert memory(stocked=True, empty=knows_empty).judge(look).verdict is not Verdict.EMPTY


def test_a_wall_that_stays_does_not_hide_that_the_pack_has_gone() -> None:
    """A slot drawn too large holds a pillar with strong edges beside a small pack."""
    pillar = np.zeros(SHAPE, np.float32)
    pillar[:, 6:10] = 0.8
    pack = np.zeros(SHAPE, np.float32)
    pack[8:36, 18:26] = PACK.gradients[8:36, 18:26]
    cell = CellMemory(window_of(CELL, soft_share=0.1), least_share=0.06)
    cell.learn(Look(pillar + pack, MARGIN), Verdict.STOCKED)
    assert cell.judge(noisy(Look(pillar, MARGIN))).verdict is Verdict.EMPTY
    assert cell.judge(noisy(Look(pillar + pack, MARGIN))).verdict is Verdict.STOCKED


def test_packs_that_reach_over_the_sides_do_not_fill_an_empty_cell() -> None:
    cell = CellMemory(window_of(CELL, soft_share=0.3), least_share=0.35)
    cell.learn(PACK, Verdict.STOCKED)
    cell.learn(BACK, Verdict.EMPTY)
    field = BACK.gradients.copy()
    field[:, : MARGIN[0] + 4] = OTHER.gradients[:, : MARGIN[0] + 4]
    assert cell.judge(Look(field, MARGIN)).verdict is Verdict.EMPTY


def test_an_empty_look_alone_tells_that_something_stands_there() -> None:
    cell = memory(stocked=False, empty=True)
    assert cell.judge(noisy(BACK)).verdict is Verdict.EMPTY
    assert cell.judge(noisy(PACK)).verdict is Verdict.STOCKED


def test_the_odds_are_long_for_a_known_look_and_short_for_another() -> None:
    assert memory(stocked=True, empty=True).judge(noisy(PACK)).stocked > 0.95
    assert 0.05 < memory(stocked=True, empty=True).judge(noisy(OTHER)).stocked < 0.95


def test_a_blank_memory_does_not_judge() -> None:
    blank = memory(stocked=False, empty=False)
    assert blank.is_blank
    with pytest.raises(ValueError, match="without memory"):
        blank.judge(PACK)
