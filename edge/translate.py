"""Turns what vision read into facts: the only place that knows both vocabularies.

Keeps the last count of each slot, so that a restart does not tell old news again and a change carries its delta.
Pure: no clock of its own, no store; the composition root seeds it and appends what it returns.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, assert_never

from edge.facts import (
    Fact,
    FeedBlindFact,
    FeedBlurredFact,
    FeedFrozenFact,
    FeedLostFact,
    FeedMovedFact,
    FeedRestoredFact,
    FootfallCountFact,
    QueueLengthFact,
    ShelfComplianceFact,
    ShelfCountFact,
    ShelfLowFact,
    ShelfMisplacedFact,
    ShelfOutOfStockFact,
    ShelfRestockedFact,
    ZoneCrossingFact,
    ZoneDwellFact,
)
from vision.readings import (
    FeedFault,
    FeedFaulted,
    FeedRestored,
    LineCrossed,
    PackMisplaced,
    PlanogramCompared,
    Reading,
    ShelfCounted,
    ZoneDwelt,
    ZoneOccupied,
)

FOOTFALL_PERIOD_S = 900

SlotKey = tuple[str, str]
"""Camera id and slot id."""

_FaultFact = FeedLostFact | FeedFrozenFact | FeedBlindFact | FeedMovedFact | FeedBlurredFact

_FAULT_FACTS: Mapping[FeedFault, type[_FaultFact]] = {
    FeedFault.LOST: FeedLostFact,
    FeedFault.FROZEN: FeedFrozenFact,
    FeedFault.BLIND: FeedBlindFact,
    FeedFault.MOVED: FeedMovedFact,
    FeedFault.BLURRED: FeedBlurredFact,
}


@dataclass(slots=True)
class _Footfall:
    began_at: datetime
    entered: int = 0
    left: int = 0
    last: LineCrossed | None = None


@dataclass(slots=True)
class Translator:
    """Readings in, facts out. Owned by the vision worker's thread.

    ``known_units`` are the last counts in the store: a first reading equal to them says nothing new.
    """

    known_units: dict[SlotKey, int] = field(default_factory=dict)
    _short_since: dict[SlotKey, datetime] = field(default_factory=dict)
    _footfall: dict[tuple[str, str], _Footfall] = field(default_factory=dict)

    def facts(self, readings: Iterable[Reading]) -> list[Fact]:
        """Facts of one batch of readings, in order; they belong in one transaction."""
        told: list[Fact] = []
        for reading in readings:
            told.extend(self._of(reading))
        return told

    def due_footfall(self, now: datetime, *, final: bool = False) -> list[Fact]:
        """Counts of every line whose quarter of an hour is over (all lines when ``final``)."""
        told: list[Fact] = []
        for key, period in list(self._footfall.items()):
            age_s = (now - period.began_at).total_seconds()
            if period.last is None or not (final or age_s >= FOOTFALL_PERIOD_S):
                continue
            del self._footfall[key]
            told.append(
                FootfallCountFact(
                    **_seen(period.last),
                    line=period.last.line_id,
                    began_at=period.began_at,
                    period_s=min(max(age_s, 0.0), FOOTFALL_PERIOD_S),
                    entered=period.entered,
                    left=period.left,
                )
            )
        return told

    def _of(self, reading: Reading) -> Sequence[Fact]:
        match reading:
            case ShelfCounted():
                return self._shelf(reading)
            case FeedFaulted():
                return [_FAULT_FACTS[reading.fault](**_seen(reading), began_at=reading.began_at)]
            case FeedRestored():
                return [
                    FeedRestoredFact(
                        **_seen(reading),
                        fault=reading.fault.value,
                        began_at=reading.began_at,
                        no_data_s=reading.no_data_s,
                    )
                ]
            case PackMisplaced():
                return [_misplaced(reading)]
            case PlanogramCompared():
                return [_compliance(reading)]
            case LineCrossed():
                return [self._crossing(reading)]
            case ZoneDwelt():
                return [
                    ZoneDwellFact(
                        **_seen(reading), confidence=reading.confidence, zone=reading.zone_id, dwell_s=reading.dwell_s
                    )
                ]
            case ZoneOccupied():
                return [
                    QueueLengthFact(
                        **_seen(reading),
                        confidence=reading.confidence,
                        zone=reading.zone_id,
                        people=reading.people,
                        wait_s=None if reading.wait_s is None else round(reading.wait_s, 1),
                    )
                ]
            case _:
                assert_never(reading)

    def _shelf(self, reading: ShelfCounted) -> list[Fact]:
        key = (reading.camera_id, reading.slot_id)
        before = self.known_units.get(key)
        if before == reading.units:
            return []
        self.known_units[key] = reading.units
        common = _seen(reading) | {
            "confidence": reading.confidence,
            "slot": reading.slot_id,
            "sku": reading.sku,
            "units": reading.units,
            "facings": reading.facings,
        }
        delta = None if before is None else reading.units - before
        told: list[Fact] = [ShelfCountFact(**common, delta=delta, shelf_units=reading.shelf_units, fill=reading.fill)]
        told.extend(self._thresholds(reading, key, before, common))
        return told

    def _thresholds(
        self, reading: ShelfCounted, key: SlotKey, before: int | None, common: dict[str, Any]
    ) -> list[Fact]:
        was_short = before is not None and before <= reading.low_at
        if reading.units == 0:
            self._short_since.setdefault(key, reading.captured_at)
            return [ShelfOutOfStockFact(**common)]
        if reading.units <= reading.low_at:
            self._short_since.setdefault(key, reading.captured_at)
            newly_low = before is None or before > reading.low_at
            return [ShelfLowFact(**common, low_at=reading.low_at)] if newly_low else []
        since = self._short_since.pop(key, None)
        if not was_short:
            return []
        out_s = None if since is None else max(0.0, (reading.captured_at - since).total_seconds())
        return [ShelfRestockedFact(**common, out_s=out_s)]

    def _crossing(self, reading: LineCrossed) -> Fact:
        key = (reading.camera_id, reading.line_id)
        period = self._footfall.setdefault(key, _Footfall(began_at=reading.captured_at.astimezone(UTC)))
        period.last = reading
        if reading.direction == "in":
            period.entered += 1
        else:
            period.left += 1
        return ZoneCrossingFact.model_validate(
            {
                **_seen(reading),
                "confidence": reading.confidence,
                "line": reading.line_id,
                "direction": reading.direction,
            }
        )


def _misplaced(reading: PackMisplaced) -> Fact:
    return ShelfMisplacedFact(
        **_seen(reading),
        confidence=reading.confidence,
        slot=reading.slot_id,
        sku=reading.sku,
        seen_sku=reading.seen_sku,
        state="ended" if reading.is_over else "began",
        began_at=reading.began_at,
    )


def _compliance(reading: PlanogramCompared) -> Fact:
    return ShelfComplianceFact(
        **_seen(reading),
        percent=round(100 * reading.compliance, 1),
        planned=reading.planned,
        in_place=reading.in_place,
        unknown_slots=reading.unknown_slots,
    )


def _seen(reading: Reading) -> dict[str, Any]:
    return {
        "at": reading.captured_at,
        "mono_s": reading.mono_s,
        "source": reading.camera_id,
        "media_s": round(reading.media_s, 3),
    }
