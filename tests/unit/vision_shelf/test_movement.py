"""The movement of a view: found from blocks that agree, and the arithmetic of putting it right."""

import cmath
import math

import cv2
import numpy as np
import pytest

from vision import pictures
from vision.movement import Directions, Movement, find_far_movement, find_movement, hidden_boxes, kept_blocks
from vision.pictures import Picture
from vision.registration import directions

SIZE = (320, 240)
ASPECT = SIZE[1] / SIZE[0]
STILL = Movement()


def scene(seed: int) -> Picture:
    """Packs of many colours, larger than the view by a rim of 40 pixels."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(30, 220, (16, 20, 3)).astype(np.uint8)
    fine = rng.integers(0, 50, (80, 100, 3)).astype(np.uint8)
    size = (SIZE[0] + 80, SIZE[1] + 80)
    return cv2.add(
        cv2.resize(coarse, size, interpolation=cv2.INTER_NEAREST), cv2.resize(fine, size, interpolation=cv2.INTER_CUBIC)
    )


def view_of(whole: Picture, movement: Movement = STILL) -> Picture:
    """What the camera sees of it: point ``p`` is seen at ``turn * p + shift``."""
    inverse = Movement(1 / movement.turn, -movement.shift / movement.turn)
    bigger = pictures.moved_back(whole, inverse.turn, inverse.shift * SIZE[0] / whole.shape[1])
    return bigger[40:-40, 40:-40]


def seen(picture: Picture) -> Directions:
    return directions(pictures.structure(picture))


def turned(degrees: float, zoom: float = 1.0) -> complex:
    return cmath.rect(zoom, math.radians(degrees))


@pytest.mark.parametrize("is_half_hidden", [False, True])
@pytest.mark.parametrize(
    "movement",
    [
        pytest.param(Movement(), id="none"),
        pytest.param(Movement(shift=0.01 + 0.004j), id="shifted by 1 %"),
        pytest.param(Movement(shift=-0.05 + 0.02j), id="shifted by 5 %"),
        pytest.param(Movement(turned(1.0)), id="turned by 1 degree"),
        pytest.param(Movement(turned(-4.0)), id="turned by 4 degrees"),
        pytest.param(Movement(turned(0.0, 1.05)), id="zoomed by 5 %"),
        pytest.param(Movement(turned(1.0, 0.98), 0.02j), id="all together"),
    ],
)
def test_a_movement_is_found_to_half_a_percent_of_the_width(movement: Movement, is_half_hidden: bool) -> None:
    whole, darker = scene(1), 0.7
    now = (view_of(whole, movement) * darker).astype(np.uint8)
    if is_half_hidden:
        now[:, 170:] = 90
    found = find_movement(seen(view_of(whole)), seen(now))
    assert found is not None
    assert found.movement.nearly(movement, ASPECT, within=0.005)


@pytest.mark.parametrize("turn", [turned(6.0), turned(-9.0), turned(13.0), turned(0, 1.15), turned(0, 0.78)])
def test_a_large_turn_or_zoom_is_found_roughly(turn: complex) -> None:
    whole = scene(1)
    found = find_far_movement(seen(view_of(whole)), seen(view_of(whole, Movement(turn))))
    assert found is not None
    assert found.movement.nearly(Movement(turn), ASPECT, within=0.02)


@pytest.mark.parametrize("seed", range(2, 12))
def test_another_view_has_no_movement_and_nothing_at_its_place(seed: int) -> None:
    learnt, other = seen(view_of(scene(1))), seen(view_of(scene(seed)))
    assert find_movement(learnt, other) is None
    assert find_far_movement(learnt, other) is None
    assert kept_blocks(learnt, other)[0] <= 2


def test_a_plain_wall_has_no_movement() -> None:
    wall = seen(np.full((SIZE[1], SIZE[0], 3), 128, np.uint8))
    assert find_movement(wall, wall) is None


def test_movements_follow_one_another() -> None:
    first, then = Movement(turned(2.0), 0.01), Movement(turned(-1.0, 1.1), 0.02j)
    point = 0.3 - 0.2j
    both = then.then(first)
    assert both.turn * point + both.shift == pytest.approx(then.turn * (first.turn * point + first.shift) + then.shift)


@pytest.mark.parametrize("movement", [Movement(shift=0.02), Movement(turned(0.5), -0.01j), Movement(turned(0, 0.98))])
def test_a_picture_that_is_moved_back_shows_what_was_there(movement: Movement) -> None:
    whole = cv2.GaussianBlur(scene(1), (0, 0), 3)
    back = pictures.moved_back(view_of(whole, movement), movement.turn, movement.shift)
    middle = np.s_[20:-20, 20:-20]
    assert np.abs(back[middle].astype(int) - view_of(whole)[middle]).mean() < 2.0


def test_boxes_are_put_right_and_what_nobody_saw_is_hidden() -> None:
    person, *strips = hidden_boxes([(0.5, 0.5, 0.6, 0.7)], Movement(shift=0.03 + 0.03j * ASPECT), ASPECT)
    assert person == pytest.approx((0.47, 0.47, 0.57, 0.67))
    assert [
        strip == pytest.approx(other) for strip, other in zip(strips, [(0.97, 0, 1, 1), (0, 0.97, 1, 1)], strict=True)
    ]
