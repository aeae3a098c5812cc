"""Detections: the boxes found in one picture, and the pure operations on them.

Owns box arithmetic (area, overlap, non-maximum suppression). Knows no picture, no network and no time.
Stands between the decoders, which make detections, and the tracker, which consumes them.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.float32]

MAX_CANDIDATES = 1000
"""Boxes that are compared with each other: weights that see something everywhere must not take the worker's time."""
MAX_KEPT = 300
"""Boxes of one picture that are passed on; the networks without suppression give as many (Carion et al., 2020)."""
_FARTHEST_PX = 1e6


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """N boxes of one picture.

    ``xyxy_px`` is float32 (N, 4): left, top, right, bottom in pixels of the picture, ``score`` float32 (N,)
    in 0..1, ``label`` int64 (N,). The arrays are not to be written to.

    Raises:
        ValueError: the arrays disagree in length or shape.
    """

    xyxy_px: Boxes
    score: NDArray[np.float32]
    label: NDArray[np.int64]

    def __post_init__(self) -> None:
        count = len(self.score)
        if self.xyxy_px.shape != (count, 4) or self.score.shape != (count,) or self.label.shape != (count,):
            raise ValueError(
                f"boxes {self.xyxy_px.shape}, scores {self.score.shape} and labels {self.label.shape} do not fit"
            )

    def __len__(self) -> int:
        return len(self.score)

    @classmethod
    def empty(cls) -> Self:
        """No detections."""
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64))

    def select(self, keep: NDArray[np.bool_] | NDArray[np.int64]) -> "Detections":
        """The boxes that a mask or a list of indices names, in that order."""
        return Detections(self.xyxy_px[keep], self.score[keep], self.label[keep])

    def at_least(self, score: float) -> "Detections":
        """The boxes with this score or more."""
        if not len(self):
            return self
        return self.select(self.score >= score)

    def clip(self, *, width_px: int, height_px: int) -> "Detections":
        """The boxes cut off at the picture's edges; those wholly outside are dropped."""
        limit = np.array([width_px, height_px, width_px, height_px], np.float32)
        boxes = np.clip(self.xyxy_px, np.float32(0), limit)
        return Detections(boxes, self.score, self.label).select(area_px2(boxes) > 0)


def area_px2(xyxy_px: Boxes) -> NDArray[np.float32]:
    """Area of each box of (N, 4) as (N,); turned-over boxes have none."""
    sides = np.maximum(xyxy_px[:, 2:] - xyxy_px[:, :2], 0)
    return np.asarray(sides[:, 0] * sides[:, 1], np.float32)


def iou(first: Boxes, second: Boxes) -> NDArray[np.float32]:
    """Intersection over union of every box of (N, 4) with every box of (M, 4), as (N, M) in 0..1."""
    left_top = np.maximum(first[:, None, :2], second[None, :, :2])
    right_bottom = np.minimum(first[:, None, 2:], second[None, :, 2:])
    sides = np.maximum(right_bottom - left_top, 0)
    shared = sides[..., 0] * sides[..., 1]
    union = area_px2(first)[:, None] + area_px2(second)[None, :] - shared
    return np.asarray(np.divide(shared, union, out=np.zeros_like(shared), where=union > 0), np.float32)


def ranked(found: Detections, *, most: int = MAX_KEPT) -> Detections:
    """The ``most`` best boxes, best first; equal scores keep their order, so that a picture always gives the same.

    Boxes that are no numbers, or lie so far away that their area is none, are dropped; no score is over 1.
    """
    real = found.select(np.all(np.abs(found.xyxy_px) < _FARTHEST_PX, axis=1))
    best = real.select(np.argsort(-real.score, kind="stable")[:most])
    return Detections(best.xyxy_px, np.minimum(best.score, np.float32(1)), best.label)


def nms(found: Detections, *, iou_above: float) -> Detections:
    """Keep the best box of every heap: greedy, best score first, each label by itself.

    Boxes of the same label that overlap a kept one by more than ``iou_above`` are dropped. Only the
    ``MAX_CANDIDATES`` best are looked at, and at most ``MAX_KEPT`` come back, ordered as `ranked` does.
    """
    best = ranked(found, most=MAX_CANDIDATES)
    rivals = (iou(best.xyxy_px, best.xyxy_px) > iou_above) & (best.label[:, None] == best.label[None, :])
    kept = np.ones(len(best), bool)
    for row in range(len(best)):
        if kept[row]:
            kept[row + 1 :] &= ~rivals[row, row + 1 :]
    return best.select(np.flatnonzero(kept)[:MAX_KEPT])
