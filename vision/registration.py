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
        self._directions = directions(structure)
        self._detail, self._energy = _detail(structure)

    def fits(self, structure: Field) -> bool:
        """Whether the structure has the size that was learnt."""
        return structure.shape == self._shape

    def place(self, structure: Field) -> Placement:
        """Where the structure lies. Two Fourier transforms at half the size, about 2 ms for 320x180.

        Correlation of edge directions: Fitch et al., "Orientation Correlation" (BMVC 2002).
        """
        seen = directions(structure)
        surface = np.fft.fftshift(np.fft.ifft2(np.fft.fft2(seen) * np.conj(np.fft.fft2(self._directions))).real)
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
        return Placement(likeness, float(surface.max()), shift_px, self._sharpness(structure))

    def movement(self, structure: Field, placement: Placement) -> Found | None:
        """How the view moved, where enough of its blocks agree; some 3 ms, 25 where hardly anything is at its place."""
        seen = directions(structure)
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
        return self._kept_part(directions(structure)) <= _BY_CHANCE

    def _kept_part(self, seen: Directions) -> float:
        kept, textured = kept_blocks(self._directions, seen)
        return max(kept - 1, 0) / max(textured, 1)

    def learn(self, structure: Field, placement: Placement, time_s: float) -> None:
        """Take in a structure that lies where it should, put back by its small shift, so that none adds up."""
        self.looks += 1
        weight = np.float32(max(1.0 / self.looks, min((time_s - self._time_s) / _RELEARN_S, 1.0)))
        self._time_s = time_s
        across, down = placement.shift_px
        put_back = np.roll(directions(structure), (-down // 2, -across // 2), axis=(0, 1))
        self._directions += weight * (put_back - self._directions)
        detail, energy = _detail(structure)
        self._detail += weight * (detail - self._detail)
        self._energy += weight * (energy - self._energy)

    def _sharpness(self, structure: Field) -> float | None:
        """Upper quartile over the tiles that had detail: a shopper softens his part, a lens all of it."""
        detail, energy = _detail(structure)
        judged = (self._detail > _LEAST_DETAIL) & (self._energy > _LEARNT_ENERGY) & (energy > _LEAST_ENERGY)
        if np.count_nonzero(judged) < _FEWEST_TILES:
            return None
        return float(np.quantile(detail[judged] / self._detail[judged], 0.75))


def directions(structure: Field) -> Directions:
    """Unit vectors along the gradients as complex numbers (H // 2, W // 2); 0 where there is no edge."""
    half = pictures.halved(structure)
    edges = half[..., 0] + np.complex64(1j) * half[..., 1]
    size = np.abs(edges)
    return np.asarray(np.where(size > _LEAST_EDGE, edges / np.maximum(size, 1e-6), 0), np.complex64)


def is_still(before: Directions, now: Directions) -> bool:
    """Whether two pictures show the same busy scene, people in parts of it aside; somebody's back is not busy."""
    kept, textured = kept_blocks(before, now)
    return textured >= _FEWEST_STILL and kept >= _STILL_PART * textured


def _detail(structure: Field) -> tuple[Field, Field]:
    """Per tile: the share of the gradients' energy that averaging over 2x2 pixels takes away, and the energy."""
    fine = _tile_means(structure, _TILE_PX)
    coarse = _tile_means(pictures.halved(structure), _TILE_PX // 2)
    rows, columns = min(fine.shape[0], coarse.shape[0]), min(fine.shape[1], coarse.shape[1])
    fine, coarse = fine[:rows, :columns], coarse[:rows, :columns]
    return np.asarray(1.0 - coarse / np.maximum(fine, 1e-3), np.float32), fine


def _tile_means(field: Field, side: int) -> Field:
    rows, columns = field.shape[0] // side, field.shape[1] // side
    used = field[: rows * side, : columns * side]
    energy = np.einsum("ijk,ijk->ij", used, used).reshape(rows, side, columns, side)
    return np.asarray(energy.sum(axis=1).sum(axis=2) / np.float32(side * side), np.float32)
