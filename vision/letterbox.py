"""Fitting a picture into a network's input without bending it, and boxes back into the picture.

Owns the one geometric step between a frame and a network. Makes no decision about what is seen.

    picture W x H            input: sides up to the next multiple
    ┌────────────┐           ┌──────────┬─┐
    │            │   ──►     │ scaled   │ │   the picture lies top left, its long side is ``side_px``;
    │            │           ├──────────┘ │   the rest is black
    └────────────┘           └────────────┘
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.detections import Detections

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Letterbox:
    """Where a picture lies inside a network's input: ``input = picture * scale``. Sizes are (width, height)."""

    picture_size_px: tuple[int, int]
    placed_size_px: tuple[int, int]
    input_size_px: tuple[int, int]

    def restore(self, found: Detections) -> Detections:
        """Boxes in the input's pixels as boxes in the picture's, cut off at its edges."""
        shares = [whole / placed for whole, placed in zip(self.picture_size_px, self.placed_size_px, strict=True)]
        grow = np.array(shares * 2, np.float32)
        width, height = self.picture_size_px
        return Detections(found.xyxy_px * grow, found.score, found.label).clip(width_px=width, height_px=height)


def plan_letterbox(picture_size_px: tuple[int, int], *, side_px: int, multiple_of: int) -> Letterbox:
    """How a picture of (width, height) goes into a network whose input sides divide by ``multiple_of``.

    Raises:
        ValueError: the picture has no pixels.
    """
    longest = max(picture_size_px)
    if min(picture_size_px) < 1:
        raise ValueError(f"a picture of {picture_size_px[0]} x {picture_size_px[1]} pixels holds nothing")
    width, height = (max(1, round(side * side_px / longest)) for side in picture_size_px)
    return Letterbox(
        picture_size_px=picture_size_px,
        placed_size_px=(width, height),
        input_size_px=(math.ceil(width / multiple_of) * multiple_of, math.ceil(height / multiple_of) * multiple_of),
    )


def fill_letterbox(image_bgr: Picture, plan: Letterbox) -> Picture:
    """The input picture, uint8 (input height, input width, 3), BGR, black where the picture is not."""
    input_width, input_height = plan.input_size_px
    width, height = plan.placed_size_px
    canvas: Picture = np.zeros((input_height, input_width, 3), np.uint8)
    canvas[:height, :width] = cv2.resize(image_bgr, (width, height), interpolation=cv2.INTER_LINEAR)
    return canvas
