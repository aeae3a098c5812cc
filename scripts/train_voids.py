"""Makes `vision/void_weights.json`: how likely a dark or plain patch of a shelf's picture is its bare back.

    python -m scripts.train_voids --bays 1200 --out vision/void_weights.json

Learns on rendered shelves alone (`scripts/shelf_training`), never on a photo. The truth is read off the renders: where
a compartment shows its back over nearly half its height, over a quarter of a pack's width. A patch is told by the
features of `vision.voids`; those of the product network are first brought to few by their principal components. The
perceptron has one hidden layer and is fitted by Adam in plain numpy.
"""

import argparse
import json
from collections.abc import Iterator
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.manifest import Manifest, read_manifest
from models.onnx_session import OnnxSession
from scripts.shelf_training import bay
from scripts.shelf_training.canvas import Canvas
from scripts.shelf_training.colours import Rng
from scripts.shelf_training.photo import bend, cropped, exposed
from scripts.shelf_training.stockroom import Stockroom
from vision.detections import iou
from vision.void_context import ProductEyes, pooled
from vision.void_maps import SIDE_PX, map_picture, patches
from vision.voids import told_of

DEFAULTS = Path(__file__).parents[1] / "models" / "defaults"
Array = NDArray[Any]
Box = tuple[int, int, int, int]
LEAST_FREE, LEAST_WIDTH, STEP = 0.45, 0.28, 0.3
HIDDEN = (32,)
NOISE, DROPPED, BATCH, RATE, DECAY = 0.2, 0.3, 512, 1e-3, 0.3
MAPPED = 107
"""Features from the maps come first; the last two of them say whether the picture cuts a patch left and right."""
COMPONENTS, BAYS_FOR_COMPONENTS = 32, 60
LITTLE, KEPT_OTHERS = 0.15, 0.25
"""Patches that overlap no void by more than this are thinned to this share, and weigh so much more."""
EVEN = 0.27
"""Output at which precision and recall on photos are about equal: the one number that photos decided."""
NETWORK = "shelf-products-int8"
NEAREST_SHARE = 0.6
"""Of a bay's sides: the smallest part of it that a picture shows."""
RENEWED, SHARES = 4, 8


class Compartments(Canvas):
    """A canvas that remembers its compartments and what was pasted over their backs."""

    def __init__(self, shape: tuple[int, int]) -> None:
        super().__init__(shape)
        self.solid = np.zeros(shape, bool)
        self.spaces: list[tuple[Box, float]] = []

    def open_space(self, box: Box, unit: float) -> None:
        left, top, right, bottom = (max(side, 0) for side in box)
        self.solid[top:bottom, left:right] = False
        self.spaces.append((box, unit))

    def paste(self, cutout: Array, left: int, top: int, *, counts: bool, hides: bool = True) -> None:
        super().paste(cutout, left, top, counts=counts, hides=hides)
        y0, x0 = max(top, 0), max(left, 0)
        window = self.solid[y0 : max(top + cutout.shape[0], 0), x0 : max(left + cutout.shape[1], 0)]
        rows, columns = window.shape
        window |= cutout[y0 - top : y0 - top + rows, x0 - left : x0 - left + columns, 3] > 127

    def cover(self, left: int, top: int, right: int, bottom: int) -> NDArray[np.uint8]:
        self.solid[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = True
        return super().cover(left, top, right, bottom)


def voids_of(canvas: Compartments, box: Box, unit: float) -> list[Box]:
    """Boxes of a compartment's bare places: runs of columns that are free from above to about one depth."""
    rows, columns = canvas.solid.shape
    left, top, right, bottom = max(box[0], 0), max(box[1], 0), min(box[2], columns), min(box[3], rows)
    if bottom - top < 12 or right - left < 8:
        return []
    window = canvas.solid[top:bottom, left:right]
    high = bottom - top
    first = np.where(window.any(axis=0), window.argmax(axis=0), high)
    reach = max(1, int(unit * 0.06))
    free = np.array([np.median(first[max(0, x - reach) : x + reach + 1]) for x in range(len(first))])
    found: list[Box] = []
    start = 0
    while start < len(free):
        end = start
        while end < len(free) and free[end] > LEAST_FREE * high and abs(free[end] - free[start]) < STEP * high:
            end += 1
        if end - start > LEAST_WIDTH * unit:
            found.append((left + start, top, left + end, top + int(np.median(free[start:end]))))
        start = max(end, start + 1)
    return found


def render(room: Stockroom, rng: Rng) -> tuple[NDArray[np.uint8], Array]:
    """One shelf or a part of it as a photo of `SIDE_PX`, and its voids (N, 4)."""
    made: list[Compartments] = []

    def canvas_of(shape: tuple[int, int]) -> Canvas:
        made.append(Compartments(shape))
        return made[-1]

    picture, _ = bay.render_bay(room, rng, canvas_of=canvas_of)
    canvas = made[-1]
    voids = [void for box, unit in canvas.spaces for void in voids_of(canvas, box, unit)]
    bent, moved = bend(picture, np.array(voids, np.float32).reshape(-1, 4), rng)
    share = float(rng.uniform(NEAREST_SHARE, 1.0))
    wide, high = int(bent.shape[1] * share), int(bent.shape[0] * share)
    x, y = int(rng.integers(bent.shape[1] - wide + 1)), int(rng.integers(bent.shape[0] - high + 1))
    small = cv2.resize(bent[y : y + high, x : x + wide], (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
    placed = (moved - np.array([x, y, x, y], np.float32)) * np.array([SIDE_PX / wide, SIDE_PX / high] * 2, np.float32)
    shown = exposed(np.asarray(small, np.uint8), rng) if rng.random() < 0.5 else _kept(small, rng)
    return shown, cropped(placed, SIDE_PX)


def _kept(picture: Array, rng: Rng) -> NDArray[np.uint8]:
    """The picture as a JPEG keeps it."""
    _, coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(60, 95))])
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)


def eyes_of(folder: Path) -> tuple[ProductEyes, Manifest]:
    """The product network that the weights will belong to."""
    manifest = read_manifest(folder / f"{NETWORK}.json")
    return ProductEyes(OnnxSession(folder / f"{NETWORK}.onnx"), manifest), manifest


def shelves(seed: int, count: int) -> Iterator[tuple[NDArray[np.uint8], Array]]:
    """``count`` pictures with their voids."""
    rng = np.random.default_rng([77, seed])
    room = Stockroom(rng)
    for number in range(count):
        if number % RENEWED == 0:
            room.renew(rng, RENEWED)
        yield render(room, rng)


def components(eyes: ProductEyes) -> tuple[Array, Array]:
    """Projection (K, C) and shift (K,) to the principal components of the network's features in patches."""
    rows = []
    for picture, _ in shelves(SHARES, BAYS_FOR_COMPONENTS):
        seen, found = eyes.look(picture), patches(map_picture(picture))
        channels = len(seen.features)
        rows.append(pooled(seen, found[:, :4], np.eye(channels), np.zeros(channels))[:, :channels])
    features = np.concatenate(rows)
    mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-3
    _, axes = np.linalg.eigh(np.cov(((features - mean) / spread).T))
    project = axes[:, ::-1][:, :COMPONENTS].T / spread
    return project, -project @ mean


def examples(given: tuple[int, int, Array, Array]) -> tuple[Array, Array]:
    """Features and best overlap with a void, of the patches of some bays; ``given`` is seed, count, projection."""
    seed, count, project, shift = given
    cv2.setNumThreads(1)
    eyes, _ = eyes_of(DEFAULTS)
    rng = np.random.default_rng([78, seed])
    features, overlaps = [], []
    for picture, truth in shelves(seed, count):
        maps = map_picture(picture)
        found = patches(maps)
        if not len(found):
            continue
        best = iou(found[:, :4], truth.astype(np.float32)).max(axis=1, initial=0.0)
        kept = (best > LITTLE) | (rng.random(len(best)) < KEPT_OTHERS)
        told = told_of(maps, found[kept], eyes.look(picture), project, shift)
        features.append(told.astype(np.float32))
        overlaps.append(best[kept])
    return np.concatenate(features), np.concatenate(overlaps)


def mirrored(features: Array) -> Array:
    """The features as the mirrored picture would have them: what is left and right changes places."""
    columns = np.arange(features.shape[1])
    for one, other in ((1, 2), (5, 6)):  # the near and the far strips, as `describe` orders its regions
        here, there = slice(8 * one - 2, 8 * one + 6), slice(8 * other - 2, 8 * other + 6)
        columns[here], columns[there] = columns[there].copy(), columns[here].copy()
    columns[[MAPPED - 2, MAPPED - 1]] = columns[[MAPPED - 1, MAPPED - 2]]
    return np.asarray(features[:, columns])


def fit(features: Array, overlaps: Array, *, epochs: int, seed: int) -> dict[str, Any]:
    """Fit by Adam with decoupled decay; the target rises from 0 to 1 between overlaps of .2 and .7."""
    rng = np.random.default_rng(seed)
    mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-3
    rows = np.clip((features - mean) / spread, -5, 5)
    wanted = np.clip((overlaps - 0.2) / 0.5, 0, 1)
    weight = np.where(overlaps > LITTLE, 1.0, 1 / KEPT_OTHERS)
    sizes = (rows.shape[1], *HIDDEN, 1)
    numbers = [rng.normal(0, (2 / a) ** 0.5, (a, b)) for a, b in pairwise(sizes)] + [np.zeros(b) for b in sizes[1:]]
    first, second = [np.zeros_like(n) for n in numbers], [np.zeros_like(n) for n in numbers]
    steps, step = epochs * (len(rows) // BATCH), 0
    for _ in range(epochs):
        order = rng.permutation(len(rows))
        for at in range(0, len(rows) - BATCH + 1, BATCH):
            chosen = order[at : at + BATCH]
            shown = rows[chosen] + NOISE * rng.standard_normal((BATCH, rows.shape[1]), np.float32)
            shown *= (rng.random(shown.shape, np.float32) > DROPPED) / (1 - DROPPED)
            step += 1
            rate = RATE * 0.5 * (1 + np.cos(np.pi * step / steps))
            slopes = _slopes(numbers, shown, wanted[chosen], weight[chosen])
            for n, slope in enumerate(slopes):
                first[n] = 0.9 * first[n] + 0.1 * slope
                second[n] = 0.99 * second[n] + 0.01 * slope**2
                stride = first[n] / (1 - 0.9**step) / (np.sqrt(second[n] / (1 - 0.99**step)) + 1e-8)
                numbers[n] -= rate * (stride + DECAY * numbers[n])
    half = len(HIDDEN) + 1
    pairs = [[_short(matrix), _short(bias)] for matrix, bias in zip(numbers[:half], numbers[half:], strict=True)]
    return {"mean": _short(mean), "spread": _short(spread), "layers": pairs, "even": EVEN}


def _slopes(numbers: list[Array], shown: Array, wanted: Array, weight: Array) -> list[Array]:
    """Gradients of the weighted cross-entropy, in the order of ``numbers``."""
    half = len(numbers) // 2
    values = [shown]
    for n in range(half):
        ahead = values[-1] @ numbers[n] + numbers[half + n]
        values.append(np.maximum(ahead, 0) if n < half - 1 else ahead)
    told = 1 / (1 + np.exp(-np.clip(values[-1][:, 0], -30, 30)))
    back = ((told - wanted) * weight / weight.sum())[:, None]
    slopes: list[Array] = [np.zeros(0)] * len(numbers)
    for n in reversed(range(half)):
        slopes[n], slopes[half + n] = values[n].T @ back, back.sum(axis=0)
        back = back @ numbers[n].T * (values[n] > 0)
    return slopes


def _short(values: Array) -> list[Any]:
    rounded: list[Any] = np.round(values, 4).tolist()
    return rounded


def main() -> None:
    """Render, describe, fit, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bays", type=int, default=1200)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    eyes, manifest = eyes_of(DEFAULTS)
    project, shift = components(eyes)
    shares = [(seed, given.bays // SHARES, project, shift) for seed in range(SHARES)]
    with get_context("spawn").Pool(given.processes) as pool:  # forked after threads have run, a child waits for ever
        parts = pool.map(examples, shares, chunksize=1)
    features, overlaps = (np.concatenate(part) for part in zip(*parts, strict=True))
    print(f"{len(features)} patches, {np.count_nonzero(overlaps > 0.5)} of them voids")
    turned = np.random.default_rng(0).random(len(features)) < 0.5
    features[turned] = mirrored(features[turned])
    fitted = fit(features, overlaps, epochs=given.epochs, seed=0)
    given.out.write_text(json.dumps(as_body(fitted, manifest, project, shift)) + "\n", encoding="utf-8")


def as_body(fitted: dict[str, Any], manifest: Manifest, project: Array, shift: Array) -> dict[str, Any]:
    """What the file holds, as `vision.voids.read_weights` takes it."""
    network = {"network": manifest.name, "network_sha256": manifest.sha256}
    return {**network, "project": _short(project), "shift": _short(shift), **fitted}


if __name__ == "__main__":
    main()
