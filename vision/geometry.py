"""Plane geometry of lines and zones: which side, how far, inside or not. Pure numbers, no picture.

Points are (x, y) with y downwards, as in pictures. "Norm" is a share of the picture's width and height, "px" pixels.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

Point = tuple[float, float]


def to_px(point_norm: Point, frame_size_px: tuple[int, int]) -> Point:
    """A point given as shares of the picture in pixels; ``frame_size_px`` is (width, height)."""
    return point_norm[0] * frame_size_px[0], point_norm[1] * frame_size_px[1]


def polygon_to_px(polygon_norm: Sequence[Point], frame_size_px: tuple[int, int]) -> list[Point]:
    """Every corner of a polygon in pixels."""
    return [to_px(corner, frame_size_px) for corner in polygon_norm]


def distance_to_left(point: Point, start: Point, end: Point) -> float:
    """How far a point lies to the left of the endless line from start to end; negative on its right.

    Seen by somebody who walks from start to end::

        end
         ^
       + | -      y grows downwards, so the cross product's sign is turned round
         |
        start
    """
    along_x, along_y = end[0] - start[0], end[1] - start[1]
    cross = along_x * (point[1] - start[1]) - along_y * (point[0] - start[0])
    return -cross / math.hypot(along_x, along_y)


def passes_through(before: Point, after: Point, start: Point, end: Point) -> bool:
    """Whether the step from before to after meets the segment from start to end, its ends included.

    A step that begins on the line does not meet it, one that ends there does: a walk meets it once.
    """
    step_x, step_y = after[0] - before[0], after[1] - before[1]
    along_x, along_y = end[0] - start[0], end[1] - start[1]
    cross = step_x * along_y - step_y * along_x
    if cross == 0.0:
        return False
    from_x, from_y = start[0] - before[0], start[1] - before[1]
    share_of_step = (from_x * along_y - from_y * along_x) / cross
    share_of_line = (from_x * step_y - from_y * step_x) / cross
    return 0.0 < share_of_step <= 1.0 and 0.0 <= share_of_line <= 1.0


def is_inside(point: Point, polygon: Sequence[Point]) -> bool:
    """Whether a point lies in a simple polygon, by counting the edges a ray to the right goes through."""
    x, y = point
    inside = False
    for (x0, y0), (x1, y1) in zip(polygon, [*polygon[1:], polygon[0]], strict=True):
        if (y0 > y) != (y1 > y) and x < x0 + (y - y0) / (y1 - y0) * (x1 - x0):
            inside = not inside
    return inside


def shared_part(one: Sequence[Point], other: Sequence[Point]) -> float:
    """How much of the smaller of two simple polygons the other one covers, from 0 to 1.

    Each polygon is a sum of signed triangles from its first corner, so a dented one counts right as well.
    """
    ones, others = _triangles(one), _triangles(other)
    smaller = min(abs(sum(map(_area, ones))), abs(sum(map(_area, others))))
    both = sum(
        math.copysign(1.0, _area(a) * _area(b)) * abs(_area(_cut(a, b))) for a in ones for b in others if _area(b)
    )
    return abs(both) / smaller if smaller else 0.0


def _triangles(polygon: Sequence[Point]) -> list[list[Point]]:
    return [[polygon[0], *pair] for pair in pairwise(polygon[1:])]


def _area(polygon: Sequence[Point]) -> float:
    """Positive or negative by the order of the corners."""
    pairs = zip(polygon, [*polygon[1:], *polygon[:1]], strict=True)
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairs) / 2


def _cut(polygon: Sequence[Point], triangle: Sequence[Point]) -> list[Point]:
    """What of a convex polygon lies in a triangle, edge by edge (Sutherland and Hodgman, 1974)."""
    kept, turn = list(polygon), math.copysign(1.0, _area(triangle))
    for (x0, y0), (x1, y1) in zip(triangle, [*triangle[1:], triangle[0]], strict=True):
        depths = [turn * ((x1 - x0) * (y - y0) - (y1 - y0) * (x - x0)) for x, y in kept]
        rest: list[Point] = []
        for place, (corner, depth) in enumerate(zip(kept, depths, strict=True)):
            before, depth_before = kept[place - 1], depths[place - 1]
            if (depth < 0) != (depth_before < 0):
                share = depth_before / (depth_before - depth)
                rest.append(tuple(b + share * (c - b) for b, c in zip(before, corner, strict=True)))  # type: ignore[arg-type]
            if depth >= 0:
                rest.append(corner)
        kept = rest
    return kept
