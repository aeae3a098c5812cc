"""The glance at cameras without shelves: it opens for what moves, not for light, noise or a new size."""

import numpy as np
import pytest

from vision.gate import Glance
from vision.pictures import Picture

_STEP_S = 0.2


def _floor(*, light: float = 1.0, noise: float = 0.0, seed: int = 1, size: tuple[int, int] = (180, 320)) -> Picture:
    tiles = np.random.default_rng(5).integers(60, 180, (size[0] // 20, size[1] // 20, 3))
    scene = tiles.repeat(20, 0).repeat(20, 1) * light
    return np.clip(scene + np.random.default_rng(seed).normal(0.0, noise, scene.shape), 0, 255).astype(np.uint8)


def _with_walker(left_px: int) -> Picture:
    picture = _floor(noise=2.0, seed=left_px)
    picture[60:160, left_px : left_px + 30] = (40, 30, 50)
    return picture


@pytest.mark.parametrize(
    ("pictures", "moves"),
    [
        pytest.param([_floor()] * 3, False, id="the same picture"),
        pytest.param([_floor(noise=4.0, seed=n) for n in range(3)], False, id="a noisy sensor"),
        pytest.param([_floor(), _floor(light=0.8)], False, id="a lamp goes out"),
        pytest.param([_with_walker(40), _with_walker(60)], True, id="somebody walks"),
        pytest.param([_floor(noise=2.0), _with_walker(60)], True, id="somebody comes in"),
        pytest.param([_floor(), _floor(size=(240, 320))], False, id="the camera changes its size"),
    ],
)
def test_a_glance_opens_for_what_moves_alone(pictures: list[Picture], moves: bool) -> None:
    glance = Glance()
    told = [glance.moves(picture, index * _STEP_S) for index, picture in enumerate(pictures)]
    assert told[0] is False
    assert told[-1] is moves


def test_a_slow_walker_is_told_against_a_picture_a_fifth_of_a_second_old() -> None:
    glance = Glance()
    told = [glance.moves(_with_walker(40 + 2 * index), index * 0.04) for index in range(12)]
    assert any(told[5:])


def test_after_the_past_is_dropped_nothing_moves() -> None:
    glance = Glance()
    glance.moves(_floor(), 0.0)
    glance.drop_past()
    assert not glance.moves(_with_walker(60), _STEP_S)
