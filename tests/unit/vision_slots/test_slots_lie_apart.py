"""Two slots of one camera over each other would count the same packs twice: told in a sentence with both names."""

import pytest
from pydantic import ValidationError

from vision.config import CameraSettings, SlotSettings
from vision.geometry import Point, shared_part

SQUARE: tuple[Point, ...] = ((0.0, 0.0), (0.5, 0.0), (0.5, 0.5), (0.0, 0.5))
DENTED: tuple[Point, ...] = ((0.5, 0.0), (0.05, 0.05), (0.0, 0.5), (0.0, 0.0))


@pytest.mark.parametrize(
    ("other", "share"),
    [
        pytest.param(SQUARE, 1.0, id="the same"),
        pytest.param(tuple(reversed(SQUARE)), 1.0, id="the same, the other way round"),
        pytest.param(((0.1, 0.1), (0.2, 0.1), (0.2, 0.2), (0.1, 0.2)), 1.0, id="inside"),
        pytest.param(((0.4, 0.0), (0.9, 0.0), (0.9, 0.5), (0.4, 0.5)), 0.2, id="a fifth"),
        pytest.param(((0.4, 0.4), (0.9, 0.4), (0.9, 0.9), (0.4, 0.9)), 0.04, id="a corner"),
        pytest.param(((0.5, 0.0), (1.0, 0.0), (1.0, 0.5), (0.5, 0.5)), 0.0, id="side by side"),
        pytest.param(((0.6, 0.6), (0.9, 0.6), (0.9, 0.9), (0.6, 0.9)), 0.0, id="far apart"),
        pytest.param(DENTED, 1.0, id="dented, inside"),
        pytest.param((*DENTED[2:], *DENTED[:2]), 1.0, id="dented, from another corner"),
    ],
)
def test_how_much_of_the_smaller_one_lies_in_the_other(other: tuple[Point, ...], share: float) -> None:
    assert shared_part(SQUARE, other) == pytest.approx(share)
    assert shared_part(other, SQUARE) == pytest.approx(share)


def test_what_lies_in_a_dent_is_not_shared() -> None:
    assert shared_part(DENTED, ((0.2, 0.2), (0.5, 0.2), (0.5, 0.5), (0.2, 0.5))) == pytest.approx(0.0)


def _camera(shift: float) -> CameraSettings:
    eggs = SlotSettings(id="eggs", sku="1", polygon_norm=((0.2, 0.2), (0.4, 0.2), (0.4, 0.4), (0.2, 0.4)))
    moved = tuple((x + shift, y) for x, y in eggs.polygon_norm)
    return CameraSettings(id="cam", slots=(eggs, SlotSettings(id="butter", sku="2", polygon_norm=moved)))


def test_slots_over_each_other_are_refused_with_both_names() -> None:
    with pytest.raises(
        ValidationError, match="slots: eggs and butter lie over each other \\(75% of the smaller one\\)"
    ):
        _camera(0.05)


def test_slots_drawn_by_hand_may_touch() -> None:
    assert len(_camera(0.18).slots) == 2
