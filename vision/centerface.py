"""CenterFace's output in numbers: a heat map of face centres and their sizes into boxes.

Owns the decoding for CenterFace (Xu et al., 2019, Star-Clouds).

The network takes RGB in 0..255 and gives, per cell (row i, column j) of H/4 by W/4:

    heat    (1, 1, H/4, W/4)   how sure, 0..1
    size    (1, 2, H/4, W/4)   log of height, log of width, in cells
    offset  (1, 2, H/4, W/4)   where in the cell the centre lies: down, right

    y = (i + offset_0 + 0.5) * 4      height = exp(size_0) * 4
"""

from collections.abc import Mapping

import numpy as np

from vision.detections import Detections, nms
from vision.outputs import Outputs, Shape, SizePx, Wanted, corners

STRIDE = 4
SIDE_PX = 448
NMS_IOU = 0.3
_LARGEST_LOG = 12.0


def shapes(labels: int, input_size_px: SizePx) -> Mapping[str, Shape]:
    """What the outputs must look like for a picture of (width, height)."""
    cells = (input_size_px[1] // STRIDE, input_size_px[0] // STRIDE)
    return {"heat": (1, labels, *cells), "size": (1, 2, *cells), "offset": (1, 2, *cells)}


def decode(outputs: Outputs, wanted: Wanted) -> Detections:
    """Faces in the input's pixels, best first, after suppression of doubles."""
    heat = outputs["heat"][0, 0]
    rows, columns = np.nonzero(heat >= wanted.threshold)
    size = np.exp(np.minimum(outputs["size"][0][:, rows, columns], _LARGEST_LOG)) * STRIDE
    offset = outputs["offset"][0][:, rows, columns]
    y, x = (rows + offset[0] + 0.5) * STRIDE, (columns + offset[1] + 0.5) * STRIDE
    boxes = corners(x, y, size[1], size[0])
    found = Detections(boxes, heat[rows, columns].astype(np.float32), np.full(len(rows), wanted.classes[0], np.int64))
    return nms(found, iou_above=NMS_IOU)
