"""A frame: one picture of one camera with its times. Made by the feeds and the replay, read by everything after."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from vision.pictures import Picture


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """One picture. ``image_bgr`` is uint8 (H, W, 3), BGR, and is not to be written to."""

    camera_id: str
    index: int
    """Number of the frame in its stream, from 0; frames that nobody looked at leave holes."""
    image_bgr: Picture
    captured_at: datetime
    """Aware UTC."""
    mono_s: float
    """Monotonic seconds of the node when the frame was grabbed."""
    media_s: float
    """Seconds since the start of the clip or stream; goes on rising when a clip is looped."""


class SeenIn(TypedDict):
    """Where and when, as every reading of a frame carries it."""

    camera_id: str
    captured_at: datetime
    mono_s: float
    media_s: float


def seen_in(frame: Frame) -> SeenIn:
    """The frame's place and times for a reading."""
    return SeenIn(camera_id=frame.camera_id, captured_at=frame.captured_at, mono_s=frame.mono_s, media_s=frame.media_s)
