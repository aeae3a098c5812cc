r"""What the product network knows of a patch: the products it finds around it, and its backbone's features there.

Owns how both are brought into numbers for `vision.voids`, which ranks patches. A void has products beside it at its
own height and on the boards above and below, and none inside; signs, walls and floors have not.

::

        column above        all of these, and the inside in halves, are shares covered by products;
           near             "row" reaches four packs to each side
      row l [patch] r row
           near
        column below
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from models.errors import ArtefactInvalidError
from models.manifest import Manifest
from vision import nanodet
from vision.detections import Boxes, area_px2
from vision.outputs import Wanted
from vision.picture_input import InputMaker
from vision.pictures import Field, Picture
from vision.void_maps import mean_in, sums

SIDE_PX = 640
"""Long side of the network's picture."""
OUTPUT, STRIDE = "features_8", 8
FAINTEST = 0.25
"""Score from which a product counts, in proportion to its score."""
RELATIONS = 32
_SAMPLES = 4
_SAME_HEIGHT = 0.35
_FAR_PACKS = 6.0
_Array = NDArray[np.float64]


class Session(Protocol):
    """A network ready to run. One thread at a time."""

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> Mapping[str, NDArray[Any]]:
        """Every output by name for the inputs by name; blocks for the network's time."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What the network gave for one picture."""

    products_px: Boxes
    """(M, 4) in the pixels of the picture that it was given."""
    score: NDArray[np.float32]
    features: Field
    """(C, h, w) of the backbone at stride 8."""
    cells_per_px: float
    """Cells of ``features`` in one pixel of the picture."""


class ProductEyes:
    """Looks at pictures with a product network whose outputs hold ``features_8``.

    Raises:
        ArtefactInvalidError: its manifest says nothing of pictures.
    """

    def __init__(self, session: Session, manifest: Manifest) -> None:
        if manifest.input is None:
            raise ArtefactInvalidError(f"{manifest.name}: these weights look at no pictures")
        self._session = session
        self._name = manifest.name
        self._maker = InputMaker(manifest.input, side_px=SIDE_PX)

    def look(self, image_bgr: Picture) -> Seen:
        """Products and features of uint8 (H, W, 3), BGR. Blocks for the network's time.

        Raises:
            ArtefactInvalidError: the weights give no such features.
        """
        plan = self._maker.plan((image_bgr.shape[1], image_bgr.shape[0]))
        outputs = self._session.run({"picture": self._maker.make(image_bgr, plan)})
        if OUTPUT not in outputs:
            raise ArtefactInvalidError(f"{self._name}: these weights give no {OUTPUT}")
        wanted = Wanted(threshold=FAINTEST, classes=(0,), input_size_px=plan.input_size_px)
        found = plan.restore(nanodet.decode(outputs, wanted))
        scale = plan.placed_size_px[0] / image_bgr.shape[1]
        return Seen(found.xyxy_px, found.score, outputs[OUTPUT][0], scale / STRIDE)


def pooled(seen: Seen, boxes: Boxes, project: _Array, shift: _Array) -> _Array:
    """Projected features (N, 6 K) of boxes (N, 4): upper and lower half, their deviation, sides, above, below.

    ``project`` is (K, C), ``shift`` (K,). Left and right are one, so that a mirrored shelf reads the same.
    """
    channels = seen.features.shape[0]
    flat = project @ seen.features.reshape(channels, -1) + shift[:, None]
    planes = flat.reshape(len(project), *seen.features.shape[1:])
    x0, y0, x1, y1 = (boxes.astype(np.float64) * seen.cells_per_px).T
    d = np.clip(0.5 * np.minimum(x1 - x0, y1 - y0), 1.0, 3.0)
    inside = _grid(planes, (x0, y0, x1, y1), _SAMPLES, _SAMPLES)
    half = _SAMPLES // 2
    left, right = (_grid(planes, box, 1, 3).mean((2, 3)) for box in ((x0 - d, y0, x0, y1), (x1, y0, x1 + d, y1)))
    above, below = (_grid(planes, box, 3, 1).mean((2, 3)) for box in ((x0, y0 - d, x1, y0), (x0, y1, x1, y1 + d)))
    upper, lower = inside[:, :, :half].mean((2, 3)), inside[:, :, half:].mean((2, 3))
    return np.concatenate([upper, lower, inside.std((2, 3)), (left + right) / 2, above, below]).T


def _grid(planes: _Array, box: tuple[_Array, _Array, _Array, _Array], across: int, down: int) -> _Array:
    """Bilinear samples (K, N, down, across) of planes (K, h, w) in N boxes, in cells whose middles are at a half."""
    x0, y0, x1, y1 = box
    _, height, width = planes.shape
    x = x0[:, None] + (x1 - x0)[:, None] * (np.arange(across) + 0.5) / across - 0.5
    y = y0[:, None] + (y1 - y0)[:, None] * (np.arange(down) + 0.5) / down - 0.5
    x, y = np.clip(x, 0, width - 1), np.clip(y, 0, height - 1)
    left, top = np.minimum(x.astype(int), max(width - 2, 0)), np.minimum(y.astype(int), max(height - 2, 0))
    right, bottom = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    dx, dy = (x - left)[:, None, :], (y - top)[:, :, None]
    rows, lows, columns, rights = top[:, :, None], bottom[:, :, None], left[:, None, :], right[:, None, :]
    upper = planes[:, rows, columns] * (1 - dx) + planes[:, rows, rights] * dx
    lower = planes[:, lows, columns] * (1 - dx) + planes[:, lows, rights] * dx
    return np.asarray(upper * (1 - dy) + lower * dy)


def relations(seen: Seen, boxes: Boxes, size_px: tuple[int, int]) -> _Array:
    """How boxes (N, 4) stand to the products of a picture of (width, height), as (N, `RELATIONS`).

    Lengths are in usual packs. Zeros where no product is seen.
    """
    if not len(seen.score) or not len(boxes):
        return np.zeros((len(boxes), RELATIONS))
    usual = np.maximum(np.median(seen.products_px[:, 2:] - seen.products_px[:, :2], axis=0).astype(np.float64), 2.0)
    told = [
        *_overlap(seen, boxes),
        *_cover(seen, boxes, usual, size_px),
        *_beside(seen, boxes, usual),
        *_stacked(seen, boxes, usual),
    ]
    sides = (boxes[:, 2:] - boxes[:, :2]).astype(np.float64)
    whole = [np.log(usual[0] / 20), np.log(usual[1] / usual[0]), min(len(seen.score) / 100, 2.0)]
    told += [*np.log(sides / usual).T, *(np.full(len(boxes), value) for value in whole)]
    return np.stack(told, axis=1)


def _overlap(seen: Seen, boxes: Boxes) -> list[_Array]:
    """Best overlap with a product, the most of one product that lies inside, and the sum of both's shares."""
    products = seen.products_px
    low, high = (
        np.maximum(boxes[:, None, :2], products[None, :, :2]),
        np.minimum(boxes[:, None, 2:], products[None, :, 2:]),
    )
    shared = np.maximum(high - low, 0).prod(axis=2).astype(np.float64)
    own, theirs = area_px2(boxes)[:, None], area_px2(products)[None]
    best = (shared / (own + theirs - shared) * seen.score).max(axis=1)
    inside = (shared / theirs * seen.score).max(axis=1)
    return [best, inside, np.minimum((shared * seen.score).sum(axis=1) / own[:, 0], 2.0)]


def _cover(seen: Seen, boxes: Boxes, usual: _Array, size_px: tuple[int, int]) -> list[_Array]:
    """Shares covered by products inside and around, see the drawing above."""
    plane = np.zeros((size_px[1], size_px[0]), np.float32)
    for row in np.argsort(seen.score, kind="stable"):
        left, top, right, bottom = np.round(seen.products_px[row]).astype(int)
        plane[max(top, 0) : bottom, max(left, 0) : right] = seen.score[row]
    table = sums(plane)
    x0, y0, x1, y1 = boxes.astype(np.float64).T
    wide, high = usual
    middle, none, end = (y0 + y1) / 2, np.zeros_like(x0), np.full_like(x0, size_px[1])
    left, right, above, below, row, all_above, all_below, far_above, far_below = (
        mean_in(table, np.stack(region, axis=1))
        for region in (
            (x0 - 0.6 * wide, y0, x0, y1), (x1, y0, x1 + 0.6 * wide, y1),
            (x0, y0 - 0.6 * high, x1, y0), (x0, y1, x1, y1 + 0.5 * high),
            (x0 - 4 * wide, y0, x1 + 4 * wide, y1),
            (x0 - wide, none, x1 + wide, y0), (x0 - wide, y1, x1 + wide, end),
            (x0 - wide, y0 - 2.5 * high, x1 + wide, y0), (x0 - wide, y1, x1 + wide, y1 + 2.5 * high),
        )
    )  # fmt: skip
    halves = [mean_in(table, np.stack(region, axis=1)) for region in ((x0, y0, x1, middle), (x0, middle, x1, y1))]
    beside = [np.minimum(left, right), np.maximum(left, right)]
    return [*halves, *beside, above, below, row, all_above, all_below, far_above, far_below]


def _beside(seen: Seen, boxes: Boxes, usual: _Array) -> list[_Array]:
    """The next product to each side at the same height: how far, and how its head and foot stand to the patch's."""
    x0, y0, x1, y1 = (side[:, None] for side in boxes.astype(np.float64).T)
    left, top, right, bottom = (side[None] for side in seen.products_px.astype(np.float64).T)
    both = np.minimum(y1, bottom) - np.maximum(y0, top)
    level = both > _SAME_HEIGHT * np.minimum(y1 - y0, bottom - top)
    middle, half = (x0 + x1) / 2, (x1 - x0) / 2
    centre = (left + right) / 2
    gaps, heads, feet, seen_sides = [], [], [], []
    for gap, fits in ((x0 - right, centre < middle), (left - x1, centre > middle)):
        reach = np.where(level & fits & (gap > -half), gap, np.inf)
        at = reach.argmin(axis=1)
        nearest = np.take_along_axis(reach, at[:, None], 1)[:, 0]
        is_there = np.isfinite(nearest)
        gaps.append(np.clip(np.where(is_there, nearest, np.inf) / usual[0], -1, _FAR_PACKS))
        heads.append(np.where(is_there, np.clip((y0[:, 0] - top[0, at]) / usual[1], -2, 2), 0.0))
        feet.append(np.where(is_there, np.clip((y1[:, 0] - bottom[0, at]) / usual[1], -2, 2), 0.0))
        seen_sides.append(is_there.astype(np.float64))
    told = [np.minimum(*gaps), np.maximum(*gaps), seen_sides[0] + seen_sides[1]]
    for one, other in (heads, feet):
        told += [(one + other) / 2, np.abs(one - other)]
    return told


def _stacked(seen: Seen, boxes: Boxes, usual: _Array) -> list[_Array]:
    """Products in the patch's columns above and below, how near and how many; and the patch's rank in height."""
    x0, y0, x1, y1 = (side[:, None] for side in boxes.astype(np.float64).T)
    left, top, right, bottom = (side[None] for side in seen.products_px.astype(np.float64).T)
    column = (right > x0 - 0.5 * usual[0]) & (left < x1 + 0.5 * usual[0])
    middle, centre = (y0 + y1) / 2, (top + bottom) / 2
    told: list[_Array] = []
    for gap, side in ((y0 - bottom, centre < middle), (top - y1, centre > middle)):
        chosen = column & side
        nearest = np.where(chosen, gap, np.inf).min(axis=1)
        told += [
            np.clip(nearest / usual[1], -1, _FAR_PACKS),
            np.log1p(chosen.sum(axis=1) * usual[0] / (x1 - x0 + usual[0])[:, 0]),
        ]
    low, high = np.quantile(centre, (0.05, 0.95))
    rank = np.clip((middle[:, 0] - low) / max(high - low, 1.0), -0.5, 1.5)
    return [*told, (centre < middle).mean(axis=1), rank]
