"""YOLO's output with the suppression already done: YOLO26 and YOLOv10, and YOLO11 exported with ``nms=True``.

Owns the decoding of one output, any name, K rows of which the last are padding::

    (1, K, 6)    left, top, right, bottom in the input's pixels, score 0..1, class

The input is as for `vision.yolo`.
"""

from collections.abc import Mapping

import numpy as np

from vision.detections import Detections, ranked
from vision.outputs import ANY_NAME, Outputs, Shape, SizePx, Wanted, the_output

SIDE_PX = 640


def shapes(_labels: int, _input_size_px: SizePx) -> Mapping[str, Shape]:
    """What the outputs must look like."""
    return {ANY_NAME: (1, None, 6)}


def decode(outputs: Outputs, wanted: Wanted) -> Detections:
    """Boxes of ``classes`` in the input's pixels, best first."""
    rows = the_output(outputs)[0]
    kept = rows[(rows[:, 4] >= wanted.threshold) & np.isin(rows[:, 5], wanted.classes)]
    return ranked(
        Detections(kept[:, :4].astype(np.float32), kept[:, 4].astype(np.float32), kept[:, 5].astype(np.int64))
    )
