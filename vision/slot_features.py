r"""What a slot looks like to the person network: its backbone's stride-8 features, pooled over the slot.

Owns the pooling and the size at which the network sees the picture. The network knows nothing of shelves; a
classifier on top of it does (`vision.slot_learning`). It needs weights whose outputs include ``features_8``.

::

    slot, 4 x 4 samples      ┌────────┐
    · · · ·                  │ upper  │  mean over the upper eight     384 numbers a slot: 128 channels,
    · · · ·   bilinear  ──►  ├────────┤                                three values each
    · · · ·                  │ lower  │  mean over the lower eight
    · · · ·                  └────────┘  deviation over all sixteen
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from models.errors import ArtefactInvalidError
from models.manifest import Manifest
from vision.letterbox import fill_letterbox, plan_letterbox
from vision.pictures import Field, Picture, Quad

OUTPUT = "features_8"
STRIDE = 8
POOLED = 3
_SAMPLES = 4
_LEAST_SIDE_PX, _MOST_SIDE_PX = 416, 1280
_SLOT_SIDE_PX = 24.0
"""At which a slot's shorter side is well seen: three cells."""
_AROUND_PX = 48.0
"""In the network's pixels: what is shown around a slot that is read alone."""


class Session(Protocol):
    """A network ready to run. One thread at a time."""

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> Mapping[str, NDArray[Any]]:
        """Every output by name for the inputs by name; blocks for the network's time."""
        ...


def slot_features(
    session: Session, manifest: Manifest, image_bgr: Picture, quads_px: Sequence[Quad]
) -> NDArray[np.float32]:
    """Features (N, 384) of N slots, quads (4, 2) from top left clockwise, in a picture, uint8 (H, W, 3), BGR. Blocks.

    Raises:
        ArtefactInvalidError: the weights give no such features.
    """
    size_px = (image_bgr.shape[1], image_bgr.shape[0])
    return _features(session, manifest, image_bgr, quads_px, scale=scale_for(quads_px, max(size_px)))


def features_near(
    session: Session, manifest: Manifest, image_bgr: Picture, quads_px: Sequence[Quad], *, scale: float
) -> NDArray[np.float32]:
    """The same of the cells of one slot, from what lies around it alone: milliseconds where the whole picture is tens.

    ``scale`` is `scale_for` all slots of the camera. Learnt on whole pictures and read so, 90 photos gave the same
    balanced accuracy (.978 and .976).

    Raises:
        ArtefactInvalidError: the weights give no such features.
    """
    corners = np.concatenate(quads_px)
    around = _AROUND_PX / scale
    height, width = image_bgr.shape[:2]
    left, top = np.maximum(np.floor(corners.min(axis=0) - around), 0).astype(int)
    right, bottom = np.minimum(np.ceil(corners.max(axis=0) + around), (width, height)).astype(int)
    moved = [quad - np.array([left, top], np.float32) for quad in quads_px]
    return _features(session, manifest, image_bgr[top:bottom, left:right], moved, scale=scale)


def _features(
    session: Session, manifest: Manifest, image_bgr: Picture, quads_px: Sequence[Quad], *, scale: float
) -> NDArray[np.float32]:
    if manifest.input is None:
        raise ArtefactInvalidError(f"{manifest.name}: these weights look at no pictures")
    size_px = (image_bgr.shape[1], image_bgr.shape[0])
    side_px = round(max(size_px) * scale)
    plan = plan_letterbox(size_px, side_px=side_px, multiple_of=manifest.input.multiple_of)
    picture = fill_letterbox(image_bgr, plan).transpose(2, 0, 1)[None].astype(np.float32)
    mean, std = (np.array(given, np.float32).reshape(1, 3, 1, 1) for given in (manifest.input.mean, manifest.input.std))
    outputs = session.run({"picture": np.ascontiguousarray((picture - mean) / std)})
    if OUTPUT not in outputs:
        raise ArtefactInvalidError(
            f"{manifest.name} {manifest.version}: these weights give no {OUTPUT}; "
            "slots are learnt on the person network that comes with the appliance"
        )
    shrunk = np.array([placed / whole for placed, whole in zip(plan.placed_size_px, size_px, strict=True)], np.float32)
    return np.stack([pool(outputs[OUTPUT][0], quad * shrunk / np.float32(STRIDE)) for quad in quads_px])


def scale_for(quads_px: Sequence[Quad], longest_px: int) -> float:
    """How much larger than the camera's picture the network's is, at which the middle slot is well seen."""
    sides = [float(min(np.linalg.norm(quad[1] - quad[0]), np.linalg.norm(quad[3] - quad[0]))) for quad in quads_px]
    wanted = longest_px * _SLOT_SIDE_PX / max(float(np.median(sides)), 1.0)
    return round(min(max(wanted, _LEAST_SIDE_PX), _MOST_SIDE_PX)) / longest_px


def pool(features: Field, quad_cells: Quad) -> Field:
    """Upper mean, lower mean and deviation of features (C, h, w) in a quad given in their cells, as (3 C,)."""
    steps = (np.arange(_SAMPLES, dtype=np.float32) + 0.5) / _SAMPLES
    u, v = steps[None, :, None], steps[:, None, None]
    upper, lower = (1 - u) * quad_cells[0] + u * quad_cells[1], (1 - u) * quad_cells[3] + u * quad_cells[2]
    seen = _bilinear(features, (1 - v) * upper + v * lower)
    half = _SAMPLES // 2
    return np.concatenate([seen[:, :half].mean((1, 2)), seen[:, half:].mean((1, 2)), seen.std((1, 2))])


def _bilinear(features: Field, at: Field) -> Field:
    """Features (C, h, w) at points (n, m, 2), x and y in cells whose middles are at a half, as (C, n, m)."""
    _, height, width = features.shape
    last = np.array([width - 1, height - 1], np.float32)
    x, y = np.moveaxis(np.clip(at - 0.5, 0.0, last), -1, 0)
    left, top = np.minimum(x.astype(int), max(width - 2, 0)), np.minimum(y.astype(int), max(height - 2, 0))
    right, bottom = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    across, down = x - left, y - top
    above = features[:, top, left] * (1 - across) + features[:, top, right] * across
    below = features[:, bottom, left] * (1 - across) + features[:, bottom, right] * across
    return np.asarray(above * (1 - down) + below * down, np.float32)
