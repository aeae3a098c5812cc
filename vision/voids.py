r"""Voids: where the back of a shelf shows in one picture, for shelves that nobody drew slots on.

Owns what a void is told by: its light, texture and colour against those of its surroundings, its shape, and what the
product network knows of it (`vision.void_context`). The weights come from rendered shelves only
(`scripts/train_voids.py`) and belong to one product network. Refuses nothing; each void has a confidence.

::

            T2          regions that a patch is compared with: inside, its upper, lower and left half, a strip
            t           along each side, and a farther one behind each strip
    L2  l [patch] r  R2
            b
            B2
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from models.errors import ArtefactInvalidError
from models.manifest import Manifest
from vision.detections import Boxes, area_px2, iou
from vision.pictures import Picture
from vision.void_context import ProductEyes, Seen, Session, pooled, relations
from vision.void_maps import VoidMaps, at_side, map_picture, mean_in, patches, sums

_Array = NDArray[np.float64]

USUAL_WIDTH_PX, USUAL_HEIGHT_PX = 22.0, 28.0
_MOST_OVERLAP, _MOST_INSIDE = 0.3, 0.6
_FARTHEST = 5.0


@dataclass(frozen=True, slots=True)
class Void:
    """A place where the shelf's back shows."""

    xyxy_px: tuple[float, float, float, float]
    """Left, top, right, bottom in pixels of the picture."""
    confidence: float
    """0..1; at 0.5 precision and recall are about equal on real photos."""


@dataclass(frozen=True, slots=True, eq=False)
class VoidWeights:
    """A small perceptron: features standardised, one hidden layer, one logit."""

    network: str
    """Name of the product network that they were fitted to, and the SHA-256 of its file."""
    network_sha256: str
    project: _Array
    """(K, C): the network's features to fewer; ``shift`` (K,) is added."""
    shift: _Array
    mean: _Array
    spread: _Array
    layers: tuple[tuple[_Array, _Array], ...]
    even: float
    """Output that is shown as a confidence of one half."""

    def confidence(self, features: _Array) -> _Array:
        """Confidence (N,) of N patches (N, F)."""
        values = np.clip((features - self.mean) / self.spread, -_FARTHEST, _FARTHEST)
        for number, (matrix, bias) in enumerate(self.layers):
            values = values @ matrix + bias
            if number < len(self.layers) - 1:
                values = np.maximum(values, 0.0)
        odds = np.exp(np.clip(values[:, 0], -30, 30)) * (1 - self.even) / self.even
        return np.asarray(odds / (1 + odds))


def read_weights(body: Mapping[str, object]) -> VoidWeights:
    """Weights from their JSON form, as `scripts/train_voids.py` writes it."""
    as_array = partial(np.asarray, dtype=np.float64)
    layers: object = body["layers"]
    if not isinstance(layers, list):
        raise TypeError("layers is a list of pairs")
    pairs = tuple((as_array(matrix), as_array(bias)) for matrix, bias in layers)
    return VoidWeights(
        network=str(body["network"]),
        network_sha256=str(body["network_sha256"]),
        project=as_array(body["project"]),
        shift=as_array(body["shift"]),
        mean=as_array(body["mean"]),
        spread=as_array(body["spread"]),
        layers=pairs,
        even=float(as_array(body["even"])),
    )


def default_weights() -> VoidWeights:
    """The weights that come with the appliance; reads a file of some tens of kilobytes."""
    return read_weights(json.loads(files("vision").joinpath("void_weights.json").read_text("utf-8")))


class VoidFinder:
    """Finds voids by ``weights`` and the product network that they were fitted to. One thread at a time.

    Raises:
        ArtefactInvalidError: it is another network.
    """

    def __init__(self, session: Session, manifest: Manifest, weights: VoidWeights | None = None) -> None:
        self._weights = weights or default_weights()
        if manifest.sha256 != self._weights.network_sha256:
            raise ArtefactInvalidError(
                f"{manifest.name} {manifest.version}: voids are ranked by {self._weights.network} with SHA-256 "
                f"{self._weights.network_sha256[:12]}; fit them to this network with scripts/train_voids.py"
            )
        self._eyes = ProductEyes(session, manifest)

    def find(self, image_bgr: Picture) -> list[Void]:
        """Voids of a picture, uint8 (H, W, 3), BGR, surest first; blocks about 0.2 s.

        Raises:
            ArtefactInvalidError: the network gives no features.
        """
        small = at_side(image_bgr)
        maps = map_picture(small)
        found = patches(maps)
        if not len(found):
            return []
        told = told_of(maps, found, self._eyes.look(small), self._weights.project, self._weights.shift)
        confidence = self._weights.confidence(told)
        scale = image_bgr.shape[1] / maps.size_px[0], image_bgr.shape[0] / maps.size_px[1]
        grow = np.array([*scale, *scale])
        return [
            Void((box[0], box[1], box[2], box[3]), round(float(confidence[row]), 3))
            for row in _best(found[:, :4], confidence)
            for box in [np.round(found[row, :4] * grow, 1).tolist()]
        ]


def told_of(maps: VoidMaps, found: NDArray[np.float32], seen: Seen, project: _Array, shift: _Array) -> _Array:
    """All features (N, 107 + 32 + 6 K) of patches (N, 5): from the maps, the products and the network's features."""
    boxes = found[:, :4]
    told = describe(maps, found), relations(seen, boxes, maps.size_px), pooled(seen, boxes, project, shift)
    return np.concatenate(told, axis=1)


def _best(boxes: Boxes, confidence: _Array) -> list[int]:
    """Best first, without what overlaps a better one, lies in it or holds it."""
    kept: list[int] = []
    for row in np.argsort(-confidence, kind="stable").tolist():
        if confidence[row] < 0.05:
            break
        if kept:
            overlap = iou(boxes[row : row + 1], boxes[kept])[0]
            areas = area_px2(boxes[[row, *kept]])
            shared = overlap * (areas[0] + areas[1:]) / (1 + overlap)
            if (overlap > _MOST_OVERLAP).any() or (shared > _MOST_INSIDE * np.minimum(areas[0], areas[1:])).any():
                continue
        kept.append(row)
    return kept


def describe(maps: VoidMaps, found: NDArray[np.float32]) -> _Array:
    """Features (N, 107) of patches (N, 5), blind to the picture's own brightness and contrast."""
    light, texture = maps.light, maps.texture
    spread, usual = float(light.std()) + 1e-3, float(np.log(texture.mean() + 1))
    tables = [sums(plane) for plane in (light, light * light, texture, maps.chroma, maps.across, maps.down)]
    told: list[_Array] = []
    inside: _Array | None = None
    for region in _regions(found):
        means = [mean_in(table, region) for table in tables]
        deviation = np.sqrt(np.maximum(means[1] - means[0] ** 2, 0.0))
        told += [
            (means[0] - light.mean()) / spread,
            np.log(means[2] + 1) - usual,
            deviation / spread,
            means[3] / 40,
            np.log(means[4] + 0.5),
            np.log(means[5] + 0.5),
        ]
        if inside is None:
            inside, inner_texture = means[0], means[2]
        else:
            told += [(inside - means[0]) / spread, np.log((inner_texture + 1) / (means[2] + 1))]
    return np.stack(told + _shape(maps, found), axis=1)


def _regions(found: NDArray[np.float32]) -> list[_Array]:
    """Boxes (N, 4) of each region, the patch's inside first."""
    x0, y0, x1, y1 = found[:, :4].astype(np.float64).T
    middle_x, middle_y = (x0 + x1) / 2, (y0 + y1) / 2
    d = np.clip(0.35 * np.minimum(x1 - x0, y1 - y0), 5, 14)
    corners = [
        (x0 + 1, y0 + 1, x1 - 1, y1 - 1),
        (x0 - d, y0, x0, y1), (x1, y0, x1 + d, y1), (x0, y0 - d, x1, y0), (x0, y1, x1, y1 + d),
        (x0 - 3 * d, y0, x0 - d, y1), (x1 + d, y0, x1 + 3 * d, y1),
        (x0, y0 - 3 * d, x1, y0 - d), (x0, y1 + d, x1, y1 + 3 * d),
        (x0 + 1, y0 + 1, x1 - 1, middle_y), (x0 + 1, middle_y, x1 - 1, y1 - 1), (x0 + 1, y0 + 1, middle_x, y1 - 1),
    ]  # fmt: skip
    return [np.stack(region, axis=1) for region in corners]


def _shape(maps: VoidMaps, found: NDArray[np.float32]) -> list[_Array]:
    """Size and place of a patch, and whether the picture's edge cuts it."""
    width, height = maps.size_px
    x0, y0, x1, y1, filled = found.astype(np.float64).T
    wide, high = np.log((x1 - x0) / USUAL_WIDTH_PX), np.log((y1 - y0) / USUAL_HEIGHT_PX)
    at = (y0 + y1) / 2 / height
    cut = [(side).astype(np.float64) for side in (y0 < 2, y1 > height - 2, x0 < 2, x1 > width - 2)]
    return [wide, high, wide**2, high**2, wide * high, filled, filled**2, at, at**2, *cut]
