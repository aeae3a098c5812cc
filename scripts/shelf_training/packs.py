"""Models packs: flat artwork bent into boxes, bottles, jars, tubes, cans, bags, multipacks, blisters and odd things.

A pack is a cut-out: premultiplied BGRA uint8, its tight outline touching all four sides. Light falls from above;
highlights, dark edges and creases make the form, because a network trained on flat rectangles finds only those.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from scripts.shelf_training.artwork import Brand, front
from scripts.shelf_training.colours import (
    Colour,
    Picture,
    Plane,
    Rng,
    from_hsv,
    near,
    print_colour,
    smooth_noise,
)

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


def cut_out(art: Floats, mask: Plane) -> Picture:
    """Premultiplied uint8 BGRA of ``art`` (0..255) where ``mask`` (0..1) is, cropped to it."""
    layer = np.dstack([np.clip(art, 0, 255) * mask[..., None], mask * 255]) + 0.5
    rows, columns = np.nonzero(mask.max(axis=1) > 0.3)[0], np.nonzero(mask.max(axis=0) > 0.3)[0]
    cropped = layer[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return np.ascontiguousarray(np.clip(cropped, 0, 255).astype(np.uint8))


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


def _outline(shape: tuple[int, int], knots: Sequence[tuple[float, float]]) -> Plane:
    """A body of revolution: half widths (shares of the half width) at heights from 0 (top) to 1, as a mask."""
    rows, columns = shape
    heights, halves = np.array(knots, np.float32).T
    fine = np.interp(np.linspace(0, 1, rows), heights, halves).astype(np.float32)
    fine = cv2.GaussianBlur(fine[:, None], (1, 5), 0)[:, 0]
    x = np.abs(np.arange(columns, dtype=np.float32) - (columns - 1) / 2)[None, :]
    return np.clip(fine[:, None] * columns / 2 - x + 0.5, 0, 1).astype(np.float32)


def _rounded(shape: tuple[int, int], rng: Rng, *, depth: float) -> Plane:
    """Light on an upright cylinder: dark edges, one or two bright stripes; (1, columns)."""
    x = np.linspace(-1, 1, shape[1], dtype=np.float32)
    light = 1.05 - depth * np.abs(x + rng.uniform(-0.2, 0.2)) ** rng.uniform(1.6, 3.5)
    for _ in range(int(rng.integers(0, 3))):
        light += rng.uniform(0.1, 0.7) * np.exp(-(((x - rng.uniform(-0.7, 0.7)) / rng.uniform(0.04, 0.12)) ** 2))
    return light[None, :].astype(np.float32)


def _turned(
    brand: Brand,
    shape: tuple[int, int],
    rng: Rng,
    *,
    knots: Sequence[tuple[float, float]],
    label: tuple[float, float],
    cap: float,
) -> Picture:
    """A bottle-like thing: body colour, a label between two heights, a cap down to ``cap``."""
    rows, columns = shape
    body = brand.ground if rng.random() < 0.6 else _liquid(rng)
    art = np.empty((rows, columns, 3), np.float32)
    art[:] = body
    if rng.random() < 0.25:  # a level of liquid below clear plastic
        art[: int(rows * rng.uniform(0.1, 0.4))] = near(rng, (205, 205, 200), 15)
    top, bottom = int(rows * label[0]), int(rows * label[1])
    if bottom - top > 8:
        inset = int(columns * (rng.uniform(0.05, 0.2) if rng.random() < 0.35 else 0.0))
        printed = front(brand, (bottom - top, columns - 2 * inset), rng)
        art[top:bottom, inset : columns - inset] = printed
    if cap > 0:
        art[: int(rows * cap)] = _cap_colour(brand, rng)
        art[int(rows * cap) - 1 : int(rows * cap) + 1] *= 0.6
    art *= _rounded(shape, rng, depth=float(rng.uniform(0.25, 0.7)))[..., None]
    art *= np.linspace(1.06, rng.uniform(0.75, 1), rows, dtype=np.float32)[:, None, None]
    return cut_out(art, _outline(shape, knots))


def _liquid(rng: Rng) -> Colour:
    if rng.random() < 0.4:
        return from_hsv(rng.uniform(0.02, 0.12), rng.uniform(0.5, 1), rng.uniform(0.15, 0.8))
    return print_colour(rng)


def _cap_colour(brand: Brand, rng: Rng) -> Colour:
    choice = rng.random()
    if choice < 0.35:
        return near(rng, (240, 240, 240), 8)
    return brand.second if choice < 0.7 else print_colour(rng)


def _bottle(brand: Brand, shape: tuple[int, int], rng: Rng) -> Picture:
    neck, shoulder = rng.uniform(0.06, 0.16), rng.uniform(0.2, 0.42)
    narrow, waist = rng.uniform(0.25, 0.5), rng.uniform(0.85, 1.0)
    knots = [
        (0, narrow),
        (neck, narrow),
        (neck + 0.02, narrow * 0.9),
        (shoulder, 1),
        (0.65, waist),
        (0.9, 1),
        (1, 0.93),
    ]
    label = (shoulder + rng.uniform(0, 0.1), rng.uniform(0.7, 0.95))
    return _turned(brand, shape, rng, knots=knots, label=label, cap=float(neck))


def _flask(brand: Brand, shape: tuple[int, int], rng: Rng) -> Picture:
    """Shampoo and the like: wide from the shoulder on, flat cap; sometimes standing on its cap."""
    cap, narrow = rng.uniform(0.08, 0.24), rng.uniform(0.4, 0.95)
    knots = [
        (0, narrow * 0.96),
        (cap, narrow),
        (cap + 0.01, narrow),
        (cap + rng.uniform(0.04, 0.14), 1),
        (0.6, rng.uniform(0.8, 1)),
        (0.95, 0.97),
        (1, rng.uniform(0.7, 0.95)),
    ]
    made = _turned(brand, shape, rng, knots=knots, label=(cap + 0.05, rng.uniform(0.85, 1)), cap=float(cap))
    return np.ascontiguousarray(made[::-1]) if rng.random() < 0.12 else made


def _pump(brand: Brand, shape: tuple[int, int], rng: Rng) -> Picture:
    head, neck = rng.uniform(0.04, 0.08), rng.uniform(0.16, 0.28)
    wide = rng.uniform(0.5, 0.8)
    knots = [
        (0, wide),
        (head, wide),
        (head + 0.01, 0.1),
        (neck - 0.05, 0.12),
        (neck - 0.04, 0.4),
        (neck, 0.4),
        (neck + 0.08, 1),
        (0.95, 1),
        (1, 0.9),
    ]
    return _turned(brand, shape, rng, knots=knots, label=(neck + 0.12, rng.uniform(0.8, 0.95)), cap=float(neck))


def _jar(brand: Brand, shape: tuple[int, int], rng: Rng) -> Picture:
    lid = rng.uniform(0.1, 0.3)
    knots = [(0, 0.9), (lid, 0.92), (lid + 0.01, rng.uniform(0.8, 0.95)), (lid + 0.1, 1), (0.93, 1), (1, 0.9)]
    return _turned(brand, shape, rng, knots=knots, label=(lid + 0.08, rng.uniform(0.75, 1)), cap=float(lid))


def _can(brand: Brand, shape: tuple[int, int], rng: Rng) -> Picture:
    rim = rng.uniform(0.02, 0.07)
    knots = [(0, 0.88), (rim, 0.9), (rim + 0.03, 1), (0.95, 1), (1, 0.9)]
    made = _turned(brand, shape, rng, knots=knots, label=(rim, 1.0), cap=0.0)
    metal = max(1, int(shape[0] * rim))
    grey = near(rng, (190, 190, 190), 20)
    made[:metal, :, :3] = made[:metal, :, 3:] / 255.0 * np.asarray(grey)
    return made


def _tube(brand: Brand, shape: tuple[int, int], rng: Rng) -> Picture:
    """Standing on its cap, flat end up."""
    cap = rng.uniform(0.78, 0.9)
    knots = [(0, 1), (0.03, 1), (cap, rng.uniform(0.65, 0.95)), (cap + 0.01, rng.uniform(0.5, 0.85)), (1, 0.6)]
    made = _turned(brand, shape, rng, knots=knots, label=(0.04, cap), cap=0.0)
    foot = int(made.shape[0] * cap)
    lid = np.asarray(_cap_colour(brand, rng))
    made[foot:, :, :3] = (
        made[foot:, :, 3:] / 255.0 * lid * _rounded((1, made.shape[1]), rng, depth=0.4)[..., None].clip(0, 1)
    )
    return made


def _bag(brand: Brand, shape: tuple[int, int], rng: Rng) -> Picture:
    """A pillow of film: wavy edges, sealed ends, creases that catch the light."""
    rows, columns = shape
    art = front(brand, shape, rng).astype(np.float32)
    crease = smooth_noise(rng, shape, min(shape) / rng.uniform(2.0, 6.0))
    slope = np.gradient(crease, axis=0) + np.gradient(crease, axis=1)
    art *= (1 + np.clip(slope * min(shape) * rng.uniform(0.05, 0.18), -0.45, 0.6))[..., None]
    art += (np.clip(crease - 0.55, 0, 1) * rng.uniform(0, 300))[..., None]
    art *= _rounded(shape, rng, depth=float(rng.uniform(0.1, 0.45)))[..., None]
    seal = max(1, int(rows * rng.uniform(0.02, 0.08)))
    for band in (art[:seal], art[-seal:]):
        band *= np.where(np.arange(columns) % 4 < 2, 0.8, 1.1)[None, :, None]
    bulge = rng.uniform(0.0, 0.12)
    knots = [(0, 1 - bulge), (0.12, 1), (0.5, 1 - bulge * rng.random()), (0.88, 1), (1, 1 - bulge)]
    mask = _outline(shape, knots) * _ragged(shape, rng)
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
    mask = _outline((rows, columns), [(0, narrow), (rng.uniform(0.08, 0.25), 1), (0.9, 1), (1, 0.94)])
    return np.ascontiguousarray((made * mask[..., None]).astype(np.uint8))


def _multipack(brand: Brand, shape: tuple[int, int], rng: Rng) -> Picture:
    """Cans or bottles in film, or rolls: a few equal columns under one wrapping."""
    rows, columns = shape
    across, down = int(rng.integers(2, 6)), int(rng.integers(1, 3))
    unit = front(brand, (max(12, rows // down), max(8, columns // across)), rng).astype(np.float32)
    unit *= _rounded(unit.shape[:2], rng, depth=float(rng.uniform(0.3, 0.8)))[..., None]
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
    art *= _rounded(shape, rng, depth=float(rng.uniform(0.2, 0.8)))[..., None]
    knots = sorted((float(y), float(rng.uniform(0.55, 1))) for y in rng.random(3))
    mask = _outline(shape, [(0, rng.uniform(0.5, 1)), *knots, (1, rng.uniform(0.5, 1))])
    return cut_out(art, mask)


def _spray(brand: Brand, shape: tuple[int, int], rng: Rng) -> Picture:
    dome = rng.uniform(0.12, 0.25)
    knots = [(0, rng.uniform(0.5, 0.9)), (0.03, 0.85), (dome, 0.9), (dome + 0.02, 0.95), (dome + 0.06, 1), (1, 1)]
    return _turned(brand, shape, rng, knots=knots, label=(dome + 0.03, 1.0), cap=float(dome))


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
    "bottle": (_bottle, (0.24, 0.42), False),
    "flask": (_flask, (0.28, 0.55), False),
    "pump": (_pump, (0.3, 0.5), False),
    "spray": (_spray, (0.2, 0.36), False),
    "jar": (_jar, (0.65, 1.3), True),
    "pill-jar": (_jar, (0.45, 0.7), False),
    "can": (_can, (0.48, 0.85), True),
    "tub": (_jar, (1.2, 2.0), True),
    "tube": (_tube, (0.26, 0.5), False),
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
