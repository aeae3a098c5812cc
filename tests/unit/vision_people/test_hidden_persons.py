"""Whoever may be a person is hidden; only who is believed to be one is followed."""

from datetime import UTC, datetime

import numpy as np
import pytest

from vision.config import CameraSettings, LineSettings
from vision.detections import Detections
from vision.frames import Frame
from vision.people import PeopleWatch
from vision.redact import HIDDEN_FROM_SCORE, redact

LINE = LineSettings(id="door", start_norm=(0.1, 0.5), end_norm=(0.9, 0.5))


class OnePerson:
    """A network that finds one person with a given score."""

    def __init__(self, score: float) -> None:
        self._found = Detections(
            np.array([[100, 100, 160, 260]], np.float32), np.array([score], np.float32), np.zeros(1, np.int64)
        )

    def label_index(self, label: str) -> int:
        assert label == "person"
        return 0

    def find(self, image_bgr: object, *, threshold: float, classes: object, shrink: float) -> Detections:
        return self._found.at_least(threshold)


def frame() -> Frame:
    picture = np.full((360, 640, 3), 90, np.uint8)
    at = datetime(2026, 11, 22, tzinfo=UTC)
    return Frame(camera_id="cam-1", index=3, image_bgr=picture, captured_at=at, mono_s=0.0, media_s=0.0)


@pytest.mark.parametrize(
    ("score", "hidden", "believed", "sure"),
    [
        pytest.param(HIDDEN_FROM_SCORE - 0.02, 0, 0, 0, id="noise"),
        pytest.param(HIDDEN_FROM_SCORE + 0.02, 1, 0, 0, id="perhaps somebody"),
        pytest.param(0.30, 1, 1, 0, id="faint: keeps a track alive"),
        pytest.param(0.60, 1, 1, 1, id="sure"),
    ],
)
def test_who_may_be_a_person_is_hidden_before_being_believed(
    score: float, hidden: int, believed: int, sure: int
) -> None:
    settings = CameraSettings(id="cam-1", lines=(LINE,))
    watch = PeopleWatch(settings, OnePerson(score))  # type: ignore[arg-type]
    seen = frame()
    assert len(watch.sight(seen)) == hidden
    watch.follow(seen, moves=True)
    assert (len(watch.sight(seen)), len(watch.sure())) == (hidden, sure)
    assert watch._last is not None
    assert len(watch._last.persons) == believed


def test_a_head_above_its_box_is_hidden_too() -> None:
    picture = np.random.default_rng(5).integers(0, 255, (400, 300, 3), dtype=np.uint8)
    box = Detections(np.array([[100, 100, 180, 300]], np.float32), np.ones(1, np.float32), np.zeros(1, np.int64))
    shown = redact(picture, Detections.empty(), box, whole_person=False)
    changed = np.nonzero((shown != picture).any(axis=(1, 2)))[0]
    assert changed[0] == 80
