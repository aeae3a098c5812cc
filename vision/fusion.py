"""The same boxes found at several sizes of one picture, as one set: what only one size saw counts for less.

Owns how they are matched and what their common score is. A box that is a pack is found again when the picture is a
little larger or smaller; what is chance is not (weighted boxes fusion, Solovyev et al., 2021, arXiv 1910.13302).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vision.detections import Detections, iou

SAME_FROM = 0.5
"""Overlap from which boxes of two sizes are one."""
_UNSEEN_SCORE = 0.1
"""What a size says of a box that it did not find: looks pass on nothing fainter than .15."""


def fuse(looks: Sequence[Detections]) -> Detections:
    """Boxes of several looks at one picture, all of one label, in its pixels: best first, doubles not suppressed.

    Each is the mean of those that are one, weighed by their scores; its score is the mean over all the looks.
    """
    boxes = np.concatenate([look.xyxy_px for look in looks])
    scores = np.concatenate([look.score for look in looks])
    source = np.repeat(np.arange(len(looks)), [len(look) for look in looks])
    order = np.argsort(-scores, kind="stable")
    heaps = _heaps(boxes[order], source[order], looks=len(looks))
    members = [order[heap] for heap in heaps]
    if not members:
        return Detections.empty()
    fused = np.array([np.average(boxes[heap], axis=0, weights=scores[heap]) for heap in members], np.float32)
    unseen = np.array([len(looks) - len(heap) for heap in members]) * _UNSEEN_SCORE
    score = (np.array([scores[heap].sum() for heap in members]) + unseen) / len(looks)
    best = np.argsort(-score, kind="stable")
    return Detections(fused[best], score[best].astype(np.float32), np.zeros(len(best), np.int64))


def _heaps(boxes: NDArray[np.float32], source: NDArray[np.int64], *, looks: int) -> list[list[int]]:
    """Rows that are one box, the best first: of each other look the free one that overlaps it most."""
    shares = iou(boxes, boxes)
    free = np.ones(len(boxes), bool)
    heaps = []
    for row in range(len(boxes)):
        if not free[row]:
            continue
        free[row] = False
        heap = [row]
        for look in set(range(looks)) - {int(source[row])}:
            fits = np.flatnonzero(free & (source == look) & (shares[row] > SAME_FROM))
            if len(fits):
                heap.append(int(fits[np.argmax(shares[row, fits])]))
                free[heap[-1]] = False
        heaps.append(heap)
    return heaps
