"""Stocks a bay of shelving as shops do and paints it: rows of facings, stacks, pushed-back and missing packs, pegs.

overhead   signs, lamps
┌───────────────┬──────────┐     one section: boards at their own heights, one department
│ ▓▓▓ ▓▓ ▒▒▒▒   │ peg peg  │     goods: a group is one product with its facings side by side
├─rail──────────┤          │     behind each facing stand more, seen above it on boards below the eye
│ ▒▒ ▓▓▓▓    ▒▒ ├──────────┤
└───────────────┴──────────┘
floor
"""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from scripts.shelf_training import fixtures
from scripts.shelf_training.canvas import Canvas
from scripts.shelf_training.colours import Picture, Rng, smooth_noise
from scripts.shelf_training.packs import Sku
from scripts.shelf_training.stocking import Look, fill_board, hang_pegs, hang_strip
from scripts.shelf_training.stockroom import Stockroom

SEEN = 0.3
Box = tuple[int, int, int, int]


def render_bay(
    room: Stockroom, rng: Rng, *, canvas_of: Callable[[tuple[int, int]], Canvas] = Canvas
) -> tuple[Picture, NDArray[np.float32]]:
    """One picture, uint8 BGR of about 900 x 900, and its products' boxes, (N, 4) left, top, right, bottom."""
    rows, columns = (int(side) for side in rng.integers(720, 1001, 2))
    canvas = canvas_of((rows, columns))
    look = _new_look(rows, rng)
    top = int(rows * rng.choice([0, rng.uniform(0, 0.08), rng.uniform(0.05, 0.3)]))
    bottom = int(rows * rng.choice([1.05, rng.uniform(0.8, 1)]))
    fixtures.overhead(canvas, top + int(look.unit), rng)
    cuts = _sections(columns, look, rng)
    for left, right in pairwise(cuts):
        _section(canvas, (left, top, right, bottom), look, room, rng)
    for cut in cuts[1:-1]:
        if rng.random() < 0.7:
            fixtures.upright(canvas, cut, top, bottom, look.rail, rng)
    fixtures.floor(canvas, bottom, rng)
    if look.strips:
        for _ in range(int(rng.integers(1, 4))):
            hang_strip(canvas, look, room, rng)
    fixtures.clutter(canvas, look.unit, rng)
    return _lit(canvas.picture, rng), canvas.boxes(seen=SEEN)


def _new_look(rows: int, rng: Rng) -> Look:
    return Look(
        unit=float(np.clip(np.exp(rng.normal(np.log(46), 0.4)), 24, 170)),
        eye_y=rows * float(rng.uniform(0.1, 0.6)),
        back=fixtures.shop_tone(rng),
        rail=fixtures.shop_tone(rng),
        labels=fixtures.new_label_style(rng),
        fullness=float(rng.choice([0.99, 0.95, 0.85, 0.6], p=[0.45, 0.3, 0.18, 0.07])),
        neatness=float(rng.choice([1.0, 0.6, 0.2])),
        strips=bool(rng.random() < 0.35),
        mixed=bool(rng.random() < 0.3),
    )


def _sections(columns: int, look: Look, rng: Rng) -> list[int]:
    count = int(rng.choice([1, 2, 3], p=[0.4, 0.4, 0.2]))
    inner = sorted(int(columns * at) for at in rng.uniform(0.12, 0.88, count - 1))
    return [int(-look.unit), *inner, int(columns + look.unit)]


def _section(canvas: Canvas, box: Box, look: Look, room: Stockroom, rng: Rng) -> None:
    left, top, right, bottom = box
    pegs = rng.random() < 0.12
    fixtures.back_panel(canvas, box, look.back, rng, pegs=pegs or rng.random() < 0.15)
    shelves = room.department(rng, mixed=look.mixed)
    y = top
    if pegs:
        depth = int((bottom - top) * rng.uniform(0.3, 1.0))
        hang_pegs(canvas, (left, top, right, top + depth), look, room.hanging(rng), rng)
        y += depth
    is_top = y == top
    rails: list[Box] = []
    while y < bottom:
        skus = shelves.pick(rng)
        high = _clear_px(skus, look, rng)
        thick = int(look.unit * rng.uniform(0.18, 0.5)) + 2
        _shelf(canvas, (left, y, right, y + high), thick, look, skus, rng, shaded=not is_top)
        rails.append((left, y + high, right, y + high + thick))
        is_top = False
        y += high + thick
    for edge in rails:  # last, because flags hang before the goods of the board below
        if rng.random() < 0.9:
            style = look.labels if rng.random() < 0.85 else fixtures.new_label_style(rng)
            fixtures.price_labels(canvas, edge, look.unit, style, rng)


def _clear_px(skus: list[Sku], look: Look, rng: Rng) -> int:
    """Height between two boards that fits what stands there."""
    tall = float(np.median([1 / sku.aspect for sku in skus]))
    return int(look.unit * np.clip(tall * rng.uniform(0.95, 1.6), 1.0, 4.2))


def _shelf(canvas: Canvas, box: Box, thick: int, look: Look, skus: list[Sku], rng: Rng, *, shaded: bool) -> None:
    left, _, right, base = box
    slope = float(np.clip((base - look.eye_y) / canvas.shape[0] * 1.4, -0.3, 0.9))
    if shaded:
        fixtures.back_panel(canvas, box, look.back, rng, pegs=False)
    rise = int(max(0.0, slope) * look.unit)
    fixtures.board(canvas, (left, base - rise, right, base), look.rail, rng)
    fill_board(canvas, box, slope, look, skus, rng)
    if shaded and rng.random() < 0.8:
        _shade_top(canvas, box, rng)
    fixtures.rail(canvas, (left, base, right, base + thick), look.rail, rng)


def _shade_top(canvas: Canvas, box: Box, rng: Rng) -> None:
    """The shadow of the board above."""
    left, top, right, base = box
    deep = int((base - top) * rng.uniform(0.1, 0.6))
    window = canvas.picture[max(top, 0) : max(top + deep, 0), max(left, 0) : max(right, 0)]
    if window.size:
        fade = np.linspace(rng.uniform(0.3, 0.8), 1.0, len(window), dtype=np.float32)[:, None, None]
        window[:] = (window * fade).astype(np.uint8)


def _lit(picture: Picture, rng: Rng) -> Picture:
    """Uneven light over the whole picture."""
    field = 1.0 + smooth_noise(rng, (picture.shape[0], picture.shape[1]), 400) * rng.uniform(0.02, 0.3)
    field *= np.linspace(rng.uniform(0.9, 1.4), rng.uniform(0.8, 1.3), picture.shape[0], dtype=np.float32)[:, None]
    return np.asarray(np.clip(picture * field[..., None], 0, 255), np.uint8)
