"""Colours and noise that the painters share. Pictures are BGR; colours are float triples in 0..255, BGR.

Everything is drawn from the generator that is handed in: same seed, same picture.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Rng = np.random.Generator
Picture = NDArray[np.uint8]
Plane = NDArray[np.float32]
Colour = tuple[float, float, float]
_PRINT_HUES = (0.0, 0.0, 0.02, 0.07, 0.13, 0.15, 0.25, 0.35, 0.42, 0.5, 0.56, 0.6, 0.62, 0.65, 0.75, 0.9)
"""Red, orange, yellow, green, blue, purple, about as often as shops show them."""


def from_hsv(hue: float, saturation: float, value: float) -> Colour:
    """Hue, saturation and value, each in 0..1, as BGR; the hue wraps around."""
    patch = np.array([[[hue % 1.0 * 179, saturation * 255, value * 255]]], np.uint8)
    blue, green, red = cv2.cvtColor(patch, cv2.COLOR_HSV2BGR)[0, 0]
    return float(blue), float(green), float(red)


def print_colour(rng: Rng) -> Colour:
    """A colour as packs are printed: vivid more often than not, then white, black, pastel and dull ones."""
    kind = rng.random()
    if kind < 0.46:
        hue = rng.choice(_PRINT_HUES) + rng.normal(0, 0.02)
        return from_hsv(hue, rng.uniform(0.55, 1.0), rng.uniform(0.4, 0.95))
    if kind < 0.72:
        return from_hsv(rng.random(), rng.uniform(0.0, 0.08), rng.uniform(0.86, 1.0))
    if kind < 0.82:
        return from_hsv(rng.random(), rng.uniform(0.0, 0.5), rng.uniform(0.05, 0.2))
    if kind < 0.92:
        return from_hsv(rng.random(), rng.uniform(0.15, 0.4), rng.uniform(0.7, 1.0))
    return from_hsv(rng.random(), rng.uniform(0.1, 0.5), rng.uniform(0.3, 0.6))


def near(rng: Rng, colour: Colour, spread: float = 12.0) -> Colour:
    """A colour close to another one."""
    blue, green, red = (float(np.clip(part + rng.normal(0, spread), 0, 255)) for part in colour)
    return blue, green, red


def contrasting(rng: Rng, ground: Colour) -> Colour:
    """A colour that can be read on ``ground``."""
    is_light = sum(ground) > 380
    if rng.random() < 0.5:
        return (15.0, 15.0, 15.0) if is_light else (250.0, 250.0, 250.0)
    return from_hsv(rng.random(), rng.uniform(0.5, 1), rng.uniform(0.1, 0.5) if is_light else rng.uniform(0.8, 1))


def mixed(one: Colour, other: Colour, share: float) -> Colour:
    """``one`` with ``share`` of ``other`` in it."""
    blue, green, red = (a + (b - a) * share for a, b in zip(one, other, strict=True))
    return blue, green, red


def smooth_noise(rng: Rng, shape: tuple[int, int], cell_px: float) -> Plane:
    """Cloudy noise in about -1..1, float32 of ``shape``, whose features are ``cell_px`` wide."""
    rows, columns = (int(side / cell_px) + 2 for side in shape)
    coarse = rng.uniform(-1.0, 1.0, (rows, columns)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC), np.float32)


def ramp(start: Sequence[float], end: Sequence[float], shape: tuple[int, int], *, down: bool) -> NDArray[np.float32]:
    """A change from one colour to another, down or to the right, float32 (rows, columns, 3)."""
    steps = np.linspace(0, 1, shape[0] if down else shape[1], dtype=np.float32)
    line = np.asarray(start, np.float32) * (1 - steps[:, None]) + np.asarray(end, np.float32) * steps[:, None]
    axis = 1 if down else 0
    return np.broadcast_to(np.expand_dims(line, axis), (*shape, 3)).copy()
