r"""The pack watch: which products stand where they do not belong, and how far a shelf keeps to its planogram.

Owns when a camera's packs are searched and when a finding is told. The search takes seconds, so it runs beside the
cameras (`PackSearch`) and its findings come back with a later frame::

    shelf calm ─► due (at first, every so often, after a count changed) ─► search ─► seen twice ─► told
"""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Protocol

from vision.compliance import Compliance, compare
from vision.config import SlotSettings
from vision.frames import Frame, seen_in
from vision.identity import PackFound
from vision.pictures import Picture
from vision.readings import PackMisplaced, PlanogramCompared, Reading

_LEAST_CONFIDENCE = 0.6  # at a half two products cannot be told apart
_AFTER_CHANGE_S = 5.0
_AGAIN_S = 15.0  # a finding is looked for once more before it is told

Place = tuple[str, str]
"""Slot id and the product seen in it."""


class PackSearch(Protocol):
    """Finds packs beside the cameras."""

    @property
    def known_skus(self) -> frozenset[str]:
        """Products that are looked for."""
        ...

    def begin(self, image_bgr: Picture) -> Future[list[PackFound]]:
        """Start a search in a picture that will not change any more. Does not block."""
        ...


@dataclass(slots=True)
class _Misplaced:
    began: Frame
    confidence: float
    sightings: int = 1
    missed: int = 0
    is_told: bool = False


@dataclass(slots=True)
class PackWatch:
    """Packs of one camera. One thread at a time; times are seconds that never fall."""

    slots: Sequence[SlotSettings]
    search: PackSearch
    every_s: float
    compliance: float | None = None
    """Planned facings that hold their product, 0..1, as last told."""
    _due_s: float = 0.0
    _running: tuple[Frame, Future[list[PackFound]]] | None = None
    _misplaced: dict[Place, _Misplaced] = field(default_factory=dict)
    _shares: list[float | None] = field(default_factory=list)

    def look(self, frame: Frame, *, is_calm: bool, has_changed: bool) -> list[Reading]:
        """Take a frame and whether nothing moves or covers the shelf in it. Does not block."""
        if has_changed:
            self._due_s = min(self._due_s, frame.media_s + _AFTER_CHANGE_S)
        readings = self._take()
        if self._running is None and is_calm and frame.media_s >= self._due_s:
            self._due_s = frame.media_s + self.every_s
            self._running = (frame, self.search.begin(frame.image_bgr))
        return readings

    def forget_running(self) -> None:
        """What is being searched says nothing any more: the camera had a fault."""
        self._running, self._due_s = None, 0.0

    def _take(self) -> list[Reading]:
        if self._running is None or not self._running[1].done():
            return []
        frame, search = self._running
        self._running = None
        size_px = (frame.image_bgr.shape[1], frame.image_bgr.shape[0])
        packs = [pack for pack in search.result() if pack.confidence >= _LEAST_CONFIDENCE]
        found = compare(self.slots, packs, known_skus=self.search.known_skus, picture_size_px=size_px)
        readings = [*self._told_misplaced(found, frame, packs), *self._told_compliance(found, frame)]
        is_open = any(not place.is_told or place.missed for place in self._misplaced.values())
        if is_open or self._shares[-1] != self._shares[0]:
            self._due_s = min(self._due_s, frame.media_s + _AGAIN_S)
        return readings

    def _told_misplaced(self, found: Compliance, frame: Frame, packs: Sequence[PackFound]) -> list[Reading]:
        sure = {pack.sku: pack.confidence for pack in sorted(packs, key=lambda pack: pack.confidence)}
        seen = {(content.slot.id, sku) for content in found.slots for sku in content.others}
        readings: list[Reading] = []
        for place in sorted(seen | self._misplaced.keys()):
            known = self._misplaced.get(place)
            if known is None:
                self._misplaced[place] = _Misplaced(frame, sure[place[1]])
            elif place in seen:
                known.sightings, known.missed = known.sightings + 1, 0
                if not known.is_told:
                    known.is_told = True
                    readings.append(self._reading(place, known, frame, is_over=False))
            else:
                known.missed += 1
                if known.missed > 1 or not known.is_told:
                    del self._misplaced[place]
                if known.missed > 1 and known.is_told:
                    readings.append(self._reading(place, known, frame, is_over=True))
        return readings

    def _reading(self, place: Place, known: _Misplaced, frame: Frame, *, is_over: bool) -> PackMisplaced:
        slot_id, seen_sku = place
        return PackMisplaced(
            **seen_in(frame),
            slot_id=slot_id,
            sku=next(slot.sku for slot in self.slots if slot.id == slot_id),
            seen_sku=seen_sku,
            confidence=known.confidence,
            began_at=known.began.captured_at,
            is_over=is_over,
        )

    def _told_compliance(self, found: Compliance, frame: Frame) -> list[Reading]:
        self._shares = [*self._shares, found.share][-2:]
        if found.share is None or found.share == self.compliance or self._shares != [found.share] * 2:
            return []
        self.compliance = found.share
        return [
            PlanogramCompared(
                **seen_in(frame),
                compliance=found.share,
                planned=found.planned,
                in_place=found.in_place,
                unknown_slots=sum(content.units is None for content in found.slots),
            )
        ]
