"""Where the present view lies against the one that was learnt: shifted, unlike, or softer than it was.

Owns the learnt view and its numbers, on gradient fields that the pictures module makes; decides nothing and knows
no time but the one it is given. Directions of edges are compared, not their strength, so that light and a shopper
who hides part of the view take votes away and give none to a wrong place.
"""

from dataclasses import dataclass

import numpy as np

from vision import pictures
from vision.movement import Directions, Found, find_far_movement, find_movement, kept_blocks
from vision.pictures import Field

SMALL_SHIFT_PX = 4  # of the small picture (240 to 480 columns); larger shifts are told apart as "elsewhere"
_LEAST_EDGE = 0.4  # grey levels a pixel, after averaging over 2x2
_RELEARN_S = 600.0  # stock and light may change the view within so long
_TILE_PX = 16
_LEAST_DETAIL = 0.02  # a tile without fine structure cannot lose it
_LEAST_ENERGY = 0.4  # mean squared gradient of a tile that is judged
_LEARNT_ENERGY = 4.0
_FEWEST_TILES = 8
_BY_CHANCE = 0.1  # of the blocks, one more aside
_MOSTLY = 0.5
_FEWEST_STILL = 12  # textured blocks: somebody's back has fewer
_STILL_PART = 0.6
_FEWEST_ALL_STILL = 6  # a bare wall with a poster had 8, every one of them still; a back sways


@dataclass(frozen=True, slots=True)
class Placement:
    """How a picture lies against the learnt view."""

    likeness: float
    """-1..1, at the best of the small shifts."""
    elsewhere: float
    """-1..1, at the best of all larger shifts."""
    shift_px: tuple[int, int]
    """Best of all shifts to the right and down, in pixels of the small picture."""
    sharpness: float | None
    """Fine detail as part of what was learnt, 1.0 being as sharp; None where too little is seen to tell."""


class LearntView:
    """The view as it is when all is well, learnt from structures (H, W, 2) of one size. One thread at a time."""

    def __init__(self, structure: Field, time_s: float) -> None:
        self.looks = 1
        self._shape = structure.shape
        self._time_s = time_s
        seen = self._looked = _Look.at(structure)
        self._directions = seen.directions.copy()
        self._detail, self._energy = seen.detail.copy(), seen.energy.copy()

    def fits(self, structure: Field) -> bool:
        """Whether the structure has the size that was learnt."""
        return structure.shape == self._shape

    def place(self, structure: Field) -> Placement:
        """Where the structure lies. Fourier transforms at half the size, about .5 ms for 320x240.

        Correlation of edge directions: Fitch et al., "Orientation Correlation" (BMVC 2002).
        """
        looked = self._look(structure)
        seen = looked.directions
        surface = np.fft.fftshift(pictures.shift_surface(_vectors(seen), _vectors(self._directions)))
        surface /= max(float(np.linalg.norm(seen) * np.linalg.norm(self._directions)), 1e-6)
        middle = (surface.shape[0] // 2, surface.shape[1] // 2)
        reach = SMALL_SHIFT_PX // 2
        near = (
            slice(max(middle[0] - reach, 0), middle[0] + reach + 1),
            slice(middle[1] - reach, middle[1] + reach + 1),
        )
        likeness = float(surface[near].max())
        row, column = np.unravel_index(int(surface.argmax()), surface.shape)
        surface[near] = -1.0
        shift_px = (2 * (int(column) - middle[1]), 2 * (int(row) - middle[0]))
        return Placement(likeness, float(surface.max()), shift_px, self._sharpness(looked))

    def _look(self, structure: Field) -> "_Look":
        """What a structure says of the view, made once: it is asked for its place, then learnt."""
        if self._looked.structure is not structure:
            self._looked = _Look.at(structure)
        return self._looked

    def movement(self, structure: Field, placement: Placement) -> Found | None:
        """How the view moved, where enough of its blocks agree; some 3 ms, 25 where hardly anything is at its place."""
        seen = self._look(structure).directions
        starts_px = {(0, 0)}
        if placement.elsewhere > placement.likeness:
            starts_px.add((placement.shift_px[0] // 2, placement.shift_px[1] // 2))
        tried = [find_movement(self._directions, seen, around_px=start_px) for start_px in sorted(starts_px)]
        # A row of equal packs also agrees on the movement to its neighbour, but with fewer of its blocks.
        found = max((one for one in tried if one is not None), key=lambda one: one.blocks, default=None)
        if found is None and self._kept_part(seen) < _MOSTLY:
            found = find_far_movement(self._directions, seen)
        return found

    def is_gone(self, structure: Field) -> bool:
        """Whether hardly any part of the view is at its place: a shopper leaves some, another view none."""
        return self._kept_part(self._look(structure).directions) <= _BY_CHANCE

    def _kept_part(self, seen: Directions) -> float:
        kept, textured = kept_blocks(self._directions, seen)
        return max(kept - 1, 0) / max(textured, 1)

    def learn(self, structure: Field, placement: Placement, time_s: float) -> None:
        """Take in a structure that lies where it should, put back by its small shift, so that none adds up."""
        self.looks += 1
        weight = np.float32(max(1.0 / self.looks, min((time_s - self._time_s) / _RELEARN_S, 1.0)))
        self._time_s = time_s
        across, down = placement.shift_px
        looked = self._look(structure)
        put_back = looked.directions
        if placement.shift_px != (0, 0):
            put_back = np.roll(put_back, (-down // 2, -across // 2), axis=(0, 1))
        self._directions += weight * (put_back - self._directions)
        self._detail += weight * (looked.detail - self._detail)
        self._energy += weight * (looked.energy - self._energy)

    def _sharpness(self, looked: "_Look") -> float | None:
        """Upper quartile over the tiles that had detail: a shopper softens his part, a lens all of it."""
        judged = (self._detail > _LEAST_DETAIL) & (self._energy > _LEARNT_ENERGY) & (looked.energy > _LEAST_ENERGY)
        if np.count_nonzero(judged) < _FEWEST_TILES:
            return None
        return float(np.quantile(looked.detail[judged] / self._detail[judged], 0.75))


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """One structure (H, W, 2) and what is made of it; nothing here is written to."""

    structure: Field
    directions: Directions
    detail: Field
    """Per tile: the share of the gradients' energy that averaging over 2x2 pixels takes away."""
    energy: Field
    """Per tile: mean squared gradient."""

    @classmethod
    def at(cls, structure: Field) -> "_Look":
        half = pictures.halved(structure)
        fine, coarse = pictures.mean_squares(structure, _TILE_PX), pictures.mean_squares(half, _TILE_PX // 2)
        rows, columns = min(fine.shape[0], coarse.shape[0]), min(fine.shape[1], coarse.shape[1])
        fine, coarse = fine[:rows, :columns], coarse[:rows, :columns]
        detail = np.asarray(1.0 - coarse / np.maximum(fine, 1e-3), np.float32)
        return cls(structure, _directions_of(half), detail, fine)


def directions(structure: Field) -> Directions:
    """Unit vectors along the gradients as complex numbers (H // 2, W // 2); 0 where there is no edge."""
    return _directions_of(pictures.halved(structure))


def _directions_of(half: Field) -> Directions:
    vectors = pictures.unit_vectors(half, least=_LEAST_EDGE)
    return np.asarray(vectors.view(np.complex64)[..., 0], np.complex64)


def _vectors(of: Directions) -> Field:
    """Complex numbers (H, W) as the same bytes of (H, W, 2)."""
    return np.ascontiguousarray(of).view(np.float32).reshape(*of.shape, 2)


def is_still(before: Directions, now: Directions) -> bool:
    """Whether two pictures show the same busy scene, people in parts of it aside, or a barer one, quite still.

    Somebody's back is not busy and never stands quite still.
    """
    kept, textured = kept_blocks(before, now)
    if textured < _FEWEST_STILL:
        return kept == textured >= _FEWEST_ALL_STILL
    return kept >= _STILL_PART * textured
