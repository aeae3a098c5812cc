"""Redaction: what must happen to a picture before it is first written or shown.

Owns the loss of identity: faces, and the heads of persons whose faces were not found (small detectors miss small
and turned heads). It decides nothing about who is shown the result.

How coarse: a block is at least a third of an enlarged face box, so that a face is less than two blocks wide, and at
least an eighth of a person's height and a quarter of the width, so that a head is about one block. Each block is its
one mean colour: of a face under four values are left, which no recognition starts from. No block is under 8 pixels.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.detections import Detections
from vision.letterbox import Picture

FACE_MARGIN = 0.35
"""Share of a face box added on every side: CenterFace's boxes leave out hair, ears and chin."""
BLOCKS_ACROSS_FACE = 3
HEAD_SHARE = 0.25
HEAD_WIDTHS = 0.8
"""A head with its neck is about 0.6 shoulder widths high: what counts where the picture cuts a person's legs off. The
rest is for two people found as one: in one of ten thousand rendered pictures the shorter one's face lay lower."""
HEAD_MARGIN = 0.10
"""Share of a person's height added above and at the sides: boxes often cut the head's edge."""
HIDDEN_FROM_SCORE = 0.15
"""Whoever may be a person from this score on is hidden. Over 106 real frames NanoDet's boxes from .24 on with a margin
of .06 covered 96.7 % of 333 heads, these 99.4 %; of shelves without people they veil .7 % instead of .3 %."""
BLOCKS_ACROSS_PERSON = 8
MIN_BLOCK_PX = 8


def redact(
    image_bgr: Picture, faces: Detections, persons: Detections, *, whole_person: bool, in_place: bool = False
) -> Picture:
    """Make faces and the upper quarter of persons (or whole persons) unrecognisable, for good.

    Takes uint8 (H, W, 3), BGR, and gives a copy, or the same array when ``in_place`` is set. Boxes may reach
    over the picture's edges.
    """
    redacted = image_bgr if in_place else image_bgr.copy()
    for box in persons.xyxy_px:
        block_px = float(max(box[3] - box[1], 2 * (box[2] - box[0]))) / BLOCKS_ACROSS_PERSON
        _coarsen(redacted, _person_region(box, whole=whole_person), block_px)
    for box in faces.xyxy_px:
        region = _face_region(box)
        _coarsen(redacted, region, float(max(region[2:] - region[:2])) / BLOCKS_ACROSS_FACE)
    return redacted


def _person_region(box: NDArray[np.float32], *, whole: bool) -> NDArray[np.float32]:
    left, top, right, bottom = box
    margin = HEAD_MARGIN * (bottom - top)
    head = max(HEAD_SHARE * (bottom - top), HEAD_WIDTHS * (right - left))
    lowest = bottom if whole else min(bottom, top + head)
    return np.array([left - margin, top - margin, right + margin, lowest], np.float32)


def _face_region(box: NDArray[np.float32]) -> NDArray[np.float32]:
    margin = FACE_MARGIN * max(box[2] - box[0], box[3] - box[1])
    return np.asarray(box + np.array([-margin, -margin, margin, margin], np.float32), np.float32)


def _coarsen(image: Picture, region: NDArray[np.float32], block_px: float) -> None:
    """Replace a region, cut off at the picture's edges, by blocks of one colour each."""
    height, width = image.shape[:2]
    left, top = max(0, int(np.floor(region[0]))), max(0, int(np.floor(region[1])))
    right, bottom = min(width, int(np.ceil(region[2]))), min(height, int(np.ceil(region[3])))
    if right <= left or bottom <= top:
        return
    block = max(float(MIN_BLOCK_PX), block_px)
    columns, rows = max(1, int((right - left) / block)), max(1, int((bottom - top) / block))
    coarse = cv2.resize(image[top:bottom, left:right], (columns, rows), interpolation=cv2.INTER_AREA)
    image[top:bottom, left:right] = cv2.resize(coarse, (right - left, bottom - top), interpolation=cv2.INTER_NEAREST)
