"""Quads: four corners from top left clockwise, as places on a shelf are drawn. Pure geometry, no picture."""

from itertools import pairwise

import numpy as np

from vision.pictures import Quad


def sides_of(quad: Quad) -> tuple[float, float]:
    """Mean width and mean height of a quad (4, 2)."""
    top, right, bottom, left = np.linalg.norm(np.roll(quad, -1, axis=0) - quad, axis=1)
    return float(top + bottom) / 2, float(right + left) / 2


def part_of(quad: Quad, box: tuple[float, float, float, float]) -> Quad:
    """Corners of a box in the quad's own coordinates (0..1, beyond 1 outside), bilinear."""
    left, top, right, bottom = box
    uv = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)
    u, v = uv[:, :1], uv[:, 1:]
    rows = (1 - u) * (1 - v) * quad[0] + u * (1 - v) * quad[1] + u * v * quad[2] + (1 - u) * v * quad[3]
    return np.asarray(rows, np.float32)


def columns_of(quad: Quad, count: int) -> list[Quad]:
    """The quad in columns of equal width, left to right."""
    edges = np.linspace(0.0, 1.0, count + 1)
    return [part_of(quad, (float(a), 0.0, float(b), 1.0)) for a, b in pairwise(edges)]
