"""Turns a painted bay into what a camera and a JPEG make of it, and cuts training squares at the network's scale.

Two steps: `bend` once a bay (slanted view, squeezed aspect), `snap` for each training square (crop, low resolution,
blur, colour, noise, compression). Only `snap` is repeated on the same bay.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from scripts.shelf_training.colours import Picture, Rng, smooth_noise

Boxes = NDArray[np.float32]
USUAL_WIDTH_PX = 30.0
"""Width of a usual pack at the network's input that training aims at; 25 to 60 is asked of a camera's set-up."""
_LEFT_OF_BOX = 0.4


def bend(picture: Picture, boxes: Boxes, rng: Rng) -> tuple[Picture, Boxes]:
    """The bay seen from a little aside, above or below, and squeezed; boxes around their four moved corners."""
    rows, columns = picture.shape[:2]
    squeeze = float(np.exp(rng.normal(0, 0.16)))
    size = np.array([columns * squeeze, rows / squeeze])
    size *= min(1.0, 1050 / size.max())
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    moved = corners * size + rng.normal(0, 0.035, (4, 2)) * size
    if rng.random() < 0.25:  # from well aside: one upright edge is farther away
        far, shrink = int(rng.integers(2)), float(rng.uniform(0.05, 0.22)) * size[1]
        top, bottom = ((0, 3), (1, 2))[far]
        moved[top, 1] += shrink
        moved[bottom, 1] -= shrink
    inner_left, inner_top = np.maximum(moved[[0, 3], 0].max(), 0), np.maximum(moved[[0, 1], 1].max(), 0)
    inner_right, inner_bottom = moved[[1, 2], 0].min(), moved[[2, 3], 1].min()
    moved -= (inner_left, inner_top)
    wide, high = int(min(inner_right, size[0]) - inner_left), int(min(inner_bottom, size[1]) - inner_top)
    matrix = cv2.getPerspectiveTransform((corners * (columns, rows)).astype(np.float32), moved.astype(np.float32))
    bent = cv2.warpPerspective(picture, matrix, (wide, high), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(bent, np.uint8), _moved(boxes, matrix)


def _moved(boxes: Boxes, matrix: NDArray[np.float64]) -> Boxes:
    """Boxes through a perspective: halfway between the hull of the corners and the mean of opposite corners."""
    if not len(boxes):
        return boxes
    x0, y0, x1, y1 = boxes.T
    corners = np.stack([np.stack([x0, y0], 1), np.stack([x1, y0], 1), np.stack([x1, y1], 1), np.stack([x0, y1], 1)], 1)
    at = cv2.perspectiveTransform(corners.reshape(-1, 1, 2).astype(np.float64), matrix).reshape(-1, 4, 2)
    xs, ys = np.sort(at[..., 0], axis=1), np.sort(at[..., 1], axis=1)
    hull = np.stack([xs[:, 0], ys[:, 0], xs[:, 3], ys[:, 3]], 1)
    inner = np.stack([xs[:, 1], ys[:, 1], xs[:, 2], ys[:, 2]], 1)
    return np.asarray(hull * 0.6 + inner * 0.4, np.float32)


def snap(picture: Picture, boxes: Boxes, side_px: int, rng: Rng) -> tuple[Picture, Boxes]:
    """A square of ``side_px`` at the network's scale out of a bay, as a camera would have kept it."""
    usual = float(np.median(boxes[:, 2] - boxes[:, 0])) if len(boxes) else USUAL_WIDTH_PX
    wanted = float(np.clip(np.exp(rng.normal(np.log(USUAL_WIDTH_PX), 0.35)), 14, 80))
    scale = float(np.clip(wanted / max(usual, 1.0), side_px / min(picture.shape[:2]), 3.0))
    window = int(side_px / scale)
    x, y = (int(rng.integers(0, side - window + 1)) for side in (picture.shape[1], picture.shape[0]))
    cut = picture[y : y + window, x : x + window]
    blur = float(rng.choice([1.0, rng.uniform(1.0, 1.5), rng.uniform(1.4, 2.4)], p=[0.35, 0.3, 0.35]))
    kept = max(64, min(int(side_px / blur), int(window * 1.2)))
    small = np.asarray(cv2.resize(cut, (kept, kept), interpolation=cv2.INTER_AREA))
    shot = exposed(small, rng)
    way = cv2.INTER_LINEAR if rng.random() < 0.8 else cv2.INTER_CUBIC
    shot = np.asarray(cv2.resize(shot, (side_px, side_px), interpolation=way))
    placed = cropped((boxes - np.array([x, y, x, y], np.float32)) * (side_px / window), side_px)
    if rng.random() < 0.5:
        shot = np.ascontiguousarray(shot[:, ::-1])
        placed = np.stack([side_px - placed[:, 2], placed[:, 1], side_px - placed[:, 0], placed[:, 3]], 1)
    return shot, placed.astype(np.float32)


def cropped(boxes: Boxes, side_px: int) -> Boxes:
    """Boxes cut off at the square's edges; those of which too little is left, or too small to be seen, go."""
    inside = np.clip(boxes, 0, side_px)
    sides, whole = inside[:, 2:] - inside[:, :2], boxes[:, 2:] - boxes[:, :2]
    left = sides.prod(axis=1) / np.maximum(whole.prod(axis=1), 1e-6)
    return np.asarray(inside[(left > _LEFT_OF_BOX) & (sides.min(axis=1) >= 4)], np.float32)


def exposed(picture: Picture, rng: Rng) -> Picture:
    """Focus, motion, colour cast, contrast, glare, noise, sharpening and compression, each by chance."""
    shot = picture
    if rng.random() < 0.3:
        shot = np.asarray(cv2.GaussianBlur(shot, (0, 0), float(rng.uniform(0.3, 1.1))))
    if rng.random() < 0.1:
        shot = _shaken(shot, rng)
    shot = _developed(shot, rng)
    if rng.random() < 0.5:
        amount = float(rng.uniform(0.2, 1.2))
        shot = cv2.addWeighted(shot, 1 + amount, cv2.GaussianBlur(shot, (0, 0), 1.0), -amount, 0)
    quality = int(rng.integers(35, 96))
    return np.asarray(
        cv2.imdecode(cv2.imencode(".jpg", shot, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)
    )


def _shaken(picture: Picture, rng: Rng) -> Picture:
    length = int(rng.integers(2, 5))
    kernel = np.zeros((length, length), np.float32)
    if rng.random() < 0.5:
        kernel[length // 2] = 1 / length
    else:
        kernel[:, length // 2] = 1 / length
    return np.asarray(cv2.filter2D(picture, -1, kernel))


def _developed(picture: Picture, rng: Rng) -> Picture:
    """Exposure, contrast, saturation, white balance and sensor noise."""
    shot = picture.astype(np.float32)
    grey = shot.mean(axis=2, keepdims=True)
    shot = grey + (shot - grey) * float(rng.uniform(0.45, 1.15))
    shot *= rng.normal(1.0, 0.06, 3).astype(np.float32) * float(np.exp(rng.normal(0.1, 0.25)))
    shot = (shot - 110) * float(rng.uniform(0.6, 1.2)) + 110
    if rng.random() < 0.25:  # haze or lamps in the lens
        shot += (smooth_noise(rng, (shot.shape[0], shot.shape[1]), max(shot.shape) / 2)[..., None] + 0.6) * rng.uniform(
            0, 45
        )
    if rng.random() < 0.7:
        shot += rng.normal(0, rng.uniform(0.5, 9), shot.shape).astype(np.float32)
    curve = float(np.exp(rng.normal(0, 0.2)))
    return np.asarray(np.clip(255 * (np.clip(shot, 0, 255) / 255) ** curve, 0, 255), np.uint8)
