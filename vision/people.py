"""The people watch: when to look for persons in one camera's pictures, and what their tracks say of lines and zones.

Owns the order detector -> tracker -> lines and zones, and skips the detector while nothing moves: people who stand
still are where they were. Keeps boxes and tracks in memory only.
"""

from dataclasses import dataclass
from zlib import crc32

from vision.box_network import BoxNetwork
from vision.config import CameraSettings
from vision.detections import Detections
from vision.detector import PersonDetector
from vision.frames import Frame, seen_in
from vision.heat import HeatGrid
from vision.masks import Masks
from vision.readings import LineCrossed, Reading, ZoneDwelt, ZoneOccupied
from vision.redact import HIDDEN_FROM_SCORE
from vision.tracker import Tracker
from vision.zones import Crossing, Dwell, LineCounter, Occupancy, ZoneWatch

_REFRESH_S = 5.0
_NOBODY_REFRESH_S = 60.0  # nobody comes without moving
_SHELF_ONLY_S = 0.4  # without zones and lines persons matter as cover only
_FAINT_PART = 0.6


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """Persons found in one frame, faint ones included."""

    frame_index: int
    time_s: float
    found: Detections
    """All, from `HIDDEN_FROM_SCORE` on: whoever may be a person is hidden, also where a mask covers most of him."""
    persons: Detections
    """Those who are believed."""


class PeopleWatch:
    """Persons of one camera. One thread at a time. Without a network nobody is ever seen."""

    def __init__(self, settings: CameraSettings, network: BoxNetwork | None) -> None:
        self._settings = settings
        self._detector: PersonDetector | None = None
        self._faint = _FAINT_PART * settings.person_threshold
        if network is not None:
            lowest = min(self._faint, HIDDEN_FROM_SCORE)
            self._detector = PersonDetector(network, threshold=lowest, shrink=settings.shrink)
        self._masks = Masks(settings.masks)
        # Cameras that began together would all look again in the same second.
        self._apart = 0.75 + 0.5 * crc32(settings.id.encode()) / 2**32
        self._follows = bool(settings.zones or settings.lines)
        self._tracker = Tracker(sure_score=settings.person_threshold)
        self._lines = [LineCounter(line) for line in settings.lines]
        self._zones = [ZoneWatch(zone) for zone in settings.zones]
        self._last: Sighting | None = None
        self._is_settled = False
        self.occupied: dict[str, int] = {}
        """People steadily in each zone, as last told."""
        self.waits_s: dict[str, float | None] = {}
        """About how long each queue takes, as last told."""
        self.crossings: dict[str, tuple[int, int]] = {line.id: (0, 0) for line in settings.lines}
        """Entered and left over each line since the start."""
        self.detections = 0
        self.heat = HeatGrid()
        """Where people were since somebody last took the sum."""

    @property
    def is_able(self) -> bool:
        """Whether there is a network to look with."""
        return self._detector is not None

    def sure(self) -> Detections:
        """Persons last seen, without the faint ones; what stands still is not looked at again."""
        return (
            Detections.empty() if self._last is None else self._last.persons.at_least(self._settings.person_threshold)
        )

    def sight(self, frame: Frame) -> Detections:
        """Persons in exactly this frame, faint ones included: for redaction. May block on the network."""
        if self._detector is None:
            return Detections.empty()
        if self._last is None or self._last.frame_index != frame.index:
            self.detections += 1
            return self._detector.detect(frame.image_bgr)
        return self._last.found

    def follow(self, frame: Frame, *, moves: bool) -> list[Reading]:
        """Take one frame; ``moves`` is what the gate says of it. Blocks for the network when it is needed."""
        if self._detector is None or not self._settings.detect_persons:
            return []
        if self._is_due(frame, moves):
            self._last = self._look(frame, self._detector)
            self._is_settled = not moves
        if not self._follows or self._last is None:
            return []
        return self._read(frame, self._last.persons)

    def _look(self, frame: Frame, detector: PersonDetector) -> Sighting:
        self.detections += 1
        found = detector.detect(frame.image_bgr)
        believed = found.at_least(self._faint)
        return Sighting(
            frame.index, frame.media_s, found, self._masks.without_hidden(believed, frame_size_px=_size_px(frame))
        )

    def _is_due(self, frame: Frame, moves: bool) -> bool:
        if self._last is None:
            return True
        since_s = frame.media_s - self._last.time_s
        if moves or not self._is_settled:
            return self._follows or since_s >= _SHELF_ONLY_S
        return since_s >= self._apart * (_REFRESH_S if len(self.sure()) else _NOBODY_REFRESH_S)

    def _read(self, frame: Frame, persons: Detections) -> list[Reading]:
        size_px = _size_px(frame)
        tracks = self._tracker.update(persons, frame.media_s, frame_size_px=size_px)
        self.heat.add(tracks, frame_size_px=size_px, time_s=frame.media_s)
        crossings = [event for line in self._lines for event in line.update(tracks, frame_size_px=size_px)]
        stays = [
            event for zone in self._zones for event in zone.update(tracks, frame_size_px=size_px, time_s=frame.media_s)
        ]
        return [*(self._crossed(event, frame) for event in crossings), *(self._stayed(event, frame) for event in stays)]

    def _crossed(self, crossing: Crossing, frame: Frame) -> Reading:
        entered, left = self.crossings[crossing.line_id]
        is_in = crossing.direction == "in"
        self.crossings[crossing.line_id] = (entered + is_in, left + (not is_in))
        return LineCrossed(
            **seen_in(frame),
            line_id=crossing.line_id,
            direction=crossing.direction,
            confidence=crossing.confidence,
        )

    def _stayed(self, event: Dwell | Occupancy, frame: Frame) -> Reading:
        seen = seen_in(frame)
        if isinstance(event, Dwell):
            return ZoneDwelt(**seen, zone_id=event.zone_id, dwell_s=event.dwell_s, confidence=event.confidence)
        self.occupied[event.zone_id] = event.people
        self.waits_s[event.zone_id] = event.wait_s
        return ZoneOccupied(
            **seen, zone_id=event.zone_id, people=event.people, confidence=event.confidence, wait_s=event.wait_s
        )

    def forget(self) -> None:
        """Nobody is known any more: the picture was lost."""
        self._last = None
        self._is_settled = False
        self.occupied.clear()
        self.waits_s.clear()
        self._tracker.reset()
        for line in self._lines:
            line.reset()
        for zone in self._zones:
            zone.reset()


def _size_px(frame: Frame) -> tuple[int, int]:
    return frame.image_bgr.shape[1], frame.image_bgr.shape[0]
