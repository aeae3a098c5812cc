"""The outputs of D-FINE and of RT-DETR as their own projects export them, with the sorting in the graph.

Owns the decoding of three named outputs of K guesses::

    labels  (1, K)       class
    boxes   (1, K, 4)    left, top, right, bottom in pixels of ``orig_target_sizes``
    scores  (1, K)       0..1

A second input, ``orig_target_sizes`` (1, 2) int64: width, height, says what the boxes are multiplied by; we give it
the input's own size. The picture is RGB over 255, stretched to a square (D-FINE: Peng et al., 2024).
"""

from collections.abc import Mapping

import numpy as np

from vision.detections import Detections, ranked
from vision.outputs import Outputs, Shape, SizePx, Wanted

SIDE_PX = 640


def shapes(_labels: int, _input_size_px: SizePx) -> Mapping[str, Shape]:
    """What the outputs must look like."""
    return {"labels": (1, None), "boxes": (1, None, 4), "scores": (1, None)}


def decode(outputs: Outputs, wanted: Wanted) -> Detections:
    """Boxes of ``classes`` in the input's pixels, best first."""
    boxes, scores, labels = (outputs[name][0] for name in ("boxes", "scores", "labels"))
    kept = (scores >= wanted.threshold) & np.isin(labels, wanted.classes)
    return ranked(
        Detections(boxes[kept].astype(np.float32), scores[kept].astype(np.float32), labels[kept].astype(np.int64))
    )
