"""NanoDet's output in numbers: class logits and distance logits per cell into boxes.

Owns the decoding for NanoDet (RangiLyu, 2020; boxes as in Generalized Focal Loss, Li et al., 2020).

For each stride s in 8, 16, 32 the network gives, per cell (row i, column j) of H/s by W/s:

    classes_s    (1, C, H/s, W/s)    logits, one per class
    distances_s  (1, 44, H/s, W/s)   left, top, right, bottom; 11 logits each, over 0..10 strides

    x = (j + 0.5) s      left edge = x - s * E[left],  E = sum(k * softmax(logits)_k)

The input is BGR minus (103.53, 116.28, 123.675) over (57.375, 57.12, 58.395), letterboxed top left on black.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from vision.detections import Detections, nms
from vision.outputs import Array, Outputs, Shape, SizePx, Wanted, surest

STRIDES = (8, 16, 32)
BINS = 11
SIDE_PX = 416
NMS_IOU = 0.5


def shapes(labels: int, input_size_px: SizePx) -> Mapping[str, Shape]:
    """What the outputs must look like for a picture of (width, height)."""
    width, height = input_size_px
    layout: dict[str, Shape] = {}
    for stride in STRIDES:
        layout[f"classes_{stride}"] = (1, labels, height // stride, width // stride)
        layout[f"distances_{stride}"] = (1, 4 * BINS, height // stride, width // stride)
    return layout


def decode(outputs: Outputs, wanted: Wanted) -> Detections:
    """Boxes of ``classes`` in the input's pixels, best first, after suppression of doubles."""
    threshold = _logit(wanted.threshold)
    heaps = [heap for stride in STRIDES if (heap := _heap(outputs, wanted, stride, threshold=threshold)) is not None]
    if not heaps:
        return Detections.empty()
    distances, centres, logits, labels = (np.concatenate(parts) for parts in zip(*heaps, strict=True))
    return nms(Detections(_boxes(distances, centres), _sigmoid(logits), labels), iou_above=NMS_IOU)


def _heap(
    outputs: Outputs, wanted: Wanted, stride: int, *, threshold: float
) -> tuple[Array, Array, NDArray[np.float32], Array] | None:
    """Cells of one stride that reach the threshold: distance logits (N, 44), centre and stride (N, 3), logit, label."""
    logits, distances = outputs[f"classes_{stride}"][0], outputs[f"distances_{stride}"][0]
    cells, logit, label = surest(logits.reshape(len(logits), -1), wanted.classes, threshold=threshold)
    if not len(cells):
        return None
    rows, columns = np.divmod(cells, logits.shape[2])
    centres = np.stack([(columns + 0.5) * stride, (rows + 0.5) * stride, np.full(len(cells), stride)], axis=1)
    return distances[:, rows, columns].T, centres, logit, label


def _boxes(logits: Array, centres: Array) -> NDArray[np.float32]:
    """(N, 44) distance logits of N cells as (N, 4) boxes."""
    shares = logits.reshape(-1, 4, BINS)
    shares = np.exp(shares - shares.max(axis=2, keepdims=True))
    expected = shares @ np.arange(BINS, dtype=np.float32) / shares.sum(axis=2) * centres[:, 2:]
    return np.concatenate([centres[:, :2] - expected[:, :2], centres[:, :2] + expected[:, 2:]], axis=1).astype(
        np.float32
    )


def _sigmoid(logits: Array) -> NDArray[np.float32]:
    return np.asarray(1 / (1 + np.exp(-logits)), np.float32)


def _logit(share: float) -> float:
    return float(np.log(share / (1 - share)))
