"""YOLO's output in numbers, as Ultralytics exports YOLOv8, YOLO11 and YOLO12 without suppression.

Owns the decoding of one output, any name, of a picture with C classes and N cells over all strides::

    (1, 4 + C, N)    rows 0..3: centre x, centre y, width, height in the input's pixels
                     rows 4..:  one score per class, 0..1 (the sigmoid is in the graph)

The input is RGB over 255, letterboxed in the middle on grey 114 (Ultralytics, `LetterBox`).
"""

from collections.abc import Mapping

from vision.detections import Detections, nms
from vision.outputs import ANY_NAME, Outputs, Shape, SizePx, Wanted, corners, surest, the_output

SIDE_PX = 640
NMS_IOU = 0.7


def shapes(labels: int, _input_size_px: SizePx) -> Mapping[str, Shape]:
    """What the outputs must look like; the number of cells is left open, since some networks have a fourth stride."""
    return {ANY_NAME: (1, 4 + labels, None)}


def decode(outputs: Outputs, wanted: Wanted) -> Detections:
    """Boxes of ``classes`` in the input's pixels, best first, after suppression of doubles."""
    rows = the_output(outputs)[0]
    cells, score, label = surest(rows[4:], wanted.classes, threshold=wanted.threshold)
    return nms(Detections(corners(*rows[:4, cells]), score, label), iou_above=NMS_IOU)
