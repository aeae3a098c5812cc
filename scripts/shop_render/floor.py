"""Paints the stretch of floor between the entrance and the till: tiles, walls, door, gondolas, counter.

Owns the pinhole camera that people and fixtures share. Everything here stands still and is painted once.

             wall ── door ──────────── wall          z = 9.8 m
    gondola │   line ------           queue   │ gondola
            │                        zone ▭till│
             camera, 2.7 m up, looks 22 degrees down       z = 0
"""

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from scripts.shop_render.layout import homography
from scripts.shop_render.raster import Layer, Picture, Plane, bgr, mixed, polygon_mask, put_centred, smooth_noise
from scripts.shop_render.scene import Rgb

WALL_Z_M = 9.8
DOOR_X_M = (-2.5, 0.3)
DOOR_TOP_M = 2.12
Corner = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class FloorCamera:
    """A pinhole camera above the floor; ``size`` is the picture's (width, height)."""

    size: tuple[int, int]
    height_m: float = 2.7
    pitch_deg: float = 22.0
    focal_share: float = 0.82

    def depth(self, y_m: float, z_m: float) -> float:
        """Distance along the optical axis."""
        pitch = np.radians(self.pitch_deg)
        return float(z_m * np.cos(pitch) + (self.height_m - y_m) * np.sin(pitch))

    def px(self, x_m: float, y_m: float, z_m: float) -> tuple[float, float]:
        """Pixel of a point: x to the right, y up from the floor, z away."""
        pitch = np.radians(self.pitch_deg)
        focal, depth = self.focal_share * self.size[0], self.depth(y_m, z_m)
        down = (self.height_m - y_m) * np.cos(pitch) - z_m * np.sin(pitch)
        return self.size[0] / 2 + focal * x_m / depth, self.size[1] / 2 + focal * float(down) / depth

    def px_per_m(self, y_m: float, z_m: float) -> float:
        """Scale at a point."""
        return self.focal_share * self.size[0] / self.depth(y_m, z_m)

    def norm(self, x_m: float, z_m: float) -> tuple[float, float]:
        """A floor point as shares of the picture."""
        x, y = self.px(x_m, 0.0, z_m)
        return round(x / self.size[0], 4), round(y / self.size[1], 4)


class FloorPainter:
    """The empty shop floor."""

    def __init__(self, camera: FloorCamera, rng: np.random.Generator) -> None:
        self._camera, self._rng = camera, rng
        width, height = camera.size
        self._canvas: Layer = np.empty((height, width, 3), np.float32)
        self._canvas[:] = bgr((205, 200, 190))
        self._paint()
        self.picture: Picture = self._finished()
        self.wall: Picture = (self._wall_mask() * 255).astype(np.uint8)

    def _paint(self) -> None:
        self._floor()
        self._back_wall()
        self._foot_shadow(((-4.2, 9.8), (-2.9, 9.8), (-2.9, 5.8), (-4.2, 5.8)))
        self._foot_shadow(((3.9, 9.8), (5.0, 9.8), (5.0, 2.4), (3.9, 2.4)))
        self._foot_shadow(((2.4, 6.5), (3.4, 6.5), (3.4, 3.5), (2.4, 3.5)))
        self._gondola(-3.1, (5.9, WALL_Z_M), 1.75)
        self._gondola(4.1, (2.4, WALL_Z_M), 1.75)
        self._counter()
        self._lamp_reflections()

    def _finished(self) -> Picture:
        height, width = self._canvas.shape[:2]
        ys = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
        xs = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
        corner = 1.02 - 0.16 * (xs**2 + ys**2) / 2
        soft = cv2.GaussianBlur(self._canvas, (0, 0), max(width / 1800, 0.3))
        return np.clip(soft * corner[..., None], 0, 255).astype(np.uint8)

    # -- parts

    def _floor(self) -> None:
        scale, x0, x1, z0, z1 = 90, -8.0, 8.0, 1.4, 14.0
        shape = (round((z1 - z0) * scale), round((x1 - x0) * scale))
        tiles = np.empty((*shape, 3), np.float32)
        tiles[:] = bgr((188, 183, 174))
        side = scale // 2
        for row in range(0, shape[0], side):
            for column in range(0, shape[1], side):
                tiles[row : row + side, column : column + side] *= self._rng.uniform(0.95, 1.05)
        tiles += (smooth_noise(self._rng, shape, 3) * 5 + smooth_noise(self._rng, shape, 70) * 5)[..., None]
        tiles[::side] *= 0.84
        tiles[:, ::side] *= 0.84
        mat = [round((z1 - z) * scale) for z in (9.7, 8.2)], [round((x - x0) * scale) for x in (-2.3, 0.1)]
        area = (slice(mat[0][0], mat[0][1]), slice(mat[1][0], mat[1][1]))
        tiles[area] = np.array(bgr((66, 64, 66)), np.float32) + self._rng.normal(0, 7, tiles[area].shape)
        self._tape(tiles, scale, x0, z1)
        self._hang(tiles, [(x0, 0, z1), (x1, 0, z1), (x1, 0, z0), (x0, 0, z0)])

    def _tape(self, tiles: Layer, scale: int, x0: float, z1: float) -> None:
        """Marks on the floor where the queue waits."""
        for z in (4.05, 5.0, 5.95):
            row, left, right = round((z1 - z) * scale), round((0.8 - x0) * scale), round((2.2 - x0) * scale)
            tiles[row : row + 5, left:right] = bgr((214, 178, 40))

    def _back_wall(self) -> None:
        scale = 120
        x0, x1, top = -7.0, 7.0, 2.6
        shape = (round(top * scale), round((x1 - x0) * scale))
        wall = np.empty((*shape, 3), np.float32)
        wall[:] = bgr((226, 219, 204))
        wall += (smooth_noise(self._rng, shape, 40) * 3)[..., None]
        wall[shape[0] - 14 :] = bgr((110, 104, 96))
        left, right = (round((x - x0) * scale) for x in DOOR_X_M)
        door_top = round((top - DOOR_TOP_M) * scale)
        wall[door_top:, left:right] = self._street((shape[0] - door_top, right - left))
        for x in (left, right, (left + right) // 2):
            wall[door_top:, x - 5 : x + 5] = bgr((92, 96, 100))
        wall[door_top - 10 : door_top] = bgr((92, 96, 100))
        self._poster(wall, (right + 60, door_top + 12, 130, 170), (196, 40, 44), "FRESH", "every day")
        self._poster(wall, (right + 230, door_top + 12, 130, 170), (46, 122, 66), "LOCAL", "fruit")
        self._hang(wall, [(x0, top, WALL_Z_M), (x1, top, WALL_Z_M), (x1, 0, WALL_Z_M), (x0, 0, WALL_Z_M)])

    def _street(self, shape: tuple[int, int]) -> Layer:
        ramp = np.linspace(1, 0, shape[0], dtype=np.float32)[:, None, None]
        sky, ground = np.array(bgr((232, 238, 240)), np.float32), np.array(bgr((150, 150, 148)), np.float32)
        view = np.broadcast_to(ground + (sky - ground) * np.clip(ramp * 2.4 - 0.7, 0, 1), (*shape, 3)).copy()
        for _ in range(7):
            x, w = int(self._rng.integers(0, shape[1])), int(self._rng.integers(20, 80))
            h = int(self._rng.integers(shape[0] // 5, shape[0] // 2))
            view[shape[0] // 3 : shape[0] // 3 + h, x : x + w] *= self._rng.uniform(0.6, 0.95)
        return np.asarray(cv2.GaussianBlur(view, (0, 0), 8), dtype=np.float32)

    def _poster(self, wall: Layer, box: tuple[int, int, int, int], colour: Rgb, head: str, foot: str) -> None:
        x, y, w, h = box
        card = np.empty((h, w, 3), np.uint8)
        card[:] = bgr(colour)
        put_centred(card, head, (w / 2, h * 0.3), fit=(w * 0.84, h * 0.3), colour=(250, 248, 240), weight=800)
        cv2.circle(card, (w // 2, int(h * 0.62)), int(w * 0.2), bgr((246, 206, 62)), -1, cv2.LINE_AA)
        put_centred(card, foot, (w / 2, h * 0.9), fit=(w * 0.8, h * 0.12), colour=(250, 248, 240))
        wall[y : y + h, x : x + w] = card

    def _gondola(self, x_m: float, z_m: tuple[float, float], top_m: float) -> None:
        """A shelf along the side; its far rows are only colours, as a camera at this distance sees them."""
        scale = 110
        shape = (round(top_m * scale), round((z_m[1] - z_m[0]) * scale))
        face = np.empty((*shape, 3), np.float32)
        face[:] = bgr((96, 94, 92))
        boards = np.linspace(0.1, shape[0] - 10, 5)
        for upper, lower in pairwise(boards):
            self._packs(face, int(upper), int(lower))
            face[int(lower) - 6 : int(lower) + 5] = bgr((214, 216, 218))
            face[int(lower) + 5 : int(lower) + 14] *= 0.6
        near, far = z_m
        self._hang(face, [(x_m, top_m, near), (x_m, top_m, far), (x_m, 0, far), (x_m, 0, near)])
        side = x_m - 0.9 if x_m < 0 else x_m + 0.9
        self._block([(x_m, top_m, near), (x_m, top_m, far), (side, top_m, far), (side, top_m, near)], (150, 150, 150))
        self._block([(side, top_m, near), (x_m, top_m, near), (x_m, 0, near), (side, 0, near)], (196, 190, 178))

    def _packs(self, face: Layer, upper: int, lower: int) -> None:
        column = 6
        while column < face.shape[1] - 20:
            width, height = int(self._rng.integers(9, 22)), int((lower - upper) * self._rng.uniform(0.5, 0.82))
            hue = tuple(int(v) for v in self._rng.integers(40, 235, 3))
            accent = tuple(int(v) for v in self._rng.integers(110, 240, 3))
            for _ in range(int(self._rng.integers(2, 6))):
                pack = face[lower - 6 - height : lower - 6, column : column + width]
                pack[:] = mixed((hue[0], hue[1], hue[2]), (128, 124, 118), 0.42)
                pack[height // 5 : height // 2] = accent
                pack *= np.linspace(1.1, 0.75, pack.shape[1], dtype=np.float32)[None, :, None]
                column += width + 2
                if column >= face.shape[1] - 20:
                    break

    def _counter(self) -> None:
        """The till: a box with a belt, a screen on a pole."""
        x0, x1, z0, z1, top = 2.55, 3.35, 3.6, 6.4, 0.92
        self._block([(x0, top, z0), (x0, top, z1), (x0, 0, z1), (x0, 0, z0)], (120, 110, 100))
        self._block([(x0, top, z0), (x1, top, z0), (x1, 0, z0), (x0, 0, z0)], (150, 138, 124))
        self._block([(x0, top, z1), (x1, top, z1), (x1, top, z0), (x0, top, z0)], (202, 198, 190))
        self._block(
            [
                (x0 + 0.1, top, z1 - 0.2),
                (x1 - 0.2, top, z1 - 0.2),
                (x1 - 0.2, top, z0 + 1.2),
                (x0 + 0.1, top, z0 + 1.2),
            ],
            (48, 48, 50),
        )
        self._block(
            [(x1 - 0.22, 1.3, 4.1), (x1 - 0.18, 1.3, 4.1), (x1 - 0.18, top, 4.1), (x1 - 0.22, top, 4.1)], (70, 70, 74)
        )
        self._block([(x1 - 0.4, 1.52, 4.1), (x1, 1.52, 4.1), (x1, 1.24, 4.1), (x1 - 0.4, 1.24, 4.1)], (36, 52, 74))

    def _foot_shadow(self, corners_m: tuple[tuple[float, float], ...]) -> None:
        """Darkness on the floor around a fixture's foot."""
        shape = (self._canvas.shape[0], self._canvas.shape[1])
        dark = polygon_mask(shape, np.clip([self._camera.px(x, 0, z) for x, z in corners_m], -8000, 8000))
        self._canvas *= (1 - 0.5 * cv2.GaussianBlur(dark, (0, 0), shape[1] / 90))[..., None]

    def _lamp_reflections(self) -> None:
        shape = (self._canvas.shape[0], self._canvas.shape[1])
        for x in (-1.6, 1.2):
            corners = [self._camera.px(x + dx, 0, z) for dx, z in ((-0.25, 9.5), (0.25, 9.5), (0.4, 2.2), (-0.4, 2.2))]
            glow = cv2.GaussianBlur(polygon_mask(shape, corners), (0, 0), shape[1] / 40)
            self._canvas += (glow * 20)[..., None]

    # -- placing

    def _block(self, corners: list[Corner], colour: Rgb) -> None:
        """One flat face with a soft brightness ramp."""
        face = np.empty((40, 40, 3), np.float32)
        face[:] = bgr(colour)
        face *= np.linspace(1.06, 0.86, 40, dtype=np.float32)[:, None, None]
        self._hang(face, corners)

    def _hang(self, face: Layer, corners: list[Corner]) -> None:
        """Put a flat picture into the scene: its corners, clockwise from top left, at four points in space."""
        rows, columns = face.shape[:2]
        target = tuple(self._camera.px(*corner) for corner in corners)
        matrix = homography(((0, 0), (columns, 0), (columns, rows), (0, rows)), target)
        shape = (self._canvas.shape[0], self._canvas.shape[1])
        warped = cv2.warpPerspective(
            face, matrix, (shape[1], shape[0]), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        mask = polygon_mask(shape, np.clip(target, -8000, 8000))[..., None]
        shown = np.where(mask > 0, warped, 0)
        self._canvas = (self._canvas * (1 - mask) + shown * mask).astype(np.float32)

    def _wall_mask(self) -> Plane:
        """What hides people outside: the picture above the wall's foot line, except the door."""
        shape = (self._canvas.shape[0], self._canvas.shape[1])
        foot = self._camera.px(0, 0, WALL_Z_M)[1]
        wall = polygon_mask(shape, [(0, 0), (shape[1], 0), (shape[1], foot), (0, foot)])
        left, right = DOOR_X_M
        opening = [
            self._camera.px(x, y, WALL_Z_M)
            for x, y in ((left, DOOR_TOP_M), (right, DOOR_TOP_M), (right, -0.05), (left, -0.05))
        ]
        return np.asarray(wall * (1 - polygon_mask(shape, opening)), dtype=np.float32)
