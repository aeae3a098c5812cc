"""What stands around the goods: back panels, boards, rails with price labels, signs, ceiling, floor, strips, clutter.

None of it counts as a product; price labels and signs are there to be told apart from packs.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from scripts.shelf_training.artwork import front, new_brand, text_line, word
from scripts.shelf_training.canvas import Canvas
from scripts.shelf_training.colours import (
    Colour,
    Picture,
    Rng,
    contrasting,
    from_hsv,
    near,
    print_colour,
    ramp,
    smooth_noise,
)

_SHOP_TONES = (
    (235, 235, 235),
    (215, 225, 230),
    (190, 190, 190),
    (205, 220, 228),
    (120, 120, 120),
    (45, 45, 45),
    (25, 22, 20),
    (150, 175, 190),
)


def shop_tone(rng: Rng) -> Colour:
    """A colour of shelving: white, cream, grey or black."""
    return near(rng, _SHOP_TONES[int(rng.integers(len(_SHOP_TONES)))], 8)


def back_panel(canvas: Canvas, box: tuple[int, int, int, int], tone: Colour, rng: Rng, *, pegs: bool) -> None:
    """The shelf's back, darker under the board above; with rows of holes where ``pegs``."""
    left, top, right, bottom = box
    window = canvas.cover(left, top, right, bottom)
    if window.size == 0:
        return
    dark = rng.uniform(0.15, 0.7)
    shade = ramp(np.asarray(tone) * dark, np.asarray(tone) * rng.uniform(0.6, 1.0), window.shape[:2], down=True)
    window[:] = np.clip(shade + smooth_noise(rng, window.shape[:2], 60)[..., None] * 8, 0, 255)
    if pegs:
        step = int(rng.integers(7, 16))
        window[step // 2 :: step, step // 2 :: step] = window[step // 2 :: step, step // 2 :: step] // 3


def board(canvas: Canvas, box: tuple[int, int, int, int], tone: Colour, rng: Rng) -> None:
    """The visible top of a shelf's board, from its back edge to its front edge."""
    left, top, right, bottom = box
    window = canvas.picture[max(top, 0) : max(bottom, 0), max(left, 0) : right]
    if window.size:
        window[:] = np.clip(ramp(np.asarray(tone) * rng.uniform(0.3, 0.8), tone, window.shape[:2], down=True), 0, 255)
        if rng.random() < 0.3:
            window[:, :: int(rng.integers(4, 12))] = (window[:, :: int(rng.integers(4, 12))][:, :1] * 0.7).astype(
                np.uint8
            )


def rail(canvas: Canvas, box: tuple[int, int, int, int], tone: Colour, rng: Rng) -> None:
    """The front edge of a board."""
    left, top, right, bottom = box
    window = canvas.cover(left, top, right, bottom)
    if window.size == 0:
        return
    window[:] = np.clip(
        ramp(
            np.asarray(tone) * rng.uniform(0.9, 1.15),
            np.asarray(tone) * rng.uniform(0.6, 0.95),
            window.shape[:2],
            down=True,
        ),
        0,
        255,
    )
    window[-1:] = (window[-1:] * 0.4).astype(np.uint8)
    if rng.random() < 0.35:
        stripe = slice(len(window) // 4, 3 * len(window) // 4)
        window[stripe] = print_colour(rng) if rng.random() < 0.4 else near(rng, tone, 25)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelStyle:
    """How a shop labels its rails; sizes are shares of a usual pack's width."""

    ground: Colour
    is_flag: bool
    """Hangs from the rail before the goods below, or stands up, instead of lying on the rail."""
    wide: float
    tall: float
    lift: float
    spacing: float


def new_label_style(rng: Rng) -> LabelStyle:
    """A style of labels: a third are flags, as in shops with offers."""
    is_flag = bool(rng.random() < 0.33)
    return LabelStyle(
        ground=_label_ground(rng),
        is_flag=is_flag,
        wide=float(rng.uniform(0.25, 0.75 if is_flag else 1.2)),
        tall=float(rng.uniform(0.7, 1.8)),
        lift=float(rng.choice([-0.8, -0.3, 0.1, 0.6])),
        spacing=float(rng.choice([rng.uniform(1.02, 1.6), rng.uniform(1.3, 5)])),
    )


def price_labels(canvas: Canvas, box: tuple[int, int, int, int], unit: float, style: LabelStyle, rng: Rng) -> None:
    """Labels along a rail, most of one style."""
    left, top, right, bottom = box
    high = max(4, bottom - top)
    wide = max(5, int(unit * style.wide * rng.uniform(0.85, 1.15)))
    tall = max(4, int(wide * style.tall) if style.is_flag else int(high * rng.uniform(0.6, 1.1)))
    lift = int(style.lift * tall) if style.is_flag else 0
    kept = float(rng.choice([0.95, 0.8, 0.4]))
    x = left + float(rng.uniform(0, wide * style.spacing))
    while x < right - wide:
        if rng.random() < kept:
            ground = style.ground if rng.random() < 0.88 else _label_ground(rng)
            label = _label((tall, wide), ground, rng)
            shift = int(rng.normal(0, 0.06) * tall)
            canvas.paste(label, int(x), top + (high - tall) // 2 + lift + shift, counts=False, hides=False)
        x += wide * style.spacing * float(rng.uniform(0.8, 1.2))


def _label_ground(rng: Rng) -> Colour:
    choice = rng.random()
    if choice < 0.55:
        return near(rng, (240, 240, 240), 6)
    if choice < 0.8:
        return from_hsv(rng.uniform(0.12, 0.17), rng.uniform(0.5, 0.95), rng.uniform(0.85, 1.0))
    return print_colour(rng)


def _label(shape: tuple[int, int], ground: Colour, rng: Rng) -> Picture:
    art = np.empty((*shape, 3), np.uint8)
    art[:] = np.asarray(ground)
    ink = (20, 20, 20) if sum(ground) > 330 else (245, 245, 245)
    if rng.random() < 0.3:
        ink = (30, 30, 200)
    digits = f"{rng.integers(0, 20)}.{rng.integers(10, 100)}" if rng.random() < 0.75 else word(rng, 1, 2).upper()
    middle = (shape[1] * float(rng.uniform(0.4, 0.65)), shape[0] * float(rng.uniform(0.35, 0.65)))
    text_line(art, digits, middle, fit=(shape[1] * 0.6, shape[0] * 0.55), ink=ink)
    if rng.random() < 0.6 and shape[0] > 6:
        art[-max(1, shape[0] // 5) : -1, 1 : max(2, shape[1] // 2)] = 90
    if rng.random() < 0.4:
        art[: max(1, int(shape[0] * rng.uniform(0.1, 0.35)))] = np.asarray(print_colour(rng))
    return np.dstack([art, np.full(shape, 255, np.uint8)])


def upright(canvas: Canvas, x: int, top: int, bottom: int, tone: Colour, rng: Rng) -> None:
    """The post between two bays."""
    wide = int(rng.integers(2, 14))
    window = canvas.cover(x - wide // 2, top, x + wide // 2 + 1, bottom)
    if window.size:
        window[:] = np.clip(ramp(np.asarray(tone) * 0.6, tone, window.shape[:2], down=False), 0, 255)
        window[:: int(rng.integers(4, 10)), window.shape[1] // 2] = 30


def overhead(canvas: Canvas, bottom: int, rng: Rng) -> None:
    """Above the shelving: wall or ceiling, lamps, a sign or a poster."""
    rows, columns = min(bottom, canvas.shape[0]), canvas.shape[1]
    if rows < 4:
        return
    window = canvas.picture[:rows]
    tone = near(rng, (200, 205, 210), 40) if rng.random() < 0.7 else print_colour(rng)
    window[:] = np.clip(ramp(np.asarray(tone) * rng.uniform(0.4, 1.0), tone, (rows, columns), down=True), 0, 255)
    for _ in range(int(rng.integers(0, 5))):
        start = np.array([rng.uniform(0, columns), rng.uniform(0, rows * 0.8)])
        end = start + rng.normal(0, 1, 2) * (columns / 6, rows / 3)
        cv2.line(
            window,
            start.astype(int).tolist(),
            end.astype(int).tolist(),
            (255, 255, 255),
            int(rng.integers(2, 12)),
            cv2.LINE_AA,
        )
    for _ in range(int(rng.integers(0, 3))):
        _sign(window, rng)


def _sign(window: Picture, rng: Rng) -> None:
    rows, columns = window.shape[:2]
    wide, high = int(columns * rng.uniform(0.15, 0.7)), int(rows * rng.uniform(0.3, 0.9))
    x, y = int(rng.uniform(0, columns - wide)), int(rng.uniform(0, max(1, rows - high)))
    patch = window[y : y + high, x : x + wide]
    if min(patch.shape[:2]) < 8:
        return
    if rng.random() < 0.4:
        patch[:] = front(new_brand(rng), (patch.shape[0], patch.shape[1]), rng)
        return
    ground = print_colour(rng)
    patch[:] = np.asarray(ground)
    text = (
        f"{rng.integers(1, 9)}/${rng.integers(2, 20)}"
        if rng.random() < 0.4
        else ["bath", "care", "food", "offer"][rng.integers(4)]
    )
    text_line(patch, text, (wide / 2, high / 2), fit=(wide * 0.8, high * 0.6), ink=contrasting(rng, ground))


def floor(canvas: Canvas, top: int, rng: Rng) -> None:
    """The floor before the shelving: plain, tiled or speckled."""
    window = canvas.cover(0, top, canvas.shape[1], canvas.shape[0])
    if window.shape[0] < 2:
        return
    tone = near(
        rng, [(200, 205, 208), (150, 165, 175), (110, 125, 150), (90, 90, 90), (60, 80, 110)][int(rng.integers(5))], 12
    )
    shade = ramp(np.asarray(tone) * rng.uniform(0.4, 0.9), tone, window.shape[:2], down=True)
    window[:] = np.clip(shade + rng.normal(0, rng.uniform(0, 14), (*window.shape[:2], 1)), 0, 255)
    if rng.random() < 0.4:
        for _ in range(int(rng.integers(2, 7))):
            x = float(rng.uniform(0, canvas.shape[1]))
            end = int(x + (x - canvas.shape[1] / 2) * 0.5)
            cv2.line(window, (int(x), 0), (end, len(window)), (np.asarray(tone) * 0.6).tolist(), 1, cv2.LINE_AA)
    window[: max(2, int(len(window) * rng.uniform(0.05, 0.3)))] //= 2


def clutter(canvas: Canvas, unit: float, rng: Rng) -> None:
    """Cards and wobblers before the goods; now and then something dark that hides a corner."""
    for _ in range(int(rng.integers(0, 3))):
        wide, high = (max(5, int(unit * rng.uniform(0.4, 1.6))) for _ in range(2))
        x, y = int(rng.uniform(0, canvas.shape[1])), int(rng.uniform(0, canvas.shape[0]))
        card = _label((high, wide), print_colour(rng), rng)
        canvas.paste(card, x, y, counts=False)
    if rng.random() < 0.05:
        rows, columns = canvas.shape
        wide, high = int(columns * rng.uniform(0.1, 0.3)), int(rows * rng.uniform(0.3, 0.8))
        mask = np.zeros((high, wide), np.uint8)
        cv2.ellipse(mask, (wide // 2, high), (wide // 2, high), 0, 0, 360, 255, -1, cv2.LINE_AA)
        shade = np.clip(
            np.asarray(print_colour(rng)) * 0.6 + smooth_noise(rng, mask.shape, wide / 4)[..., None] * 20, 0, 255
        )
        layer = np.dstack([shade * (mask[..., None] / 255), mask]).astype(np.uint8)
        canvas.paste(layer, int(rng.uniform(-wide / 2, columns - wide / 2)), rows - high, counts=False)
