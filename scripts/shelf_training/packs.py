"""Models packs: flat artwork bent into boxes, bottles, jars, tubes, cans, bags, multipacks, blisters and odd things.

A pack is a cut-out: premultiplied BGRA uint8, its tight outline touching all four sides. Light falls from above;
highlights, dark edges and creases make the form, because a network trained on flat rectangles finds only those.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from scripts.shelf_training.artwork import Brand, front
from scripts.shelf_training.colours import (
    Picture,
    Plane,
    Rng,
    print_colour,
    smooth_noise,
)
from scripts.shelf_training.vessels import bottle, can, cut_out, flask, jar, outline, pump, rounded, spray, tube

Floats = NDArray[np.float32]
LONG_SIDE_PX = 150


@dataclass(frozen=True, slots=True, eq=False)
class Sku:
    """One product: its cut-out as (rows, columns, 4) and how it may stand on a shelf."""

    cutout: Picture
    form: str
    stacks: bool
    hangs: bool

    @property
    def aspect(self) -> float:
        """Width over height."""
        return float(self.cutout.shape[1] / self.cutout.shape[0])


def new_sku(brand: Brand, form: str, rng: Rng) -> Sku:
    """One product of a brand in a form of `FORMS`."""
    maker, (low, high), stacks = FORMS[form]
    aspect = float(np.exp(rng.uniform(np.log(low), np.log(high))))
    longest = LONG_SIDE_PX
    shape = (longest, max(12, int(longest * aspect))) if aspect < 1 else (max(12, int(longest / aspect)), longest)
    return Sku(maker(brand, shape, rng), form, stacks, form in ("blister", "pouch", "bag"))


def _box(brand: Brand, shape: tuple[int, int], rng: Rng) -> Picture:
    art = front(brand, shape, rng).astype(np.float32)
    rows, columns = shape
    art *= np.linspace(rng.uniform(0.95, 1.1), rng.uniform(0.8, 1), rows, dtype=np.float32)[:, None, None]
    art *= np.linspace(rng.uniform(0.85, 1.08), rng.uniform(0.85, 1.08), columns, dtype=np.float32)[None, :, None]
    edge = max(1, min(shape) // 40)
    art[:edge] *= rng.uniform(0.7, 1.4)
    art[-edge:] *= 0.65
    art[:, :edge] *= rng.uniform(0.6, 1.25)
    art[:, -edge:] *= 0.65
    if rng.random() < 0.22:
        art = _with_side(art, brand, rng)
    if rng.random() < 0.2:
        art = _with_top(art, brand, rng)
    return cut_out(art, np.ones(art.shape[:2], np.float32))


def _with_side(art: Floats, brand: Brand, rng: Rng) -> Floats:
    """A darker side face beside the front, as of a box that is turned or seen from the side."""
    rows = art.shape[0]
    width = max(2, int(art.shape[1] * rng.uniform(0.05, 0.28)))
    side = np.empty((rows, width, 3), np.float32)
    side[:] = np.asarray(brand.ground if rng.random() < 0.7 else brand.second) * rng.uniform(0.45, 0.85)
    return np.concatenate([art, side] if rng.random() < 0.5 else [side, art], axis=1)


def _with_top(art: Floats, brand: Brand, rng: Rng) -> Floats:
    height = max(2, int(art.shape[0] * rng.uniform(0.03, 0.12)))
    top = np.empty((height, art.shape[1], 3), np.float32)
    top[:] = np.clip(np.asarray(brand.ground) * rng.uniform(0.9, 1.3) + 15, 0, 255)
    return np.concatenate([top, art], axis=0)


def _bag(brand: Brand, shape: tuple[int, int], rng: Rng) -> Picture:
    """A pillow of film: wavy edges, sealed ends, creases that catch the light."""
    rows, columns = shape
    art = front(brand, shape, rng).astype(np.float32)
    crease = smooth_noise(rng, shape, min(shape) / rng.uniform(2.0, 6.0))
    slope = np.gradient(crease, axis=0) + np.gradient(crease, axis=1)
    art *= (1 + np.clip(slope * min(shape) * rng.uniform(0.05, 0.18), -0.45, 0.6))[..., None]
    art += (np.clip(crease - 0.55, 0, 1) * rng.uniform(0, 300))[..., None]
    art *= rounded(shape, rng, depth=float(rng.uniform(0.1, 0.45)))[..., None]
    seal = max(1, int(rows * rng.uniform(0.02, 0.08)))
    for band in (art[:seal], art[-seal:]):
        band *= np.where(np.arange(columns) % 4 < 2, 0.8, 1.1)[None, :, None]
    bulge = rng.uniform(0.0, 0.12)
    knots = [(0, 1 - bulge), (0.12, 1), (0.5, 1 - bulge * rng.random()), (0.88, 1), (1, 1 - bulge)]
    mask = outline(shape, knots) * _ragged(shape, rng)
    return cut_out(art, mask)


def _ragged(shape: tuple[int, int], rng: Rng) -> Plane:
    """A soft, slightly wavy upper edge."""
    top = np.abs(smooth_noise(rng, (1, shape[1]), shape[1] / 4)[0]) * shape[0] * rng.uniform(0, 0.06)
    return np.clip(np.arange(shape[0], dtype=np.float32)[:, None] - top[None, :] + 0.5, 0, 1)


def _pouch(brand: Brand, shape: tuple[int, int], rng: Rng) -> Picture:
    """A stand-up pouch or a coffee brick: a bag with shoulders."""
    made = _bag(brand, shape, rng)
    rows, columns = made.shape[:2]
    narrow = rng.uniform(0.7, 1.0)
    mask = outline((rows, columns), [(0, narrow), (rng.uniform(0.08, 0.25), 1), (0.9, 1), (1, 0.94)])
    return np.ascontiguousarray((made * mask[..., None]).astype(np.uint8))


def _multipack(brand: Brand, shape: tuple[int, int], rng: Rng) -> Picture:
    """Cans or bottles in film, or rolls: a few equal columns under one wrapping."""
    rows, columns = shape
    across, down = int(rng.integers(2, 6)), int(rng.integers(1, 3))
    unit = front(brand, (max(12, rows // down), max(8, columns // across)), rng).astype(np.float32)
    unit *= rounded(unit.shape[:2], rng, depth=float(rng.uniform(0.3, 0.8)))[..., None]
    art = cv2.resize(np.tile(unit, (down, across, 1)), (columns, rows))
    if rng.random() < 0.5:
        band = slice(int(rows * 0.25), int(rows * 0.75))
        art[band] = front(brand, (band.stop - band.start, columns), rng)
    glare = np.clip(smooth_noise(rng, shape, min(shape) / 3) - 0.4, 0, 1)[..., None]
    return cut_out(art + glare * 160, np.ones(shape, np.float32))


def _blister(brand: Brand, shape: tuple[int, int], rng: Rng) -> Picture:
    """A card with a hole to hang by and a thing under clear plastic."""
    rows, columns = shape
    art = front(brand, shape, rng).astype(np.float32)
    top, side = int(rows * rng.uniform(0.3, 0.5)), int(columns * rng.uniform(0.1, 0.3))
    window = art[top : int(rows * 0.95), side : columns - side]
    window[:] = window * 0.3 + np.asarray(print_colour(rng)) * 0.7
    noise = smooth_noise(rng, window.shape[:2], max(3.0, columns / 6))
    window += (noise * rng.uniform(20, 70))[..., None]
    cv2.rectangle(art, (side, top), (columns - side, int(rows * 0.95)), (235, 235, 235), 1)
    mask = np.ones(shape, np.float32)
    cv2.ellipse(mask, (columns // 2, int(rows * 0.06)), (max(2, columns // 10), max(1, rows // 50)), 0, 0, 360, 0.0, -1)
    return cut_out(art, mask)


def _odd(brand: Brand, shape: tuple[int, int], rng: Rng) -> Picture:
    """Household things without print: bowls, candles, sponges, baskets, plants."""
    rows, columns = shape
    art = np.empty((rows, columns, 3), np.float32)
    art[:] = brand.ground
    art += (smooth_noise(rng, shape, max(2.0, min(shape) / rng.uniform(2, 25))) * rng.uniform(5, 60))[..., None]
    if rng.random() < 0.4:
        patch = front(brand, (max(10, rows // 3), columns), rng)
        art[rows // 3 : rows // 3 + len(patch)] = patch
    art *= rounded(shape, rng, depth=float(rng.uniform(0.2, 0.8)))[..., None]
    knots = sorted((float(y), float(rng.uniform(0.55, 1))) for y in rng.random(3))
    mask = outline(shape, [(0, rng.uniform(0.5, 1)), *knots, (1, rng.uniform(0.5, 1))])
    return cut_out(art, mask)


def _carton(brand: Brand, shape: tuple[int, int], rng: Rng) -> Picture:
    """A drink carton: a box with a sloping roof or a screw cap on it."""
    made = _box(brand, shape, rng)
    roof = max(2, int(made.shape[0] * rng.uniform(0.08, 0.18)))
    light = np.linspace(rng.uniform(0.6, 0.8), rng.uniform(1, 1.25), roof)[:, None, None]
    made[:roof, :, :3] = np.clip(made[:roof, :, :3] * light, 0, 255)
    inset = made.shape[1] // 14
    made[: roof // 2, :inset] = 0
    made[: roof // 2, made.shape[1] - inset :] = 0
    return made


Maker = Callable[[Brand, tuple[int, int], Rng], Picture]
FORMS: dict[str, tuple[Maker, tuple[float, float], bool]] = {
    "box": (_box, (0.42, 0.95), False),
    "slim-box": (_box, (0.25, 0.5), False),
    "wide-box": (_box, (1.0, 2.2), True),
    "flat-box": (_box, (2.0, 5.5), True),
    "carton": (_carton, (0.32, 0.5), False),
    "bottle": (bottle, (0.24, 0.42), False),
    "flask": (flask, (0.28, 0.55), False),
    "pump": (pump, (0.3, 0.5), False),
    "spray": (spray, (0.2, 0.36), False),
    "jar": (jar, (0.65, 1.3), True),
    "pill-jar": (jar, (0.45, 0.7), False),
    "can": (can, (0.48, 0.85), True),
    "tub": (jar, (1.2, 2.0), True),
    "tube": (tube, (0.26, 0.5), False),
    "bag": (_bag, (0.55, 0.95), False),
    "wide-bag": (_bag, (1.0, 1.8), True),
    "pouch": (_pouch, (0.45, 0.75), False),
    "multipack": (_multipack, (0.9, 2.2), True),
    "blister": (_blister, (0.4, 0.8), False),
    "odd": (_odd, (0.5, 1.8), False),
}
"""Form: its maker, its width over its height, and whether it is stacked."""

DEPARTMENTS: tuple[tuple[str, ...], ...] = (
    ("box", "slim-box", "wide-box", "pill-jar", "flat-box"),
    ("flask", "pump", "tube", "flask", "spray", "jar"),
    ("bottle", "can", "multipack", "bottle"),
    ("pouch", "bag", "wide-box", "jar", "can"),
    ("wide-box", "multipack", "wide-bag", "flat-box"),
    ("box", "box", "bag", "pouch", "carton"),
    ("jar", "can", "bottle", "carton", "tub"),
    ("odd", "jar", "box", "blister", "odd"),
    ("blister", "tube", "box", "slim-box"),
    ("flat-box", "tube", "wide-box", "blister"),
    tuple(FORMS),
)
"""Which forms stand together."""
