"""Looks: how a cell of a slot looked full and empty, and which of the two it resembles now.

Owns the likeness rules and a cell's small memory. Works on gradients, so that light does not matter, and
refuses to choose when a look resembles neither memory: that is how a hand in front stays "no claim".
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from vision import pictures
from vision.pictures import Field

_NOISE = 0.03  # gradient of the log luma below which there is only noise
_SAME = 0.01
_FLAT = 0.012  # structure of a cell that shows nothing but a wall
_MOST_STOCKED = 4
_MOST_EMPTY = 3
_NEW_LOOK_BELOW = 0.9
_ADAPT = 0.1
_LEAST_CHANGE = 0.02
_CHANGED_PART = 0.35  # unrelated structures differ by 1.0 of their summed energy, a trembling edge by far less
_SURE = 0.9
_KEPT_MOST = 0.35


class Verdict(StrEnum):
    """What a cell shows."""

    STOCKED = "stocked"
    EMPTY = "empty"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """Gradients of a cell with its margin, (height, width, 4), and the margin in pixels (x, y)."""

    gradients: Field
    margin_px: tuple[int, int]

    def minus(self, other: "Look") -> "Look":
        """What is here and is not in the other look, in place: a fixed background falls out."""
        return Look(self.gradients - other.gradients, self.margin_px)

    @property
    def core(self) -> Field:
        """The cell without its margin, noise taken off."""
        return _without_noise(self.inner(self.gradients))

    def inner(self, whole: Field) -> Field:
        """The cell's part of a field that includes the margin."""
        x, y = self.margin_px
        return whole[y:-y, x:-x]

    def energy(self, where: Field) -> float:
        """Structure in the cell: root mean square of its gradients, pixels weighed by ``where``."""
        return _rms(self.core, where)

    def likeness(self, other: "Look", where: Field, *, may_shift: bool = True) -> float:
        """Correlation of gradients with another look, -1..1, shifted within the margin to where it is best.

        ``where`` (height, width) weighs the other look's cell; nothing else of it is looked for.
        """
        x, y = self.margin_px
        found = pictures.correlate(_without_noise(self.gradients), other.core, where)
        return float(found.max() if may_shift else found[y - 1 : y + 2, x - 1 : x + 2].max())

    def distance(self, other: "Look", where: Field) -> float:
        """Root mean square of the gradients' difference, in place, pixels weighed by ``where``."""
        return self.minus(other).energy(where)


def _without_noise(gradients: Field) -> Field:
    size = np.sqrt(np.sum(np.square(gradients), axis=2, keepdims=True))
    return np.asarray(gradients * np.maximum(0.0, 1.0 - _NOISE / np.maximum(size, 1e-6)), np.float32)


def _where_changed(now: Look, before: Look) -> Field:
    """Mask (height, width) of 0 and 1: where new or vanished structure outweighs what stayed as it was."""
    delta, seen, known = (
        pictures.spread(np.sum(np.square(part), axis=2)) for part in (now.minus(before).core, now.core, before.core)
    )
    return ((delta > _LEAST_CHANGE**2) & (delta > _CHANGED_PART * (seen + known))).astype(np.float32)


def _kept_beside(full: Look, where: Field, window: Field) -> float:
    """Share of the full look's structure, in the columns of the change, that did not change: packs leave whole."""
    columns = window * (where.sum(axis=0) > 0.3 * where.sum(axis=0).max())
    squares = np.sum(np.square(full.core), axis=2)
    return 1.0 - float(np.vdot(squares, where * (columns > 0.0))) / max(float(np.vdot(squares, columns)), 1e-6)


def _rms(gradients: Field, where: Field) -> float:
    squares = np.einsum("ijk,ijk->ij", gradients, gradients)
    return float(np.sqrt(np.vdot(squares, where) / max(float(where.sum()), 1e-6)))


@dataclass(frozen=True, slots=True)
class Opinion:
    """How a cell looks to its memory; ``stocked`` is the odds as a share of one."""

    verdict: Verdict
    stocked: float
    likeness: float
    """Best correlation of what changed with a stocked look."""
    presence: float
    """Structure of what changed: 0 as the empty look or none at all, 1 as much as when stocked."""
    knows_empty: bool
    knows_stocked: bool = True


class CellMemory:
    """Stocked and empty looks of one cell; the first of each stays, later ones come and go.

    ``window`` (height, width) in 0..1 weighs the cell's pixels: packs next to a cell reach over its sides.
    ``least_share`` is how much of the cell a change must cover before the cell may have been emptied.
    """

    def __init__(self, window: Field, *, least_share: float) -> None:
        self._window = window
        self._least_share = least_share
        self._stocked: list[Look] = []
        self._empty: list[Look] = []

    @property
    def is_blank(self) -> bool:
        """Nothing learnt yet."""
        return not self._stocked and not self._empty

    def is_same(self, now: Look, before: Look) -> bool:
        """Whether two looks of this cell differ by no more than noise."""
        return now.distance(before, self._window) < _SAME

    def judge(self, now: Look) -> Opinion:
        """Compare with memory.

        Raises:
            ValueError: nothing was learnt yet.
        """
        if self._stocked and self._empty:
            return self._between(now)
        if self._stocked:
            return self._against_stocked(now)
        if self._empty:
            return self._against_empty(now)
        raise ValueError("a cell without memory cannot be judged")

    def _nearest(self, looks: Sequence[Look], now: Look) -> Look:
        return min(looks, key=lambda look: now.distance(look, self._window))

    def _between(self, now: Look) -> Opinion:
        """Both looks known: take the empty one away from everything; what remains is the pack, or is not."""
        bare = self._nearest(self._empty, now)
        seen = now.minus(bare)
        packs = [look.minus(bare) for look in self._stocked]
        span = max(min(pack.energy(self._window) for pack in packs), _FLAT)
        likeness = max(seen.likeness(pack, self._window) for pack in packs)
        return _opinion(likeness, seen.energy(self._window) / span, knows_empty=True)

    def _against_stocked(self, now: Look) -> Opinion:
        """Only the full look known: judge where the cell changed, for the rest may be a wall that never leaves."""
        full = self._nearest(self._stocked, now)
        where = _where_changed(now, full) * self._window
        if where.sum() < self._least_share * self._window.sum():
            return Opinion(Verdict.STOCKED, 0.98, 1.0, 1.0, knows_empty=False)
        presence = now.energy(where) / max(full.energy(where), _FLAT)
        likeness = max(now.likeness(look, where) for look in self._stocked)
        opinion = _opinion(likeness, presence, knows_empty=False)
        if opinion.verdict is Verdict.EMPTY and _kept_beside(full, where, self._window) > _KEPT_MOST:
            return replace(opinion, verdict=Verdict.UNSURE)
        return opinion

    def _against_empty(self, now: Look) -> Opinion:
        """Only the empty look known: a cell with new structure is full."""
        bare = self._nearest(self._empty, now)
        presence = now.distance(bare, self._window) / max(2 * bare.energy(self._window), 3 * _FLAT)
        opinion = _opinion(float(np.clip(presence, 0.0, 0.9)), presence, knows_empty=True)
        return replace(opinion, knows_stocked=False)

    def learn(self, now: Look, verdict: Verdict) -> None:
        """Keep a look that a claim was made on: as a new one when it is new, else by drawing the nearest to it."""
        is_stocked = verdict is Verdict.STOCKED
        looks, most = (self._stocked, _MOST_STOCKED) if is_stocked else (self._empty, _MOST_EMPTY)
        if not looks:
            looks.append(now)
            return
        nearest = self._nearest(looks, now)
        is_known = now.distance(nearest, self._window) < _FLAT
        if is_known or now.likeness(nearest, self._window, may_shift=False) > _NEW_LOOK_BELOW:
            drawn = nearest.gradients + _ADAPT * (now.gradients - nearest.gradients)
            looks[looks.index(nearest)] = Look(drawn, now.margin_px)
            return
        if len(looks) == most:
            del looks[1]
        looks.append(now)


def window_of(cell_px: tuple[int, int], *, soft_share: float) -> Field:
    """Weights (height, width): 1 in the middle, falling to 0 over ``soft_share`` of the width at either side."""
    width, height = cell_px
    from_side = (np.minimum(np.arange(width), np.arange(width)[::-1]) + 0.5) / width
    return np.tile(np.clip(from_side / soft_share, 0.0, 1.0).astype(np.float32) ** 2, (height, 1))


def _opinion(likeness: float, presence: float, *, knows_empty: bool) -> Opinion:
    """Add the two cues as log odds, each bounded, so that neither decides against a clear word of the other."""
    odds = float(np.clip((likeness - 0.45) / 0.11, -4.0, 4.0))
    middle = 0.45 if knows_empty else 0.55  # what is behind a pack has some structure too
    odds += float(np.clip((np.log(presence + 0.02) - np.log(middle)) / 0.3, -3.0, 3.0))
    share = float(1.0 / (1.0 + np.exp(-odds)))
    verdict = Verdict.UNSURE
    if share > _SURE and likeness >= 0.4:
        verdict = Verdict.STOCKED
    elif share < 1.0 - _SURE and likeness < 0.5 and presence < (0.55 if knows_empty else 0.65):
        verdict = Verdict.EMPTY
    return Opinion(verdict, share, likeness, presence, knows_empty)
