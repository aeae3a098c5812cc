"""Prints pack fronts: ground, motif, brand, product, size, small print. Flat artwork without any shading.

Takes the catalogue's words, so that what stands on the shelf is what the kiosk talks about.
"""

from collections.abc import Callable

import cv2
import numpy as np

from scripts.shop_render.catalogue import Product
from scripts.shop_render.raster import Picture, bgr, mixed, put_centred, smooth_noise
from scripts.shop_render.scene import Pack, Rgb

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels."""


def front(product: Product, pack: Pack, shape: tuple[int, int], rng: np.random.Generator) -> Picture:
    """Artwork of ``shape`` (rows, columns), BGR uint8."""
    rows, columns = shape
    art = np.empty((rows, columns, 3), np.uint8)
    art[:] = bgr(pack.colours[0])
    wrapped = pack.form in ("can", "bottle", "jar", "tub")
    if wrapped or rows > columns * 0.9:
        _upright(art, product, pack, rng, room=0.56 if wrapped else 0.88)
    else:
        _lying(art, product, pack, rng)
    grain = smooth_noise(rng, shape, 1.6)[..., None] * 2.0
    return np.clip(art + grain, 0, 255).astype(np.uint8)


def _upright(art: Picture, product: Product, pack: Pack, rng: np.random.Generator, *, room: float) -> None:
    rows, columns = art.shape[:2]
    ground, accent, ink = pack.colours
    _motif(art, (0, int(rows * 0.50), columns, int(rows * 0.86)), pack, rng)
    band = (0, int(rows * 0.10), columns, int(rows * 0.27))
    cv2.rectangle(art, band[:2], band[2:], bgr(accent if _contrast(accent, ground) > 60 else ink), -1)
    band_colour = accent if _contrast(accent, ground) > 60 else ink
    brand_ink = _readable(band_colour, (ink, ground))
    put_centred(
        art, product.brand, (columns / 2, rows * 0.185), fit=(columns * room, rows * 0.12), colour=brand_ink, weight=800
    )
    words = _wrapped(product.name, 2)
    for index, line in enumerate(words):
        put_centred(
            art,
            line,
            (columns / 2, rows * (0.335 + 0.085 * index)),
            fit=(columns * room, rows * 0.085),
            colour=_readable(ground, (ink, accent)),
            weight=600,
        )
    _badge(art, product.size, (columns * 0.5, rows * 0.915), (columns * 0.45 * room / 0.88, rows * 0.07), pack)
    _small_print(art, (int(columns * 0.06), int(rows * 0.88), int(columns * 0.26), int(rows * 0.96)), ground)


def _lying(art: Picture, product: Product, pack: Pack, rng: np.random.Generator) -> None:
    rows, columns = art.shape[:2]
    ground, accent, ink = pack.colours
    _motif(art, (int(columns * 0.62), 0, columns, rows), pack, rng)
    cv2.rectangle(art, (0, 0), (columns, int(rows * 0.12)), bgr(accent), -1)
    put_centred(
        art,
        product.brand,
        (columns * 0.32, rows * 0.34),
        fit=(columns * 0.56, rows * 0.34),
        colour=_readable(ground, (ink, accent)),
        weight=800,
    )
    put_centred(
        art,
        product.name,
        (columns * 0.34, rows * 0.64),
        fit=(columns * 0.6, rows * 0.20),
        colour=_readable(ground, (ink, accent)),
        weight=600,
    )
    _badge(art, product.size, (columns * 0.18, rows * 0.86), (columns * 0.3, rows * 0.13), pack)


def _motif(art: Picture, box: Box, pack: Pack, rng: np.random.Generator) -> None:
    _MOTIFS[pack.motif](art, box, pack, rng)


def _wave(art: Picture, box: Box, pack: Pack, rng: np.random.Generator) -> None:
    x0, y0, x1, y1 = box
    xs = np.arange(x0, x1 + 1)
    for layer, colour in enumerate((pack.colours[1], mixed(pack.colours[1], pack.colours[2], 0.55))):
        phase = rng.uniform(0, 6.28)
        crest = y0 + (y1 - y0) * (0.25 + 0.3 * layer + 0.12 * np.sin((xs - x0) / (x1 - x0) * 5 + phase))
        points = np.concatenate([np.stack([xs, crest], 1), [[x1, y1], [x0, y1]]]).astype(np.int32)
        cv2.fillPoly(art, [points], bgr(colour), cv2.LINE_AA)


def _stripes(art: Picture, box: Box, pack: Pack, _rng: np.random.Generator) -> None:
    x0, y0, x1, y1 = box
    step = max((y1 - y0) // 7, 3)
    for row in range(y0, y1 - step // 2, 2 * step):
        cv2.rectangle(art, (x0, row), (x1, row + step), bgr(pack.colours[1]), -1)


def _dots(art: Picture, box: Box, pack: Pack, rng: np.random.Generator) -> None:
    x0, y0, x1, y1 = box
    radius = max(min(x1 - x0, y1 - y0) // 6, 3)
    for _ in range(11):
        middle = (int(rng.integers(x0, x1)), int(rng.integers(y0, y1)))
        size = int(radius * rng.uniform(0.6, 1.25))
        cv2.circle(art, middle, size, bgr(pack.colours[1]), -1, cv2.LINE_AA)
        cv2.circle(
            art,
            (middle[0] - size // 4, middle[1] - size // 4),
            max(size // 2, 1),
            bgr(mixed(pack.colours[1], (255, 255, 255), 0.4)),
            -1,
            cv2.LINE_AA,
        )


def _sun(art: Picture, box: Box, pack: Pack, _rng: np.random.Generator) -> None:
    x0, y0, x1, y1 = box
    middle, radius = ((x0 + x1) // 2, (y0 + y1) // 2), min(x1 - x0, y1 - y0) * 0.44
    for angle in np.linspace(0, 2 * np.pi, 14, endpoint=False):
        ray = [
            (middle[0] + radius * 1.12 * np.cos(angle + d), middle[1] + radius * 1.12 * np.sin(angle + d))
            for d in (-0.08, 0.08)
        ]
        cv2.fillPoly(art, [np.array([middle, *ray], np.int32)], bgr(pack.colours[1]), cv2.LINE_AA)
    cv2.circle(art, middle, int(radius * 0.72), bgr(pack.colours[1]), -1, cv2.LINE_AA)
    cv2.circle(art, middle, int(radius * 0.52), bgr(mixed(pack.colours[1], pack.colours[2], 0.4)), -1, cv2.LINE_AA)


def _ovals(art: Picture, box: Box, pack: Pack, rng: np.random.Generator, *, count: int, slim: float) -> None:
    x0, y0, x1, y1 = box
    size = min(x1 - x0, y1 - y0) * 0.26
    base = pack.colours[1]
    for _ in range(count):
        middle = (int(rng.uniform(x0 + size / 2, x1 - size / 2)), int(rng.uniform(y0 + size / 2, y1 - size / 2)))
        angle = float(rng.uniform(0, 180))
        colour = mixed(base, (0, 0, 0) if rng.uniform() < 0.5 else (255, 255, 255), float(rng.uniform(0, 0.3)))
        cv2.ellipse(art, middle, (int(size), int(size * slim)), angle, 0, 360, bgr(colour), -1, cv2.LINE_AA)
        tip = (int(size * 0.8 * np.cos(np.radians(angle))), int(size * 0.8 * np.sin(np.radians(angle))))
        cv2.line(
            art,
            (middle[0] - tip[0], middle[1] - tip[1]),
            (middle[0] + tip[0], middle[1] + tip[1]),
            bgr(mixed(colour, pack.colours[2], 0.5)),
            1,
            cv2.LINE_AA,
        )


def _leaf(art: Picture, box: Box, pack: Pack, rng: np.random.Generator) -> None:
    _ovals(art, box, pack, rng, count=7, slim=0.42)


def _grain(art: Picture, box: Box, pack: Pack, rng: np.random.Generator) -> None:
    _ovals(art, box, pack, rng, count=12, slim=0.3)


def _bean(art: Picture, box: Box, pack: Pack, rng: np.random.Generator) -> None:
    _ovals(art, box, pack, rng, count=9, slim=0.62)


def _egg(art: Picture, box: Box, pack: Pack, rng: np.random.Generator) -> None:
    _ovals(art, box, pack, rng, count=5, slim=0.76)


def _peak(art: Picture, box: Box, pack: Pack, _rng: np.random.Generator) -> None:
    x0, y0, x1, y1 = box
    width = x1 - x0
    for left, height, share in ((0.0, 0.95, 0.0), (0.38, 0.7, 0.35)):
        foot = int(x0 + left * width)
        top = (foot + int(width * 0.34), int(y1 - (y1 - y0) * height))
        points = np.array([(foot, y1), top, (min(foot + int(width * 0.7), x1), y1)], np.int32)
        cv2.fillPoly(art, [points], bgr(mixed(pack.colours[1], pack.colours[2], share)), cv2.LINE_AA)


_MOTIFS: dict[str, Callable[[Picture, Box, Pack, np.random.Generator], None]] = {
    "wave": _wave,
    "drop": _wave,
    "stripes": _stripes,
    "dots": _dots,
    "sun": _sun,
    "leaf": _leaf,
    "grain": _grain,
    "bean": _bean,
    "egg": _egg,
    "peak": _peak,
}


def _badge(art: Picture, text: str, middle: tuple[float, float], size: tuple[float, float], pack: Pack) -> None:
    half = (size[0] / 2, size[1] / 2)
    top_left = (int(middle[0] - half[0]), int(middle[1] - half[1]))
    bottom_right = (int(middle[0] + half[0]), int(middle[1] + half[1]))
    fill = pack.colours[2]
    cv2.rectangle(art, top_left, bottom_right, bgr(fill), -1)
    put_centred(art, text, middle, fit=(size[0] * 0.9, size[1] * 0.8), colour=_readable(fill, pack.colours), weight=600)


def _small_print(art: Picture, box: Box, ground: Rgb) -> None:
    """A nutrition table as one sees it from two metres: grey lines in a frame."""
    x0, y0, x1, y1 = box
    ink = bgr(mixed(ground, (0, 0, 0) if sum(ground) > 300 else (255, 255, 255), 0.55))
    cv2.rectangle(art, (x0, y0), (x1, y1), ink, 1)
    for row in range(y0 + 3, y1 - 1, 3):
        cv2.line(art, (x0 + 2, row), (x1 - 3 - (row * 7) % 5, row), ink, 1)


def _wrapped(text: str, lines: int) -> list[str]:
    words = text.split()
    if lines < 2 or len(text) < 9 or len(words) < 2:
        return [text]
    cuts = [(" ".join(words[:i]), " ".join(words[i:])) for i in range(1, len(words))]
    return min(([*pair] for pair in cuts), key=lambda pair: max(map(len, pair)))


def _contrast(one: Rgb, other: Rgb) -> float:
    return abs(_luma(one) - _luma(other))


def _readable(ground: Rgb, inks: tuple[Rgb, ...]) -> Rgb:
    best = max(inks, key=lambda ink: _contrast(ink, ground))
    if _contrast(best, ground) > 70:
        return best
    return (250, 250, 246) if _luma(ground) < 128 else (28, 28, 32)


def _luma(colour: Rgb) -> float:
    return 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]
