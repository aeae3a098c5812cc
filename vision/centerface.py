"""CenterFace's output in numbers: a heat map of face centres and their sizes into boxes.

Owns the decoding and the input constants of CenterFace (Xu et al., 2019, Star-Clouds). Opens no file.

The network takes RGB in 0..255 and gives, per cell (row i, column j) of H/4 by W/4:

    heat    (1, 1, H/4, W/4)   how sure, 0..1
    size    (1, 2, H/4, W/4)   log of height, log of width, in cells
    offset  (1, 2, H/4, W/4)   where in the cell the centre lies: down, right

    y = (i + offset_0 + 0.5) * 4      height = exp(size_0) * 4
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vision.detections import Detections, nms

INPUT = "picture"
STRIDE = 4
SIDE_PX = 448
MULTIPLE_OF = 32
NMS_IOU = 0.3
FACE = 0

_Array = NDArray[Any]


def normalise(picture_bgr: NDArray[np.uint8]) -> NDArray[np.float32]:
    """uint8 (H, W, 3), BGR, as the network's float32 (1, 3, H, W), RGB, 0..255."""
    return np.ascontiguousarray(picture_bgr[:, :, ::-1].transpose(2, 0, 1)[None], np.float32)


def decode(outputs: Mapping[str, _Array], *, threshold: float) -> Detections:
    """Faces in the input's pixels, best first, after suppression of doubles.

    Raises:
        KeyError: an output is missing: these are not CenterFace's weights.
    """
    heat = outputs["heat"][0, 0]
    rows, columns = np.nonzero(heat >= threshold)
    size = np.exp(outputs["size"][0][:, rows, columns]) * STRIDE
    offset = outputs["offset"][0][:, rows, columns]
    y, x = (rows + offset[0] + 0.5) * STRIDE, (columns + offset[1] + 0.5) * STRIDE
    half_height, half_width = size[0] / 2, size[1] / 2
    boxes = np.stack([x - half_width, y - half_height, x + half_width, y + half_height], axis=1).astype(np.float32)
    found = Detections(boxes, heat[rows, columns].astype(np.float32), np.full(len(rows), FACE, np.int64))
    return nms(found, iou_above=NMS_IOU)
