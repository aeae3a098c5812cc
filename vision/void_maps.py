"""Where a shelf's back could show: patches that are darker or plainer than what is around them.

Owns the light and texture of a picture at one size, and the patches that stand out at some level of either. Decides
nothing: most patches are packs, shadows or the floor; `vision.voids` ranks them.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.pictures import Field, Picture

SIDE_PX = 416
"""Long side at which a picture is looked at: voids of 10 to 300 pixels are found."""
DARK_LEVELS = (15, 25, 40, 55, 70, 90, 110, 130)
"""Of L*, 0..255."""
PLAIN_LEVELS = (2.0, 3.0, 4.0, 6.0, 8.0)
LEAST_PX, MOST_PX = (9, 9), (320, 130)


@dataclass(frozen=True, slots=True, eq=False)
class VoidMaps:
    """Planes of one picture at `SIDE_PX`, float32 (h, w)."""

    light: Field
    """L*, 0..255, a little smoothed."""
    texture: Field
    """Mean edge strength of 7 x 7 pixels; upright edges count double: packs have them, boards do not."""
    chroma: Field
    across: Field
    """Absolute gradient along x."""
    down: Field

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height."""
        return self.light.shape[1], self.light.shape[0]


def at_side(image_bgr: Picture) -> Picture:
    """A picture, uint8 (H, W, 3), BGR, with a long side of `SIDE_PX`."""
    scale = SIDE_PX / max(image_bgr.shape[:2])
    size_px = (max(round(image_bgr.shape[1] * scale), 8), max(round(image_bgr.shape[0] * scale), 8))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image_bgr, size_px, interpolation=way), np.uint8)


def map_picture(image_bgr: Picture) -> VoidMaps:
    """Maps of a picture, uint8 (H, W, 3), BGR, as `at_side` gives it."""
    lab = cv2.cvtColor(image_bgr, cv2.COLOR_BGR2LAB).astype(np.float32)
    light = cv2.GaussianBlur(lab[..., 0], (0, 0), 1.2)
    across = np.abs(cv2.Sobel(light, cv2.CV_32F, 1, 0, scale=0.25))
    down = np.abs(cv2.Sobel(light, cv2.CV_32F, 0, 1, scale=0.25))
    texture = cv2.blur(across + 0.5 * down, (7, 7))
    chroma = cv2.blur(np.hypot(lab[..., 1] - 128, lab[..., 2] - 128), (5, 5))
    return VoidMaps(*(np.asarray(plane, np.float32) for plane in (light, texture, chroma, across, down)))


def patches(maps: VoidMaps) -> NDArray[np.float32]:
    """Patches as (N, 5): left, top, right, bottom in the maps' pixels, and how much of that box the patch fills.

    Each level of darkness and plainness gives its own patches, so one void comes in several sizes; near doubles of
    three pixels are given once.
    """
    found: list[tuple[float, ...]] = []
    for level in DARK_LEVELS:
        dark = (maps.light < level).astype(np.uint8)
        found += _pieces(_opened(dark, (7, 7))) + _pieces(_opened(dark, (5, 13)))
    around = cv2.blur(maps.light, (81, 81))
    for strength in PLAIN_LEVELS:
        plain = (maps.texture < strength).astype(np.uint8)
        opened = _opened(plain, (7, 7))
        found += _pieces(opened) + _pieces(cv2.dilate(opened, np.ones((5, 5), np.uint8)))
        found += _pieces(_opened(plain & (maps.light < around).astype(np.uint8), (9, 9)))
    if not found:
        return np.zeros((0, 5), np.float32)
    boxes = np.array(found, np.float32)
    _, first = np.unique(np.round(boxes[:, :4] / 3).astype(np.int64), axis=0, return_index=True)
    return boxes[np.sort(first)]


def sums(plane: Field) -> NDArray[np.float64]:
    """Integral image (h + 1, w + 1)."""
    return np.asarray(cv2.integral(plane.astype(np.float64)), np.float64)


def mean_in(table: NDArray[np.float64], region: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of a plane, given by its `sums`, in boxes (N, 4); 0 outside the picture."""
    height, width = table.shape[0] - 1, table.shape[1] - 1
    x0, y0, x1, y1 = np.clip(np.round(region), 0, (width, height, width, height)).astype(np.int64).T
    total = table[y1, x1] - table[y0, x1] - table[y1, x0] + table[y0, x0]
    return np.asarray(total / np.maximum((x1 - x0) * (y1 - y0), 1))


def _opened(mask: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """The mask without what is thinner than (rows, columns)."""
    return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones(size, np.uint8)), np.uint8)


def _pieces(mask: object) -> list[tuple[float, ...]]:
    _, _, stats, _ = cv2.connectedComponentsWithStats(np.asarray(mask, np.uint8), connectivity=4)
    return [
        (float(x), float(y), float(x + w), float(y + h), float(area / (w * h)))
        for x, y, w, h, area in stats[1:].tolist()
        if LEAST_PX[0] <= w <= MOST_PX[0] and LEAST_PX[1] <= h <= MOST_PX[1]
    ]
