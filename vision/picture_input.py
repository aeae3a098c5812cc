"""From a frame to a network's input, as the weights' manifest describes it.

Owns the order of the steps (letterbox or stretch, colour order, mean and deviation, layout). Sees no outputs.
"""

import numpy as np
from numpy.typing import NDArray

from models.manifest import PictureInput
from vision.letterbox import (
    Letterbox,
    Picture,
    fill_letterbox,
    look_up,
    plan_fixed_letterbox,
    plan_letterbox,
    plan_stretch,
)


class InputMaker:
    """Makes inputs of one kind, in colour. ``side_px`` is the picture's long side where the network takes any size."""

    def __init__(self, wanted: PictureInput, *, side_px: int) -> None:
        self._wanted = wanted
        self._side_px = side_px
        self._levels = [_levels(mean, std) for mean, std in zip(wanted.mean, wanted.std, strict=True)]

    def plan(self, picture_size_px: tuple[int, int], *, shrink: float = 1.0) -> Letterbox:
        """Where a picture of (width, height) will lie. ``shrink`` scales it, where the network takes any size.

        Raises:
            ValueError: the picture has no pixels.
        """
        is_centred = self._wanted.fit == "letterbox-centred"
        if self._wanted.width is None or self._wanted.height is None:
            side_px, multiple_of = round(self._side_px * shrink), self._wanted.multiple_of
            return plan_letterbox(picture_size_px, side_px=side_px, multiple_of=multiple_of, is_centred=is_centred)
        input_size_px = (self._wanted.width, self._wanted.height)
        if self._wanted.fit == "stretch":
            return plan_stretch(picture_size_px, input_size_px=input_size_px)
        return plan_fixed_letterbox(picture_size_px, input_size_px=input_size_px, is_centred=is_centred)

    def make(self, image_bgr: Picture, plan: Letterbox) -> NDArray[np.float32]:
        """uint8 (H, W, 3), BGR, 0..255, as float32 (1, 3, h, w), or (1, h, w, 3) for the layout NHWC."""
        filled = fill_letterbox(image_bgr, plan, fill=self._wanted.fill)
        channels = (2, 1, 0) if self._wanted.colour == "RGB" else (0, 1, 2)
        planes = np.empty((1, 3, *filled.shape[:2]), np.float32)
        for place, (channel, levels) in enumerate(zip(channels, self._levels, strict=True)):
            look_up(filled, channel, levels, into=planes[0, place])
        return planes if self._wanted.layout == "NCHW" else np.ascontiguousarray(planes.transpose(0, 2, 3, 1))


def _levels(mean: float, std: float) -> NDArray[np.float32]:
    """What each of the 256 levels of a channel becomes."""
    return (np.arange(256, dtype=np.float32) - np.float32(mean)) / np.float32(std)
