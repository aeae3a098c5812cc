"""Compares what the demo shop reported with what its clips show.

Owns the reading of the renderer's ground-truth file and the scoring. Pure: facts in, a score out; a claim is
right only when it equals what stood on the shelf at that moment, so luck with deltas does not count.
"""

import json
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge.errors import ConfigError

SETTLE_S = 6.0
"""A change is due this long after the hand, or whatever stood in front, has left."""
CALM_S = 2.0
"""A claim needs this much calm: what comes in front sooner may put it off until it has left."""
SLACK_S = 1.0
"""A claim may be this much earlier than the moment the truth file gives: the hand leaves slowly."""
FAULT_WITHIN_S = 5.0


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a slot in the clip."""

    t_s: float
    slot: str
    delta: int
    units: int


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when, and what."""

    from_s: float
    to_s: float
    what: str

    def holds(self, t_s: float) -> bool:
        """Whether a moment lies inside."""
        return self.from_s <= t_s <= self.to_s


@dataclass(frozen=True, slots=True)
class CameraTruth:
    """What one clip shows."""

    camera: str
    clip: Path
    duration_s: float
    initial: Mapping[str, int]
    changes: tuple[Change, ...]
    occlusions: tuple[Span, ...]
    faults: tuple[Span, ...]

    def units_at(self, slot: str, t_s: float) -> int:
        """Units that stand in a slot at a moment of the looped clip."""
        into_s = t_s % self.duration_s
        units = self.initial[slot]
        for change in self.changes:
            if change.slot == slot and change.t_s <= into_s:
                units = change.units
        return units

    def hidden_at(self, slot: str, t_s: float) -> str | None:
        """What may hide a slot at a moment of the looped clip, if anything.

        A hand that has left the slot it reached into, and is on its way out of the picture, hides it no more.
        """
        into_s = t_s % self.duration_s
        spans = [*self.occlusions, *(f for f in self.faults if f.what == "blind")]
        standing = [span for span in spans if span.holds(into_s)]
        left = [change.t_s for change in self.changes if change.slot == slot and change.t_s <= into_s]
        return next((s.what for s in standing if s.what != "hand" or not any(s.holds(t) for t in left)), None)

    def due_s(self, change: Change) -> float:
        """When a change has to have been told: after whatever hides the shelf at that time has left."""
        due = change.t_s
        for span in sorted((*self.occlusions, *self.faults), key=lambda s: s.from_s):
            if span.from_s - CALM_S <= due <= span.to_s:
                due = max(due, span.to_s)
        return due + SETTLE_S


@dataclass(slots=True)
class Score:
    """How the report compares with the truth."""

    units_moved: int = 0
    units_found: int = 0
    missed: list[str] = field(default_factory=list)
    wrong_counts: list[str] = field(default_factory=list)
    out_of_stock: int = 0
    false_out_of_stock: list[str] = field(default_factory=list)
    seconds_to_tell: list[float] = field(default_factory=list)
    faults: list[dict[str, Any]] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Every unit found, nothing wrong told, every fault told in time and ended."""
        faults_ok = all(f["told_after_s"] is not None and f["told_after_s"] <= FAULT_WITHIN_S for f in self.faults)
        ended = all(f["ended"] for f in self.faults)
        return not (self.missed or self.wrong_counts or self.false_out_of_stock) and faults_ok and ended

    def summary(self) -> dict[str, Any]:
        """Plain values for the report."""
        return {
            "units_moved": self.units_moved,
            "units_found": self.units_found,
            "missed": self.missed,
            "wrong_counts": self.wrong_counts,
            "out_of_stock": self.out_of_stock,
            "false_out_of_stock": self.false_out_of_stock,
            "seconds_to_tell_median": round(statistics.median(self.seconds_to_tell), 2)
            if self.seconds_to_tell
            else None,
            "seconds_to_tell_max": round(max(self.seconds_to_tell), 2) if self.seconds_to_tell else None,
            "faults": self.faults,
        }


def load_truth(path: Path) -> tuple[CameraTruth, ...]:
    """Read the renderer's truth file; clips are beside it.

    Raises:
        ConfigError: the file is missing or not what the renderer writes.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        return tuple(_camera(name, body, path.parent) for name, body in raw["cameras"].items())
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{path}: not a truth file of scripts/render_shop.py; render the clips again") from error


def score(cameras: Iterable[CameraTruth], facts: Sequence[Mapping[str, Any]], *, watched_s: float) -> Score:
    """Score the facts of one run that watched every clip from its start for ``watched_s`` seconds.

    Each fact is a mapping with at least ``kind``, ``source`` and ``media_s``, and the fields of its kind.
    """
    result = Score()
    for camera in cameras:
        own = [f for f in facts if f["source"] == camera.camera and f.get("media_s") is not None]
        _score_counts(camera, [f for f in own if f["kind"] == "shelf.count"], watched_s, result)
        _score_empties(camera, [f for f in own if f["kind"] == "shelf.out_of_stock"], result)
        _score_faults(camera, own, watched_s, result)
    return result


def _score_counts(camera: CameraTruth, counts: Sequence[Mapping[str, Any]], watched_s: float, into: Score) -> None:
    right: dict[str, list[float]] = {}
    for fact in counts:
        slot, told_s = fact["slot"], fact["media_s"]
        possible = {camera.units_at(slot, t) for t in (told_s - SLACK_S, told_s, told_s + SLACK_S) if t >= 0}
        if fact["units"] in possible:
            right.setdefault(slot, []).append(told_s)
        else:
            stood = camera.units_at(slot, told_s)
            into.wrong_counts.append(f"{camera.camera} {slot} at {told_s:.1f} s: told {fact['units']}, not {stood}")
    for change, due_s in _changes_until(camera, watched_s):
        told_s = next((t for t in right.get(change.slot, ()) if t >= change.t_s - SLACK_S), None)
        into.units_moved += abs(change.delta)
        if told_s is None or told_s > due_s:
            into.missed.append(f"{camera.camera} {change.slot} at {change.t_s:.1f} s: {change.delta:+d}")
        else:
            into.units_found += abs(change.delta)
            into.seconds_to_tell.append(max(0.0, told_s - change.t_s))


def _changes_until(camera: CameraTruth, watched_s: float) -> Iterable[tuple[Change, float]]:
    passes = int(watched_s // camera.duration_s) + 1
    for lap in range(passes):
        start_s = lap * camera.duration_s
        for change in camera.changes:
            due_s = start_s + camera.due_s(change)
            if due_s <= watched_s:
                yield Change(start_s + change.t_s, change.slot, change.delta, change.units), due_s


def _score_empties(camera: CameraTruth, empties: Sequence[Mapping[str, Any]], into: Score) -> None:
    for fact in empties:
        into.out_of_stock += 1
        told_s = fact["media_s"]
        hidden = camera.hidden_at(fact["slot"], told_s)
        really = 0 in {camera.units_at(fact["slot"], t) for t in (told_s - SLACK_S, told_s) if t >= 0}
        if hidden or not really:
            why = f"behind a {hidden}" if hidden else "it was not empty"
            into.false_out_of_stock.append(f"{camera.camera} {fact['slot']} at {told_s:.1f} s: {why}")


def _score_faults(camera: CameraTruth, facts: Sequence[Mapping[str, Any]], watched_s: float, into: Score) -> None:
    for span in camera.faults:
        if span.to_s + SETTLE_S > watched_s:
            continue
        told = [f["media_s"] for f in facts if f["kind"] == f"feed.{span.what}" and f["media_s"] >= span.from_s]
        ends = [
            f["media_s"]
            for f in facts
            if f["kind"] == "feed.restored" and f["fault"] == span.what and f["media_s"] >= span.to_s - SLACK_S
        ]
        into.faults.append(
            {
                "camera": camera.camera,
                "fault": span.what,
                "told_after_s": round(told[0] - span.from_s, 2) if told else None,
                "ended": bool(ends),
                "ended_after_s": round(ends[0] - span.to_s, 2) if ends else None,
            }
        )


def _camera(name: str, body: Mapping[str, Any], folder: Path) -> CameraTruth:
    return CameraTruth(
        camera=name,
        clip=folder / body["clip"],
        duration_s=float(body["duration_s"]),
        initial={str(k): int(v) for k, v in body["initial"].items()},
        changes=tuple(Change(e["t_s"], e["slot"], e["delta"], e["units"]) for e in body["events"]),
        occlusions=tuple(Span(o["from_s"], o["to_s"], o["what"]) for o in body["occlusions"]),
        faults=tuple(Span(f["from_s"], f["to_s"], f["fault"]) for f in body["faults"]),
    )
