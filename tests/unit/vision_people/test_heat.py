import numpy as np
import pytest

from vision.heat import COLUMNS, ROWS, HeatGrid
from vision.tracker import Track

SIZE_PX = (320, 180)


def _track(known: int | None, feet: tuple[float, float], *, missing_s: float = 0.0) -> Track:
    x, y = feet
    box = (x - 5, y - 30, x + 5, y)
    return Track(id=known, xyxy_px=box, score=0.9, age_s=1.0, is_confirmed=known is not None, missing_s=missing_s)


def test_seconds_lie_in_the_cell_of_the_feet_and_add_up_over_everybody() -> None:
    grid = HeatGrid()
    for step in range(6):
        grid.add([_track(1, (15, 95)), _track(2, (16, 96))], frame_size_px=SIZE_PX, time_s=step * 0.5)

    heat = grid.take()

    assert heat.people == 2
    assert heat.seconds.shape == (ROWS, COLUMNS)
    assert heat.seconds[9, 1] == pytest.approx(5.0)
    assert heat.seconds.sum() == pytest.approx(5.0)


def test_who_is_hidden_or_not_sure_adds_nothing_and_is_counted_once() -> None:
    grid = HeatGrid()
    grid.add([_track(1, (15, 95)), _track(None, (100, 95))], frame_size_px=SIZE_PX, time_s=0.0)
    grid.add([_track(1, (15, 95), missing_s=0.5)], frame_size_px=SIZE_PX, time_s=0.5)
    grid.add([_track(1, (15, 95))], frame_size_px=SIZE_PX, time_s=1.0)

    heat = grid.take()

    assert heat.people == 1
    assert heat.seconds.sum() == pytest.approx(0.5)


def test_a_long_pause_between_pictures_counts_as_a_second_at_most() -> None:
    grid = HeatGrid()
    for time_s in (0.0, 3600.0):
        grid.add([_track(1, (15, 95))], frame_size_px=SIZE_PX, time_s=time_s)

    assert grid.take().seconds.sum() == pytest.approx(1.0)


def test_feet_off_the_picture_count_in_the_nearest_cell() -> None:
    grid = HeatGrid()
    for time_s in (0.0, 1.0):
        grid.add([_track(1, (-9, 400)), _track(2, (999, -3))], frame_size_px=SIZE_PX, time_s=time_s)

    seconds = grid.take().seconds
    assert (seconds[ROWS - 1, 0], seconds[0, COLUMNS - 1]) == (1.0, 1.0)


def test_what_was_taken_is_gone_and_walkers_who_stay_are_not_counted_again() -> None:
    grid = HeatGrid()
    grid.add([_track(1, (15, 95))], frame_size_px=SIZE_PX, time_s=0.0)
    grid.take()
    grid.add([_track(1, (15, 95))], frame_size_px=SIZE_PX, time_s=1.0)

    heat = grid.take()

    assert heat.people == 0
    assert np.count_nonzero(heat.seconds) == 1
