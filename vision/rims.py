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
_SHOWN = 0.6


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
    """Whether, to the left or to the right of the cells that seem emptied, what was above and below is gone.

    Whoever covers a slot covers one of its sides; right above and below the cells themselves a pack that was taken may
    have shown itself. False where there was too little to see.
    """
    columns = [
        [_likeness(new, old, column) for new, old in zip(now, before, strict=True)]
        for column in _columns_beside(emptied, before[0].shape[1])
    ]
    known = [[share for share in column if share is not None] for column in columns]
    return sum(map(len, known)) >= _LEAST_PARTS and any(max(column) < _KEPT for column in known if column)


def are_shown(now: Rims, before: Rims, *, cells: Sequence[int], changed: Sequence[int]) -> bool:
    """Whether above and below these cells and what is next to them all is as it was: sun or a lamp fell there, no more.

    Whoever reaches into a slot or stands before it comes over its rim. Above a cell that changed a pack may have shown
    itself, so that only what is below it speaks. False where a column has too little to see.
    """
    facings = (before[0].shape[1] - 2 * round(_BESIDE * _FACING_PX)) // _FACING_PX
    for number in range(min(cells) - 1, max(cells) + 2):
        column = _column(number, facings, before[0].shape[1])
        shares = [
            _likeness(new, old, column)
            for new, old in list(zip(now, before, strict=True))[1 if number in changed else 0 :]
        ]
        known = [share for share in shares if share is not None]
        if not known or min(known) < _SHOWN:
            return False
    return True


def _columns_beside(emptied: Sequence[int], width_px: int) -> tuple[slice, slice]:
    """The columns of a rim next to the emptied cells: a facing that did not change, or what is beside the slot."""
    facings = (width_px - 2 * round(_BESIDE * _FACING_PX)) // _FACING_PX
    return _column(min(emptied) - 1, facings, width_px), _column(max(emptied) + 1, facings, width_px)


def _column(number: int, facings: int, width_px: int) -> slice:
    """The columns of a rim at a facing; before the first and behind the last, what is beside the slot."""
    side = round(_BESIDE * _FACING_PX)
    if number < 0:
        return slice(0, side)
    return slice(width_px - side, width_px) if number >= facings else _facing(number, side)


def _facing(number: int, side_px: int) -> slice:
    return slice(side_px + number * _FACING_PX, side_px + (number + 1) * _FACING_PX)


def _likeness(now: Field, before: Field, part: slice) -> float | None:
    """Best correlation within a small shift, -1..1; None where there was no structure."""
    old = before[_SHIFT_PX:-_SHIFT_PX, part.start + _SHIFT_PX : part.stop - _SHIFT_PX]
    if float(np.sqrt(np.square(old).sum(axis=2).mean())) < _LEAST_STRUCTURE:
        return None
    return float(pictures.correlate(now[:, part], old, np.ones(old.shape[:2], np.float32)).max())
