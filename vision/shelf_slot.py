"""One slot of a camera as it is known from frame to frame: its looks, what is thought of them, and what was claimed.

Owns the memory of a slot's cells and how a slot becomes ready to be claimed. Decides nothing about its neighbours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from vision import pictures
from vision.evidence import TAKEN_AS_STOCKED, SlotVerdict, Source, join_slot, likeness_odds
from vision.looks import CellMemory, Look, Opinion, Verdict, window_of
from vision.pictures import Mask, Picture
from vision.rims import Rims, are_hidden, are_shown, rims_of
from vision.slots import SlotPlace

_SIGHTINGS = 2
_UNSETTLED_AGAIN_S = 0.15
_HELD_AGAIN_S = 0.3
_UNTOLD_AGAIN_S, _UNTOLD_MOST_S = 0.5, 60.0  # a slot that its sources could not tell is asked for ever more rarely
_UNTOLD_ENOUGH_S = 2.0  # asked for as rarely as this, its neighbours go on without it
_REBUILT_S = 120.0  # at rest for so long, what is around a slot was changed for good
_BACKED = 0.8
"""Share from which a guess is remembered. From .5 on one wrong guess stood for two minutes of a rendered day."""
_DARK_LEVEL = 14  # grey levels: where nine tenths of a slot's pixels are darker, no pack can be told from the back


@dataclass(slots=True, eq=False)
class ShelfSlot:
    """What is known of one slot. Times are seconds that never fall."""

    place: SlotPlace
    memory: list[CellMemory]
    moved_s: float
    stocked: list[bool] | None = None
    """Per cell as last settled; None until the first view."""
    units: int | None = None
    """As last claimed."""
    confidence: float = 0.5
    """Of what would be claimed now."""
    dirty: bool = True
    """Something happened here since it last settled."""
    held: bool = False
    is_dark: bool = False
    """So little light fell on it when it was last looked at that nothing can be told."""
    doubted: bool = False
    """Its sources no longer agree on what was claimed."""
    looked_s: float = -1e9
    asked_s: float = -1e9
    untold_s: float | None = None
    """When its sources last left it untold; None: they did not since something moved."""
    untold_again_s: float = _UNTOLD_AGAIN_S
    candidate: tuple[bool, ...] | None = None
    since_s: float = 0.0
    sightings: int = 0
    ready_s: float | None = None
    looks: list[Look] = field(default_factory=list)
    opinions: list[Opinion] = field(default_factory=list)
    settled: list[tuple[Look, Opinion]] = field(default_factory=list)
    """Per cell: how it looked and what was thought of it when it was last settled."""
    rims: Rims | None = None
    """What lay above and below when it was last settled."""

    @classmethod
    def of(cls, place: SlotPlace, time_s: float) -> "ShelfSlot":
        """A slot of which nothing is known."""
        return cls(place, [_memory(place) for _ in place.cells], moved_s=time_s, since_s=time_s)

    @property
    def is_blank(self) -> bool:
        """Nothing was learnt of its looks yet."""
        return self.memory[0].is_blank

    def is_due(self, time_s: float) -> bool:
        """Whether an unsettled slot is to be looked at again; a covered or untold one can wait longer."""
        if self.untold_s is not None:
            return time_s - self.untold_s >= self.untold_again_s
        return time_s - self.looked_s >= (_HELD_AGAIN_S if self.held else _UNSETTLED_AGAIN_S)

    @property
    def is_untold(self) -> bool:
        """Whether its sources could not tell it: its neighbours need not wait for it."""
        return self.untold_s is not None and self.untold_again_s >= _UNTOLD_ENOUGH_S

    def unsettle(self, time_s: float) -> None:
        """Something moved here."""
        self.moved_s, self.untold_s, self.untold_again_s = time_s, None, _UNTOLD_AGAIN_S
        self.dirty = True
        self.forget_candidate()

    def look(self, image_bgr: Picture, covered: Mask, time_s: float) -> list[bool]:
        """Take the cells' looks and say which cells are hidden: something stands in front, or no light falls there."""
        self.looked_s = time_s
        patch = self.place.rectify(image_bgr)
        self.looks = looks_in(self.place, patch)
        self.is_dark = bool(np.quantile(patch[::3, ::3], 0.9) < _DARK_LEVEL)
        if self.is_dark:
            return [True] * len(self.place.cells)
        return [bool(covered[cell].mean() > 0.06) if cell.any() else False for cell in self.place.cells]

    def judge(self) -> None:
        """Form an opinion of every cell; one that looks as when it settled keeps that opinion."""
        self.opinions = [self._judge(cell, look) for cell, look in enumerate(self.looks)]

    def _judge(self, cell: int, look: Look) -> Opinion:
        if self.settled and self.memory[cell].is_same(look, self.settled[cell][0]):
            return self.settled[cell][1]
        return self.memory[cell].judge(look)

    def weigh(self, sources: Mapping[Source, Sequence[float]]) -> SlotVerdict:
        """Join likeness with what other sources say, each a number a cell."""
        told = dict(sources)
        if self.opinions:
            told[Source.LIKENESS] = [likeness_odds(opinion) for opinion in self.opinions]
        return join_slot(told, cells=len(self.place.cells))

    def propose(self, told: tuple[bool, ...] | None, time_s: float, *, steady_s: float) -> None:
        """Count a sighting of a state; None: covered, not understood or not sure enough."""
        self.held = told is None
        self.untold_s, self.untold_again_s = None, _UNTOLD_AGAIN_S
        if told is None:
            self.forget_candidate()
            self.dirty = True
            return
        if told != self.candidate:
            self.candidate, self.since_s, self.sightings, self.ready_s = told, time_s, 0, None
        self.sightings += 1
        self.dirty = self.dirty or told != tuple(self.stocked or ())
        if self.sightings >= _SIGHTINGS and self.rested_s(time_s) >= steady_s and self.ready_s is None:
            self.ready_s = time_s

    def rested_s(self, time_s: float) -> float:
        """How long nothing moved here and the candidate stood, the latter counted double."""
        return min(time_s - self.moved_s, 2 * (time_s - self.since_s))

    @property
    def is_as_claimed(self) -> bool:
        """Whether the candidate is what was last settled and claimed."""
        return self.is_claimed(self.candidate or ())

    def is_claimed(self, states: Sequence[bool]) -> bool:
        """Whether these states are what was last settled and claimed."""
        return self.units is not None and not self.doubted and list(states) == self.stocked

    def leave_untold(self, time_s: float) -> None:
        """Its sources cannot tell it: ask again later, and later still."""
        if self.untold_s is not None:
            self.untold_again_s = min(2 * self.untold_again_s, _UNTOLD_MOST_S)
        self.untold_s = time_s
        self.held = self.dirty = True
        self.forget_candidate()

    def forget_candidate(self) -> None:
        """Nothing is about to be claimed."""
        self.candidate, self.sightings, self.ready_s = None, 0, None

    def take_first(self, states: Sequence[bool] | None) -> None:
        """Think of the first view what was told of it, or that it is stocked where nothing tells."""
        self.opinions = [_taken_as(is_stocked) for is_stocked in (states or [True] * len(self.place.cells))]

    def learn(self, stocked: Sequence[bool]) -> None:
        """Take the state as it is and remember how the cells look in it; what was only guessed is not learnt."""
        self.stocked = list(stocked)
        for memory, look, is_stocked, opinion in zip(self.memory, self.looks, stocked, self.opinions, strict=True):
            if opinion.verdict is not Verdict.UNSURE:
                memory.learn(look, Verdict.STOCKED if is_stocked else Verdict.EMPTY)
        self.settled = [
            (look, _decided(opinion, is_stocked))
            for look, opinion, is_stocked in zip(self.looks, self.opinions, stocked, strict=True)
        ]

    def is_behind_something(self, told: Sequence[bool], image_bgr: Picture, time_s: float) -> bool:
        """Whether cells seem emptied, but what lies above and below them is gone as well."""
        emptied = [
            cell for cell, (was, is_now) in enumerate(zip(self.stocked or (), told, strict=False)) if was > is_now
        ]
        if not emptied or self.rims is None or time_s - self.moved_s > _REBUILT_S:
            return False
        return are_hidden(rims_of(self.place, image_bgr), self.rims, emptied)

    def is_only_lit(self, hidden: Sequence[bool], image_bgr: Picture) -> bool:
        """Whether cells that something seems to cover are in plain sight: what is above and below did not change."""
        if self.is_dark or self.rims is None or self.stocked is None:
            return False
        cells = [cell for cell, is_so in enumerate(hidden) if is_so]
        states = [opinion.verdict is Verdict.STOCKED for opinion in self.opinions]
        changed = [cell for cell, (was, now) in enumerate(zip(self.stocked, states, strict=True)) if was != now]
        return are_shown(rims_of(self.place, image_bgr), self.rims, cells=cells, changed=changed)

    def see_rims(self, still_bgr: Picture) -> None:
        """Remember what is above and below, where the slot was only ever settled while something moved."""
        if self.rims is None and self.units is not None and not self.dirty:
            self.rims = rims_of(self.place, still_bgr)

    def accept(self, still_bgr: Picture | None) -> int | None:
        """Settle: learn the looks, and give the units when they are news.

        ``still_bgr`` is a picture in which nothing moves, or None: an arm over the slot is no part of its rims.
        """
        if still_bgr is not None:
            self.rims = rims_of(self.place, still_bgr)
        told = self.candidate or ()
        if self.doubted:  # its looks were remembered for the other state
            self.memory = [_memory(self.place) for _ in self.place.cells]
            self.take_first(told)
        elif self.asked_s > self.moved_s:  # others told what likeness could not
            pairs = zip(self.opinions, told, strict=True)
            self.opinions = [_taken_as(t) if opinion.verdict is Verdict.UNSURE else opinion for opinion, t in pairs]
        self.learn(told)
        self.dirty = self.doubted = False
        self.forget_candidate()
        units = sum(told)
        if units == self.units:
            return None
        self.units = units
        return units


def _taken_as(is_stocked: bool) -> Opinion:
    """The opinion of a look that likeness does not know."""
    share = float(1.0 / (1.0 + np.exp(-TAKEN_AS_STOCKED)))
    return Opinion(
        Verdict.STOCKED if is_stocked else Verdict.EMPTY,
        share if is_stocked else 1.0 - share,
        1.0,
        1.0 if is_stocked else 0.0,
        knows_empty=not is_stocked,
        knows_stocked=is_stocked,
    )


def _decided(opinion: Opinion, is_stocked: bool) -> Opinion:
    """The opinion of a look that was claimed, should it be seen again; what likeness hardly backed stays unsure."""
    backed = opinion.stocked if is_stocked else 1.0 - opinion.stocked
    return _taken_as(is_stocked) if opinion.verdict is Verdict.UNSURE and backed >= _BACKED else opinion


def looks_in(place: SlotPlace, patch_bgr: Picture) -> list[Look]:
    """The looks of a slot's cells, left to right, in its rectified patch."""
    gradients = pictures.gradients(patch_bgr)
    (width, _), (margin, _) = place.cell_px, place.margin_px
    return [
        Look(np.ascontiguousarray(gradients[:, n * width : (n + 1) * width + 2 * margin]), place.margin_px)
        for n in range(place.slot.facings)
    ]


def _memory(place: SlotPlace) -> CellMemory:
    """A lone pack may fill little of a slot drawn too large; packs side by side fill their columns to the sides."""
    if place.slot.facings == 1:
        return CellMemory(window_of(place.cell_px, soft_share=0.1), least_share=0.06)
    return CellMemory(window_of(place.cell_px, soft_share=0.3), least_share=0.35)
