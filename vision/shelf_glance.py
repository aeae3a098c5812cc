"""One picture of a shelf read once: the same sources and the same join as the shelf watch, without time.

Owns what a single picture can tell. Nothing is seen twice here, so that a slot is told where its sources are sure
enough and left untold where a person stands in front or they are not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from vision import pictures
from vision.config import SlotSettings
from vision.looks import Verdict
from vision.pictures import Mask, Picture
from vision.shelf import Sources
from vision.shelf_slot import ShelfSlot, looks_in
from vision.slots import SlotPlace, place_slots


class Untold(StrEnum):
    """Why a slot is not told from a picture."""

    BEHIND_SOMEBODY = "behind somebody"
    DARK = "dark"
    UNSURE = "unsure"
    """Its looks are not known, or its sources are not sure enough of it or do not agree."""


@dataclass(frozen=True, slots=True)
class SlotGlance:
    """One slot in one picture."""

    slot: SlotSettings
    units: int | None
    """Stocked facings; None where they are not to be told."""
    confidence: float
    """Of the likelier state of its least sure facing, 0.5..1."""
    untold: Untold | None = None
    """Why ``units`` is None."""


def read_slots(
    image_bgr: Picture,
    slots: Sequence[SlotSettings],
    *,
    stocked: Picture | None,
    empty: Picture | None,
    sources: Sources | None,
    persons_px: "np.ndarray[tuple[int, ...], np.dtype[np.float32]]",
) -> list[SlotGlance]:
    """Read every slot. Blocks for milliseconds a slot.

    Args:
        image_bgr: uint8 (H, W, 3), BGR.
        slots: the planogram.
        stocked: the view with every slot full, or None.
        empty: the view with every slot empty, or None.
        sources: what else can be asked.
        persons_px: boxes (N, 4) of persons, left, top, right, bottom in the picture's pixels.
    """
    size_px = (image_bgr.shape[1], image_bgr.shape[0])
    small = pictures.shrink(image_bgr)
    shape = (small.shape[0], small.shape[1])
    covered = _covered(shape, persons_px * (shape[1] / size_px[0]))
    references = [
        (pictures.fit_to(picture, size_px), verdict)
        for picture, verdict in ((stocked, Verdict.STOCKED), (empty, Verdict.EMPTY))
        if picture is not None
    ]
    places = place_slots(slots, picture_size_px=size_px, small_size_px=(shape[1], shape[0]))
    return [_glance(place, image_bgr, covered, references, sources) for place in places]


def _glance(
    place: SlotPlace,
    image_bgr: Picture,
    covered: Mask,
    references: Sequence[tuple[Picture, Verdict]],
    sources: Sources | None,
) -> SlotGlance:
    slot = ShelfSlot.of(place, 0.0)
    for picture, verdict in references:
        for memory, look in zip(slot.memory, looks_in(place, place.rectify(picture)), strict=True):
            memory.learn(look, verdict)
    if any(slot.look(image_bgr, covered, 0.0)):
        return SlotGlance(place.slot, None, 0.5, Untold.DARK if slot.is_dark else Untold.BEHIND_SOMEBODY)
    if not slot.is_blank:
        slot.judge()
    told = slot.weigh({} if sources is None else sources.ask(image_bgr, place.corners_px, place.slot.facings))
    if told.told is None:
        return SlotGlance(place.slot, None, told.confidence, Untold.UNSURE)
    return SlotGlance(place.slot, sum(told.told), told.confidence)


def _covered(shape: tuple[int, int], boxes: "np.ndarray[tuple[int, ...], np.dtype[np.float32]]") -> Mask:
    covered = np.zeros(shape, bool)
    for left, top, right, bottom in boxes:
        covered[max(int(top), 0) : int(np.ceil(bottom)), max(int(left), 0) : int(np.ceil(right))] = True
    return covered
