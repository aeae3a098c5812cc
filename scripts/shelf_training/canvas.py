"""A picture that remembers which product each pixel shows, so that a box is what can still be seen of the product.

Products and things in front of them are pasted back to front; `boxes` then reads the truth off the owners.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from scripts.shelf_training.colours import Picture

_NOBODY = 0


class Canvas:
    """uint8 BGR picture of (rows, columns) and the owner of every pixel."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self.picture: Picture = np.zeros((*shape, 3), np.uint8)
        self._owner = np.zeros(shape, np.int16)
        self._whole: dict[int, tuple[int, tuple[int, int, int, int]]] = {}

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.picture.shape[:2]
        return rows, columns

    def paste(self, cutout: Picture, left: int, top: int, *, counts: bool, hides: bool = True) -> None:
        """Lay a premultiplied BGRA cut-out with its corner at (left, top); ``counts`` makes it a product.

        What does not hide, such as a price label, leaves the boxes of what is behind it whole.
        """
        y0, y1 = max(top, 0), min(top + cutout.shape[0], self.shape[0])
        x0, x1 = max(left, 0), min(left + cutout.shape[1], self.shape[1])
        if y0 >= y1 or x0 >= x1:
            return
        part = cutout[y0 - top : y1 - top, x0 - left : x1 - left]
        window = self.picture[y0:y1, x0:x1]
        keep = cv2.cvtColor(255 - part[..., 3], cv2.COLOR_GRAY2BGR)
        window[:] = cv2.add(cv2.multiply(window, keep, scale=1 / 255), np.ascontiguousarray(part[..., :3]))
        if not hides:
            return
        number = len(self._whole) + 1 if counts else _NOBODY
        solid = part[..., 3] > 127
        self._owner[y0:y1, x0:x1][solid] = number
        if counts:
            self._whole[number] = (int(solid.sum()), (x0, y0, x1, y1))

    def open_space(self, box: tuple[int, int, int, int], unit: float) -> None:
        """A compartment, before anything stands in it; ``unit`` is a usual pack's width. For those who want to know."""

    def cover(self, left: int, top: int, right: int, bottom: int) -> NDArray[np.uint8]:
        """The pixels of a rectangle, to be painted over: whatever stood there is hidden."""
        rows, columns = slice(max(top, 0), max(bottom, 0)), slice(max(left, 0), max(right, 0))
        self._owner[rows, columns] = _NOBODY
        return self.picture[rows, columns]

    def boxes(self, *, seen: float) -> NDArray[np.float32]:
        """(N, 4) left, top, right, bottom of what shows of each product, where that is a share of ``seen`` or more."""
        found = []
        for number, (area, (x0, y0, x1, y1)) in self._whole.items():
            mask = self._owner[y0:y1, x0:x1] == number
            if mask.sum() < max(12.0, seen * area):
                continue
            rows, columns = np.nonzero(mask.any(axis=1))[0], np.nonzero(mask.any(axis=0))[0]
            found.append((x0 + columns[0], y0 + rows[0], x0 + columns[-1] + 1, y0 + rows[-1] + 1))
        return np.array(found, np.float32).reshape(-1, 4)
