"""A still for people to draw on and to learn from: the newest frame, and the same picture fit to be seen.

Owns what a still says of itself: how many people were in view and whether the feed could be believed. The frame
stays in memory; only the redacted picture may be shown or kept.
"""

from dataclasses import dataclass

from vision.frames import Frame
from vision.pictures import Picture
from vision.readings import FeedFault
from vision.seats import Seat


@dataclass(frozen=True, slots=True, eq=False)
class RawStill:
    """One frame with its redacted copy, both uint8 (H, W, 3) BGR."""

    frame: Frame
    safe_bgr: Picture
    persons: int
    fault: FeedFault | None


def take_still(seat: Seat) -> RawStill | None:
    """The newest frame of a camera; None while there is none. In the worker's thread; blocks for the networks."""
    frame = seat.feed.newest()
    if frame is None:
        return None
    safe_bgr = seat.redacted(frame)
    persons = seat.pipeline.people.sight(frame).at_least(seat.settings.person_threshold)
    return RawStill(frame, safe_bgr, len(persons), seat.pipeline.fault)
