"""One camera's seat at the vision worker: which frame is due, what was skipped, and the console's picture.

Owns the count of frames left out and the rule that a picture is redacted before it is encoded. `view` may be called
from any thread, everything else belongs to the worker's.
"""

import math
import threading
from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import TracebackType
from typing import Protocol, Self

import numpy as np

from vision.box_network import BoxNetwork
from vision.config import CameraSettings
from vision.detections import Detections
from vision.detector import FaceDetector
from vision.drawing import annotate, encode_jpeg
from vision.feeds import Clock
from vision.frames import Frame
from vision.people import PeopleWatch
from vision.pictures import Picture
from vision.pipeline import CameraPipeline
from vision.posted import Posted
from vision.readings import FeedFault, Reading, Stamp
from vision.redact import redact
from vision.turns import Waiting

_FACE_THRESHOLD = 0.4
_VIEW_EVERY_S = 0.5
_BUSY_VIEW_EVERY_S = 2.0
_WATCHED_S = 5.0
_RATE_WINDOW_S = 5.0
_EARLY_PART = 0.2  # of a frame interval: frames do not come to the millisecond


class SlotTrust(StrEnum):
    """How far a slot's units hold now."""

    STEADY = "steady"
    OCCLUDED = "occluded"
    """Covered, in motion or not understood: the units are those before."""
    NO_DATA = "no data"
    """Never counted, or the feed has a fault."""


@dataclass(frozen=True, slots=True)
class SlotView:
    """One slot as it is now."""

    slot_id: str
    sku: str
    units: int | None
    """Last steady count; None before the first."""
    facings: int
    low_at: int
    state: SlotTrust
    since: datetime
    """When the units last changed, or data began or ended; a hand in front changes neither."""
    known_at: datetime | None
    """The last moment at which the slot was seen steady; None before the first."""
    is_separable: bool = True
    """Whether units are packs; else they are columns that hold something."""


@dataclass(frozen=True, slots=True)
class CameraView:
    """One camera as the console shows it."""

    camera_id: str
    name: str
    jpeg: bytes | None
    """Latest redacted picture with slots, zones and counts drawn; None before the first."""
    picture_number: int
    """Rises with every new picture."""
    slots: tuple[SlotView, ...]
    fault: FeedFault | None
    since: datetime
    """When the fault, or the time without one, began."""
    problem: str | None
    """Why there is no picture, as a sentence without credentials."""
    frame_age_s: float | None
    analysed_fps: float
    analysed_frames: int
    gated_frames: int
    """Analysed, and ended at the motion gate: nothing had changed."""
    thinned_frames: int
    """Left out as ``analyse_fps`` asks."""
    skipped_frames: int
    """Due, but the machine was busy: not looked at."""
    late_frames: int
    """Looked at, but later than ``min_fps`` asks, because the machine was busy."""
    compliance: float | None = None
    """Planned facings that hold their product, 0..1; None where no packs are named."""


class Redactor:
    """Makes a frame fit to be shown. Without any network nobody in it can be hidden, so all of it is made coarse."""

    def __init__(self, face_network: BoxNetwork | None) -> None:
        self._faces = None if face_network is None else FaceDetector(face_network, threshold=_FACE_THRESHOLD)

    def redacted(self, frame: Frame, people: PeopleWatch, *, whole_person: bool) -> Picture:
        """A redacted copy of the frame; blocks for the networks."""
        if self._faces is None and not people.is_able:
            return redact(frame.image_bgr, Detections.empty(), _everything(frame.image_bgr), whole_person=True)
        faces = Detections.empty() if self._faces is None else self._faces.detect(frame.image_bgr)
        return redact(frame.image_bgr, faces, people.sight(frame), whole_person=whole_person)


def _everything(image_bgr: Picture) -> Detections:
    height, width = image_bgr.shape[:2]
    box = np.array([[0, 0, width, height]], np.float32)
    return Detections(box, np.ones(1, np.float32), np.zeros(1, np.int64))


class FrameSource(Protocol):
    """What a seat takes its frames from: `vision.feeds.Feed`, or pictures handed in by whoever measures."""

    @property
    def problem(self) -> str | None:
        """Why there is no picture, as a sentence without credentials; None while there is."""
        ...

    def newest(self) -> Frame | None:
        """The newest frame, or None before the first. Any thread; does not block."""
        ...

    def post(self, posted: Posted) -> None:
        """Take a picture that the camera sent by itself. Any thread; does not block."""
        ...

    def stop(self) -> None:
        """Ask it to end; leaving the context waits for it."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Seat:
    """One camera at the worker."""

    def __init__(
        self, settings: CameraSettings, pipeline: CameraPipeline, feed: FrameSource, redactor: Redactor
    ) -> None:
        self.settings = settings
        self.pipeline = pipeline
        self.feed = feed
        self._redactor = redactor
        self._interval_s = 1.0 / settings.analyse_fps
        self._longest_s = max(1.0 / settings.min_fps, self._interval_s)
        self._last: Frame | None = None
        self._analysed_at: deque[float] = deque()
        self._thinned = 0
        self._skipped = 0
        self._late = 0
        self._at_hand_s: float | None = None
        self._is_changing = True
        self._lock = threading.Lock()
        self._watched_until_s: float | None = None
        self._rendered_s: float | None = None
        self._rendered_fault: FeedFault | None = None
        self._pictures = 0
        self._view: CameraView | None = None

    @property
    def skipped_frames(self) -> int:
        """Frames that were due and not looked at."""
        return self._skipped

    def waiting(self, now_s: float) -> Waiting | None:
        """What the choice of the next turn needs to know; None while no frame is due."""
        if self._due() is None:
            self._at_hand_s = None
            return None
        self._at_hand_s = now_s if self._at_hand_s is None else self._at_hand_s
        wait_s = math.inf if self._last is None else now_s - self._last.mono_s
        return Waiting(self.settings.id, wait_s, self._longest_s, now_s - self._at_hand_s, self._is_changing)

    def _due(self) -> Frame | None:
        """The newest frame, unless it was looked at or comes earlier than ``analyse_fps`` asks."""
        frame, last = self.feed.newest(), self._last
        if frame is None or last is None:
            return frame
        is_early = frame.mono_s - last.mono_s < (1.0 - _EARLY_PART) * self._interval_s
        return None if frame.index == last.index or is_early else frame

    def look(self, turn: Waiting) -> list[Reading]:
        """Take the turn: look at the newest frame. Blocks for as long as the networks take."""
        self._late += turn.is_short
        frame = self.take()
        if frame is None:
            return []
        quiet_before = self.pipeline.counts.quiet_frames
        readings = self.pipeline.process(frame)
        self._is_changing = self.pipeline.counts.quiet_frames == quiet_before
        return readings

    def take(self) -> Frame | None:
        """The newest frame when it is due, else None; counts what was left out before it."""
        frame, last = self._due(), self._last
        if frame is None:
            return None
        if last is not None:
            since_s = frame.mono_s - last.mono_s
            between = frame.index - last.index - 1
            missed = min(between, max(round(since_s / self._interval_s) - 1, 0))
            self._skipped += missed
            self._thinned += between - missed
        self._last, self._at_hand_s = frame, None
        self._analysed_at.append(frame.mono_s)
        while frame.mono_s - self._analysed_at[0] > _RATE_WINDOW_S:
            self._analysed_at.popleft()
        return frame

    def miss(self, clock: Clock) -> list[Reading]:
        """Let the pipeline see how old the last frame is."""
        return self.pipeline.miss(self._stamp(clock))

    def _stamp(self, clock: Clock) -> Stamp:
        now_s = clock.mono_s()
        media_s = 0.0 if self._last is None else self._last.media_s + max(now_s - self._last.mono_s, 0.0)
        return Stamp(clock.now(), now_s, media_s)

    def end(self, clock: Clock) -> list[Reading]:
        """Say that this camera's pipeline ends here."""
        return self.pipeline.end(self._stamp(clock))

    def succeed(self, before: "Seat", clock: Clock) -> None:
        """Go on with the numbers of the seat that this one takes the place of."""
        last = before.view(clock, watch=False)
        self.pipeline.counts = before.pipeline.counts
        self._pictures = last.picture_number
        self._thinned, self._skipped, self._late = last.thinned_frames, last.skipped_frames, last.late_frames

    def render(self, clock: Clock, *, is_busy: bool = False) -> None:
        """Bring the view up to date; makes a picture at the first frame, at a fault, and while somebody watches.

        ``is_busy``: cameras wait for their floor, so pictures are made less often.
        """
        now_s = clock.mono_s()
        jpeg = None if self._view is None else self._view.jpeg
        if self._last is not None and self._is_picture_due(now_s, _BUSY_VIEW_EVERY_S if is_busy else _VIEW_EVERY_S):
            self._rendered_s, self._rendered_fault = now_s, self.pipeline.fault
            jpeg = self._picture(self._last)
            self._pictures += 1
        view = self._numbers(clock.now(), now_s, jpeg)
        with self._lock:
            self._view = view

    def _is_picture_due(self, now_s: float, every_s: float) -> bool:
        if self._rendered_s is None or self._rendered_fault is not self.pipeline.fault:
            return True
        with self._lock:
            is_watched = self._watched_until_s is not None and now_s < self._watched_until_s
        return is_watched and now_s - self._rendered_s >= every_s

    def redacted(self, frame: Frame) -> Picture:
        """A copy of one of this camera's frames in which nobody can be recognised. Blocks for the networks."""
        safe = self._redactor.redacted(frame, self.pipeline.people, whole_person=self.settings.whole_person_blur)
        self.pipeline.mask(safe)  # a picture from elsewhere, or from before the mask was drawn or the camera knocked
        return safe

    def masked(self) -> Frame | None:
        """A copy of the newest frame in which people are to be known, without what the masks hide."""
        frame = self.feed.newest()
        if frame is None:
            return None
        image_bgr = frame.image_bgr.copy()
        self.pipeline.mask(image_bgr)
        return replace(frame, image_bgr=image_bgr)

    def _picture(self, frame: Frame) -> bytes:
        return encode_jpeg(annotate(self.redacted(frame), self.pipeline.overlay()))

    def _numbers(self, now: datetime, now_s: float, jpeg: bytes | None) -> CameraView:
        counts, rate = self.pipeline.counts, 0.0
        if len(self._analysed_at) > 1:
            rate = (len(self._analysed_at) - 1) / max(now_s - self._analysed_at[0], 1e-3)
        return CameraView(
            camera_id=self.settings.id,
            name=self.settings.name,
            jpeg=jpeg,
            picture_number=self._pictures,
            slots=self._slot_views(now),
            fault=self.pipeline.fault,
            since=now if self._view is None or self._view.fault is not self.pipeline.fault else self._view.since,
            problem=self.feed.problem,
            frame_age_s=None if self._last is None else max(now_s - self._last.mono_s, 0.0),
            analysed_fps=round(rate, 2),
            analysed_frames=counts.frames,
            gated_frames=counts.quiet_frames,
            thinned_frames=self._thinned,
            skipped_frames=self._skipped,
            late_frames=self._late,
            compliance=self.pipeline.compliance,
        )

    def _slot_views(self, now: datetime) -> tuple[SlotView, ...]:
        before = {} if self._view is None else {slot.slot_id: slot for slot in self._view.slots}
        views = []
        for slot, units, is_held in self.pipeline.slot_units():
            state = SlotTrust.OCCLUDED if is_held else SlotTrust.STEADY
            if units is None or self.pipeline.fault is not None:
                state = SlotTrust.NO_DATA
            last = before.get(slot.id)
            has_data = state is not SlotTrust.NO_DATA
            is_same = last is not None and (last.units, last.state is not SlotTrust.NO_DATA) == (units, has_data)
            known_at = now if state is SlotTrust.STEADY else None if last is None else last.known_at
            since = last.since if last is not None and is_same else now
            views.append(
                SlotView(slot.id, slot.sku, units, slot.facings, slot.low_at, state, since, known_at, slot.separable)
            )
        return tuple(views)

    def view(self, clock: Clock, *, watch: bool) -> CameraView:
        """The camera as of now; ``watch`` keeps its picture fresh for some seconds."""
        now_s = clock.mono_s()
        with self._lock:
            if watch:
                self._watched_until_s = now_s + _WATCHED_S
            view = self._view
        if view is None:
            view = self._numbers(clock.now(), now_s, None)
        newest = self.feed.newest()
        age_s = None if newest is None else max(now_s - newest.mono_s, 0.0)
        return replace(view, frame_age_s=age_s, problem=self.feed.problem, fault=self.pipeline.fault)
