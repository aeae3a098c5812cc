"""A walk through the entrance, endless and full of faces: what the bench of redaction looks at.

Owns a camera at head height, at which shoppers walk one after another, near and far, turned this way and that, under
lamps that are dimmed at times; and the truth of which faces are to be seen. Nobody is anybody: every shopper is
painted once, from random colours and heights, and never comes again. Any stretch can be made without
those before it; only the sensor's noise in it is then another.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from scripts.shop_render.camera import Camera
from scripts.shop_render.floor import FloorCamera, FloorPainter
from scripts.shop_render.motion import STEP_M
from scripts.shop_render.people import Look, Pose, draw_person
from scripts.shop_render.raster import Picture, as_picture, place
from scripts.shop_render.scene import Dim, Rgb

FPS = 4
SIZE_PX = (640, 360)
EVERY_S = 3.0
"""A shopper comes so often."""
LONGEST_S = 9.0
FACING_DEG = 45.0
"""A face is one that can be seen up to so far from straight into the lens."""
SPRITE_PX_PER_M = 220.0
STEPS = 3
FACE_M = (0.075, 0.115, 0.095)
"""Half a face's width, and from the eyes up to the hair and down to the chin."""
SKINS: tuple[Rgb, ...] = (
    (236, 196, 172),
    (224, 178, 150),
    (206, 154, 122),
    (164, 114, 84),
    (128, 86, 62),
    (92, 62, 46),
)
HAIRS: tuple[Rgb, ...] = ((28, 22, 20), (58, 40, 28), (120, 78, 44), (178, 140, 88), (150, 148, 146), (104, 44, 28))
Box = tuple[float, float, float, float]
_SHOULDER = 1.2
"""Head widths by which shoulders stand out on either side."""
_CAMERA = FloorCamera(SIZE_PX, height_m=2.0, pitch_deg=9.0)


@dataclass(frozen=True, slots=True)
class Seen:
    """One frame, uint8 (360, 640, 3), BGR; boxes are (left, top, right, bottom) in its pixels."""

    picture: Picture
    faces_px: list[Box]
    """Turned to the lens, wholly in the picture, behind nobody."""
    heads_px: list[Box]
    """Every head of which some part may be in the picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shopper:
    number: int
    look: Look
    start_s: float
    from_m: tuple[float, float]
    to_m: tuple[float, float]
    speed_m_s: float
    turned_deg: float

    def at(self, time_s: float) -> tuple[float, float, float] | None:
        """Place on the floor and metres walked; None before and after the walk."""
        walked_m = (time_s - self.start_s) * self.speed_m_s
        way = np.subtract(self.to_m, self.from_m)
        length_m = float(np.hypot(*way))
        if not 0 <= walked_m <= length_m:
            return None
        x, z = np.add(self.from_m, way * walked_m / length_m)
        return float(x), float(z), walked_m

    @property
    def heading_deg(self) -> float:
        way = np.subtract(self.to_m, self.from_m)
        return float(np.degrees(np.arctan2(way[0], way[1]))) + self.turned_deg


def walk_through(first: int, frames: int, *, seed: int) -> Iterator[Seen]:
    """Frames ``first`` and on, at `FPS` a second."""
    floor = FloorPainter(_CAMERA, np.random.default_rng(seed)).picture
    for index in range(first, first + frames):
        time_s = index / FPS
        picture = floor.copy()
        faces: list[Box] = []
        heads: list[Box] = []
        newest = int(time_s / EVERY_S)
        shoppers = [_shopper(number, seed) for number in range(newest - int(LONGEST_S / EVERY_S), newest + 1)]
        here = [(shopper, place) for shopper in shoppers if (place := shopper.at(time_s)) is not None]
        for shopper, (x, z, walked_m) in sorted(here, key=lambda pair: -pair[1][1]):
            _lay(picture, shopper, x, z, walked_m)
            heads.append(_head(shopper, x, z))
            faces += [heads[-1]] if _is_face(shopper, heads[-1]) else []
        exposed = _camera(seed).expose(picture, time_s, dims=_dims(index, seed), covers=[])
        yield Seen(exposed, [face for face in faces if not _is_hidden(face, heads)], heads)


@lru_cache(maxsize=1)
def _camera(seed: int) -> Camera:
    return Camera(SIZE_PX, np.random.default_rng([seed, 2]))


def _dims(index: int, seed: int) -> list[Dim]:
    """Every fifth minute the lamps are at six tenths."""
    return [Dim(start_s=-9.0, end_s=1e9, share=0.6)] if (index // (60 * FPS) + seed) % 5 == 4 else []


@lru_cache(maxsize=16)
def _shopper(number: int, seed: int) -> _Shopper:
    rng = np.random.default_rng([seed, 3, number + 1000])
    way = rng.choice(["in", "in", "in", "in", "across", "out"])
    side = float(rng.choice([-1.0, 1.0]))
    far = (float(rng.uniform(-1.8, 1.8)), float(rng.uniform(5.0, 7.5)))
    near = (float(rng.uniform(-0.5, 0.5)), float(rng.uniform(0.9, 1.6)))
    depth = float(rng.uniform(1.8, 4.5))
    ways = {"in": (far, near), "out": (near, far), "across": ((-side * depth, depth), (side * depth, depth * 0.8))}
    begin, end = ways[str(way)]
    length_m = float(np.hypot(*np.subtract(end, begin)))
    return _Shopper(
        number=number,
        look=_look(rng),
        start_s=number * EVERY_S,
        from_m=begin,
        to_m=end,
        speed_m_s=max(float(rng.uniform(0.7, 1.3)), length_m / (LONGEST_S - 0.1)),
        turned_deg=float(rng.uniform(-35.0, 35.0)),
    )


def _look(rng: np.random.Generator) -> Look:
    colour = [(int(r), int(g), int(b)) for r, g, b in rng.integers(30, 220, (3, 3))]
    return Look(
        height_m=float(rng.uniform(1.45, 1.95)),
        skin=SKINS[int(rng.integers(len(SKINS)))],
        hair=HAIRS[int(rng.integers(len(HAIRS)))],
        top=colour[0],
        legs=colour[1],
        shoes=colour[2],
        long_hair=bool(rng.integers(2)),
    )


def _lay(picture: Picture, shopper: _Shopper, x_m: float, z_m: float, walked_m: float) -> None:
    layer, foot = _sprite(shopper, int(walked_m / STEP_M * STEPS) % STEPS)
    x, y = _CAMERA.px(x_m, 0.0, z_m)
    scale = _CAMERA.px_per_m(1.2, z_m) / SPRITE_PX_PER_M
    left, top = x - foot[0] * scale, y - foot[1] * scale
    matrix = np.array([[scale, 0, left], [0, scale, top]], np.float32)
    # Straight onto the picture's own size: a shopper before the lens is several times as high as the picture.
    place(picture, np.asarray(cv2.warpAffine(layer, matrix, SIZE_PX, flags=cv2.INTER_AREA), np.uint8), 0, 0)


@lru_cache(maxsize=64)
def _sprite(shopper: _Shopper, step: int) -> tuple[Picture, tuple[float, float]]:
    scale = SPRITE_PX_PER_M
    shape = (round(2.3 * scale), round(1.3 * scale))
    foot = (shape[1] / 2, shape[0] - 0.25 * scale)
    layer = draw_person(
        shopper.look,
        Pose(heading_deg=shopper.heading_deg, step=(step + 0.5) / STEPS),
        shape=shape,
        foot_px=foot,
        px_per_m=scale,
        pitch_deg=4.0,
        rng=np.random.default_rng([17, shopper.number + 1000]),
        fine=1.0,
    )
    return as_picture(np.asarray(layer, np.float32)), foot


def _head(shopper: _Shopper, x_m: float, z_m: float) -> Box:
    scale = _CAMERA.px_per_m(1.2, z_m) * shopper.look.height_m / 1.75
    x, foot = _CAMERA.px(x_m, 0.0, z_m)
    eyes, half = foot - 1.635 * scale, FACE_M[0] * scale
    return (
        round(x - half, 1),
        round(eyes - FACE_M[1] * scale, 1),
        round(x + half, 1),
        round(eyes + FACE_M[2] * scale, 1),
    )


def _is_face(shopper: _Shopper, head: Box) -> bool:
    """Whether it is turned to the lens and wholly in the picture."""
    off_deg = abs(shopper.heading_deg % 360.0 - 180.0)
    return off_deg <= FACING_DEG and min(head) >= 0 and head[2] <= SIZE_PX[0] and head[3] <= SIZE_PX[1]


def _is_hidden(face: Box, heads: list[Box]) -> bool:
    """Whether a nearer head, which comes later in the list, lies over it or its shopper's body does."""
    nearer = heads[heads.index(face) + 1 :]
    return any(
        face[2] > head[0] - _SHOULDER * (head[2] - head[0])
        and face[0] < head[2] + _SHOULDER * (head[2] - head[0])
        and face[3] > head[1]
        for head in nearer
    )
