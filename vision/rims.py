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
"""Gradients (height, width, 4) above and below, a little wider than the slot."""

_NEAR, _FAR = 0.03, 0.3  # of the slot's height
_BESIDE = 0.6  # of a facing, at either side
_HEIGHT_PX = 18
_FACING_PX = 24
_SHIFT_PX = 2
_LEAST_STRUCTURE = 0.02
_LEAST_PARTS = 2
_KEPT = 0.3


def rims_of(place: SlotPlace, image_bgr: Picture) -> Rims:
    """The rims of a slot in a picture, uint8 (H, W, 3), BGR; some tenths of a millisecond."""
    facings = place.slot.facings
    beside = _BESIDE / facings
    size_px = (round(_FACING_PX * (facings + 2 * _BESIDE)), _HEIGHT_PX)
    above, below = (
        pictures.gradients(
            pictures.rectify(image_bgr, part_of(place.corners_px, (-beside, top, 1 + beside, bottom)), size_px)
        )
        for top, bottom in ((-_FAR, -_NEAR), (1 + _NEAR, 1 + _FAR))
    )
    return above, below


def are_hidden(now: Rims, before: Rims, emptied: Sequence[int]) -> bool:
    """Whether nothing is left of what was above and below, beside the cells that seem emptied.

    Right above and below those cells a pack that was taken may have shown itself. False where there was too little
    to see.
    """
    kept = [
        _likeness(new, old, part)
        for new, old in zip(now, before, strict=True)
        for part in _parts_beside(emptied, old.shape[1])
    ]
    known = [share for share in kept if share is not None]
    return len(known) >= _LEAST_PARTS and max(known) < _KEPT


def _parts_beside(emptied: Sequence[int], width_px: int) -> list[slice]:
    """Columns of a rim: left of the slot, every facing that did not change, right of the slot."""
    side = round(_BESIDE * _FACING_PX)
    cells = (width_px - 2 * side) // _FACING_PX
    facings = [slice(side + n * _FACING_PX, side + (n + 1) * _FACING_PX) for n in range(cells) if n not in emptied]
    return [slice(0, side), *facings, slice(width_px - side, width_px)]


def _likeness(now: Field, before: Field, part: slice) -> float | None:
    """Best correlation within a small shift, -1..1; None where there was no structure."""
    old = before[_SHIFT_PX:-_SHIFT_PX, part.start + _SHIFT_PX : part.stop - _SHIFT_PX]
    if float(np.sqrt(np.square(old).sum(axis=2).mean())) < _LEAST_STRUCTURE:
        return None
    return float(pictures.correlate(now[:, part], old, np.ones(old.shape[:2], np.float32)).max())
