"""Small painting tools on numpy pictures: text, noise, shading and placing one picture over another.

Pictures are BGR uint8; layers are premultiplied BGRA float32 in 0..255. Colours come in as RGB.
"""

import cv2
import numpy as np
import numpy.typing as npt

from scripts.shop_render.scene import Rgb

Picture = npt.NDArray[np.uint8]
Layer = npt.NDArray[np.float32]
Plane = npt.NDArray[np.float32]


def bgr(colour: Rgb) -> tuple[int, int, int]:
    """The colour in OpenCV's order."""
    return colour[2], colour[1], colour[0]


def mixed(one: Rgb, other: Rgb, share: float) -> Rgb:
    """``one`` with ``share`` of ``other`` in it."""
    r, g, b = (round(a + (c - a) * share) for a, c in zip(one, other, strict=True))
    return r, g, b


def text_width(text: str, height: int, weight: int) -> int:
    """Width in pixels of ``text`` set ``height`` pixels high."""
    face = cv2.FontFace("sans")
    x0, _y0, width, _height = cv2.getTextSize((0, 0), text, (0, 0), face, height, weight)
    return int(width + max(x0, 0))


def put_text(
    picture: Picture, text: str, at: tuple[float, float], *, height: float, colour: Rgb, weight: int = 400
) -> int:
    """Write ``text`` with its left base point at ``at``. Returns its width in pixels."""
    face = cv2.FontFace("sans")
    size = max(round(height), 4)
    cv2.putText(picture, text, (round(at[0]), round(at[1])), bgr(colour), face, size, weight)
    return text_width(text, size, weight)


def put_centred(
    picture: Picture,
    text: str,
    middle: tuple[float, float],
    *,
    fit: tuple[float, float],
    colour: Rgb,
    weight: int = 600,
) -> int:
    """Write ``text`` centred on ``middle``, as high as ``fit`` (width, height) allows. Returns its height."""
    height = max(int(fit[1]), 4)
    width = text_width(text, height, weight)
    if width > fit[0]:
        height = max(int(height * fit[0] / width), 4)
        width = text_width(text, height, weight)
    put_text(
        picture, text, (middle[0] - width / 2, middle[1] + height * 0.36), height=height, colour=colour, weight=weight
    )
    return height


def smooth_noise(rng: np.random.Generator, shape: tuple[int, int], cell: float) -> Plane:
    """Cloudy noise in about -1..1 whose features are ``cell`` pixels wide."""
    rows, columns = (max(int(np.ceil(side / cell)), 1) + 3 for side in shape)
    coarse = rng.uniform(-1.0, 1.0, (rows, columns)).astype(np.float32)
    big = cv2.resize(coarse, (shape[1] + int(3 * cell), shape[0] + int(3 * cell)), interpolation=cv2.INTER_CUBIC)
    return np.array(big[: shape[0], : shape[1]], dtype=np.float32, order="C")


def rounded_mask(shape: tuple[int, int], radius: float) -> Plane:
    """A rectangle with round corners filling ``shape``, 0..1 with soft edges."""
    ys = np.abs(np.arange(shape[0], dtype=np.float32) - (shape[0] - 1) / 2)[:, None]
    xs = np.abs(np.arange(shape[1], dtype=np.float32) - (shape[1] - 1) / 2)[None, :]
    dy = np.maximum(ys - (shape[0] / 2 - radius), 0)
    dx = np.maximum(xs - (shape[1] / 2 - radius), 0)
    return np.asarray(np.clip(radius + 0.5 - np.hypot(dx, dy), 0, 1), np.float32)


def polygon_mask(shape: tuple[int, int], points: npt.ArrayLike) -> Plane:
    """A filled polygon, 0..1 with anti-aliased edges."""
    mask = np.zeros(shape, np.uint8)
    fixed = np.round(np.asarray(points, dtype=np.float64) * 16).astype(np.int32)
    cv2.fillPoly(mask, [fixed], (255,), cv2.LINE_AA, 4)
    return (mask / np.float32(255)).astype(np.float32)


def to_layer(picture: npt.NDArray[np.floating] | Picture, mask: Plane) -> Layer:
    """Premultiplied layer of ``picture`` cut out by ``mask``."""
    colour = np.clip(np.asarray(picture, dtype=np.float32), 0, 255) * mask[..., None]
    return np.dstack([colour, mask * 255]).astype(np.float32)


def lay_over(below: npt.NDArray[np.floating] | Picture, layer: Layer) -> Layer:
    """``layer`` over ``below`` of the same size; the result is float32 with ``below``'s channels."""
    keep = 1 - layer[..., 3:4] / 255
    return (np.asarray(below, dtype=np.float32) * keep + layer[..., : below.shape[2]]).astype(np.float32)


def as_picture(layer: Layer) -> Picture:
    """The layer rounded to uint8 BGRA, still premultiplied: a quarter of the memory and faster to lay."""
    return np.asarray(np.clip(layer + 0.5, 0, 255), np.uint8)


def lay_bgra(window: Picture, layer: Picture) -> None:
    """Lay a premultiplied uint8 BGRA layer over a window of the same size, in place."""
    keep = cv2.cvtColor(255 - layer[..., 3], cv2.COLOR_GRAY2BGR)
    dimmed = cv2.multiply(window, keep, scale=1 / 255)
    window[:] = cv2.add(dimmed, np.ascontiguousarray(layer[..., :3]))


def place(picture: Picture, layer: Picture, left: int, top: int) -> None:
    """Lay a premultiplied uint8 layer over ``picture`` in place, its corner at (``left``, ``top``)."""
    y0, y1 = max(top, 0), min(top + layer.shape[0], picture.shape[0])
    x0, x1 = max(left, 0), min(left + layer.shape[1], picture.shape[1])
    if y0 < y1 and x0 < x1:
        lay_bgra(picture[y0:y1, x0:x1], layer[y0 - top : y1 - top, x0 - left : x1 - left])
