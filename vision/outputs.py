"""What all decoders share: the shapes a network's outputs must have, and the cells that are sure enough.

Owns the words for a layout of outputs and its comparison with real ones. Knows no particular network; each of those
has a module of its own, named in `vision.decoders`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Outputs = Mapping[str, Array]
Shape = tuple[int | None, ...]
"""Lengths of the axes; None where any length goes."""
SizePx = tuple[int, int]
"""Width and height."""

ANY_NAME = "*"
"""Stands for the one output of a network that may call it as it likes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which boxes are to be read, and from outputs for which input."""

    threshold: float
    """The lowest score."""
    classes: tuple[int, ...]
    """At least one; where they stand in the manifest's labels. A cell that could be several is the likeliest."""
    input_size_px: SizePx


def the_output(outputs: Outputs) -> Array:
    """The only output of a network that has one."""
    (only,) = outputs.values()
    return only


def fits(outputs: Outputs, wanted: Mapping[str, Shape]) -> bool:
    """Whether outputs have the shapes that a layout wants; named layouts may come with further outputs."""
    if ANY_NAME in wanted:
        return len(outputs) == 1 and _is_like(the_output(outputs), wanted[ANY_NAME])
    return all(name in outputs and _is_like(outputs[name], shape) for name, shape in wanted.items())


def _is_like(array: Array, shape: Shape) -> bool:
    return array.ndim == len(shape) and all(w in (None, got) for got, w in zip(array.shape, shape, strict=True))


def readable(shapes: Mapping[str, Shape]) -> str:
    """Shapes in words: ``boxes 1 x any x 4, scores 1 x any``."""
    lengths = {
        name: " x ".join("any" if side is None else str(side) for side in shape) for name, shape in shapes.items()
    }
    return ", ".join(text if name == ANY_NAME else f"{name} {text}" for name, text in lengths.items()) or "nothing"


def surest(scores: Array, classes: Sequence[int], *, threshold: float) -> tuple[Array, NDArray[np.float32], Array]:
    """The cells of (all classes, N) scores in which one of ``classes`` reaches the threshold.

    Returns:
        Their indices (M,) in rising order, the best score of each and the class that has it. A score that is
        no number reaches nothing.
    """
    if len(classes) == 1:
        cells = np.flatnonzero(scores[classes[0]] >= threshold)
        return cells, scores[classes[0], cells].astype(np.float32), np.full(len(cells), classes[0], np.int64)
    asked = scores[list(classes)]
    best = asked.max(axis=0)
    cells = np.flatnonzero(best >= threshold)
    label = np.asarray(classes, np.int64)[asked[:, cells].argmax(axis=0)]
    return cells, best[cells].astype(np.float32), label


def corners(centre_x: Array, centre_y: Array, width: Array, height: Array) -> NDArray[np.float32]:
    """N boxes given by centre and size as (N, 4): left, top, right, bottom."""
    half_width, half_height = width / 2, height / 2
    edges = [centre_x - half_width, centre_y - half_height, centre_x + half_width, centre_y + half_height]
    return np.stack(edges, axis=1).astype(np.float32)
