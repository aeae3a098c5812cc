"""YOLOX's output in numbers, as its project exports it: raw, without the grid (Ge et al., 2021).

Owns the decoding of one output, any name, of a picture with C classes. The N cells go by stride s in 8, 16, 32, each
row by row, H/s by W/s of them::

    (1, N, 5 + C)    dx, dy, log w, log h; objectness 0..1; one score per class, 0..1

    centre = (column + dx, row + dy) s      size = (exp(log w), exp(log h)) s      score = objectness * class

The input is BGR as it is, 0..255, letterboxed top left on grey 114.
"""

from collections.abc import Mapping

import numpy as np

from vision.detections import Detections, nms
from vision.outputs import ANY_NAME, Array, Outputs, Shape, SizePx, Wanted, corners, surest, the_output

STRIDES = (8, 16, 32)
SIDE_PX = 640
NMS_IOU = 0.65
_LARGEST_LOG = 12.0
"""A box of more than 160,000 strides is no box; without a bound its size would overflow."""


def shapes(labels: int, input_size_px: SizePx) -> Mapping[str, Shape]:
    """What the outputs must look like for a picture of (width, height)."""
    width, height = input_size_px
    return {ANY_NAME: (1, sum((width // stride) * (height // stride) for stride in STRIDES), 5 + labels)}


def decode(outputs: Outputs, wanted: Wanted) -> Detections:
    """Boxes of ``classes`` in the input's pixels, best first, after suppression of doubles."""
    columns = the_output(outputs)[0].T
    cells, score, label = surest(columns[5:] * columns[4], wanted.classes, threshold=wanted.threshold)
    column, row, stride = (values[cells] for values in _grid(wanted.input_size_px))
    dx, dy, log_width, log_height = columns[:4, cells]
    width, height = (np.exp(np.minimum(log, _LARGEST_LOG)) * stride for log in (log_width, log_height))
    return nms(
        Detections(corners((column + dx) * stride, (row + dy) * stride, width, height), score, label), iou_above=NMS_IOU
    )


def _grid(input_size_px: tuple[int, int]) -> tuple[Array, Array, Array]:
    """Column, row and stride of each of the N cells."""
    width, height = input_size_px
    parts = []
    for stride in STRIDES:
        rows, columns = np.mgrid[0 : height // stride, 0 : width // stride]
        parts.append((columns.ravel(), rows.ravel(), np.full(rows.size, stride)))
    column, row, stride_px = (np.concatenate(values) for values in zip(*parts, strict=True))
    return column, row, stride_px
