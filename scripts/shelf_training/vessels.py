"""Bodies of revolution: bottles, flasks, pumps, jars, cans, tubes, sprays; and how any pack is cut out and lit.

Light falls from above; highlights and dark edges make the form.
"""

from collections.abc import Sequence

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
)

Floats = NDArray[np.float32]


def cut_out(art: Floats, mask: Plane) -> Picture:
    """Premultiplied uint8 BGRA of ``art`` (0..255) where ``mask`` (0..1) is, cropped to it."""
    layer = np.dstack([np.clip(art, 0, 255) * mask[..., None], mask * 255]) + 0.5
    rows, columns = np.nonzero(mask.max(axis=1) > 0.3)[0], np.nonzero(mask.max(axis=0) > 0.3)[0]
    cropped = layer[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return np.ascontiguousarray(np.clip(cropped, 0, 255).astype(np.uint8))


def outline(shape: tuple[int, int], knots: Sequence[tuple[float, float]]) -> Plane:
    """A body of revolution: half widths (shares of the half width) at heights from 0 (top) to 1, as a mask."""
    rows, columns = shape
    heights, halves = np.array(knots, np.float32).T
    fine = np.interp(np.linspace(0, 1, rows), heights, halves).astype(np.float32)
    fine = cv2.GaussianBlur(fine[:, None], (1, 5), 0)[:, 0]
    x = np.abs(np.arange(columns, dtype=np.float32) - (columns - 1) / 2)[None, :]
    return np.clip(fine[:, None] * columns / 2 - x + 0.5, 0, 1).astype(np.float32)


def rounded(shape: tuple[int, int], rng: Rng, *, depth: float) -> Plane:
    """Light on an upright cylinder: dark edges, one or two bright stripes; (1, columns)."""
    x = np.linspace(-1, 1, shape[1], dtype=np.float32)
    light = 1.05 - depth * np.abs(x + rng.uniform(-0.2, 0.2)) ** rng.uniform(1.6, 3.5)
    for _ in range(int(rng.integers(0, 3))):
        light += rng.uniform(0.1, 0.7) * np.exp(-(((x - rng.uniform(-0.7, 0.7)) / rng.uniform(0.04, 0.12)) ** 2))
    return light[None, :].astype(np.float32)


def turned(
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
    body = brand.ground if rng.random() < 0.6 else liquid(rng)
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
        art[: int(rows * cap)] = cap_colour(brand, rng)
        art[int(rows * cap) - 1 : int(rows * cap) + 1] *= 0.6
    art *= rounded(shape, rng, depth=float(rng.uniform(0.25, 0.7)))[..., None]
    art *= np.linspace(1.06, rng.uniform(0.75, 1), rows, dtype=np.float32)[:, None, None]
    return cut_out(art, outline(shape, knots))


def liquid(rng: Rng) -> Colour:
    if rng.random() < 0.4:
        return from_hsv(rng.uniform(0.02, 0.12), rng.uniform(0.5, 1), rng.uniform(0.15, 0.8))
    return print_colour(rng)


def cap_colour(brand: Brand, rng: Rng) -> Colour:
    choice = rng.random()
    if choice < 0.35:
        return near(rng, (240, 240, 240), 8)
    return brand.second if choice < 0.7 else print_colour(rng)


def bottle(brand: Brand, shape: tuple[int, int], rng: Rng) -> Picture:
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
    return turned(brand, shape, rng, knots=knots, label=label, cap=float(neck))


def flask(brand: Brand, shape: tuple[int, int], rng: Rng) -> Picture:
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
    made = turned(brand, shape, rng, knots=knots, label=(cap + 0.05, rng.uniform(0.85, 1)), cap=float(cap))
    return np.ascontiguousarray(made[::-1]) if rng.random() < 0.12 else made


def pump(brand: Brand, shape: tuple[int, int], rng: Rng) -> Picture:
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
    return turned(brand, shape, rng, knots=knots, label=(neck + 0.12, rng.uniform(0.8, 0.95)), cap=float(neck))


def jar(brand: Brand, shape: tuple[int, int], rng: Rng) -> Picture:
    lid = rng.uniform(0.1, 0.3)
    knots = [(0, 0.9), (lid, 0.92), (lid + 0.01, rng.uniform(0.8, 0.95)), (lid + 0.1, 1), (0.93, 1), (1, 0.9)]
    return turned(brand, shape, rng, knots=knots, label=(lid + 0.08, rng.uniform(0.75, 1)), cap=float(lid))


def can(brand: Brand, shape: tuple[int, int], rng: Rng) -> Picture:
    rim = rng.uniform(0.02, 0.07)
    knots = [(0, 0.88), (rim, 0.9), (rim + 0.03, 1), (0.95, 1), (1, 0.9)]
    made = turned(brand, shape, rng, knots=knots, label=(rim, 1.0), cap=0.0)
    metal = max(1, int(shape[0] * rim))
    grey = near(rng, (190, 190, 190), 20)
    made[:metal, :, :3] = made[:metal, :, 3:] / 255.0 * np.asarray(grey)
    return made


def tube(brand: Brand, shape: tuple[int, int], rng: Rng) -> Picture:
    """Standing on its cap, flat end up."""
    cap = rng.uniform(0.78, 0.9)
    knots = [(0, 1), (0.03, 1), (cap, rng.uniform(0.65, 0.95)), (cap + 0.01, rng.uniform(0.5, 0.85)), (1, 0.6)]
    made = turned(brand, shape, rng, knots=knots, label=(0.04, cap), cap=0.0)
    foot = int(made.shape[0] * cap)
    lid = np.asarray(cap_colour(brand, rng))
    made[foot:, :, :3] = (
        made[foot:, :, 3:] / 255.0 * lid * rounded((1, made.shape[1]), rng, depth=0.4)[..., None].clip(0, 1)
    )
    return made


def spray(brand: Brand, shape: tuple[int, int], rng: Rng) -> Picture:
    dome = rng.uniform(0.12, 0.25)
    knots = [(0, rng.uniform(0.5, 0.9)), (0.03, 0.85), (dome, 0.9), (dome + 0.02, 0.95), (dome + 0.06, 1), (1, 1)]
    return turned(brand, shape, rng, knots=knots, label=(dome + 0.03, 1.0), cap=float(dome))
