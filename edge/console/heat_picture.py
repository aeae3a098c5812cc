"""Turns a day's heat into coloured cells over a picture: pure numbers to plain values for a template."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

_RAMP = ((0.0, (253, 205, 92)), (0.45, (240, 120, 40)), (1.0, (176, 18, 48)))
_FAINTEST, _FULLEST = 0.18, 0.74
_LEAST_SHARE = 0.004
"""Of the warmest cell: colder ones are left clear."""


@dataclass(frozen=True, slots=True)
class HeatCell:
    """One coloured cell; places and sizes in per cent of the picture."""

    left: float
    top: float
    width: float
    height: float
    colour: str
    opacity: float


def heat_cells(seconds: Sequence[Sequence[float]]) -> list[HeatCell]:
    """The cells in which somebody was; the root of the share, so that ways show beside places where people stand."""
    most = max((cell for row in seconds for cell in row), default=0.0)
    if most <= 0.0:
        return []
    height, width = 100.0 / len(seconds), 100.0 / len(seconds[0])
    cells = []
    for row, line in enumerate(seconds):
        for column, cell in enumerate(line):
            if cell / most >= _LEAST_SHARE:
                share = (cell / most) ** 0.5
                opacity = _FAINTEST + (_FULLEST - _FAINTEST) * share
                place = (round(column * width, 3), round(row * height, 3), round(width, 3), round(height, 3))
                cells.append(HeatCell(*place, _colour(share), round(opacity, 3)))
    return cells


def _colour(share: float) -> str:
    for (low, cold), (high, warm) in pairwise(_RAMP):
        if share <= high:
            part = (share - low) / (high - low)
            red, green, blue = (round(a + (b - a) * part) for a, b in zip(cold, warm, strict=True))
            return f"#{red:02x}{green:02x}{blue:02x}"
    raise ValueError(f"a share of over 1: {share}")
