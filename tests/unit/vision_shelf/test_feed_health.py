"""Lost, frozen and blind, by numbers alone."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from numpy.typing import NDArray

from vision.health import FaultChange, FeedHealth
from vision.readings import FeedFault, Stamp

START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
SCENE = np.random.default_rng(5).normal(0.0, 8.0, (45, 80, 2)).astype(np.float32)
OTHER = np.random.default_rng(6).normal(0.0, 2.0, (45, 80, 2)).astype(np.float32)
LIMITS = {
    "lost_after_s": 3.0,
    "frozen_after_s": 3.0,
    "blind_after_s": 2.0,
    "moved_after_s": 2.0,
    "blurred_after_s": 5.0,
}


def stamp(time_s: float) -> Stamp:
    return Stamp(START + timedelta(seconds=time_s), 100.0 + time_s, time_s)


class Camera:
    """Five frames a second into a feed's health."""

    def __init__(self) -> None:
        self.health = FeedHealth(**LIMITS)
        self.time_s = 0.0
        self.told: list[tuple[float, FaultChange]] = []
        self._noise = np.random.default_rng(7)
        self._sample = self._fresh()

    def _fresh(self) -> NDArray[np.uint8]:
        return self._noise.integers(100, 108, (45, 80)).astype(np.uint8)

    def watch(self, seconds: float, structure: NDArray[np.float32] = SCENE, *, repeats: bool = False) -> None:
        for _ in range(round(seconds * 5)):
            self._sample = self._sample if repeats else self._fresh()
            at = stamp(self.time_s)
            self.told += [(self.time_s, c) for c in self.health.see(at, sample=self._sample, structure=structure)]
            self.time_s += 0.2

    def kinds(self) -> list[tuple[FeedFault, bool]]:
        return [(change.fault, change.restored_after_s is not None) for _, change in self.told]


@pytest.fixture
def camera() -> Camera:
    made = Camera()
    made.watch(6.0)
    return made


def test_a_watched_scene_has_no_fault(camera: Camera) -> None:
    camera.watch(60.0)
    assert camera.told == []
    assert camera.health.is_usable


def test_repeated_frames_are_frozen_from_the_first_repeat_on(camera: Camera) -> None:
    began_s = camera.time_s
    camera.watch(6.0, repeats=True)
    camera.watch(2.0)
    (told_s, faulted), (_, restored) = camera.told
    assert (faulted.fault, restored.fault) == (FeedFault.FROZEN, FeedFault.FROZEN)
    assert told_s - began_s <= 3.6
    assert faulted.began.media_s == pytest.approx(began_s, abs=0.5)
    assert restored.restored_after_s == pytest.approx(6.0, abs=0.7)


def test_a_repeat_shorter_than_the_limit_is_no_fault(camera: Camera) -> None:
    camera.watch(2.4, repeats=True)
    camera.watch(4.0)
    assert camera.told == []


@pytest.mark.parametrize(
    ("structure", "is_blind"),
    [
        pytest.param(np.zeros_like(SCENE), True, id="covered: nothing left"),
        pytest.param(SCENE * np.float32(0.05), True, id="washed out: hardly anything left"),
        pytest.param(OTHER, True, id="covered by cloth: a little structure, none of it the scene's"),
        pytest.param(SCENE * np.float32(0.3), False, id="dim light: weaker, and where it was"),
        pytest.param(OTHER * np.float32(4.0), False, id="something else in view: structure enough"),
    ],
)
def test_blind_is_little_structure_that_is_not_the_scenes_own(
    camera: Camera, structure: NDArray[np.float32], is_blind: bool
) -> None:
    camera.watch(5.0, structure)
    assert (camera.kinds() == [(FeedFault.BLIND, False)]) is is_blind


def test_blind_is_suspected_at_once_and_told_when_it_has_lasted(camera: Camera) -> None:
    began_s = camera.time_s
    camera.watch(0.2, np.zeros_like(SCENE))
    assert camera.told == []
    assert not camera.health.is_usable
    camera.watch(4.8, np.zeros_like(SCENE), repeats=True)
    camera.watch(2.0)
    assert camera.kinds() == [(FeedFault.BLIND, False), (FeedFault.BLIND, True)], "black frames repeat, and stay blind"
    assert camera.told[0][0] - began_s <= 2.4
    assert camera.told[0][1].began.media_s == pytest.approx(began_s)
    assert camera.health.is_usable


def test_no_frame_for_long_enough_is_lost_and_the_next_frame_ends_it(camera: Camera) -> None:
    last_s = camera.time_s - 0.2
    assert camera.health.miss(stamp(last_s + 2.9)) == []
    lost = camera.health.miss(stamp(last_s + 3.1))
    assert [(c.fault, c.began.media_s) for c in lost] == [(FeedFault.LOST, pytest.approx(last_s))]
    assert camera.health.miss(stamp(last_s + 60.0)) == [], "told once"
    camera.time_s = last_s + 61.0
    camera.watch(0.2)
    assert camera.told[-1][1].restored_after_s == pytest.approx(61.0)


def test_a_camera_that_never_came_is_lost_counted_from_the_first_question() -> None:
    health = FeedHealth(**LIMITS)
    assert health.miss(stamp(0.0)) == []
    assert [change.fault for change in health.miss(stamp(3.5))] == [FeedFault.LOST]


def test_a_frozen_feed_that_is_lost_ends_the_one_and_begins_the_other(camera: Camera) -> None:
    camera.watch(5.0, repeats=True)
    changes = camera.health.miss(stamp(camera.time_s + 5.0))
    assert [(c.fault, c.restored_after_s is None) for c in changes] == [
        (FeedFault.FROZEN, False),
        (FeedFault.LOST, True),
    ]
