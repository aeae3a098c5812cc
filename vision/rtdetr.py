"""RT-DETR's output in numbers, as Ultralytics exports it (RT-DETR: Zhao et al., 2023).

Owns the decoding of one output, any name, of K guesses::

    (1, K, 6)    centre x, centre y, width, height as shares of the input; score 0..1; class

No two guesses are meant for one thing, so nothing is suppressed. The input is RGB over 255, stretched to a square.
"""

from collections.abc import Mapping

import numpy as np

from vision.detections import Detections, ranked
from vision.outputs import ANY_NAME, Outputs, Shape, SizePx, Wanted, corners, the_output

SIDE_PX = 640


def shapes(_labels: int, _input_size_px: SizePx) -> Mapping[str, Shape]:
    """What the outputs must look like."""
    return {ANY_NAME: (1, None, 6)}


def decode(outputs: Outputs, wanted: Wanted) -> Detections:
    """Boxes of ``classes`` in the input's pixels, best first."""
    rows = the_output(outputs)[0]
    kept = rows[(rows[:, 4] >= wanted.threshold) & np.isin(rows[:, 5], wanted.classes)]
    boxes = corners(*kept[:, :4].T) * np.array(wanted.input_size_px * 2, np.float32)
    return ranked(Detections(boxes, kept[:, 4].astype(np.float32), kept[:, 5].astype(np.int64)))
