"""Sparse samples: what counts as a change of the picture, and the gate over frames of which only they were kept."""

import numpy as np
import pytest

from vision import pictures
from vision.gate import MotionGate
from vision.pictures import Picture
from vision.shrunk import Shrunk

SIZE = (480, 640)


def shop(*, light: float = 1.0, noise: float = 0.0, seed: int = 1) -> Picture:
    tiles = np.random.default_rng(5).integers(60, 180, (SIZE[0] // 20, SIZE[1] // 20, 3))
    scene = tiles.repeat(20, 0).repeat(20, 1) * light
    return np.clip(scene + np.random.default_rng(seed).normal(0.0, noise, scene.shape), 0, 255).astype(np.uint8)


def with_pack(*, noise: float = 0.0, seed: int = 1) -> Picture:
    picture = shop(noise=noise, seed=seed)
    picture[200:250, 300:330] = (30, 30, 200)
    return picture


@pytest.mark.parametrize(
    ("before", "now", "is_changed"),
    [
        pytest.param(shop(), shop(), False, id="the same picture"),
        pytest.param(shop(noise=2.0), shop(noise=2.0, seed=2), False, id="a sensor's noise"),
        pytest.param(shop(), with_pack(), True, id="a pack came"),
        pytest.param(shop(noise=2.0), with_pack(noise=2.0, seed=2), True, id="a pack came, with noise"),
        pytest.param(shop(), shop(light=0.93), True, id="the light fell by a fourteenth"),
    ],
)
def test_a_changed_picture_is_told_from_noise(before: Picture, now: Picture, is_changed: bool) -> None:
    assert pictures.is_changed(pictures.sparse_sample(now), pictures.sparse_sample(before)) is is_changed


@pytest.mark.parametrize("size", [(480, 640), (720, 1280), (1080, 1920), (576, 768), (17, 33), (16, 16), (135, 240)])
def test_pictures_of_any_size_have_a_sample(size: tuple[int, int]) -> None:
    sample = pictures.sparse_sample(np.full((*size, 3), 90, np.uint8))
    assert not pictures.is_changed(sample, sample)


def test_a_frame_that_was_let_go_keeps_only_what_was_made_of_it() -> None:
    looked_at, passed = Shrunk(shop()), Shrunk(shop())
    assert looked_at.small.shape == (240, 320, 3)
    for shrunk in (looked_at, passed):
        shrunk.let_go()
    assert looked_at.has_small
    assert not passed.has_small
    with pytest.raises(ValueError, match="let go"):
        _ = passed.small


def looks(gate: MotionGate, frames: list[Picture], *, from_s: float) -> list[tuple[bool, bool]]:
    """Whether the gate is open and whether it is quiet, five frames a second, each let go after its look."""
    told = []
    for number, frame in enumerate(frames):
        shrunk = Shrunk(frame)
        view = gate.look(shrunk, from_s + number / 5)
        shrunk.let_go()
        told.append((view.is_open, view.is_quiet))
    return told


def test_a_hand_after_quiet_frames_opens_the_gate() -> None:
    gate = MotionGate(pictures.shrink(shop()), np.zeros((240, 320), bool), 0.0)
    assert looks(gate, [shop(noise=1.0, seed=n) for n in range(8)], from_s=0.2)[1:] == [(False, True)] * 7
    assert looks(gate, [with_pack()], from_s=1.8) == [(True, False)]


def test_a_hand_right_after_a_place_was_learnt_anew_opens_the_gate() -> None:
    gate = MotionGate(pictures.shrink(shop()), np.zeros((240, 320), bool), 0.0)
    looks(gate, [shop()] * 6, from_s=0.2)
    last = Shrunk(shop())
    gate.look(last, 1.4)
    gate.absorb(last.small, np.ones((240, 320), bool))
    last.let_go()
    assert looks(gate, [with_pack()], from_s=1.6) == [(True, False)]


def test_motion_is_found_where_it_is_in_a_picture_that_is_else_the_same() -> None:
    gate = MotionGate(pictures.shrink(shop()), np.zeros((240, 320), bool), 0.0)
    looks(gate, [shop(noise=1.0, seed=n) for n in range(4)], from_s=0.2)  # the noise is known from a whole look
    shrunk = Shrunk(with_pack(noise=1.0, seed=9))
    moving = gate.look(shrunk, 1.0).moving
    rows, columns = np.nonzero(moving)
    assert (rows.min(), rows.max()) == pytest.approx((100, 124), abs=6)
    assert (columns.min(), columns.max()) == pytest.approx((150, 164), abs=6)


@pytest.mark.parametrize("shape", [(240, 320), (180, 320), (135, 240)])
def test_the_box_around_changes_holds_them_and_what_moved_before(shape: tuple[int, int]) -> None:
    before = np.full((shape[0] // 2, shape[1] // 2, 3), 90, np.uint8)
    now = before.copy()
    now[20:28, 40:48] = 200
    also = np.zeros(shape, bool)
    nothing = pictures.around_changes(before, before, shape, also=also, margin_px=24)
    assert nothing is None
    rows, columns = pictures.around_changes(now, before, shape, also=also, margin_px=24) or (slice(0), slice(0))
    assert rows.start <= 40 - 16
    assert rows.stop >= 56 + 16
    assert columns.start <= 80 - 16
    assert columns.stop >= 96 + 16
    also[100:110, 200:210] = True
    rows, columns = pictures.around_changes(now, before, shape, also=also, margin_px=24) or (slice(0), slice(0))
    assert rows.start <= 40
    assert rows.stop >= 110
    assert columns.start <= 80
    assert columns.stop >= 210
