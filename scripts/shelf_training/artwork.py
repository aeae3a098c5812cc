"""Prints fronts: grounds, bands, logos, lines of text, food-like motifs, small print, bar codes. Flat, without light.

All of it is made up: words from syllables, no brand, no photograph. A `Brand` fixes colours and places, so that its
products look like a family and differ by an accent and a motif.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from scripts.shelf_training.colours import (
    Colour,
    Picture,
    Rng,
    contrasting,
    from_hsv,
    mixed,
    print_colour,
    ramp,
    smooth_noise,
)
from scripts.shelf_training.motifs import MOTIFS

_SYLLABLES = (
    "ba",
    "bi",
    "co",
    "da",
    "do",
    "el",
    "fa",
    "go",
    "in",
    "ja",
    "ka",
    "lo",
    "ma",
    "mi",
    "no",
    "pu",
    "ra",
    "so",
    "ti",
    "va",
)
_FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_TRIPLEX, cv2.FONT_HERSHEY_COMPLEX)
_SLANTED = (cv2.FONT_HERSHEY_SCRIPT_COMPLEX, cv2.FONT_HERSHEY_SCRIPT_SIMPLEX)


@dataclass(frozen=True, slots=True)
class Brand:
    """What the products of one maker share. Places are shares of the front's height."""

    ground: Colour
    second: Colour
    logo: str
    logo_y: float
    logo_style: int
    layout: int
    motif: int
    font: int


def new_brand(rng: Rng) -> Brand:
    """A brand with colours, a name and a way to lay out its fronts."""
    ground = print_colour(rng)
    return Brand(
        ground=ground,
        second=print_colour(rng),
        logo=word(rng, 1, 4).upper() if rng.random() < 0.5 else word(rng, 1, 4).title(),
        logo_y=float(rng.uniform(0.12, 0.42)),
        logo_style=int(rng.integers(5)),
        layout=int(rng.integers(9)),
        motif=int(rng.integers(len(MOTIFS) + 2)),
        font=int(rng.choice([*_FONTS, *_SLANTED])),
    )


def word(rng: Rng, fewest: int, most: int) -> str:
    """A made-up word."""
    return "".join(rng.choice(_SYLLABLES) for _ in range(int(rng.integers(fewest, most + 1))))


def front(brand: Brand, shape: tuple[int, int], rng: Rng) -> Picture:
    """One product's artwork of ``shape`` (rows, columns), uint8 BGR."""
    accent = from_hsv(rng.random(), rng.uniform(0.4, 1), rng.uniform(0.4, 1))
    art = _ground(brand, accent, shape, rng)
    if brand.motif < len(MOTIFS):
        MOTIFS[brand.motif](art, accent, rng)
    _logo(art, brand, rng)
    if rng.random() < 0.85:
        _claim(art, rng)
    for _ in range(int(rng.integers(0, 4))):
        _small_print(art, rng)
    if rng.random() < 0.25:
        _badge(art, rng)
    return art


def _ground(brand: Brand, accent: Colour, shape: tuple[int, int], rng: Rng) -> Picture:
    rows, columns = shape
    art = np.empty((rows, columns, 3), np.float32)
    art[:] = brand.ground
    cut = float(rng.uniform(0.25, 0.75))
    if brand.layout == 0:
        art = ramp(brand.ground, mixed(brand.ground, accent, 0.7), shape, down=True)
    elif brand.layout == 1:
        art[int(rows * cut) :] = accent
    elif brand.layout == 2:
        art[:, : int(columns * rng.uniform(0.1, 0.4))] = accent
    elif brand.layout == 3:
        art[int(rows * 0.3) : int(rows * rng.uniform(0.4, 0.7))] = accent
    elif brand.layout == 4:
        _slant(art, accent, rng)
    elif brand.layout == 5:
        art += smooth_noise(rng, shape, max(shape) / 4)[..., None] * 45
    elif brand.layout == 6:
        cv2.ellipse(
            art, (columns // 2, int(rows * 1.05)), (columns, int(rows * cut)), 0, 0, 360, accent, -1, cv2.LINE_AA
        )
    elif brand.layout == 7:
        _stripes(art, accent, rng)
    return np.clip(art, 0, 255).astype(np.uint8)


def _slant(art: np.ndarray, accent: Colour, rng: Rng) -> None:
    rows, columns = art.shape[:2]
    left, right = rng.uniform(0.1, 0.9, 2) * rows
    corners = np.array([[0, left], [columns, right], [columns, rows], [0, rows]], np.int32)
    cv2.fillPoly(art, [corners], accent, cv2.LINE_AA)


def _stripes(art: np.ndarray, accent: Colour, rng: Rng) -> None:
    step = int(rng.integers(6, 40))
    across = rng.random() < 0.5
    for at in range(0, art.shape[0 if across else 1], step):
        band = slice(at, at + max(1, step // 2))
        if across:
            art[band] = accent
        else:
            art[:, band] = accent


def _logo(art: Picture, brand: Brand, rng: Rng) -> None:
    rows, columns = art.shape[:2]
    middle_y = int(rows * brand.logo_y)
    height = int(min(rows * 0.2, columns * 0.33))
    ground = brand.ground
    if brand.logo_style in (1, 2):
        ground = brand.second
        corner = (int(columns * 0.06), middle_y - height)
        cv2.rectangle(art, corner, (columns - corner[0], middle_y + height), brand.second, -1)
    elif brand.logo_style == 3:
        ground = brand.second
        cv2.ellipse(
            art, (columns // 2, middle_y), (int(columns * 0.46), max(2, height)), 0, 0, 360, ground, -1, cv2.LINE_AA
        )
    ink = contrasting(rng, ground)
    text_line(art, brand.logo, (columns / 2, middle_y), fit=(columns * 0.86, height * 1.2), ink=ink, font=brand.font)


def text_line(
    art: Picture,
    text: str,
    middle: tuple[float, float],
    *,
    fit: tuple[float, float],
    ink: Colour,
    font: int = cv2.FONT_HERSHEY_DUPLEX,
) -> None:
    """Write ``text`` centred on ``middle`` (x, y), no larger than ``fit`` (width, height)."""
    (width, height), _ = cv2.getTextSize(text, font, 1.0, 1)
    scale = min(fit[0] / max(width, 1), fit[1] / max(height, 1))
    at = (int(middle[0] - width * scale / 2), int(middle[1] + height * scale / 2))
    weight = max(1, round(height * scale / 7))
    cv2.putText(art, text, at, font, scale, ink, weight, cv2.LINE_AA)


def _claim(art: Picture, rng: Rng) -> None:
    """One to three lines that name the product."""
    rows, columns = art.shape[:2]
    y = rows * float(rng.uniform(0.4, 0.85))
    ink = contrasting(rng, tuple(art[int(y) % rows, columns // 2].astype(float)))
    height = rows * float(rng.uniform(0.03, 0.08))
    for line in range(int(rng.integers(1, 4))):
        text = " ".join(word(rng, 1, 3) for _ in range(int(rng.integers(1, 3))))
        middle = (columns / 2, y + line * height * 1.6)
        text_line(art, text, middle, fit=(columns * float(rng.uniform(0.4, 0.85)), height), ink=ink)


def _small_print(art: Picture, rng: Rng) -> None:
    """Lines too small to read, or a bar code."""
    rows, columns = art.shape[:2]
    x, y = int(columns * rng.uniform(0, 0.7)), int(rows * rng.uniform(0.1, 0.9))
    width, height = int(columns * rng.uniform(0.15, 0.5)), int(rows * rng.uniform(0.05, 0.15))
    patch = art[y : y + height, x : x + width]
    if patch.size == 0:
        return
    ink = np.asarray(contrasting(rng, tuple(patch[0, 0].astype(float))))
    if rng.random() < 0.25:
        patch[:] = 250
        patch[:, rng.random(patch.shape[1]) < 0.5] = 10
        return
    patch[::3] = (patch[::3] * 0.4 + ink * 0.6).astype(np.uint8)


def _badge(art: Picture, rng: Rng) -> None:
    rows, columns = art.shape[:2]
    centre = (int(columns * rng.uniform(0.15, 0.85)), int(rows * rng.uniform(0.1, 0.9)))
    radius = max(2, int(min(rows, columns) * rng.uniform(0.08, 0.2)))
    ground = from_hsv(rng.random(), 0.9, 0.95)
    cv2.circle(art, centre, radius, ground, -1, cv2.LINE_AA)
    text_line(art, str(rng.integers(1, 99)), centre, fit=(radius * 1.3, radius), ink=contrasting(rng, ground))
