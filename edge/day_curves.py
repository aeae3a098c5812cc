"""A camera's day as curves: counts of slots and queues as steps, footfall by the quarter of an hour.

Pure: stored facts in, curves out. A curve breaks wherever the camera had a fault or the node was off, because a
blind camera never reads as an empty shelf; after it the former count goes on until another is told, which is how
the facts are written.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from edge.console.desk import Curve, Quarter
from edge.store.rows import StoredFact

BEAT_S = 60.0
"""A node that runs tells its health so often."""
_SILENT_BEATS = 3


@dataclass(frozen=True, slots=True)
class Hole:
    """Nothing is known from ``begin`` to ``end``; None: it has not ended."""

    begin: datetime
    end: datetime | None


def fault_holes(faults: Iterable[StoredFact]) -> list[Hole]:
    """Times without data of one camera, from its ``feed.*`` facts, oldest first."""
    holes: list[Hole] = []
    open_since: datetime | None = None
    for fact in faults:
        if fact.kind == "feed.restored":
            begin = open_since or datetime.fromisoformat(str(fact.body["began_at"]))
            holes.append(Hole(begin, fact.at))
            open_since = None
        elif open_since is None:
            open_since = datetime.fromisoformat(str(fact.body["began_at"]))
    return holes if open_since is None else [*holes, Hole(open_since, None)]


def silent_holes(beats: Sequence[datetime]) -> list[Hole]:
    """Times when the node was off, from its health facts, oldest first."""
    longest = timedelta(seconds=_SILENT_BEATS * BEAT_S)
    return [Hole(before, after) for before, after in pairwise(beats) if after - before > longest]


def curves(
    facts: Iterable[StoredFact], *, name: str, value: str, since: datetime, until: datetime, holes: Sequence[Hole]
) -> tuple[Curve, ...]:
    """One curve for each ``name`` in the facts' bodies, sorted by it; facts oldest first, those before ``since`` too.

    A fact before ``since`` says where its curve begins; without one the curve begins at its first fact.
    """
    by_name: defaultdict[str, list[tuple[datetime, int]]] = defaultdict(list)
    for fact in facts:
        by_name[str(fact.body[name])].append((fact.at, int(fact.body[value])))
    drawn = [(known, _steps(told, since, until, holes)) for known, told in sorted(by_name.items())]
    return tuple(Curve(name=known, points=points) for known, points in drawn if points)


def _steps(
    told: Sequence[tuple[datetime, int]], since: datetime, until: datetime, holes: Sequence[Hole]
) -> tuple[tuple[datetime, int | None], ...]:
    """Points at which the count, or whether there is one, changes; the last one is ``until``."""
    moments = {max(at, since) for at, _ in told} | {since, until}
    moments |= {at for hole in holes for at in (hole.begin, hole.end) if at is not None}
    times = [at for at, _ in told]
    points: list[tuple[datetime, int | None]] = []
    for moment in sorted(at for at in moments if since <= at <= until):
        known = bisect_right(times, moment)
        is_dark = any(hole.begin <= moment and (hole.end is None or moment < hole.end) for hole in holes)
        count = told[known - 1][1] if known and not is_dark else None
        if (points or count is not None) and (not points or points[-1][1] != count or moment == until):
            points.append((moment, count))
    return tuple(points)


def quarters(facts: Iterable[StoredFact], *, since: datetime) -> Mapping[str, tuple[Quarter, ...]]:
    """Footfall by line, oldest first."""
    by_line: defaultdict[str, list[Quarter]] = defaultdict(list)
    for fact in facts:
        began_at = datetime.fromisoformat(str(fact.body["began_at"]))
        if began_at >= since:
            entered, left = int(fact.body["entered"]), int(fact.body["left"])
            by_line[str(fact.body["line"])].append(Quarter(began_at=began_at, entered=entered, left=left))
    return {line: tuple(told) for line, told in sorted(by_line.items())}
