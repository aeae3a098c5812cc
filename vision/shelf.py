"""The shelf watch: steady counts of one camera's slots, claimed only when nothing moves or stands in front.

Owns the state of every slot and the decision when a change is a claim. Refuses to say anything about a cell
that a hand, a person or an unknown thing covers. Takes gate views and frames, gives batches of counts::

    motion in the zone ──► waiting ──► still for steady_s, every cell told twice ──► ready ──► claimed in one
                              ▲                 │ a cell is covered or unlike anything          batch, learnt
                              └─────────────────┘ (no claim; looked at again)                   and settled
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from vision import pictures
from vision.gate import GateView
from vision.looks import CellMemory, Look, Opinion, Verdict, window_of
from vision.pictures import Mask, Picture
from vision.slots import SlotPlace

BoxNorm = tuple[float, float, float, float]

_LEARN_S = 1.0
_SIGHTINGS = 2
_MOST_WAIT_S = 4.0  # a ready slot waits no longer than this for its neighbours to come to rest
_PUZZLED_S = 8.0  # after this long at rest, uncovered but unlike both memories, the likelier one is taken
_LOOK_AGAIN_S = 3.0
_UNSETTLED_AGAIN_S = 0.15
_HELD_AGAIN_S = 0.3
_SETTLED_A_FRAME = 1
_LEAST_STRONG_PX = 6
_LEARNT_CONFIDENCE = 0.8  # a first view is only taken to be full


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


@dataclass(slots=True, eq=False)
class _Slot:
    place: SlotPlace
    memory: list[CellMemory]
    stocked: list[bool] | None = None
    """Per cell as last settled; None until the first view."""
    units: int | None = None
    """As last claimed."""
    moved_s: float = 0.0
    dirty: bool = True
    """Something happened here since it last settled."""
    held: bool = False
    looked_s: float = -1e9
    candidate: tuple[bool, ...] | None = None
    since_s: float = 0.0
    sightings: int = 0
    ready_s: float | None = None
    looks: list[Look] = field(default_factory=list)
    opinions: list[Opinion] = field(default_factory=list)
    settled: list[tuple[Look, Opinion]] = field(default_factory=list)
    """Per cell: how it looked and what was thought of it when it was last settled."""

    @property
    def again_s(self) -> float:
        """Seconds after which an unsettled slot is looked at again; a covered one can wait a little longer."""
        return _HELD_AGAIN_S if self.held else _UNSETTLED_AGAIN_S

    def unsettle(self, time_s: float) -> None:
        self.moved_s = time_s
        self.dirty = True
        self.forget_candidate()

    def learn(self, stocked: Sequence[bool]) -> None:
        """Take the state as it is and remember how the cells look in it; what was only guessed is not learnt."""
        self.stocked = list(stocked)
        for memory, look, is_stocked, opinion in zip(self.memory, self.looks, stocked, self.opinions, strict=True):
            if opinion.verdict is not Verdict.UNSURE:
                memory.learn(look, Verdict.STOCKED if is_stocked else Verdict.EMPTY)
        self.settled = list(zip(self.looks, self.opinions, strict=True))

    def forget_candidate(self) -> None:
        self.candidate, self.sightings, self.ready_s = None, 0, None


class ShelfWatch:
    """Counts of all slots of one camera. One thread at a time; times are seconds that never fall."""

    def __init__(self, places: Sequence[SlotPlace], *, shape: tuple[int, ...], steady_s: float, time_s: float) -> None:
        self._slots = [
            _Slot(place, [_memory(place) for _ in place.cells], moved_s=time_s, since_s=time_s) for place in places
        ]
        self._steady_s = steady_s
        self._zones = zones_of(places, shape=shape)

    def learn_reference(self, image_bgr: Picture, *, is_stocked: bool) -> None:
        """Take every slot's stocked or empty look from a picture of the same view and size."""
        verdict = Verdict.STOCKED if is_stocked else Verdict.EMPTY
        for slot in self._slots:
            for memory, look in zip(slot.memory, _looks(slot.place, image_bgr), strict=True):
                memory.learn(look, verdict)

    def recheck(self, time_s: float) -> None:
        """Claim nothing until every slot has been looked at afresh (the camera was blind, frozen or lost)."""
        for slot in self._slots:
            slot.unsettle(time_s)

    def units(self) -> list[tuple[SlotPlace, int | None, bool]]:
        """Each slot with its last claimed units and whether it is held (covered, moving or not understood)."""
        return [(slot.place, slot.units, slot.dirty) for slot in self._slots]

    def update(
        self, image_bgr: Picture, view: GateView, *, persons_norm: Sequence[BoxNorm], time_s: float
    ) -> ShelfUpdate:
        """Take one frame and what the gate saw in it."""
        self._note_motion(view, time_s)
        due = self._due(view, time_s)
        if due:
            covered = self._covered(view, persons_norm)
            for slot in due:
                self._look(slot, image_bgr, covered, time_s)
        return self._settle(time_s)

    def _note_motion(self, view: GateView, time_s: float) -> None:
        if not view.is_open:
            return
        for slot in self._slots:
            if np.count_nonzero(view.moving & slot.place.zone) > slot.place.tremble_px:
                slot.unsettle(time_s)

    def _due(self, view: GateView, time_s: float) -> list[_Slot]:
        """Slots at rest that wait for a decision, and a few settled ones in turn, so that nothing goes unnoticed."""
        at_rest = [slot for slot in self._slots if not (view.is_open and slot.moved_s == time_s)]
        waiting = [slot for slot in at_rest if slot.dirty and time_s - slot.looked_s >= slot.again_s]
        settled = [slot for slot in at_rest if not slot.dirty and time_s - slot.looked_s >= _LOOK_AGAIN_S]
        return waiting + sorted(settled, key=lambda slot: slot.looked_s)[:_SETTLED_A_FRAME]

    def _covered(self, view: GateView, persons_norm: Sequence[BoxNorm]) -> Mask:
        """Places where something stands in front: persons, and blobs that reach beyond the slots.

        A unit that was taken or put changes the picture inside its slot; an arm goes on to the picture's edge.
        """
        covered = np.zeros_like(self._zones)
        height, width = covered.shape
        unlike = view.unlike()
        if unlike.is_flooded:
            return ~covered
        for left, top, right, bottom in persons_norm:
            covered[
                int(top * height) : int(np.ceil(bottom * height)), int(left * width) : int(np.ceil(right * width))
            ] = True
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

    def _look(self, slot: _Slot, image_bgr: Picture, covered: Mask, time_s: float) -> None:
        slot.looked_s = time_s
        slot.looks = _looks(slot.place, image_bgr)
        hidden = [bool(covered[cell].mean() > 0.06) if cell.any() else False for cell in slot.place.cells]
        if slot.memory[0].is_blank:
            self._look_first(slot, hidden, time_s)
            return
        slot.opinions = [self._judge(slot, cell, look) for cell, look in enumerate(slot.looks)]
        self._propose(slot, self._tell(slot, hidden, time_s), time_s)

    @staticmethod
    def _judge(slot: _Slot, cell: int, look: Look) -> Opinion:
        """Judge a cell, or keep the opinion that was settled on if it looks as it did then."""
        if slot.settled and slot.memory[cell].is_same(look, slot.settled[cell][0]):
            return slot.settled[cell][1]
        return slot.memory[cell].judge(look)

    def _look_first(self, slot: _Slot, hidden: Sequence[bool], time_s: float) -> None:
        slot.held = any(hidden)
        if slot.held:
            slot.forget_candidate()
            return
        full = (True,) * len(hidden)
        slot.opinions = [Opinion(Verdict.STOCKED, _LEARNT_CONFIDENCE, 1.0, 1.0, knows_empty=False)] * len(hidden)
        self._propose(slot, full, time_s, steady_s=max(_LEARN_S, self._steady_s))
        if slot.ready_s is not None:
            # Learnt at once: what happens while the neighbours still keep the first claim waiting is a change.
            slot.learn(full)

    def _tell(self, slot: _Slot, hidden: Sequence[bool], time_s: float) -> tuple[bool, ...] | None:
        """Stocked or not, per cell; None while any cell is covered or not understood."""
        told = []
        puzzled = time_s - slot.moved_s > _PUZZLED_S
        for cell, (opinion, is_hidden) in enumerate(zip(slot.opinions, hidden, strict=True)):
            if is_hidden and not _is_certain(opinion):
                return None
            if opinion.verdict is Verdict.UNSURE:
                if not puzzled or is_hidden:
                    return None
                told.append(self._guess(slot, cell, opinion))
            else:
                told.append(opinion.verdict is Verdict.STOCKED)
        return tuple(told)

    @staticmethod
    def _guess(slot: _Slot, cell: int, opinion: Opinion) -> bool:
        """The likelier state of a cell that has long been at rest and uncovered but resembles neither memory.

        A full cell that lost its likeness is empty unless as much structure as before took its place: that is
        another product. An empty one that gained structure holds something.
        """
        was = slot.stocked[cell] if slot.stocked is not None else opinion.stocked > 0.5
        if was and not opinion.knows_empty:
            return not (opinion.presence < 0.85 and opinion.likeness < 0.3)
        if was:
            return not (opinion.presence < 0.5 and opinion.likeness < 0.5)
        return opinion.presence > 0.6

    def _propose(
        self, slot: _Slot, told: tuple[bool, ...] | None, time_s: float, *, steady_s: float | None = None
    ) -> None:
        slot.held = told is None
        if told is None:
            slot.forget_candidate()
            slot.dirty = True
            return
        if told != slot.candidate:
            slot.candidate, slot.since_s, slot.sightings, slot.ready_s = told, time_s, 0, None
        slot.sightings += 1
        slot.dirty = slot.dirty or told != tuple(slot.stocked or ())
        wanted_s = self._steady_s if steady_s is None else steady_s
        at_rest_s = min(time_s - slot.moved_s, 2 * (time_s - slot.since_s))
        if slot.sightings >= _SIGHTINGS and at_rest_s >= wanted_s and slot.ready_s is None:
            slot.ready_s = time_s

    def _settle(self, time_s: float) -> ShelfUpdate:
        ready = [slot for slot in self._slots if slot.dirty and slot.ready_s is not None]
        waiting = [slot for slot in self._slots if slot.dirty and slot.ready_s is None]
        if not ready or (waiting and time_s - min(slot.ready_s or time_s for slot in ready) < _MOST_WAIT_S):
            return ShelfUpdate((), None)
        changed = [count for slot in ready if (count := _accept(slot)) is not None]
        return ShelfUpdate(tuple(changed), zones_of([slot.place for slot in ready], shape=self._zones.shape))

    def shelf_units(self) -> int:
        """Steady units of all slots together, as claimed so far."""
        return sum(slot.units or 0 for slot in self._slots)


def _accept(slot: _Slot) -> SlotCount | None:
    """Settle a ready slot, learn its looks, and give its count when that is news."""
    told = slot.candidate or ()
    slot.learn(told)
    slot.dirty = False
    slot.forget_candidate()
    units = sum(told)
    if units == slot.units:
        return None
    slot.units = units
    return SlotCount(slot.place, units, _joint_confidence(slot.opinions))


def zones_of(places: Sequence[SlotPlace], *, shape: tuple[int, ...]) -> Mask:
    """The slots and what is close to them, as one mask of (height, width)."""
    mask = np.zeros(shape, bool)
    for place in places:
        mask |= place.zone
    return mask


def _looks(place: SlotPlace, image_bgr: Picture) -> list[Look]:
    gradients = pictures.gradients(place.rectify(image_bgr))
    (width, _), (margin, _) = place.cell_px, place.margin_px
    return [
        Look(np.ascontiguousarray(gradients[:, n * width : (n + 1) * width + 2 * margin]), place.margin_px)
        for n in range(place.slot.facings)
    ]


def _is_certain(opinion: Opinion) -> bool:
    if opinion.verdict is Verdict.STOCKED:
        return opinion.likeness > 0.85
    return opinion.verdict is Verdict.EMPTY and opinion.knows_empty and opinion.presence < 0.2


def _memory(place: SlotPlace) -> CellMemory:
    """A lone pack may fill little of a slot drawn too large; packs side by side fill their columns to the sides."""
    if place.slot.facings == 1:
        return CellMemory(window_of(place.cell_px, soft_share=0.1), least_share=0.06)
    return CellMemory(window_of(place.cell_px, soft_share=0.3), least_share=0.35)


def _joint_confidence(opinions: Sequence[Opinion]) -> float:
    return round(float(min(opinion.confidence for opinion in opinions)), 3)
