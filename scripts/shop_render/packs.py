"""Models packs: artwork bent over a carton, bottle, can, bag, jar, tub or box, with light, edges and highlights.

Each form returns a layer as big as its pack; `shelf` stands it on a board and adds the shadow.
"""

from collections.abc import Callable

import cv2
import numpy as np

from scripts.shop_render.catalogue import Product
from scripts.shop_render.labels import front
from scripts.shop_render.raster import (
    Layer,
    Picture,
    Plane,
    bgr,
    lay_over,
    mixed,
    polygon_mask,
    smooth_noise,
    to_layer,
)
from scripts.shop_render.scene import Pack, Rgb


def draw_pack(product: Product, pack: Pack, px_per_mm: float, rng: np.random.Generator) -> Layer:
    """One unit from the front, lit from above left."""
    shape = (round(pack.height_mm * px_per_mm), round(pack.width_mm * px_per_mm))
    return _FORMS[pack.form](product, pack, shape, rng)


def _carton(product: Product, pack: Pack, shape: tuple[int, int], rng: np.random.Generator) -> Layer:
    """A gable-top carton: fin, sloping roof, flat front."""
    rows, columns = shape
    art = front(product, pack, shape, rng).astype(np.float32)
    fin, roof = round(rows * 0.05), round(rows * 0.13)
    light = np.ones(shape, np.float32)
    light *= np.linspace(1.05, 0.88, columns, dtype=np.float32)[None, :]
    light[:fin] *= 0.86
    light[fin:roof] *= np.linspace(1.12, 1.02, roof - fin, dtype=np.float32)[:, None]
    light[roof:] *= np.linspace(0.99, 0.84, rows - roof, dtype=np.float32)[:, None]
    light[roof - 1 : roof + 1] *= 0.78
    light[fin - 1 : fin + 1] *= 0.7
    inset = columns * 0.045
    outline = [
        (inset, 0),
        (columns - inset, 0),
        (columns - inset, fin),
        (columns, roof),
        (columns, rows),
        (0, rows),
        (0, roof),
        (inset, fin),
    ]
    mask = polygon_mask(shape, np.array(outline) - [0.5, 0.5])
    return to_layer(_edged(art * light[..., None], mask, 0.75), mask)


def _box(product: Product, pack: Pack, shape: tuple[int, int], rng: np.random.Generator) -> Layer:
    """A folded box seen slightly from above: a strip of its top shows."""
    rows, columns = shape
    art = front(product, pack, shape, rng).astype(np.float32)
    top = max(round(rows * 0.09), 4)
    light = np.repeat(np.linspace(1.0, 0.83, rows, dtype=np.float32)[:, None], columns, axis=1)
    light *= np.linspace(1.04, 0.93, columns, dtype=np.float32)[None, :]
    lid = np.empty((top, columns, 3), np.float32)
    lid[:] = bgr(mixed(pack.colours[0], (255, 255, 255), 0.25))
    picture = art * light[..., None]
    picture[:top] = lid
    picture[top - 1 : top + 1] *= 1.12
    inset = columns * 0.025
    mask = polygon_mask(
        shape, [(inset, 0), (columns - inset, 0), (columns - 1, top), (columns - 1, rows - 1), (0, rows - 1), (0, top)]
    )
    return to_layer(_edged(picture, mask, 0.72), mask)


def _round_light(columns: int, *, shine: float, at: float = 0.3, width: float = 0.07) -> tuple[Plane, Plane]:
    """Brightness factor and added highlight across a standing cylinder."""
    x = np.linspace(-1, 1, columns, dtype=np.float32)
    slope = np.sqrt(np.maximum(1 - x * x, 0))
    light = 0.42 + 0.62 * np.clip(slope * 0.86 - x * 0.34 * slope - 0.10 * x, 0, 1.2)
    gleam = shine * np.exp(-(((x + 1) / 2 - at) ** 2) / (2 * width**2))
    gleam += 0.35 * shine * np.exp(-(((x + 1) / 2 - 0.9) ** 2) / (2 * 0.025**2))
    return light.astype(np.float32), gleam.astype(np.float32)


def _bent(art: Picture) -> Picture:
    """The artwork's middle three fifths as they look when wound around a cylinder."""
    rows, columns = art.shape[:2]
    x = np.linspace(-1, 1, columns)
    source = (np.arcsin(np.clip(x, -1, 1)) / (np.pi / 2) * 0.5 + 0.5) * (columns - 1)
    grid_x = np.repeat(source[None, :], rows, axis=0).astype(np.float32)
    grid_y = np.repeat(np.arange(rows, dtype=np.float32)[:, None], columns, axis=1)
    return np.asarray(cv2.remap(art, grid_x, grid_y, cv2.INTER_LINEAR), dtype=np.uint8)


def _can(product: Product, pack: Pack, shape: tuple[int, int], rng: np.random.Generator) -> Layer:
    rows, columns = shape
    art = _bent(front(product, pack, shape, rng)).astype(np.float32)
    rim, neck = max(round(rows * 0.035), 3), round(rows * 0.11)
    metal: Rgb = (196, 199, 204)
    art[:neck] = bgr(metal)
    art[rows - rim :] = bgr(metal)
    light, gleam = _round_light(columns, shine=105)
    picture = art * light[None, :, None] + gleam[None, :, None]
    picture[:neck] *= np.linspace(0.72, 1.1, neck, dtype=np.float32)[:, None, None]
    picture[:rim] *= 1.25
    picture[rim : rim + 2] *= 0.55
    inset = columns * 0.1
    mask = polygon_mask(
        shape,
        [
            (inset, 0),
            (columns - 1 - inset, 0),
            (columns - 1 - inset, rim),
            (columns - 1, neck),
            (columns - 1, rows - neck * 0.6),
            (columns - 1 - inset * 0.7, rows - 1),
            (inset * 0.7, rows - 1),
            (0, rows - neck * 0.6),
            (0, neck),
            (inset, rim),
        ],
    )
    return to_layer(_edged(picture, mask, 0.8), mask)


def _profile_mask(shape: tuple[int, int], profile: list[tuple[float, float]]) -> tuple[Plane, Plane]:
    """Mask and half width per row from (height share, width share) pairs, top to bottom."""
    rows, columns = shape
    where = np.linspace(0, 1, rows)
    widths = np.interp(where, [p[0] for p in profile], [p[1] for p in profile]) * columns / 2
    half = cv2.GaussianBlur(widths.astype(np.float32).reshape(-1, 1), (1, 5), 1.2).ravel()
    x = np.abs(np.arange(columns, dtype=np.float32) - (columns - 1) / 2)[None, :]
    return np.clip(half[:, None] - x + 0.5, 0, 1).astype(np.float32), half.astype(np.float32)


def _turned_light(shape: tuple[int, int], half: Plane, shine: float) -> tuple[Plane, Plane]:
    """Light of a turned body whose half width changes from row to row."""
    columns = shape[1]
    light, gleam = _round_light(256, shine=shine)
    x = (np.arange(columns, dtype=np.float32) - (columns - 1) / 2)[None, :]
    where = np.clip((x / np.maximum(half[:, None], 1) + 1) / 2 * 255, 0, 255).astype(np.int32)
    return light[where], gleam[where]


def _bottle(product: Product, pack: Pack, shape: tuple[int, int], rng: np.random.Generator) -> Layer:
    rows, columns = shape
    mask, half = _profile_mask(
        shape, [(0, 0.42), (0.09, 0.42), (0.095, 0.36), (0.16, 0.36), (0.33, 0.96), (0.38, 1), (0.94, 1), (1, 0.9)]
    )
    body = np.empty((rows, columns, 3), np.float32)
    drink = mixed(pack.colours[0], (70, 40, 20), 0.15)
    body[:] = bgr(drink)
    body[: round(rows * 0.26)] = bgr(mixed(drink, (235, 238, 240), 0.35))
    top, bottom = round(rows * 0.42), round(rows * 0.88)
    label_pack = Pack(
        form="bottle",
        width_mm=1,
        height_mm=1,
        colours=(pack.colours[1], pack.colours[0], pack.colours[2]),
        motif=pack.motif,
    )
    body[top:bottom] = _bent(front(product, label_pack, (bottom - top, columns), rng))
    cap = round(rows * 0.09)
    body[:cap] = bgr(pack.colours[2])
    light, gleam = _turned_light(shape, half, 80)
    gleam[top:bottom] *= 0.35
    picture = body * light[..., None] + gleam[..., None]
    picture[cap : cap + 2] *= 0.6
    picture[top : top + 1] *= 0.75
    picture[bottom - 1 : bottom] *= 0.75
    return to_layer(_edged(picture, mask, 0.8), mask)


def _jar(product: Product, pack: Pack, shape: tuple[int, int], rng: np.random.Generator) -> Layer:
    rows, columns = shape
    mask, half = _profile_mask(shape, [(0, 0.86), (0.15, 0.86), (0.17, 0.82), (0.25, 1), (0.94, 1), (1, 0.92)])
    body = np.empty((rows, columns, 3), np.float32)
    body[:] = bgr(mixed(pack.colours[0], (40, 20, 10), 0.2))
    body += (smooth_noise(rng, shape, 5) * 16)[..., None]
    top, bottom, lid = round(rows * 0.32), round(rows * 0.86), round(rows * 0.155)
    label_pack = Pack(
        form="jar",
        width_mm=1,
        height_mm=1,
        colours=(pack.colours[1], pack.colours[2], pack.colours[0]),
        motif=pack.motif,
    )
    body[top:bottom] = _bent(front(product, label_pack, (bottom - top, columns), rng))
    body[:lid] = bgr(pack.colours[2])
    light, gleam = _turned_light(shape, half, 120)
    gleam[top:bottom] *= 0.2
    picture = body * light[..., None] + gleam[..., None]
    picture[:3] *= 1.25
    picture[lid : lid + 2] *= 0.55
    return to_layer(_edged(picture, mask, 0.8), mask)


def _tub(product: Product, pack: Pack, shape: tuple[int, int], rng: np.random.Generator) -> Layer:
    rows = shape[0]
    mask, half = _profile_mask(shape, [(0, 1.0), (0.07, 1.0), (0.085, 0.95), (0.93, 0.84), (1, 0.8)])
    body = _bent(front(product, pack, shape, rng)).astype(np.float32)
    lid = max(round(rows * 0.075), 4)
    body[:lid] = bgr(mixed(pack.colours[1], (240, 240, 240), 0.55))
    light, gleam = _turned_light(shape, half, 46)
    picture = body * light[..., None] + gleam[..., None]
    picture[: lid // 2] *= 1.15
    picture[lid : lid + 3] *= 0.62
    return to_layer(_edged(picture, mask, 0.8), mask)


def _bag(product: Product, pack: Pack, shape: tuple[int, int], rng: np.random.Generator) -> Layer:
    """A pillow bag: crimped ends, bulging middle, creases that catch the light."""
    rows, columns = shape
    art = front(product, pack, shape, rng).astype(np.float32)
    ys, xs = np.linspace(-1, 1, rows, dtype=np.float32)[:, None], np.linspace(-1, 1, columns, dtype=np.float32)[None, :]
    relief = (np.sqrt(np.maximum(1 - ys**2, 0)) * np.sqrt(np.maximum(1 - xs**2 * 0.96, 0))) ** 0.6 * columns * 0.16
    relief += smooth_noise(rng, shape, columns / 5) * columns * 0.012
    relief += smooth_noise(rng, shape, columns / 11) * columns * 0.007 * (0.4 + np.abs(ys))
    slope_y, slope_x = np.gradient(relief.astype(np.float32))
    length = np.sqrt(slope_x**2 + slope_y**2 + 1)
    facing = np.clip((-0.38 * -slope_x * -1 + 0.55 * slope_y + 0.74) / length, 0, 1.3)
    gleam = np.clip((0.45 * slope_x + 0.42 * slope_y + 0.79) / length, 0, 1) ** 22 * 78
    picture = art * (0.34 + 0.72 * facing)[..., None] + gleam[..., None]
    crimp = max(round(rows * 0.045), 4)
    ribs = 1 + 0.10 * np.sin(np.arange(crimp) * 2.1)[:, None, None]
    picture[:crimp] *= 0.82 * ribs
    picture[rows - crimp :] *= 0.72 * ribs
    return to_layer(_edged(picture, _bag_mask(shape), 0.78), _bag_mask(shape))


def _bag_mask(shape: tuple[int, int]) -> Plane:
    rows, columns = shape
    mask, _half = _profile_mask(shape, [(0, 0.97), (0.05, 0.96), (0.16, 0.92), (0.5, 1.0), (0.86, 0.95), (1, 0.98)])
    teeth = 2.2 * (np.abs((np.arange(columns) / 4.0) % 1 - 0.5) * 2)
    rows_at = np.arange(rows, dtype=np.float32)[:, None]
    cut = np.clip(rows_at - teeth[None, :] + 0.5, 0, 1) * np.clip(rows - 1 - rows_at - teeth[None, :] + 0.5, 0, 1)
    return (mask * cut).astype(np.float32)


def _edged(picture: Layer | Plane, mask: Plane, darkness: float) -> Layer:
    """Darken the last pixels before the outline: where a body turns away it reflects less."""
    soft = cv2.GaussianBlur(mask, (0, 0), 1.6)
    share = np.clip((soft - 0.5) * 2, 0, 1)
    return np.asarray((picture * (darkness + (1 - darkness) * share)[..., None]), np.float32)


def with_side(pack: Layer, margin: int, side_px: float, *, rise_share: float) -> Layer:
    """Add the side face that shows towards the picture's middle; ``side_px`` < 0 is to the left.

    Its far edge lies higher by ``rise_share`` of the pack's height: the camera looks down on low packs.
    """
    width = min(abs(round(side_px)), margin - 1)
    if width < 2:
        return pack
    rows, columns = pack.shape[0] - 2 * margin, pack.shape[1] - 2 * margin
    edge = margin + columns - 3 if side_px > 0 else margin + 2
    step = 1 if side_px > 0 else -1
    below = np.zeros_like(pack)
    strip = np.median(pack[margin : margin + rows, min(edge, edge - 12 * step) : max(edge, edge - 12 * step)], axis=1)
    for offset in range(width + 3):
        rise = round(offset / (width + 3) * rise_share * rows)
        source = strip * (0.58 - 0.16 * offset / max(width, 1))
        source[:, 3] = strip[:, 3]
        below[margin - rise : margin - rise + rows, edge + step * offset] = source
        below[margin + rows - rise : margin + rows, edge + step * offset] = 0
    return lay_over(below, pack)


def cast_shadow(pack: Layer, margin: int, px_per_mm: float) -> Layer:
    """Black layer: a hard dark line under the foot, a soft one on the board, a wide one on the panel behind."""
    alpha = np.ascontiguousarray(pack[..., 3]) / 255
    foot = pack.shape[0] - margin
    near, wide = np.zeros_like(alpha), np.zeros_like(alpha)
    body = slice(margin, pack.shape[1] - margin)
    near[foot - 3 : foot + 3, body] = 1
    wide[foot - round(18 * px_per_mm) : foot + 2, body] = 1
    shift = np.array([[1, 0, 7 * px_per_mm], [0, 1, 4 * px_per_mm]], np.float32)
    behind = cv2.warpAffine(alpha, shift, (alpha.shape[1], alpha.shape[0]))
    dark = cv2.GaussianBlur(near, (0, 0), 1.6 * px_per_mm) * 0.95
    dark = np.maximum(dark, cv2.GaussianBlur(wide, (0, 0), 6 * px_per_mm) * 0.5)
    dark = np.maximum(dark, cv2.GaussianBlur(behind, (0, 0), 7 * px_per_mm) * 0.42)
    black = np.zeros_like(pack)
    black[..., 3] = np.clip(dark, 0, 0.85) * 255
    return black


_FORMS: dict[str, Callable[[Product, Pack, tuple[int, int], np.random.Generator], Layer]] = {
    "carton": _carton,
    "bottle": _bottle,
    "can": _can,
    "bag": _bag,
    "jar": _jar,
    "tub": _tub,
    "box": _box,
}
