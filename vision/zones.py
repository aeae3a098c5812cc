"""Lines and zones on the floor: who crossed, who stayed, how many are there.

Pure state machines that consume tracks and give plain events; the pipeline turns these into readings. A person
stands where the middle of the feet is. Nothing is said about anybody whose track is not confirmed.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from vision.config import LineSettings, ZoneSettings
from vision.geometry import Point, distance_to_left, is_inside, passes_through, polygon_to_px, to_px
from vision.tracker import Track

Direction = Literal["in", "out"]

CLEAR_HEIGHTS = 0.06
"""A detector's box trembles by about this share of its height while the person stands still."""
CLEAR_MIN_PX = 2.0
LEAVERS = 9
"""The time from one to the next of so many of the last leavers makes the rate."""
FEWEST_LEAVERS = 4
NEWS_S = 60.0
LEAVERS_S = 900.0
"""Who left longer ago says nothing of the queue now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """One person went over a line."""

    line_id: str
    direction: Direction
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Dwell:
    """One person left a zone after ``dwell_s`` seconds in it."""

    zone_id: str
    dwell_s: float
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Occupancy:
    """The steady number of people in a zone changed or was seen for the first time, or the wait by a minute or more."""

    zone_id: str
    people: int
    confidence: float
    wait_s: float | None = None
    """About how long who joins the queue now will wait; None where the zone is none, or too few have left lately."""


@dataclass(slots=True)
class _Walker:
    """What is known of one person near a line."""

    feet: Point
    side: int
    """+1 left, -1 right, as last seen clear of the line; 0 while never seen clear of it."""
    went_through: bool = False


class LineCounter:
    """Counts each person who goes over a line once per crossing, however long he stands on it.

    A side counts only when the feet are clear of the line, and a crossing only when the way led through it::

              left    │ in between │   right
        ──────────────┼─────┊──────┼──────────────  a walk to the right, seen as points
          •     •     │  •  ┊  •   │   •             counted here ─────► "in"
          •     •     │  • •┊• •   │                 stands on the line: nothing
          •     •     │  •  ┊  •   │   • then • •    counted in, then out when clear on the left again
    """

    def __init__(self, line: LineSettings) -> None:
        self._line = line
        self._walkers: dict[int, _Walker] = {}

    def update(self, tracks: Sequence[Track], *, frame_size_px: tuple[int, int]) -> list[Crossing]:
        """Crossings completed in this picture; ``frame_size_px`` is (width, height)."""
        start = to_px(self._line.start_norm, frame_size_px)
        end = to_px(self._line.end_norm, frame_size_px)
        living = {track.id for track in tracks}
        self._walkers = {known: walker for known, walker in self._walkers.items() if known in living}
        crossings = []
        for track in tracks:
            if track.id is not None and track.missing_s == 0.0:
                direction = self._step(track.id, track, start, end)
                if direction is not None:
                    crossings.append(Crossing(line_id=self._line.id, direction=direction, confidence=track.score))
        return crossings

    def reset(self) -> None:
        """Forget everybody: the picture was lost."""
        self._walkers.clear()

    def _step(self, known: int, track: Track, start: Point, end: Point) -> Direction | None:
        side = _clear_side(track, start, end)
        walker = self._walkers.setdefault(known, _Walker(track.feet_px, side))
        if passes_through(walker.feet, track.feet_px, start, end):
            walker.went_through = not walker.went_through
        walker.feet = track.feet_px
        if side == 0:
            return None
        has_crossed = walker.side == -side and walker.went_through
        walker.side, walker.went_through = side, False
        if not has_crossed:
            return None
        return "in" if side < 0 else "out"


def _clear_side(track: Track, start: Point, end: Point) -> int:
    """+1 clear on the left, -1 clear on the right, 0 too near the line to say."""
    to_left = distance_to_left(track.feet_px, start, end)
    height = track.xyxy_px[3] - track.xyxy_px[1]
    if abs(to_left) < max(CLEAR_MIN_PX, CLEAR_HEIGHTS * height):
        return 0
    return 1 if to_left > 0 else -1


@dataclass(slots=True)
class _Guest:
    """One person in a zone."""

    entered_s: float
    inside_s: float
    """When the feet were last seen inside."""
    score: float


class QueueWait:
    """About how long somebody who joins a queue now will wait: its length times the time from one leaver to the next.

    Little's law (1961), W = L / rate, with the rate of the last leavers while anybody queued. It takes no person's own
    time: in a queue people hide each other, and a stay that is told as two would halve the wait. Keeps numbers only.
    """

    def __init__(self) -> None:
        self._busy_s = 0.0
        self._last_s: float | None = None
        self._left: deque[tuple[float, float]] = deque(maxlen=LEAVERS + 1)

    def see(self, people: int, left: int, time_s: float) -> None:
        """So many queue in this picture, and so many were seen to walk out of the queue in it."""
        if self._last_s is not None and people + left:
            self._busy_s += time_s - self._last_s
        self._last_s = time_s
        self._left.extend([(time_s, self._busy_s)] * left)
        while self._left and time_s - self._left[0][0] > LEAVERS_S:
            self._left.popleft()

    def pause(self) -> None:
        """Nothing was seen from now on until the next picture."""
        self._last_s = None

    def about_s(self, people: int) -> float | None:
        """The wait as of the last picture; zero in an empty queue, None while too few have left lately."""
        if people == 0:
            return 0.0
        if len(self._left) < FEWEST_LEAVERS:
            return None
        first_s, last_s = self._left[0][1], self._left[-1][1]
        intervals = len(self._left) - 1
        return people * max((last_s - first_s) / intervals, (self._busy_s - first_s) / (intervals + 1))


class ZoneWatch:
    """How long each person stays in a zone, and how many are steadily in it.

    Somebody whose feet leave for less than ``steady_s`` has not left; somebody out of sight has not left until
    the track ends, and then he left when he was last seen inside.
    """

    def __init__(self, zone: ZoneSettings, *, steady_s: float = 1.0) -> None:
        self._zone = zone
        self._steady_s = steady_s
        self._wait = QueueWait() if zone.kind == "queue" else None
        self._guests: dict[int, _Guest] = {}
        self._announced: int | None = None
        self._announced_wait_s: float | None = None
        self._candidate = 0
        self._candidate_since_s: float | None = None

    def update(
        self, tracks: Sequence[Track], *, frame_size_px: tuple[int, int], time_s: float
    ) -> list[Dwell | Occupancy]:
        """What became known with this picture; ``frame_size_px`` is (width, height)."""
        polygon = polygon_to_px(self._zone.polygon_norm, frame_size_px)
        for track in tracks:
            if track.id is not None and track.missing_s == 0.0 and is_inside(track.feet_px, polygon):
                guest = self._guests.setdefault(track.id, _Guest(time_s, time_s, track.score))
                guest.inside_s, guest.score = time_s, track.score
        return [*self._leavers(tracks, time_s), *self._occupancy(time_s)]

    def reset(self) -> None:
        """Forget everybody, without an event: the picture was lost, so how long they stayed is not known."""
        self._guests.clear()
        if self._wait is not None:
            self._wait.pause()
        self._announced = None
        self._candidate_since_s = None

    def _leavers(self, tracks: Sequence[Track], time_s: float) -> list[Dwell]:
        seen = {track.id for track in tracks if track.missing_s == 0.0}
        living = {track.id for track in tracks}
        dwells, left = [], 0
        for known, guest in list(self._guests.items()):
            is_outside = known in seen and time_s - guest.inside_s >= self._steady_s
            if known in living and not is_outside:
                continue
            del self._guests[known]
            dwell_s = guest.inside_s - guest.entered_s
            if dwell_s >= self._zone.min_dwell_s:
                left += is_outside
                dwells.append(Dwell(zone_id=self._zone.id, dwell_s=dwell_s, confidence=guest.score))
        if self._wait is not None:
            self._wait.see(len(self._guests), left, time_s)
        return dwells

    def _occupancy(self, time_s: float) -> list[Occupancy]:
        people = len(self._guests)
        if self._candidate_since_s is None or people != self._candidate:
            self._candidate, self._candidate_since_s = people, time_s
            return []
        if time_s - self._candidate_since_s < self._steady_s:
            return []
        wait_s = None if self._wait is None else self._wait.about_s(people)
        if people == self._announced and not _is_news(wait_s, self._announced_wait_s):
            return []
        self._announced, self._announced_wait_s = people, wait_s
        confidence = min((guest.score for guest in self._guests.values()), default=1.0)
        return [Occupancy(zone_id=self._zone.id, people=people, confidence=confidence, wait_s=wait_s)]


def _is_news(wait_s: float | None, told_s: float | None) -> bool:
    """Whether a wait is worth telling though as many stand there as before: a queue that does not move gets longer."""
    if wait_s is None or told_s is None:
        return (wait_s is None) != (told_s is None)
    return abs(wait_s - told_s) >= NEWS_S
