"""Puts goods in their places: rows of facings on a board, stacks, pushed-back packs, cards on pegs, clip strips.

A group is one product with its facings side by side; behind each facing stand more, seen above it on boards below the
eye. What stands behind does not count.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from scripts.shelf_training import fixtures
from scripts.shelf_training.canvas import Canvas
from scripts.shelf_training.colours import Colour, Picture, Rng, smooth_noise
from scripts.shelf_training.packs import Sku
from scripts.shelf_training.stockroom import Stockroom

Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a whole picture has in common. ``unit`` is the usual width of a pack in pixels."""

    unit: float
    eye_y: float
    back: Colour
    rail: Colour
    labels: fixtures.LabelStyle
    fullness: float
    neatness: float
    strips: bool
    mixed: bool


def fill_board(canvas: Canvas, box: Box, slope: float, look: Look, skus: list[Sku], rng: Rng) -> None:
    """Groups of facings from left to right, with gaps."""
    canvas.open_space(box, look.unit)
    left, top, right, base = box
    x = left + float(rng.uniform(0, look.unit))
    loose = float(rng.choice([0.0, 0.02, 0.08], p=[0.45, 0.35, 0.2]))
    fullness = look.fullness * float(rng.choice([1.0, 1.0, 1.0, 0.6, 0.1], p=[0.4, 0.3, 0.2, 0.07, 0.03]))
    while x < right:
        if rng.random() > fullness:
            x += look.unit * float(rng.choice([rng.uniform(0.2, 1), rng.uniform(0.5, 4)]))
            continue
        sku = skus[int(rng.integers(len(skus)))]
        size = _size_px(sku, base - top, look, rng)
        levels, size = _stacked(sku, size, base - top, rng)
        ragged = rng.random() < 0.4
        count = int(rng.choice([1, 2, 3, 4, 6, 9], p=[0.28, 0.3, 0.2, 0.12, 0.07, 0.03]))
        step = size[0] * (1 + loose * float(rng.uniform(0.3, 2)))
        start = x
        for _ in range(count):
            if x + size[0] * 0.5 > right:
                break
            here = int(rng.integers(1, levels + 1)) if ragged else levels
            _facing(canvas, (x, base), size, here, slope, look, sku, rng)
            x += step + float(rng.normal(0, 0.02)) * size[0]
        if rng.random() < 0.07:
            _tray(canvas, (start, x, base), size, rng)
        x += size[0] * loose


def _size_px(sku: Sku, clear: int, look: Look, rng: Rng) -> tuple[float, float]:
    """Width and height of a facing that fits under the next board."""
    wide = look.unit * float(rng.uniform(0.7, 1.45)) * (1.35 if sku.aspect > 1.3 else 1.0)
    high = min(wide / sku.aspect, clear * float(rng.uniform(0.7, 0.98)))
    return max(6.0, high * sku.aspect), max(6.0, high)


def _stacked(sku: Sku, size: tuple[float, float], clear: int, rng: Rng) -> tuple[int, tuple[float, float]]:
    """How many of a product stand on each other, and the size at which they fit."""
    if not sku.stacks and (not sku.form.endswith("box") or rng.random() < 0.75):
        return 1, size
    levels = int(rng.integers(1, 6))
    high = min(size[1], clear * 0.97 / levels)
    if high * sku.aspect < 0.5 * size[0]:  # so small only because too many were asked for
        levels = max(1, int(clear * 0.97 / size[1]))
        high = min(size[1], clear * 0.97 / levels)
    return levels, (high * sku.aspect, high)


def _facing(
    canvas: Canvas,
    at: tuple[float, float],
    size: tuple[float, float],
    levels: int,
    slope: float,
    look: Look,
    sku: Sku,
    rng: Rng,
) -> None:
    """One place in a row: what stands behind, then the front pack or stack. ``at`` is its left foot."""
    deep = float(look.unit) * 0.45
    pushed = int(rng.random() > 0.75 + 0.25 * look.neatness) * int(rng.integers(1, 3))
    rows_behind = int(rng.integers(0, 4))
    if rng.random() < 0.02 * (1 - look.neatness) + 0.01:
        return
    for row in range(rows_behind + pushed, pushed - 1, -1):
        scale, light = 0.94**row, 0.8**row
        foot = at[1] - slope * deep * row
        x = at[0] + size[0] * (1 - scale) / 2
        for level in range(levels):
            gain = light * float(rng.uniform(0.93, 1.05))
            spot = (x + _jitter(rng, size[0], look), foot - level * size[1] * scale)
            _stand(canvas, sku, spot, (size[0] * scale, size[1] * scale), gain, look, rng, counts=row == pushed)


def _jitter(rng: Rng, wide: float, look: Look) -> float:
    return float(rng.normal(0, 0.06 * (1.1 - look.neatness))) * wide


def _stand(
    canvas: Canvas,
    sku: Sku,
    foot: tuple[float, float],
    size: tuple[float, float],
    gain: float,
    look: Look,
    rng: Rng,
    *,
    counts: bool,
) -> None:
    """Paste one pack with its left foot at ``foot``, turned and dimmed a little."""
    turn = float(rng.uniform(0.86, 1.0)) if rng.random() > look.neatness else 1.0
    picture = resized(sku.cutout, (size[0] * turn, size[1] * float(rng.uniform(0.985, 1.0))))
    tilt = rng.normal(0, 1.0 + 2.0 * (1 - look.neatness))
    if rng.random() < 0.015:
        tilt = rng.uniform(-22, 22)
    if abs(tilt) > 1.5:
        picture = tilted(picture, float(tilt))
    picture = dimmed(picture, gain)
    left, top = round(foot[0]), round(foot[1]) - picture.shape[0]
    _shadow(canvas, (left, top, left + picture.shape[1], round(foot[1])), rng)
    canvas.paste(picture, left, top, counts=counts)


def _shadow(canvas: Canvas, box: Box, rng: Rng) -> None:
    """What a pack darkens beside itself."""
    left, top, right, bottom = box
    reach = max(1, (right - left) // 14)
    window = canvas.picture[max(top + reach, 0) : max(bottom, 0), max(left - reach, 0) : max(right + reach, 0)]
    if window.size:
        window[:] = cv2.convertScaleAbs(window, alpha=float(rng.uniform(0.55, 0.95)))


def resized(cutout: Picture, size: tuple[float, float]) -> Picture:
    """The cut-out at (width, height), at least 3 pixels each."""
    return np.asarray(
        cv2.resize(cutout, (max(3, round(size[0])), max(3, round(size[1]))), interpolation=cv2.INTER_AREA)
    )


def tilted(cutout: Picture, degrees: float) -> Picture:
    """The cut-out turned about its middle; nothing is cut off."""
    rows, columns = cutout.shape[:2]
    sine, cosine = abs(np.sin(np.radians(degrees))), abs(np.cos(np.radians(degrees)))
    wide, high = int(columns * cosine + rows * sine) + 1, int(rows * cosine + columns * sine) + 1
    matrix = cv2.getRotationMatrix2D((columns / 2, rows / 2), degrees, 1.0)
    matrix[:, 2] += (wide - columns) / 2, (high - rows) / 2
    return np.asarray(cv2.warpAffine(cutout, matrix, (wide, high)), np.uint8)


def dimmed(cutout: Picture, gain: float) -> Picture:
    """The cut-out darker or brighter, its outline as it was."""
    colours = cv2.convertScaleAbs(np.ascontiguousarray(cutout[..., :3]), alpha=gain)
    return np.dstack([np.minimum(colours, cutout[..., 3:]), cutout[..., 3]])


def _tray(canvas: Canvas, span: tuple[float, float, int], size: tuple[float, float], rng: Rng) -> None:
    """The lip of a display carton before the feet of a group."""
    left, right, base = int(span[0]), int(span[1]), span[2]
    window = canvas.cover(left, int(base - size[1] * rng.uniform(0.08, 0.35)), min(right, canvas.shape[1]), base)
    if window.size == 0:
        return
    tone = np.asarray((110, 160, 195)) if rng.random() < 0.5 else np.asarray(rng.uniform(40, 250, 3))
    window[:] = np.clip(tone + smooth_noise(rng, window.shape[:2], 12)[..., None] * 14, 0, 255)
    window[:1] = 230


def hang_pegs(canvas: Canvas, box: Box, look: Look, skus: list[Sku], rng: Rng) -> None:
    """Cards on hooks, a few behind each other, one counts."""
    left, top, right, bottom = box
    y = top + int(look.unit * 0.3)
    while y < bottom - look.unit * 0.5:
        sku = skus[int(rng.integers(len(skus)))]
        wide = look.unit * float(rng.uniform(0.8, 1.5))
        step = wide * float(rng.uniform(1.02, 1.35))
        high = wide / sku.aspect
        x = left + float(rng.uniform(0, wide))
        while x < right:
            if rng.random() < 0.2:
                sku = skus[int(rng.integers(len(skus)))]
            if rng.random() < look.fullness:
                _hook(canvas, (x, y), wide, look, sku, rng)
            x += step
        y += int(high * rng.uniform(1.05, 1.4))


def _hook(canvas: Canvas, at: tuple[float, float], wide: float, look: Look, sku: Sku, rng: Rng) -> None:
    high = wide / sku.aspect
    for behind in range(int(rng.integers(0, 3)), -1, -1):
        spot = (at[0] + behind * rng.uniform(-3, 3), at[1] + high - behind * rng.uniform(0, 4))
        _stand(canvas, sku, spot, (wide, high), 0.85**behind, look, rng, counts=behind == 0)
    middle = int(at[0] + wide / 2)
    if rng.random() < 0.6:
        side = max(3, int(wide * rng.uniform(0.15, 0.35)))
        window = canvas.cover(middle - side // 2, int(at[1]), middle + side // 2 + 1, int(at[1]) + side)
        window[:] = 240


def hang_strip(canvas: Canvas, look: Look, room: Stockroom, rng: Rng) -> None:
    """A clip strip: bags one below the other before the shelves, often askew."""
    sku = room.hanging(rng)[0]
    wide = look.unit * float(rng.uniform(0.6, 1.2))
    high = wide / sku.aspect
    x, y = float(rng.uniform(0, canvas.shape[1])), float(rng.uniform(-0.1, 0.7)) * canvas.shape[0]
    drift, lean = float(rng.normal(0, 0.15)) * wide, float(rng.normal(0, 12))
    for _ in range(int(rng.integers(3, 11))):
        picture = tilted(resized(sku.cutout, (wide, high)), lean + float(rng.normal(0, 5)))
        canvas.paste(dimmed(picture, float(rng.uniform(0.85, 1.1))), round(x), round(y), counts=True)
        x += drift
        y += high * float(rng.uniform(0.5, 0.95))
