"""How found boxes are compared with true ones: one to one by overlap, and the count of a picture.

precision  share of found boxes that match a true one of their own, overlap at least 0.5
recall     share of true boxes that are matched
count      mean over pictures of |found - true| / true
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vision.detections import Detections, iou

OVERLAP = 0.5


@dataclass(frozen=True, slots=True)
class Score:
    """What a detector reaches on a set of pictures at one threshold."""

    threshold: float
    precision: float
    recall: float
    count_error: float

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return 2 * self.precision * self.recall / max(self.precision + self.recall, 1e-9)


def matched(found: Detections, truth: NDArray[np.float32], *, overlap: float = OVERLAP) -> int:
    """How many found boxes take a true box: best score first, each takes the free one it overlaps most."""
    if not len(found) or not len(truth):
        return 0
    shares = iou(found.xyxy_px, truth)
    free = np.ones(len(truth), bool)
    hits = 0
    for row in np.argsort(-found.score, kind="stable"):
        best = int(np.argmax(np.where(free, shares[row], -1.0)))
        if free[best] and shares[row, best] >= overlap:
            free[best] = False
            hits += 1
    return hits


def score(found: Sequence[Detections], truths: Sequence[NDArray[np.float32]], *, threshold: float) -> Score:
    """Precision and recall over all pictures together, and the mean count error of one."""
    kept = [one.at_least(threshold) for one in found]
    hits = sum(matched(one, truth) for one, truth in zip(kept, truths, strict=True))
    shown, real = sum(len(one) for one in kept), sum(len(truth) for truth in truths)
    errors = [abs(len(one) - len(truth)) / max(len(truth), 1) for one, truth in zip(kept, truths, strict=True)]
    return Score(threshold, hits / max(shown, 1), hits / max(real, 1), float(np.mean(errors)))


def best_threshold(
    found: Sequence[Detections], truths: Sequence[NDArray[np.float32]], *, thresholds: Sequence[float]
) -> Score:
    """The score at the threshold where precision and recall together (F1) are highest."""
    return max((score(found, truths, threshold=at) for at in thresholds), key=lambda one: one.f1)
