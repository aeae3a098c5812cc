"""The still of each camera that somebody draws on or teaches from: one a camera, in memory, for some minutes.

Owns how long a still is kept and when nothing may be learnt from it. The frame itself never leaves this process; what
others get of it is the redacted copy or numbers.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import TypeVar

import numpy as np

from edge.clock import Clock
from edge.console.desk import DeskRefusedError, Still
from edge.console.errors import SourceUnavailableError
from vision.config import CameraSettings
from vision.drawing import encode_jpeg
from vision.frames import Frame
from vision.pictures import Picture
from vision.pipeline import FAULT_WORDS
from vision.seats import Seat
from vision.service import VisionService
from vision.stills import RawStill, take_still

KEPT_S = 600.0
_PAGE_QUALITY, _REFERENCE_QUALITY = 85, 95
_SAME_LEVELS, _HIDDEN_SHARE = 8, 0.03

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class KeptStill:
    """A still and what it says of itself."""

    still: Still
    raw: RawStill
    kept_at_s: float


class Stills:
    """One still of each camera. Any thread; blocks for the networks of a camera's turn."""

    def __init__(self, vision: VisionService, clock: Clock) -> None:
        self._vision = vision
        self._clock = clock
        self._lock = Lock()
        self._kept: dict[str, KeptStill] = {}

    def take(self, camera_id: str) -> Still:
        """Keep a camera's newest picture in place of the one kept before.

        Raises:
            SourceUnavailableError: there is no picture, no such camera, or the cameras do not answer.
        """
        raw = self.ask(camera_id, take_still)
        if raw is None:
            raise SourceUnavailableError("the camera gives no picture now")
        height, width = raw.safe_bgr.shape[:2]
        still = Still(
            still_id=secrets.token_hex(8),
            taken_at=raw.frame.captured_at,
            width_px=width,
            height_px=height,
            trouble=_trouble(raw),
        )
        with self._lock:
            self._kept[camera_id] = KeptStill(still, raw, self._clock.mono_s())
        return still

    def kept(self, camera_id: str, still_id: str) -> KeptStill | None:
        """The still of that name; None when another was taken since, or its time is over."""
        with self._lock:
            now_s = self._clock.mono_s()
            self._kept = {known: one for known, one in self._kept.items() if now_s - one.kept_at_s <= KEPT_S}
            kept = self._kept.get(camera_id)
        return kept if kept is not None and kept.still.still_id == still_id else None

    def to_learn_from(self, camera_id: str, still_id: str) -> KeptStill:
        """The still of that name, if something may be learnt from it.

        Raises:
            DeskRefusedError: it may not, or it is gone.
        """
        kept = self.kept(camera_id, still_id)
        if kept is None:
            raise DeskRefusedError("This picture is not kept any more. Take a new one.")
        if kept.still.trouble:
            raise DeskRefusedError(kept.still.trouble)
        return kept

    def jpeg(self, camera_id: str, still_id: str) -> bytes | None:
        """The still of that name for a page, redacted."""
        kept = self.kept(camera_id, still_id)
        return None if kept is None else encode_jpeg(kept.raw.safe_bgr, quality=_PAGE_QUALITY)

    def redacted(self, camera_id: str, image_bgr: Picture) -> bytes:
        """Any other picture of a camera, redacted as its own are, as JPEG.

        Raises:
            SourceUnavailableError: as `take`.
        """
        frame = Frame(
            camera_id=camera_id,
            index=-1,
            image_bgr=image_bgr,
            captured_at=self._clock.now(),
            mono_s=self._clock.mono_s(),
            media_s=0.0,
        )
        return encode_jpeg(self.ask(camera_id, lambda seat: seat.redacted(frame)), quality=_PAGE_QUALITY)

    def ask(self, camera_id: str, work: Callable[[Seat], T]) -> T:
        """Ask a camera something in its own thread.

        Raises:
            SourceUnavailableError: there is no such camera, or it does not answer.
        """
        try:
            return self._vision.call(camera_id, work)
        except KeyError as error:
            raise SourceUnavailableError("there is no such camera") from error
        except TimeoutError as error:
            raise SourceUnavailableError("the cameras do not answer") from error


def reference_jpeg(kept: KeptStill) -> bytes:
    """The redacted copy as it is kept for a reference."""
    return encode_jpeg(kept.raw.safe_bgr, quality=_REFERENCE_QUALITY)


def hidden_slots(kept: KeptStill, camera: CameraSettings) -> list[str]:
    """Slots of which the redacted copy hides a part, because something in them looks like a person."""
    raw, safe = kept.raw.frame.image_bgr, kept.raw.safe_bgr
    height, width = raw.shape[:2]
    names = []
    for slot in camera.slots:
        xs, ys = zip(*slot.polygon_norm, strict=True)
        rows = slice(int(min(ys) * height), int(max(ys) * height) + 1)
        columns = slice(int(min(xs) * width), int(max(xs) * width) + 1)
        differs = np.abs(raw[rows, columns].astype(np.int16) - safe[rows, columns]).max(axis=2) > _SAME_LEVELS
        if float(differs.mean()) > _HIDDEN_SHARE:
            names.append(slot.id)
    return names


def _trouble(raw: RawStill) -> str:
    if raw.fault is not None:
        return f"The camera gives no data now ({FAULT_WORDS[raw.fault]}). Nothing can be learnt until it sees again."
    if raw.persons:
        return "Somebody is in view. Wait until the view is clear, then take a new picture."
    return ""
