r"""What lies just above and below a slot: rails, tags and boards stay when a pack leaves, and vanish behind a person.

Owns how rims are taken and compared. It needs neither motion nor a settled background, so that it holds where a
shopper fills most of the picture and looks as plain as an empty shelf::

    ▒▒▒▒▒▒▒▒▒▒  rim above
    ┌────────┐
    │  slot  │
    └────────┘
    ═▭══▭══▭══  rim below
"""

from collections.abc import Sequence

import numpy as np

from vision import pictures
from vision.pictures import Field, Picture
from vision.quads import part_of
from vision.slots import SlotPlace

Rims = tuple[Field, Field]
"""Gradients (height, width, 4) above and below."""

_NEAR, _FAR = 0.03, 0.3  # of the slot's height
_HEIGHT_PX = 18
_FACING_PX = 24
_SHIFT_PX = 2
_LEAST_STRUCTURE = 0.02
_KEPT = 0.3


def rims_of(place: SlotPlace, image_bgr: Picture) -> Rims:
    """The rims of a slot in a picture, uint8 (H, W, 3), BGR; some tenths of a millisecond."""
    size_px = (_FACING_PX * place.slot.facings, _HEIGHT_PX)
    above, below = (
        pictures.gradients(pictures.rectify(image_bgr, part_of(place.corners_px, (0.0, top, 1.0, bottom)), size_px))
        for top, bottom in ((-_FAR, -_NEAR), (1 + _NEAR, 1 + _FAR))
    )
    return above, below


def are_hidden(now: Rims, before: Rims, cells: Sequence[int]) -> bool:
    """Whether nothing of what was above and below these cells is left; False where there was nothing to see."""
    kept = [_likeness(new, old, cell) for new, old in zip(now, before, strict=True) for cell in cells]
    known = [share for share in kept if share is not None]
    return bool(known) and max(known) < _KEPT


def _likeness(now: Field, before: Field, cell: int) -> float | None:
    """Best correlation within a small shift, -1..1; None where there was no structure."""
    start = cell * _FACING_PX
    old = before[_SHIFT_PX:-_SHIFT_PX, start + _SHIFT_PX : start + _FACING_PX - _SHIFT_PX]
    if float(np.sqrt(np.square(old).sum(axis=2).mean())) < _LEAST_STRUCTURE:
        return None
    new = now[:, start : start + _FACING_PX]
    return float(pictures.correlate(new, old, np.ones(old.shape[:2], np.float32)).max())
