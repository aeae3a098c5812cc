"""NanoDet's output in numbers: class logits and distance logits per cell into boxes.

Owns the decoding and the pre-processing constants of NanoDet (RangiLyu, 2020; boxes as in Generalized Focal Loss,
Li et al., 2020). Opens no file and knows no session.

For each stride s in 8, 16, 32 the network gives, per cell (row i, column j) of H/s by W/s:

    classes_s    (1, 80, H/s, W/s)   logits, one per COCO class
    distances_s  (1, 44, H/s, W/s)   left, top, right, bottom; 11 logits each, over 0..10 strides

    x = (j + 0.5) s      left edge = x - s * E[left],  E = sum(k * softmax(logits)_k)
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vision.detections import Detections, nms

INPUT = "picture"
STRIDES = (8, 16, 32)
BINS = 11
SIDE_PX = 416
MULTIPLE_OF = 32
MEAN_BGR = (103.53, 116.28, 123.675)
STD_BGR = (57.375, 57.12, 58.395)
NMS_IOU = 0.5
PERSON = 0

_Array = NDArray[Any]


def normalise(picture_bgr: NDArray[np.uint8]) -> NDArray[np.float32]:
    """uint8 (H, W, 3), BGR, as the network's float32 (1, 3, H, W)."""
    planes = np.ascontiguousarray(picture_bgr.transpose(2, 0, 1)[None]).astype(np.float32)
    planes -= np.array(MEAN_BGR, np.float32).reshape(1, 3, 1, 1)
    planes /= np.array(STD_BGR, np.float32).reshape(1, 3, 1, 1)
    return planes


def decode(outputs: Mapping[str, _Array], *, threshold: float, label: int = PERSON) -> Detections:
    """Boxes of one class in the input's pixels, best first, after suppression of doubles.

    Raises:
        KeyError: an output is missing: these are not NanoDet's weights.
    """
    boxes, scores = [], []
    for stride in STRIDES:
        logits = outputs[f"classes_{stride}"][0, label]
        rows, columns = np.nonzero(logits >= _logit(threshold))
        boxes.append(_boxes(outputs[f"distances_{stride}"][0][:, rows, columns], rows, columns, stride))
        scores.append(_sigmoid(logits[rows, columns]))
    score = np.concatenate(scores)
    found = Detections(np.concatenate(boxes), score, np.full(len(score), label, np.int64))
    return nms(found, iou_above=NMS_IOU)


def _boxes(logits: _Array, rows: _Array, columns: _Array, stride: int) -> NDArray[np.float32]:
    """(44, N) distance logits of N cells as (N, 4) boxes."""
    shares = logits.reshape(4, BINS, -1)
    shares = np.exp(shares - shares.max(axis=1, keepdims=True))
    expected = np.einsum("sbn,b->ns", shares / shares.sum(axis=1, keepdims=True), np.arange(BINS)) * stride
    x, y = (columns + 0.5) * stride, (rows + 0.5) * stride
    edges = [x - expected[:, 0], y - expected[:, 1], x + expected[:, 2], y + expected[:, 3]]
    return np.stack(edges, axis=1).astype(np.float32)


def _sigmoid(logits: _Array) -> NDArray[np.float32]:
    return np.asarray(1 / (1 + np.exp(-logits)), np.float32)


def _logit(share: float) -> float:
    return float(np.log(share / (1 - share)))
