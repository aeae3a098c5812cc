"""The search for the number of cameras, and what a camera is shown in it."""

import numpy as np
import pytest

from edge.bench.vision_density import CYCLE_FRAMES, HandedFeed, Scene, search

CALM, BUSY = np.zeros((2, 2, 3), np.uint8), np.ones((2, 2, 3), np.uint8)


@pytest.mark.parametrize(
    ("limit", "first", "tries", "cameras", "tried"),
    [
        pytest.param(120, 100, 7, 112, [100, 112, 125], id="up until one is too many"),
        pytest.param(80, 100, 7, 79, [100, 89, 79], id="down until one is kept"),
        pytest.param(500, 100, 2, 112, [100, 112], id="no more than so many tries"),
        pytest.param(0, 2, 7, 0, [2, 1], id="not even one"),
        pytest.param(3, 1, 4, 3, [1, 2, 3, 4], id="a slow machine"),
    ],
)
def test_the_search_finds(limit: int, first: int, tries: int, cameras: int, tried: list[int]) -> None:
    found = search(lambda number: 0.5 if number <= limit else None, first=first, tries=tries)
    assert (found.cameras, found.tried) == (cameras, tried)


def test_at_any_moment_as_many_cameras_see_a_shopper_as_one_does_over_a_minute() -> None:
    scene = Scene([CALM], [BUSY], busy_frames=15)
    over_a_minute = sum(int(scene.picture(frame, 7)[0, 0, 0]) for frame in range(CYCLE_FRAMES))
    at_once = [sum(int(scene.picture(frame, camera)[0, 0, 0]) for camera in range(100)) for frame in range(0, 300, 10)]
    assert over_a_minute == 15
    assert (min(at_once), max(at_once)) == (4, 6)


def test_a_handed_picture_is_the_newest_frame_and_wakes_whoever_waits() -> None:
    woken: list[int] = []
    feed = HandedFeed("cam-test", lambda: woken.append(feed.handed))
    assert feed.newest() is None
    for mono_s in (5.0, 5.2):
        feed.hand(CALM, mono_s)
    newest = feed.newest()
    assert newest is not None
    assert (newest.index, newest.mono_s, woken) == (1, 5.2, [1, 2])
