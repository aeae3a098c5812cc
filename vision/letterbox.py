"""Fitting a picture into a network's input without bending it, and boxes back into the picture.

Owns the one geometric step between a frame and a network. Makes no decision about what is seen.

    picture W x H            input
    ┌────────────┐           ┌──────────┬─┐
    │            │   ──►     │ scaled   │ │   the picture lies top left (or in the middle), its sides keep their
    │            │           ├──────────┘ │   proportion; the rest is one grey. Stretched, it fills everything.
    └────────────┘           └────────────┘
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.detections import Detections
from vision.outputs import SizePx

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Letterbox:
    """Where a picture lies inside a network's input: ``input = picture * scale + placed_at``. Sizes as `SizePx`."""

    picture_size_px: SizePx
    placed_size_px: SizePx
    input_size_px: SizePx
    placed_at_px: tuple[int, int] = (0, 0)
    """Column and row of the picture's upper left corner."""

    def restore(self, found: Detections) -> Detections:
        """Boxes in the input's pixels as boxes in the picture's, cut off at its edges."""
        if not len(found):
            return found
        shares = [whole / placed for whole, placed in zip(self.picture_size_px, self.placed_size_px, strict=True)]
        grow = np.array(shares * 2, np.float32)
        corner = np.array(self.placed_at_px * 2, np.float32)
        width, height = self.picture_size_px
        boxes = (found.xyxy_px - corner) * grow
        return Detections(boxes, found.score, found.label).clip(width_px=width, height_px=height)


def plan_letterbox(picture_size_px: SizePx, *, side_px: int, multiple_of: int, is_centred: bool = False) -> Letterbox:
    """How a picture goes into a network of any size whose input sides divide by ``multiple_of``.

    Its long side becomes ``side_px``; the input is as small as it may be.

    Raises:
        ValueError: the picture has no pixels.
    """
    placed = _scaled(picture_size_px, side_px / _longest(picture_size_px))
    width, height = (math.ceil(side / multiple_of) * multiple_of for side in placed)
    return _placed(picture_size_px, placed, (width, height), is_centred=is_centred)


def plan_fixed_letterbox(picture_size_px: SizePx, *, input_size_px: SizePx, is_centred: bool = False) -> Letterbox:
    """How a picture goes into a network of one size, as large as it can be.

    Raises:
        ValueError: the picture has no pixels.
    """
    _longest(picture_size_px)
    scale = min(room / side for room, side in zip(input_size_px, picture_size_px, strict=True))
    return _placed(picture_size_px, _scaled(picture_size_px, scale), input_size_px, is_centred=is_centred)


def plan_stretch(picture_size_px: SizePx, *, input_size_px: SizePx) -> Letterbox:
    """How a picture fills a network's input wholly, bent as it may be.

    Raises:
        ValueError: the picture has no pixels.
    """
    _longest(picture_size_px)
    return _placed(picture_size_px, input_size_px, input_size_px, is_centred=False)


def _longest(picture_size_px: SizePx) -> int:
    if min(picture_size_px) < 1:
        raise ValueError(f"a picture of {picture_size_px[0]} x {picture_size_px[1]} pixels holds nothing")
    return max(picture_size_px)


def _scaled(picture_size_px: SizePx, scale: float) -> SizePx:
    width, height = (max(1, round(side * scale)) for side in picture_size_px)
    return width, height


def _placed(picture_size_px: SizePx, placed_size_px: SizePx, input_size_px: SizePx, *, is_centred: bool) -> Letterbox:
    free_x, free_y = (room - side for room, side in zip(input_size_px, placed_size_px, strict=True))
    return Letterbox(
        picture_size_px=picture_size_px,
        placed_size_px=placed_size_px,
        input_size_px=input_size_px,
        placed_at_px=(free_x // 2, free_y // 2) if is_centred else (0, 0),
    )


def fill_letterbox(image_bgr: Picture, plan: Letterbox, *, fill: int = 0) -> Picture:
    """The input picture, uint8 (input height, input width, 3), BGR, ``fill`` (0..255) where the picture is not."""
    width, height = plan.placed_size_px
    left, top = plan.placed_at_px
    canvas: Picture = np.full((plan.input_size_px[1], plan.input_size_px[0], 3), fill, np.uint8)
    place = canvas[top : top + height, left : left + width]
    if image_bgr.shape == place.shape:
        place[:] = image_bgr
    else:
        cv2.resize(image_bgr, (width, height), dst=place, interpolation=cv2.INTER_LINEAR)
    return canvas


def look_up(image_bgr: Picture, channel: int, levels: NDArray[np.float32], *, into: NDArray[np.float32]) -> None:
    """Write one channel of uint8 (H, W, 3), each level replaced by its entry in ``levels`` (256,), into (H, W)."""
    cv2.LUT(cv2.extractChannel(image_bgr, channel), levels, dst=into)
