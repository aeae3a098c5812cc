"""RT-DETR's output in numbers, as Ultralytics exported it until 2025: the scores of all classes.

Owns the decoding of one output, any name, of a picture with C classes and K guesses::

    (1, K, 4 + C)    centre x, centre y, width, height as shares of the input; one score per class, 0..1

As for `vision.rtdetr`, nothing is suppressed, and the input is RGB over 255, stretched to a square.
"""

from collections.abc import Mapping

import numpy as np

from vision.detections import Detections, ranked
from vision.outputs import ANY_NAME, Outputs, Shape, SizePx, Wanted, corners, surest, the_output

SIDE_PX = 640


def shapes(labels: int, _input_size_px: SizePx) -> Mapping[str, Shape]:
    """What the outputs must look like."""
    return {ANY_NAME: (1, None, 4 + labels)}


def decode(outputs: Outputs, wanted: Wanted) -> Detections:
    """Boxes of ``classes`` in the input's pixels, best first."""
    columns = the_output(outputs)[0].T
    guesses, score, label = surest(columns[4:], wanted.classes, threshold=wanted.threshold)
    sides = np.array(wanted.input_size_px * 2, np.float32)
    return ranked(Detections(corners(*columns[:4, guesses]) * sides, score, label))
