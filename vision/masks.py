"""Masks: parts of a camera's picture that nobody may see, painted over before anything else looks at it.

Owns where they lie in a picture of any size and what must not be believed because of them. A painted part takes the
mean colour of the rest, so that a lamp changes both alike and the motion gate sees light, not movement. They follow
a slight knock; after a larger one nothing of the picture is shown until it is put right.

::

    grabbed ─► hide ─► frame ─► health (only what is visible) ─► gate ─► persons (without_hidden) ─► ...
                         └────► redaction, console, anything that stores
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from vision import pictures
from vision.detections import Detections
from vision.movement import Movement
from vision.pictures import Field, Mask, Picture

Polygons = tuple[tuple[tuple[float, float], ...], ...]

_COLOUR_STEP_PX = 16
_EDGE_PX = 4  # the painted part's edge reaches so far into the smoothed gradients of the shrunk picture
_GRID = (128, 128)
_MOST_HIDDEN = 0.5


class Masks:
    """The masks of one camera: polygons whose corners are shares of the picture. Any thread may use it."""

    def __init__(self, polygons_norm: Sequence[Sequence[tuple[float, float]]] = ()) -> None:
        self._polygons: Polygons = tuple(tuple(polygon) for polygon in polygons_norm)

    def hide(self, image_bgr: Picture, *, moved: Movement | None = None) -> None:
        """Paint the masks over in the picture itself, uint8 (H, W, 3); of a knocked camera where they lie now too."""
        if not self._polygons:
            return
        if moved is not None:
            aspect = image_bgr.shape[0] / image_bgr.shape[1]
            Masks([_followed(polygon, moved, aspect) for polygon in self._polygons]).hide(image_bgr)
        coarse = image_bgr[::_COLOUR_STEP_PX, ::_COLOUR_STEP_PX]
        visible = coarse[~_hidden(self._polygons, coarse.shape[:2])]
        colour = visible.mean(axis=0) if len(visible) else np.zeros(3)
        pictures.paint_polygons(image_bgr, _corners(self._polygons, image_bgr.shape[:2]), colour)

    def hide_all(self, image_bgr: Picture) -> None:
        """Paint the whole picture over, where there are masks: nobody knows where they lie now."""
        if self._polygons:
            image_bgr[:] = image_bgr[::_COLOUR_STEP_PX, ::_COLOUR_STEP_PX].reshape(-1, 3).mean(axis=0)

    def visible_part(self, sample: Picture) -> Picture:
        """The pixels of a sample of the picture, (h, w), that no mask covers, as (n,); all of it without masks."""
        if not self._polygons:
            return sample
        visible = sample[~_hidden(self._polygons, sample.shape[:2], grown_px=1)]
        return visible if len(visible) else sample

    def flatten(self, structure: Field) -> Field:
        """Gradients (H, W, 2) without those that a mask's own edges make: they would outlast a covered lens."""
        if self._polygons:
            hidden = _hidden(self._polygons, structure.shape[:2], grown_px=_EDGE_PX)
            np.copyto(structure, np.float32(0), where=hidden[..., None])
        return structure

    def without_hidden(self, found: Detections, *, frame_size_px: tuple[int, int]) -> Detections:
        """The boxes of which at least half is visible: of the others the network made most up.

        ``frame_size_px`` is (width, height).
        """
        if not self._polygons or not len(found):
            return found
        grid = _hidden(self._polygons, _GRID)
        scale = np.array([_GRID[1] / frame_size_px[0], _GRID[0] / frame_size_px[1]] * 2)
        cells = np.clip((found.xyxy_px * scale).round().astype(int), 0, [_GRID[1] - 1, _GRID[0] - 1] * 2)
        shares = [grid[top : bottom + 1, left : right + 1].mean() for left, top, right, bottom in cells]
        return found.select(np.array(shares) <= _MOST_HIDDEN)


def _followed(polygon: Sequence[tuple[float, float]], moved: Movement, aspect: float) -> list[tuple[float, float]]:
    """The corners where a movement took them; as far outside the picture as they then lie."""
    seen = [moved.turn * complex(x - 0.5, (y - 0.5) * aspect) + moved.shift for x, y in polygon]
    return [(point.real + 0.5, point.imag / aspect + 0.5) for point in seen]


@lru_cache(maxsize=256)
def _hidden(polygons: Polygons, shape: tuple[int, int], *, grown_px: int = 0) -> Mask:
    """Mask of (height, width) of all that the polygons cover, and ``grown_px`` around; not to be written to."""
    covered = np.zeros(shape, bool)
    for corners in _corners(polygons, shape):
        covered |= pictures.fill_polygon(shape, corners)
    return pictures.grown(covered, radius_px=grown_px) if grown_px else covered


@lru_cache(maxsize=64)
def _corners(polygons: Polygons, shape: tuple[int, int]) -> list[Field]:
    height, width = shape
    return [np.array(polygon, np.float32) * np.array([width, height], np.float32) for polygon in polygons]
