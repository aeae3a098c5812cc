"""A view that moved, was shut off or went soft, by painted structures alone."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from numpy.typing import NDArray

from vision.health import FeedHealth
from vision.movement import Movement
from vision.readings import FeedFault, Stamp
from vision.registration import LearntView

START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
Field = NDArray[np.float32]
MOVED, BLURRED = FeedFault.MOVED, FeedFault.BLURRED


def shelf(seed: int, *, smoothings: int = 1) -> Field:
    """Packs of one tone with fine print, as gradients; each smoothing takes fine detail away."""
    rng = np.random.default_rng(seed)
    picture = np.kron(rng.uniform(0, 160, (12, 20)), np.ones((10, 10)))
    picture += np.kron(rng.uniform(0, 60, (60, 100)), np.ones((2, 2)))
    for axis in (0, 1) * smoothings:
        picture = (np.roll(picture, 1, axis) + 2 * picture + np.roll(picture, -1, axis)) / 4
    return np.stack(np.gradient(picture)[::-1], axis=2).astype(np.float32)


VIEW, OTHER = shelf(1), shelf(2)


def moved_by(across: int, down: int) -> Field:
    return np.roll(VIEW, (down, across), axis=(0, 1))


def half_hidden(view: Field) -> Field:
    hidden = view.copy()
    hidden[:, :110] = OTHER[:, :110]
    return hidden


def put_right(view: Field, correction: Movement | None) -> Field:
    if correction is None:
        return view
    across, down = (round(part * view.shape[1]) for part in (correction.shift.real, correction.shift.imag))
    return np.roll(view, (-down, -across), axis=(0, 1))


class Camera:
    """One look a second into a feed's health, with a little noise, at pictures put right as it asks."""

    def __init__(self) -> None:
        self.health = FeedHealth(
            lost_after_s=3.0, frozen_after_s=3.0, blind_after_s=2.0, moved_after_s=2.0, blurred_after_s=3.0
        )
        self.time_s = 0.0
        self.told: list[tuple[float, FeedFault, bool]] = []
        self._noise = np.random.default_rng(3)

    def watch(self, seconds: int, view: Field | Callable[[int], Field] = VIEW) -> float:
        for second in range(seconds):
            shown = put_right(view(second) if callable(view) else view, self.health.correction)
            seen = shown + self._noise.normal(0.0, 1.0, VIEW.shape)
            at = Stamp(START + timedelta(seconds=self.time_s), self.time_s, self.time_s)
            sample = self._noise.integers(100, 108, (30, 50)).astype(np.uint8)
            for change in self.health.see(at, sample=sample, structure=seen.astype(np.float32)):
                self.told.append((self.time_s, change.fault, change.restored_after_s is not None))
            self.time_s += 1.0
        return self.time_s

    def kinds(self) -> list[tuple[FeedFault, bool]]:
        return [(fault, is_end) for _, fault, is_end in self.told]


@pytest.fixture
def camera() -> Camera:
    made = Camera()
    made.watch(80)
    return made


@pytest.mark.parametrize(
    ("view", "fault"),
    [
        pytest.param(moved_by(2, 1), None, id="a small movement"),
        pytest.param(moved_by(12, 0), MOVED, id="knocked aside"),
        pytest.param(moved_by(-30, 24), MOVED, id="knocked far aside"),
        pytest.param(OTHER, MOVED, id="turned to something else"),
        pytest.param(half_hidden(VIEW), None, id="half of the view hidden"),
        pytest.param(half_hidden(moved_by(12, 0)), MOVED, id="knocked aside, half of the view hidden"),
        pytest.param(VIEW * np.float32(0.3), None, id="dim light"),
        pytest.param(shelf(1, smoothings=8), BLURRED, id="out of focus"),
    ],
)
def test_a_view_that_changed_is_told_and_ends_when_it_is_back(
    camera: Camera, view: Field, fault: FeedFault | None
) -> None:
    began_s = camera.time_s
    camera.watch(20, view)
    camera.watch(5)
    assert camera.kinds() == ([] if fault is None else [(fault, False), (fault, True)])
    if fault is not None:
        assert camera.told[0][0] - began_s <= 4.0
    assert camera.health.is_usable


def shifts_px(camera: Camera) -> tuple[int, int] | None:
    found = camera.health.correction
    return None if found is None else (round(found.shift.real * 200), round(found.shift.imag * 200))


@pytest.mark.parametrize("by", [(3, 0), (-4, 2), (6, -3)])
def test_a_slight_movement_is_put_right_and_so_is_the_way_back(camera: Camera, by: tuple[int, int]) -> None:
    camera.watch(4, moved_by(*by))
    assert (shifts_px(camera), camera.health.is_usable, camera.told) == (by, True, [])
    camera.watch(4)
    assert (camera.health.correction, camera.health.is_usable, camera.told) == (None, True, [])


def test_slight_movements_that_add_up_are_told(camera: Camera) -> None:
    for across in (4, 7):
        camera.watch(4, moved_by(across, 0))
    assert (shifts_px(camera), camera.told) == ((7, 0), [])
    camera.watch(5, moved_by(10, 0))
    assert camera.kinds() == [(MOVED, False)]


def test_a_view_that_trembles_is_neither_told_nor_put_right(camera: Camera) -> None:
    camera.watch(30, lambda second: moved_by((0, 2, -1, 1)[second % 4], 0))
    assert (camera.health.correction, camera.told) == (None, [])


def test_a_rim_of_the_view_that_is_left_keeps_a_close_shopper_from_being_a_moved_camera(camera: Camera) -> None:
    shopper = VIEW.copy()
    shopper[:, 40:] = OTHER[:, 40:]
    camera.watch(20, shopper)
    assert camera.told == []


def test_a_shifted_view_is_not_judged_from_the_first_look_on(camera: Camera) -> None:
    camera.watch(1, moved_by(12, 0))
    assert (camera.told, camera.health.is_usable) == ([], False)


def test_somebody_who_sways_before_the_whole_view_is_no_moved_camera(camera: Camera) -> None:
    camera.watch(40, lambda second: shelf(100 + second))
    camera.watch(5)
    assert camera.kinds() == []


def test_a_moved_camera_stays_moved_while_somebody_walks_by(camera: Camera) -> None:
    camera.watch(6, moved_by(12, 0))
    camera.watch(4, lambda second: shelf(100 + second))
    camera.watch(6, moved_by(12, 0))
    assert camera.kinds() == [(MOVED, False)]


def test_somebody_in_the_first_pictures_is_not_taken_for_the_view() -> None:
    camera = Camera()
    camera.watch(12, OTHER)
    camera.watch(100)
    assert camera.told == []
    camera.watch(5, moved_by(12, 0))
    assert camera.kinds() == [(MOVED, False)]


def test_small_shifts_do_not_add_up_in_what_is_learnt() -> None:
    learnt = LearntView(VIEW, 0.0)
    for second in range(1, 200):
        learnt.learn(moved_by(4, 0), learnt.place(moved_by(4, 0)), float(second))
    assert learnt.place(VIEW).shift_px == (0, 0)
    assert learnt.place(moved_by(4, 0)).shift_px == (4, 0)
