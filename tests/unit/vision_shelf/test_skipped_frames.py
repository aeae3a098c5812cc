"""What was left out is counted, and told apart: asked for by the settings, or not managed."""

from datetime import UTC, datetime

import numpy as np
import pytest

from vision.config import CameraSettings, VisionSettings
from vision.frames import Frame
from vision.pipeline import CameraPipeline
from vision.seats import Redactor, Seat

NOTHING = np.zeros((8, 8, 3), np.uint8)


class Newest:
    """A feed of ten frames a second that has just grabbed the frame of a given moment."""

    problem = None

    def __init__(self) -> None:
        self.index = 0

    def newest(self) -> Frame:
        at_s = self.index / 10.0
        return Frame(
            camera_id="cam-test", index=self.index, image_bgr=NOTHING,
            captured_at=datetime(2026, 11, 2, tzinfo=UTC), mono_s=at_s, media_s=at_s,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("looked_at", "thinned", "skipped"),
    [
        pytest.param(range(41), 20, 0, id="kept up: every second frame, as five a second asks"),
        pytest.param(range(0, 41, 8), 20, 15, id="busy: one turn in eight frames leaves three due ones out"),
        pytest.param([0, 1, 1, 1], 0, 0, id="the same frame again is no new one, and none is due yet"),
    ],
)
def test_frames_left_out_are_counted_by_their_reason(looked_at: list[int], thinned: int, skipped: int) -> None:
    settings = CameraSettings(id="cam-test", analyse_fps=5.0)
    feed = Newest()
    seat = Seat(settings, CameraPipeline(settings, VisionSettings()), feed, Redactor(None))  # type: ignore[arg-type]
    for index in looked_at:
        feed.index = index
        seat.take()
    assert (seat._thinned, seat.skipped_frames) == (thinned, skipped)


def test_a_camera_that_waits_with_frames_at_hand_is_short_and_its_look_counts_as_late() -> None:
    settings = CameraSettings(id="cam-test", analyse_fps=5.0, min_fps=2.0)
    feed = Newest()
    seat = Seat(settings, CameraPipeline(settings, VisionSettings()), feed, Redactor(None))  # type: ignore[arg-type]
    seat.take()
    assert seat.waiting(0.0) is None
    shorts = []
    for feed.index in range(1, 9):
        turn = seat.waiting(feed.index / 10.0)
        shorts.append(turn is not None and turn.is_short)
    assert shorts == [False] * 6 + [True] * 2
    assert turn is not None
    seat.look(turn)
    assert (seat.skipped_frames, seat._late) == (3, 1)
    assert seat.waiting(0.8) is None
