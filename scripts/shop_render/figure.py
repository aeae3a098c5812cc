"""Draws bodies from rounded limbs: a depth-sorted, lit picture of tapered capsules with cloth, skin and hair.

A tiny renderer for hands and shoppers. Limbs are given in pixels (x right, y down, z to the viewer); the result
is a premultiplied layer. It knows no anatomy: `hand` and `people` do.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from scripts.shop_render.raster import Layer, Plane, bgr, smooth_noise
from scripts.shop_render.scene import Rgb

Point3 = tuple[float, float, float]
LIGHT = np.array([-0.34, -0.74, 0.58], np.float32) / np.float32(np.linalg.norm([-0.34, -0.74, 0.58]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """Colour, how strongly cloth creases, and how glossy it is."""

    colour: Rgb
    creases: float = 0.0
    gloss: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limb:
    """A capsule from ``start`` to ``end`` whose radius goes from ``start_px`` to ``end_px``."""

    start: Point3
    end: Point3
    start_px: float
    end_px: float
    material: Material


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A small oval painted on whatever is in front there (an eye, a mouth), if it faces the viewer."""

    at: Point3
    size_px: tuple[float, float]
    colour: Rgb
    share: float = 1.0


class _Canvas:
    """Depth, normals and material of every pixel while limbs are laid in."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self.depth: Plane = np.full(shape, -1e6, np.float32)
        self.normals: Layer = np.zeros((*shape, 3), np.float32)
        self.albedo: Layer = np.zeros((*shape, 3), np.float32)
        self.creases: Plane = np.zeros(shape, np.float32)
        self.gloss: Plane = np.zeros(shape, np.float32)

    def lay(self, limb: Limb, scale: float) -> None:
        """Lay one limb in where it is nearer than what is there."""
        a, b = np.array(limb.start, np.float32) * scale, np.array(limb.end, np.float32) * scale
        radii = np.array([limb.start_px, limb.end_px], np.float32) * scale
        x0, x1, y0, y1 = self._window(a, b, float(radii.max()))
        if x0 >= x1 or y0 >= y1:
            return
        ys, xs = np.mgrid[y0:y1, x0:x1].astype(np.float32)
        along = b[:2] - a[:2]
        square = float(along @ along) or 1.0
        t = np.clip(((xs - a[0]) * along[0] + (ys - a[1]) * along[1]) / square, 0, 1)
        radius = radii[0] + (radii[1] - radii[0]) * t
        dx, dy = xs - (a[0] + along[0] * t), ys - (a[1] + along[1] * t)
        height = radius**2 - dx**2 - dy**2
        bulge = np.sqrt(np.maximum(height, 0))
        depth = a[2] + (b[2] - a[2]) * t + bulge
        window = (slice(y0, y1), slice(x0, x1))
        nearer = (height > 0) & (depth > self.depth[window])
        normals = np.stack([dx, dy, bulge], -1) / np.maximum(radius, 1e-3)[..., None]
        self.depth[window][nearer] = depth[nearer]
        self.normals[window][nearer] = normals[nearer]
        self.albedo[window][nearer] = bgr(limb.material.colour)
        self.creases[window][nearer] = limb.material.creases
        self.gloss[window][nearer] = limb.material.gloss

    def mark(self, mark: Mark, scale: float) -> None:
        """Paint one mark on the colours, unless something hides it."""
        x, y, z = (round(value * scale) for value in mark.at)
        if not (0 <= y < self.depth.shape[0] and 0 <= x < self.depth.shape[1]):
            return
        axes = (max(round(mark.size_px[0] * scale), 1), max(round(mark.size_px[1] * scale), 1))
        if z < self.depth[y, x] - 2.5 * max(axes):
            return
        reach = max(axes) + 2
        window = (slice(max(y - reach, 0), y + reach + 1), slice(max(x - reach, 0), x + reach + 1))
        spot = np.zeros(self.depth[window].shape, np.uint8)
        cv2.ellipse(spot, (x - window[1].start, y - window[0].start), axes, 0, 0, 360, (255,), -1, cv2.LINE_AA)
        share = (spot / np.float32(255) * np.float32(mark.share))[..., None]
        self.albedo[window] = self.albedo[window] * (1 - share) + np.array(bgr(mark.colour), np.float32) * share

    def cut(self, box: tuple[slice, slice]) -> "_Canvas":
        """A view of a part, sharing its pixels."""
        part = _Canvas((0, 0))
        for name in ("depth", "normals", "albedo", "creases", "gloss"):
            setattr(part, name, getattr(self, name)[box])
        return part

    def _window(self, a: Layer, b: Layer, reach: float) -> tuple[int, int, int, int]:
        rows, columns = self.depth.shape
        x0, x1 = int(max(min(a[0], b[0]) - reach, 0)), int(min(max(a[0], b[0]) + reach + 2, columns))
        y0, y1 = int(max(min(a[1], b[1]) - reach, 0)), int(min(max(a[1], b[1]) + reach + 2, rows))
        return x0, x1, y0, y1


def draw_figure(
    limbs: list[Limb],
    marks: list[Mark],
    shape: tuple[int, int],
    *,
    rng: np.random.Generator,
    fine: float = 2.0,
    fold_px: float = 9.0,
) -> Layer:
    """Lit layer of ``shape`` (rows, columns); drawn ``fine`` times larger first for smooth edges.

    ``fold_px`` is the size of the cloth's wide folds.
    """
    canvas = _Canvas((round(shape[0] * fine), round(shape[1] * fine)))
    for limb in limbs:
        canvas.lay(limb, fine)
    for mark in marks:
        canvas.mark(mark, fine)
    mask = (canvas.depth > -1e5).astype(np.float32)
    layer = np.zeros((*mask.shape, 4), np.float32)
    box = _box_of(mask)
    layer[box] = np.dstack(
        [_lit(canvas.cut(box), mask[box], fine=fine, fold_px=fold_px, rng=rng) * mask[box][..., None], mask[box] * 255]
    )
    return np.asarray(cv2.resize(layer, (shape[1], shape[0]), interpolation=cv2.INTER_AREA), dtype=np.float32)


def _box_of(mask: Plane) -> tuple[slice, slice]:
    """The rows and columns in which anything is drawn."""
    rows, columns = np.nonzero(mask.any(axis=1))[0], np.nonzero(mask.any(axis=0))[0]
    if not len(rows):
        return slice(0, 1), slice(0, 1)
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _lit(canvas: _Canvas, mask: Plane, *, fine: float, fold_px: float, rng: np.random.Generator) -> Layer:
    normals = _creased(_softened(canvas.normals, mask, 2.6 * fine), canvas, fold_px * fine, rng)
    lambert = np.clip(normals @ LIGHT, -0.25, 1) * 0.8 + 0.2
    sky = 0.5 - 0.5 * normals[..., 1]
    light = 0.26 + 0.30 * sky + 0.66 * lambert
    light *= _occlusion(canvas.depth, mask, fine)
    half = LIGHT + np.array([0, 0, 1], np.float32)
    half /= np.linalg.norm(half)
    gleam = np.clip(normals @ half, 0, 1) ** 24 * canvas.gloss * 120
    weave = smooth_noise(rng, mask.shape, 1.5 * fine) * (0.035 * (canvas.creases > 0))
    return np.clip(canvas.albedo * (light + weave)[..., None] + gleam[..., None], 0, 255).astype(np.float32)


def _softened(normals: Layer, mask: Plane, sigma: float) -> Layer:
    """Normals smoothed over neighbouring limbs, so that they grow out of each other."""
    weight = cv2.GaussianBlur(mask, (0, 0), sigma)[..., None] + 1e-4
    soft = cv2.GaussianBlur(normals, (0, 0), sigma) / weight
    mixed = 0.75 * soft + 0.25 * normals
    return np.asarray((mixed / np.maximum(np.linalg.norm(mixed, axis=-1, keepdims=True), 1e-3)), np.float32)


def _creased(normals: Layer, canvas: _Canvas, fold_px: float, rng: np.random.Generator) -> Layer:
    """Cloth: normals tilted by the slopes of two sizes of folds that mostly run across the limb."""
    shape = canvas.depth.shape
    wide = cv2.resize(smooth_noise(rng, (shape[0], max(shape[1] // 3, 2)), fold_px), (shape[1], shape[0]))
    folds = wide * fold_px * 0.72 + smooth_noise(rng, shape, fold_px * 0.55) * fold_px * 0.17
    slope_y, slope_x = np.gradient(folds.astype(np.float32))
    tilted = normals.copy()
    tilted[..., 0] -= slope_x * canvas.creases
    tilted[..., 1] -= slope_y * canvas.creases
    return np.asarray((tilted / np.maximum(np.linalg.norm(tilted, axis=-1, keepdims=True), 1e-3)), np.float32)


def _occlusion(depth: Plane, mask: Plane, fine: float) -> Plane:
    """Darker where something nearer stands beside: the crease between arm and body."""
    sigma = 7 * fine
    filled = np.where(mask > 0, depth, 0)
    weight = cv2.GaussianBlur(mask, (0, 0), sigma) + 1e-4
    around = cv2.GaussianBlur(filled, (0, 0), sigma) / weight
    return np.asarray(np.clip(1 - (around - depth) / (34 * fine), 0.6, 1.04), np.float32)


def soft_shadow(layer: Layer, shift: tuple[int, int], *, blur: float, darkness: float) -> Layer:
    """``layer`` over its own blurred shadow, moved by ``shift`` pixels; the size stays."""
    matrix = np.array([[1, 0, shift[0]], [0, 1, shift[1]]], np.float32)
    alpha = np.ascontiguousarray(layer[..., 3])
    moved = cv2.warpAffine(alpha, matrix, (layer.shape[1], layer.shape[0]), borderMode=cv2.BORDER_REPLICATE)
    dark = cv2.GaussianBlur(moved, (0, 0), blur) * darkness
    keep = 1 - layer[..., 3:4] / 255
    below = np.dstack([np.zeros_like(layer[..., :3]), dark])
    return (below * keep + layer).astype(np.float32)
