"""The shelf watch: steady counts of one camera's slots, claimed only when nothing moves or stands in front.

Owns the decision when a change is a claim, and when other sources than likeness are asked. Refuses to say anything
about a cell that a hand, a person or an unknown thing covers. Takes gate views and frames, gives batches of counts::

    motion in the zone ──► waiting ──► still for steady_s, every cell told twice ──► ready ──► claimed in one
                              ▲                 │ a cell is covered, unlike anything, or the    batch, learnt
                              └─────────────────┘ sources disagree (no claim; looked at again)  and settled

The other sources cost milliseconds and are asked at single moments: at the first view, before a change is claimed,
where likeness cannot decide, and once a minute.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from vision import pictures
from vision.evidence import Source
from vision.gate import GateView
from vision.looks import Opinion, Verdict
from vision.pictures import Mask, Picture, Quad
from vision.shelf_slot import ShelfSlot, looks_in
from vision.slots import SlotPlace

BoxNorm = tuple[float, float, float, float]

_LEARN_S = 1.0
_MOST_WAIT_S = 4.0  # a ready slot waits no longer than this for its neighbours to come to rest
_PUZZLED_S = 8.0  # after this long at rest, uncovered but unlike both memories, the likelier one is taken
_LOOK_AGAIN_S = 3.0
_SETTLED_A_FRAME = 1
_ASKED_A_FRAME = 8  # slots: some 35 ms of other sources
_FIRST_ASKED_AGAIN_S = 0.4
_CONFIRM_AGAIN_S = 1.0
_RECHECK_S = 60.0
_LEAST_STRONG_PX = 6


@dataclass(frozen=True, slots=True)
class SlotCount:
    """A steady count of one slot."""

    place: SlotPlace
    units: int
    confidence: float


@dataclass(frozen=True, slots=True)
class ShelfUpdate:
    """What one frame settled: counts that changed (all slots at once) and places that are at rest again."""

    counts: tuple[SlotCount, ...]
    settled: Mask | None


class Sources(Protocol):
    """What else can be asked about a slot. One thread at a time."""

    def ask(self, image_bgr: Picture, corners_px: Quad, facings: int) -> Mapping[Source, Sequence[float]]:
        """Log odds of "stocked" for each facing, left to right, by each source; blocks for milliseconds."""
        ...


class ShelfWatch:
    """Counts of all slots of one camera. One thread at a time; times are seconds that never fall."""

    def __init__(
        self,
        places: Sequence[SlotPlace],
        *,
        shape: tuple[int, ...],
        steady_s: float,
        time_s: float,
        sources: Sources | None = None,
    ) -> None:
        self._slots = [ShelfSlot.of(place, time_s) for place in places]
        self._steady_s = steady_s
        self._zones = zones_of(places, shape=shape)
        self._sources = sources
        self._asks_left = 0

    def learn_reference(self, image_bgr: Picture, *, is_stocked: bool) -> None:
        """Take every slot's stocked or empty look from a picture of the same view and size."""
        verdict = Verdict.STOCKED if is_stocked else Verdict.EMPTY
        for slot in self._slots:
            for memory, look in zip(slot.memory, looks_in(slot.place, slot.place.rectify(image_bgr)), strict=True):
                memory.learn(look, verdict)

    def recheck(self, time_s: float) -> None:
        """Claim nothing until every slot has been looked at afresh (the camera was blind, frozen or lost)."""
        for slot in self._slots:
            slot.unsettle(time_s)

    @property
    def is_calm(self) -> bool:
        """Whether every slot is at rest: told, or left untold by all its sources."""
        return not any(slot.dirty and not slot.is_untold for slot in self._slots)

    def units(self) -> list[tuple[SlotPlace, int | None, bool]]:
        """Each slot with its last claimed units and whether it is held (covered, moving or not understood)."""
        return [(slot.place, slot.units, slot.dirty or slot.doubted) for slot in self._slots]

    def update(
        self, image_bgr: Picture, view: GateView, *, persons_norm: Sequence[BoxNorm], time_s: float
    ) -> ShelfUpdate:
        """Take one frame and what the gate saw in it."""
        self._asks_left = _ASKED_A_FRAME
        self._note_motion(view, time_s)
        due = self._due(view, time_s)
        if due:
            persons = self._behind(persons_norm)
            covered = persons | self._covered(view)
            for slot in due:
                self._look(slot, image_bgr, covered, persons, time_s)
        update = self._settle(None if view.is_open else image_bgr, time_s)
        if not view.is_open:
            for slot in self._slots:
                slot.see_rims(image_bgr)
        return update

    def _note_motion(self, view: GateView, time_s: float) -> None:
        if not view.is_open:
            return
        for slot in self._slots:
            if np.count_nonzero(view.moving & slot.place.zone) > slot.place.tremble_px:
                slot.unsettle(time_s)

    def _due(self, view: GateView, time_s: float) -> list[ShelfSlot]:
        """Slots at rest that wait for a decision, and a few settled ones in turn, so that nothing goes unnoticed."""
        at_rest = [slot for slot in self._slots if not (view.is_open and slot.moved_s == time_s)]
        waiting = [slot for slot in at_rest if slot.dirty and slot.is_due(time_s)]
        settled = [slot for slot in at_rest if not slot.dirty and time_s - slot.looked_s >= _LOOK_AGAIN_S]
        return waiting + sorted(settled, key=lambda slot: slot.looked_s)[:_SETTLED_A_FRAME]

    def _behind(self, boxes_norm: Sequence[BoxNorm]) -> Mask:
        """Places behind persons."""
        covered = np.zeros_like(self._zones)
        height, width = covered.shape
        for left, top, right, bottom in boxes_norm:
            covered[
                int(top * height) : int(np.ceil(bottom * height)), int(left * width) : int(np.ceil(right * width))
            ] = True
        return covered

    def _covered(self, view: GateView) -> Mask:
        """Places where something seems to stand in front: blobs that reach beyond the slots.

        A unit that was taken or put changes the picture inside its slot; an arm goes on to the picture's edge.
        """
        covered = np.zeros_like(self._zones)
        unlike = view.unlike()
        if unlike.is_flooded:
            return ~covered
        labels, found = pictures.blobs(pictures.close_gaps(unlike.traces, radius_px=2), min_area_px=6)
        strong = np.bincount(labels[unlike.foreground], minlength=labels.max() + 1)
        border = np.zeros_like(covered)
        border[[0, -1], :] = border[:, [0, -1]] = True
        outside = np.bincount(labels[~self._zones], minlength=labels.max() + 1)
        at_border = np.bincount(labels[border & ~self._zones], minlength=labels.max() + 1)
        for blob in found:
            if strong[blob.label] < _LEAST_STRONG_PX:
                continue
            beyond = int(outside[blob.label])
            if beyond >= 10 and (
                beyond > 0.35 * blob.area_px or (at_border[blob.label] > 1 and beyond > 0.1 * blob.area_px)
            ):
                covered |= labels == blob.label
        return covered

    def _look(self, slot: ShelfSlot, image_bgr: Picture, covered: Mask, persons: Mask, time_s: float) -> None:
        hidden = slot.look(image_bgr, covered, time_s)
        if slot.is_blank:
            self._look_first(slot, image_bgr, hidden, time_s)
            return
        slot.judge()
        if any(hidden) and not (persons & slot.place.zone).any() and slot.is_only_lit(hidden, image_bgr):
            hidden = [False] * len(hidden)
        told = self._tell(slot, hidden, time_s)
        if told is not None and slot.is_behind_something(told, image_bgr, time_s):
            told = None
        if told is not None and slot.is_claimed(told) and all(_is_certain(opinion) for opinion in slot.opinions):
            # A change has to be seen twice and at rest; what is for certain as it was claimed need not wait for that.
            slot.propose(told, time_s, steady_s=0.0)
            slot.ready_s = time_s
            return
        if self._needs_sources(slot, told, time_s) and not any(hidden):
            self._ask(slot, image_bgr, time_s, may_change=told is not None or time_s - slot.moved_s > _PUZZLED_S)
            return
        slot.propose(told, time_s, steady_s=self._steady_s)

    def _look_first(self, slot: ShelfSlot, image_bgr: Picture, hidden: Sequence[bool], time_s: float) -> None:
        """Nothing is known of a slot's looks: other sources tell it; where there are none it is taken as stocked."""
        slot.held = any(hidden)
        if slot.held:
            slot.forget_candidate()
            return
        steady_s = max(_LEARN_S, self._steady_s)
        if self._sources is None:
            slot.take_first(None)
            slot.propose((True,) * len(hidden), time_s, steady_s=steady_s)
        elif time_s - slot.asked_s >= _FIRST_ASKED_AGAIN_S:
            slot.opinions = []
            self._ask(slot, image_bgr, time_s, steady_s=steady_s)
        if slot.ready_s is not None and slot.candidate is not None:
            # Learnt at once: what happens while the neighbours still keep the first claim waiting is a change.
            slot.take_first(slot.candidate)
            slot.learn(slot.candidate)

    def _needs_sources(self, slot: ShelfSlot, told: tuple[bool, ...] | None, time_s: float) -> bool:
        """Whether more than likeness has to speak before a slot is told, or it is time to ask again."""
        if self._sources is None or slot.ready_s is not None:
            return False
        if told is None:
            rested_s = time_s - slot.moved_s
            return rested_s > _PUZZLED_S or (rested_s >= self._steady_s and time_s - slot.asked_s >= _CONFIRM_AGAIN_S)
        if slot.dirty:
            is_about_to_be_told = told == slot.candidate and slot.rested_s(time_s) >= self._steady_s
            return slot.doubted or (told != tuple(slot.stocked or ()) and is_about_to_be_told)
        return time_s - slot.asked_s >= _RECHECK_S

    def _ask(
        self,
        slot: ShelfSlot,
        image_bgr: Picture,
        time_s: float,
        *,
        steady_s: float | None = None,
        may_change: bool = True,
    ) -> None:
        """Let all sources tell a slot, or put it off to the next frame when this one has asked enough."""
        if self._sources is None or not self._asks_left:
            slot.looked_s = -np.inf
            return
        self._asks_left -= 1
        slot.asked_s = time_s
        place = slot.place
        verdict = slot.weigh(self._sources.ask(image_bgr, place.corners_px, place.slot.facings))
        if not slot.dirty:
            slot.doubted = verdict.states != tuple(slot.stocked or ())
            if not slot.doubted:
                return
        elif not may_change:
            # What likeness does not understand may be a hand at rest: others may only say so soon that nothing changed.
            is_as_before = verdict.told is not None and list(verdict.told) == slot.stocked
            slot.propose(verdict.told if is_as_before else None, time_s, steady_s=0.0)
            slot.ready_s = time_s if is_as_before else None
            return
        slot.confidence = verdict.confidence
        if verdict.told is None:
            slot.leave_untold(time_s)
        else:
            slot.propose(verdict.told, time_s, steady_s=self._steady_s if steady_s is None else steady_s)

    def _tell(self, slot: ShelfSlot, hidden: Sequence[bool], time_s: float) -> tuple[bool, ...] | None:
        """Stocked or not, per cell; None while any cell is covered or not understood."""
        told = []
        puzzled = time_s - slot.moved_s > _PUZZLED_S
        for cell, (opinion, is_hidden) in enumerate(zip(slot.opinions, hidden, strict=True)):
            if is_hidden and not _is_certain(opinion):
                return None
            if opinion.verdict is Verdict.UNSURE:
                if not puzzled or is_hidden or self._sources is not None:
                    return None
                told.append(self._guess(slot, cell, opinion))
            else:
                told.append(opinion.verdict is Verdict.STOCKED)
        return tuple(told)

    @staticmethod
    def _guess(slot: ShelfSlot, cell: int, opinion: Opinion) -> bool:
        """The likelier state of a cell that has long been at rest and uncovered but resembles neither memory.

        A full cell that lost its likeness is empty unless as much structure as before took its place: that is
        another product. An empty one that gained structure holds something.
        """
        was = slot.stocked[cell] if slot.stocked is not None else opinion.stocked > 0.5
        if was and not opinion.knows_empty:
            is_bare = opinion.presence < 0.5 and opinion.stocked < 0.4
            return not (is_bare or (opinion.presence < 0.85 and opinion.likeness < 0.3))
        if was:
            return not (opinion.presence < 0.5 and opinion.likeness < 0.5)
        return opinion.presence > 0.6

    def _settle(self, still_bgr: Picture | None, time_s: float) -> ShelfUpdate:
        """Claim what is ready when nothing else is under way; what is as it was claimed waits for nobody."""
        ready = [slot for slot in self._slots if slot.dirty and slot.ready_s is not None]
        as_before = [slot for slot in ready if slot.is_as_claimed]
        for slot in as_before:
            slot.accept(None)
        ready = [slot for slot in ready if slot.dirty]
        under_way = [slot for slot in self._slots if slot.dirty and slot.ready_s is None]
        waiting = [slot for slot in under_way if not (slot.is_untold or slot.is_dark)]
        if not ready or (waiting and time_s - min(slot.ready_s or time_s for slot in ready) < _MOST_WAIT_S):
            ready = []
        changed = [count for slot in ready if (count := self._claim(slot, still_bgr)) is not None]
        settled = [slot.place for slot in (*as_before, *ready)]
        return ShelfUpdate(tuple(changed), zones_of(settled, shape=self._zones.shape) if settled else None)

    def _claim(self, slot: ShelfSlot, still_bgr: Picture | None) -> SlotCount | None:
        """Settle a ready slot, learn its looks, and give its count when that is news."""
        if self._sources is None:
            slot.confidence = slot.weigh({}).confidence_of(slot.candidate or ())
        units = slot.accept(still_bgr)
        return None if units is None else SlotCount(slot.place, units, slot.confidence)

    def shelf_units(self) -> int:
        """Steady units of all slots together, as claimed so far."""
        return sum(slot.units or 0 for slot in self._slots)


def zones_of(places: Sequence[SlotPlace], *, shape: tuple[int, ...]) -> Mask:
    """The slots and what is close to them, as one mask of (height, width)."""
    mask = np.zeros(shape, bool)
    for place in places:
        mask |= place.zone
    return mask


def _is_certain(opinion: Opinion) -> bool:
    if opinion.verdict is Verdict.STOCKED:
        return opinion.likeness > 0.85
    return opinion.verdict is Verdict.EMPTY and opinion.knows_empty and opinion.presence < 0.2
