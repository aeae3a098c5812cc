r"""Slots in one camera's picture: where they lie, how they are rectified, and which pixels belong to which cell.

Owns the geometry between a planogram's quads and the pictures; made once per picture size. Knows no state.

::

    picture                       patch (rectified, with a margin m all round)
      0 ────── 1                  ┌─────────────────────┐
       \  ▯ ▯ ▯ \      ───►       │ m ┌────┬────┬────┐ m │   facings = 3 cells of equal width
        3 ────── 2                │   └────┴────┴────┘   │
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from vision import pictures
from vision.config import SlotSettings
from vision.pictures import Mask, Picture, Quad
from vision.quads import part_of, sides_of

_LONGEST_PX = 56  # of a cell's patch: enough for a pack's outline and large print
_SHORTEST_PX = 12
_WIDEST_SLOT_PX = 640
_MARGIN_SHARE = 0.22  # of a cell's side: how far a pack put back may stand from where it stood
_TREMBLE_SHARE = 0.008
_ZONE_SHARE = 0.12  # of a slot's side: quads are drawn by hand


@dataclass(frozen=True, slots=True, eq=False)
class SlotPlace:
    """One slot in pictures of one size. Masks are of the shrunk picture."""

    slot: SlotSettings
    corners_px: Quad
    """The slot in the full picture, from top left clockwise."""
    quad_px: Quad
    """The slot with its margin, in the full picture."""
    cell_px: tuple[int, int]
    """Width and height of a cell's patch."""
    margin_px: tuple[int, int]
    cells: tuple[Mask, ...]
    zone: Mask
    """The slot and what is close to it."""
    tremble_px: float
    """Moving pixels in the zone that are still put down to the codec and the camera's mount."""

    def rectify(self, image_bgr: Picture) -> Picture:
        """The slot as an upright picture with its margin."""
        width = self.cell_px[0] * self.slot.facings + 2 * self.margin_px[0]
        return pictures.rectify(image_bgr, self.quad_px, (width, self.cell_px[1] + 2 * self.margin_px[1]))


def place_slots(
    slots: Sequence[SlotSettings], *, picture_size_px: tuple[int, int], small_size_px: tuple[int, int]
) -> tuple[SlotPlace, ...]:
    """Lay the slots over pictures of (width, height) and their shrunk copies."""
    return tuple(_place(slot, np.array(picture_size_px), small_size_px) for slot in slots)


def _place(
    slot: SlotSettings, picture_size: "np.ndarray[tuple[int], np.dtype[np.int64]]", small: tuple[int, int]
) -> SlotPlace:
    quad_norm = np.array(slot.polygon_norm, np.float32)
    quad = (quad_norm * picture_size).astype(np.float32)
    cell = _patch_size(quad, slot.facings)
    margin = (max(round(cell[0] * _MARGIN_SHARE), 2), max(round(cell[1] * _MARGIN_SHARE / 2), 2))
    shares_xy = (margin[0] / (cell[0] * slot.facings), margin[1] / cell[1])
    shape = (small[1], small[0])
    edges = np.linspace(0.0, 1.0, slot.facings + 1)
    scale = np.array(small, np.float32)
    cells = tuple(
        pictures.fill_polygon(shape, part_of(quad_norm, (a, 0.0, b, 1.0)) * scale) for a, b in pairwise(edges)
    )
    across = _ZONE_SHARE / slot.facings**0.5
    zone = pictures.fill_polygon(
        shape, part_of(quad_norm, (-across, -_ZONE_SHARE, 1 + across, 1 + _ZONE_SHARE)) * scale
    )
    wide = part_of(quad, (-shares_xy[0], -shares_xy[1], 1 + shares_xy[0], 1 + shares_xy[1]))
    tremble_px = max(8.0, _TREMBLE_SHARE * float(np.count_nonzero(zone)))
    return SlotPlace(slot, quad, wide, cell, margin, cells, zone, tremble_px)


def _patch_size(quad_px: Quad, facings: int) -> tuple[int, int]:
    wide, height = sides_of(quad_px)
    width = wide / facings
    scale = min(1.0, _LONGEST_PX / max(width, height), _WIDEST_SLOT_PX / (width * facings))
    return max(round(width * scale), _SHORTEST_PX), max(round(height * scale), _SHORTEST_PX)
