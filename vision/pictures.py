"""Picture operations of the gate and the shelf: shrinking, light-proof features, differences, blobs, patches.

Owns every OpenCV call between a grabbed frame and the rules; holds no state, no time and no threshold of a
decision. Colour pictures are uint8 (H, W, 3) BGR; features and fields are float32.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Field = NDArray[np.float32]
Mask = NDArray[np.bool_]
Quad = NDArray[np.float32]
Box = tuple[slice, slice]
"""Rows and columns of a picture."""

_LOG_FLOOR = 16.0  # grey levels: below it the sensor's noise, not the shop, makes the logarithm
_LOGS = np.log(np.arange(256, dtype=np.float32) + np.float32(_LOG_FLOOR))
_LUMA_AND_COLOUR = np.array([[0.25, 0.5, 0.25], [1.0, -1.0, 0.0], [0.0, -1.0, 1.0]], np.float32)
_SMALL_WIDTH_PX = 240
_TILE_PX = 16
_TILE_COLUMNS = 32
_MOST_FORGIVEN, _LEAST_CHANGE = 2.5, 3.0  # grey levels
_FLAT_SIZE = 1e-3  # below it the products are rounding errors of the transform
_TRIM_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Blob:
    """One connected patch of a mask: its label in the label picture and its area."""

    label: int
    area_px: int


def shrink(image_bgr: Picture) -> Picture:
    """Halve the picture by area until another halving would leave less than 240 columns.

    Halving has a fast exact path in OpenCV: 0.4 ms for 1280x720 against 1.5 ms for one resize to 256 columns.
    """
    small = image_bgr
    while small.shape[1] >= 2 * _SMALL_WIDTH_PX:
        size = (small.shape[1] // 2, small.shape[0] // 2)
        small = np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_AREA), np.uint8)
    return small


def features(small_bgr: Picture) -> Field:
    """Light-proof features (H, W, 3): log luma and two log colour ratios, each smoothed over 3x3 pixels.

    A lamp that dims multiplies all channels: it shifts the first by a constant and leaves the others alone.
    """
    smooth = cv2.blur(small_bgr, (3, 3))
    return np.asarray(cv2.transform(cv2.LUT(smooth, _LOGS), _LUMA_AND_COLOUR), np.float32)


def rough_tile_means(sample_bgr: Picture) -> Field:
    """Features of means over tiles of about 8x8 pixels of a sparse sample, (rows, columns, 3): a tenth of the time."""
    height, width, _ = sample_bgr.shape
    size = (max(2 * width // _TILE_PX, 3), max(2 * height // _TILE_PX, 3))
    means = cv2.resize(sample_bgr, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.transform(cv2.LUT(means, _LOGS), _LUMA_AND_COLOUR), np.float32)


def tile_means(features: Field) -> Field:
    """Means over tiles of about 16x16 pixels, (rows, columns, 3)."""
    height, width, _ = features.shape
    size = (max(width // _TILE_PX, 3), max(height // _TILE_PX, 3))
    return np.asarray(cv2.resize(features, size, interpolation=cv2.INTER_AREA), np.float32)


def light_step(now_tiles: Field, before_tiles: Field) -> Field:
    """One number per feature, (3,): what the light did to the picture as a whole, by the median tile."""
    return np.asarray(np.median((now_tiles - before_tiles).reshape(-1, 3), axis=0), np.float32)


def light_plane(now_tiles: Field, before_tiles: Field, shape: tuple[int, int]) -> Field:
    """The smooth part of a change, (H, W, 3): a plane per feature, fitted to the tiles without the odd ones.

    Least trimmed squares: things that move or vanish are outliers, a lamp is not.
    """
    rows, columns, _ = now_tiles.shape
    tiles = (now_tiles - before_tiles).reshape(-1, 3).astype(np.float64)
    design = _design(rows, columns)
    fitted = np.zeros((3, 3))
    fitted[0] = np.median(tiles, axis=0)
    for _ in range(_TRIM_ROUNDS):
        odd = np.abs(tiles - design @ fitted).max(axis=1)
        limit = max(float(np.partition(odd, int(0.6 * len(odd)))[int(0.6 * len(odd))]), 0.02)
        kept = design[odd <= limit]
        fitted = np.linalg.solve(kept.T @ kept + 1e-6 * np.eye(3), kept.T @ tiles[odd <= limit])
    return np.asarray(_design(*shape, dtype="float32") @ fitted.astype(np.float32), np.float32).reshape(*shape, 3)


@lru_cache(maxsize=64)
def _design(rows: int, columns: int, *, dtype: str = "float64") -> NDArray[Any]:
    """One row per place, from the top left: 1, its x and its y from -1 to 1."""
    ys, xs = np.meshgrid(np.linspace(-1, 1, rows), np.linspace(-1, 1, columns), indexing="ij")
    return np.column_stack((np.ones(rows * columns), xs.ravel(), ys.ravel())).astype(dtype)


def is_changed(now: Picture, before: Picture) -> bool:
    """Whether any tile of two sparse samples of one view differs by more than the sensor's noise, or all do.

    A tile of 16 pixels of noise of two levels differs by 2.5 and in 30 pictures by 5 at most; what changed for good
    adds its whole difference. So a tile counts from three levels above the mean change, of which no more than the
    noise of a good sensor is forgiven: light that changes all tiles alike is a change.
    """
    changes = tile_changes(now, before)
    noise = min(float(changes.mean()), _MOST_FORGIVEN)
    return float(changes.max()) > noise + _LEAST_CHANGE


def around_changes(now: Picture, before: Picture, shape: tuple[int, int], *, also: Mask, margin_px: int) -> Box | None:
    """The box of (height, width) pictures that holds every tile of two sparse samples that `is_changed` counts.

    It holds all of a mask ``also``, and a margin around both. None where there is neither.
    """
    changes = tile_changes(now, before)
    most = changes.max(axis=2) > min(float(changes.mean()), _MOST_FORGIVEN) + _LEAST_CHANGE
    boxes = []
    for mask in (most, also):
        left, top, width, height = cv2.boundingRect(mask.view(np.uint8))
        down, across = shape[0] / mask.shape[0], shape[1] / mask.shape[1]
        if width:
            boxes.append((top * down, left * across, (top + height) * down, (left + width) * across))
    if not boxes:
        return None
    tops, lefts, bottoms, rights = zip(*boxes, strict=True)
    return (
        slice(max(int(min(tops)) - margin_px, 0), min(int(max(bottoms)) + 1 + margin_px, shape[0])),
        slice(max(int(min(lefts)) - margin_px, 0), min(int(max(rights)) + 1 + margin_px, shape[1])),
    )


def tile_changes(now: Picture, before: Picture) -> Picture:
    """Mean change of each tile of two sparse samples in grey levels, (rows, columns, 3), to a level.

    Tiles are what is left by halving, OpenCV's fast path, until another halving would leave less than 32 columns:
    16x16 pixels of a picture of 640x480. Some 20 us.
    """
    change = cv2.absdiff(now, before)
    while change.shape[1] >= 2 * _TILE_COLUMNS:
        half = (change.shape[1] // 2, max(change.shape[0] // 2, 1))
        change = cv2.resize(change, half, interpolation=cv2.INTER_AREA)
    return np.asarray(change, np.uint8)


def difference(now: Field, before: Field, light: Field) -> Field:
    """How unlike two feature pictures (H, W, 3) are, (H, W), about 1.0 where a thing is sure to have changed.

    ``light`` is taken off first: (H, W, 3) or (3,). A brightness step counts by its sharp part more than by its
    soft part (a shadow is soft), a colour step by itself. Places with strong edges are forgiven more: there a shift
    of half a pixel looks like a change.
    """
    delta = np.asarray(cv2.subtract(now, before), np.float32)
    if light.ndim == 3:
        delta -= light
    luma, blue, red = (_plane(delta, n) for n in range(3))
    if light.ndim == 1:  # a number a plane: a tenth of the time of one a pixel's channel
        for plane, step in zip((luma, blue, red), light, strict=True):
            plane -= step
    score = np.asarray(cv2.absdiff(luma, cv2.blur(luma, (25, 25))), np.float32)
    score *= np.float32(1 / 0.16)
    for plane, whole in ((blue, 0.11), (red, 0.11), (luma, 0.45)):
        size = np.abs(plane, out=plane)
        size *= np.float32(1 / whole)
        cv2.max(score, size, dst=score)
    forgiven = _edge_strength(_plane(before, 0))
    forgiven *= np.float32(2.0)
    forgiven += np.float32(1.0)
    np.divide(score, forgiven, out=score)
    return np.asarray(cv2.blur(score, (3, 3)), np.float32)


def _plane(features: Field, number: int) -> Field:
    return np.asarray(cv2.extractChannel(features, number), np.float32)


def noise_level(score: Field) -> float:
    """Median of a difference: what the sensor and the codec do where nothing happens."""
    return float(np.median(score[::4, ::4]))


def without_specks(mask: Mask, *, min_area_px: int) -> Mask:
    """The mask without connected patches smaller than ``min_area_px``."""
    left, top, width, height = cv2.boundingRect(mask.view(np.uint8))
    if not width:
        return mask
    whole = mask.copy()
    kept = whole[top : top + height, left : left + width]
    _, labels, stats = _patches(np.ascontiguousarray(kept))
    small = np.flatnonzero(stats[:, cv2.CC_STAT_AREA] < min_area_px)
    for label in small:
        left, top, width, height, _ = stats[label]
        patch = (slice(top, top + height), slice(left, left + width))
        kept[patch][labels[patch] == label] = False
    return whole


def _patches(mask: Mask) -> tuple[int, NDArray[np.int32], NDArray[np.int32]]:
    """How many labels, the label picture and the statistics; the algorithm is the fastest of OpenCV's here."""
    count, labels, stats, _ = cv2.connectedComponentsWithStatsWithAlgorithm(
        mask.view(np.uint8), 8, cv2.CV_32S, cv2.CCL_GRANA
    )
    return count, np.asarray(labels, np.int32), np.asarray(stats, np.int32)


def _edge_strength(luma: Field) -> Field:
    kernel = np.ones((3, 3), np.uint8)
    return np.asarray(cv2.subtract(cv2.dilate(luma, kernel), cv2.erode(luma, kernel)), np.float32)


def close_gaps(mask: Mask, *, radius_px: int) -> Mask:
    """Join pieces of a mask that lie less than twice the radius apart."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius_px + 1, 2 * radius_px + 1))
    return np.asarray(cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, kernel) > 0)


def blobs(mask: Mask, *, min_area_px: int) -> tuple[NDArray[np.int32], list[Blob]]:
    """Label picture and the connected patches of at least ``min_area_px``."""
    count, labels, stats = _patches(mask)
    areas = stats[:, cv2.CC_STAT_AREA]
    return labels, [Blob(label, int(areas[label])) for label in range(1, count) if areas[label] >= min_area_px]


def fill_polygon(shape: tuple[int, int], points_px: NDArray[np.float32]) -> Mask:
    """Mask of (height, width) whose pixels in the polygon (N, 2) are set; parts outside are cut off."""
    canvas = np.zeros(shape, np.uint8)
    cv2.fillPoly(canvas, [np.round(points_px).astype(np.int32)], 1)
    return canvas > 0


def paint_polygons(image_bgr: Picture, polygons_px: Sequence[Field], colour_bgr: NDArray[np.float64]) -> None:
    """Paint polygons (N, 2) into the picture itself; parts outside are cut off."""
    for corners in polygons_px:
        cv2.fillPoly(image_bgr, [np.round(corners).astype(np.int32)], [float(level) for level in colour_bgr])


def grown(mask: Mask, *, radius_px: int) -> Mask:
    """The mask and everything that lies at most so far from it, along rows and columns."""
    kernel = np.ones((2 * radius_px + 1, 2 * radius_px + 1), np.uint8)
    return np.asarray(cv2.dilate(mask.astype(np.uint8), kernel) > 0)


def rectify(image_bgr: Picture, quad_px: Quad, size_px: tuple[int, int]) -> Picture:
    """The quad (4, 2), clockwise from top left, as an upright picture of (width, height).

    The quad's surroundings are first made smaller by area where it is much larger than the patch, so that fine
    print does not alias into noise.
    """
    left, top = np.floor(quad_px.min(axis=0)).astype(int) - 2
    right, bottom = np.ceil(quad_px.max(axis=0)).astype(int) + 3
    left, top = max(left, 0), max(top, 0)
    crop = image_bgr[top:bottom, left:right]
    corners = quad_px - np.array([left, top], np.float32)
    wide = float(max(np.linalg.norm(corners[1] - corners[0]), np.linalg.norm(corners[2] - corners[3])))
    while wide >= 1.8 * size_px[0] and min(crop.shape[:2]) >= 4:
        half = (crop.shape[1] // 2, crop.shape[0] // 2)
        corners = (corners + 0.5) * np.array([half[0] / crop.shape[1], half[1] / crop.shape[0]], np.float32) - 0.5
        crop = np.asarray(cv2.resize(crop, half, interpolation=cv2.INTER_AREA), np.uint8)
        wide /= 2
    width, height = size_px
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) - 0.5
    transform = cv2.getPerspectiveTransform(corners.astype(np.float32), target)
    return np.asarray(
        cv2.warpPerspective(crop, transform, size_px, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def gradients(patch_bgr: Picture) -> Field:
    """Gradient (H, W, 4) of the log luma and of the two colour ratios' sum, x and y: blind to slow light."""
    smooth = cv2.GaussianBlur(patch_bgr, (0, 0), 1.0).astype(np.float32)
    logs = cv2.log(smooth + _LOG_FLOOR)
    luma = (logs[..., 0] + 2.0 * logs[..., 1] + logs[..., 2]) * 0.25
    colour = logs[..., 2] - logs[..., 0]
    parts: list[Any] = [
        cv2.Sobel(channel, cv2.CV_32F, dx, dy, scale=0.25) for channel in (luma, colour) for dx, dy in ((1, 0), (0, 1))
    ]
    return np.asarray(np.dstack(parts), np.float32)


def correlate(field: Field, template: Field, where: Field) -> Field:
    """Normalised correlation of a template (h, w, n) with every place in a larger field, -1..1; 0 where one is flat.

    ``where`` (h, w) weighs the template's pixels. Two plain correlations: a third of the time of OpenCV's masked one.
    """
    weighed = np.ascontiguousarray(template * where[..., None])
    shared = cv2.matchTemplate(np.ascontiguousarray(field), weighed, cv2.TM_CCORR)
    squares = np.einsum("ijk,ijk->ij", field, field)
    there = cv2.matchTemplate(squares, np.ascontiguousarray(where), cv2.TM_CCORR)
    size = np.sqrt(np.maximum(there, 0.0) * max(float(np.vdot(weighed, template)), 0.0))
    return np.asarray(np.clip(shared / np.maximum(size, _FLAT_SIZE), -1.0, 1.0), np.float32)


def spread(field: Field) -> Field:
    """Mean over 5x5 pixels."""
    return np.asarray(cv2.blur(np.ascontiguousarray(field), (5, 5)), np.float32)


def sparse_sample(image_bgr: Picture) -> Picture:
    """Every fourth pixel of every fourth row, (h, w, 3), not averaged: keeps the sensor's noise. 25 us for 640x480.

    The sides are cut to a multiple of 16 pixels, so that halving it takes OpenCV's fast path.
    """
    height, width = (max(side // 16 * 16, 4) for side in image_bgr.shape[:2])
    whole = image_bgr[:height, :width]
    return np.asarray(cv2.resize(whole, (width // 4, height // 4), interpolation=cv2.INTER_NEAREST), np.uint8)


def green_of(picture_bgr: Picture) -> Picture:
    """The green channel, (h, w)."""
    return np.asarray(cv2.extractChannel(picture_bgr, 1), np.uint8)


def mean_change(now: Picture, before: Picture) -> float:
    """Mean difference of two samples of one shape, in grey levels."""
    return float(cv2.norm(now, before, cv2.NORM_L1)) / now.size


def mean_size(field: Field) -> float:
    """Mean of a field's numbers, signs aside."""
    return float(cv2.norm(field, cv2.NORM_L1)) / field.size


def draw_to(known: Field, now: Field, weight: float, *, where: Mask | None = None) -> None:
    """Move a field itself towards another one of its shape, by a part of the way; only in a mask (H, W) if given."""
    cv2.accumulateWeighted(now, known, weight, None if where is None else where.view(np.uint8))


def halved(field: Field) -> Field:
    """Means over 2x2 pixels of a field (H, W, 2); an odd last row or column is left out."""
    height, width = field.shape[0] // 2 * 2, field.shape[1] // 2 * 2
    even = np.ascontiguousarray(field[:height, :width])
    return np.asarray(cv2.resize(even, (width // 2, height // 2), interpolation=cv2.INTER_AREA), np.float32)


def structure(small_bgr: Picture) -> Field:
    """Gradient of the grey picture in grey levels a pixel, (H, W, 2), smoothed; noise of a level is taken off."""
    grey = cv2.GaussianBlur(cv2.cvtColor(small_bgr, cv2.COLOR_BGR2GRAY), (5, 5), 1.2)
    both = cv2.merge(cv2.spatialGradient(grey))  # int16, in eighths of a level: half the bytes of what is returned
    both -= np.clip(both, -4, 4)
    levels = both.astype(np.float32)
    levels *= np.float32(0.125)
    return levels


def unit_vectors(field: Field, *, least: float) -> Field:
    """The vectors of a field (H, W, 2) at length 1, those that are not longer than ``least`` at 0."""
    across, down = cv2.split(field)
    size = cv2.magnitude(across, down)
    scale = (size > least) / np.maximum(size, np.float32(1e-6))
    return np.asarray(cv2.merge((across * scale, down * scale)), np.float32)


def mean_squares(field: Field, side_px: int) -> Field:
    """Mean squared length of the vectors of a field (H, W, 2) over tiles; what fills no tile is left out."""
    rows, columns = field.shape[0] // side_px, field.shape[1] // side_px
    used = field[: rows * side_px, : columns * side_px]
    means = cv2.resize(cv2.multiply(used, used), (columns, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(means[..., 0] + means[..., 1], np.float32)


def shift_surface(seen: Field, known: Field) -> Field:
    """How well a field of vectors (H, W, 2) lies on another one at every shift of it, (H, W), no shift at 0, 0.

    By Fourier transforms in single precision, a fifth of the time of NumPy's.
    """
    product = cv2.mulSpectrums(cv2.dft(seen), cv2.dft(known), 0, conjB=True)
    return np.asarray(cv2.idft(product, flags=cv2.DFT_SCALE)[..., 0], np.float32)


def moved_back(image_bgr: Picture, turn: complex, shift: complex) -> Picture:
    """The picture whose point ``p`` was seen at ``turn * p + shift``, in widths from the middle, x + iy.

    What was never seen at the rim repeats the rim. 0.3 ms for 640x480, 1 ms for 1280x720.
    """
    height, width = image_bgr.shape[:2]
    middle = complex(width - 1, height - 1) / 2
    moved = shift * width + middle - turn * middle
    seen_at = np.array([[turn.real, -turn.imag, moved.real], [turn.imag, turn.real, moved.imag]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpAffine(image_bgr, seen_at, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def fit_to(image_bgr: Picture, size_px: tuple[int, int]) -> Picture:
    """The picture in another size of (width, height)."""
    if (image_bgr.shape[1], image_bgr.shape[0]) == size_px:
        return image_bgr
    return np.asarray(cv2.resize(image_bgr, size_px, interpolation=cv2.INTER_AREA), np.uint8)
