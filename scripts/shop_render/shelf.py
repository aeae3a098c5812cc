"""Paints a shelf: panel, posts, boards, rails, price tags, and every pack where its slot has it.

What never changes is painted once; each unit is a small layer of its own, so a new state of the shelf is a
handful of layers laid over the empty picture.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from scripts.shop_render.catalogue import Product
from scripts.shop_render.layout import POST_MM, RAIL_MM, Matrix, Place, picture_from_mm, places_of, project
from scripts.shop_render.packs import cast_shadow, draw_pack, with_side
from scripts.shop_render.raster import (
    Layer,
    Picture,
    Plane,
    as_picture,
    bgr,
    mixed,
    place,
    put_centred,
    put_text,
    smooth_noise,
)
from scripts.shop_render.scene import Rgb, ShelfView

CANVAS_SCALE = 1.6
"""Canvas pixels per picture pixel: print stays sharp after the perspective warp."""

SIDE_SHARE = 0.042
"""Width of the side that shows, per distance from the picture's middle: packs 70 mm deep seen from 1.6 m."""

INK: Rgb = (24, 24, 28)


@dataclass(frozen=True, slots=True)
class PlacedUnit:
    """A unit's shadow and pack as layers of the picture, and how far from the middle it stands (outer ones first)."""

    shadow: Picture
    layer: Picture
    left: int
    top: int
    middle_px: tuple[float, float]
    order: float


class ShelfPainter:
    """Pictures of one shelf in any state. Not thread-safe; keeps the last state's picture."""

    def __init__(
        self,
        view: ShelfView,
        *,
        products: dict[str, Product],
        size: tuple[int, int],
        rng: np.random.Generator,
        offers: frozenset[str] = frozenset(),
    ) -> None:
        self._view, self._products, self._size, self._rng, self._offers = view, products, size, rng, offers
        self._places = places_of(view)
        self._px_per_mm = CANVAS_SCALE * size[0] / view.width_mm
        to_picture = picture_from_mm(view, size)
        self._picture_from_canvas: Matrix = to_picture @ np.diag([1 / self._px_per_mm, 1 / self._px_per_mm, 1.0])
        self._glow = _lamp_field(size, rng)
        self._empty = self._paint_empty()
        self._fronts = {
            slot_id: draw_pack(products[p.slot.sku], p.slot.pack, self._px_per_mm, np.random.default_rng([7, index]))
            for index, (slot_id, p) in enumerate(self._places.items())
        }
        self.units = {
            (slot_id, column): self._paint_unit(place_, column)
            for slot_id, place_ in self._places.items()
            for column in range(place_.slot.facings)
        }
        self._state: dict[str, tuple[bool, ...]] | None = None
        self._picture = self._empty

    @property
    def empty(self) -> Picture:
        """The shelf without any pack."""
        return self._empty

    @property
    def stocked(self) -> Picture:
        """The shelf with every place taken."""
        return self.picture({slot_id: (True,) * p.slot.facings for slot_id, p in self._places.items()})

    def picture(self, state: dict[str, tuple[bool, ...]]) -> Picture:
        """The shelf in ``state``. The returned array is shared: copy before painting on it."""
        if state != self._state:
            picture = self._empty.copy()
            standing = [
                self.units[slot, i] for slot, columns in state.items() for i, here in enumerate(columns) if here
            ]
            for unit in standing:
                place(picture, unit.shadow, unit.left, unit.top)
            for unit in sorted(standing, key=lambda u: u.order):
                place(picture, unit.layer, unit.left, unit.top)
            self._state, self._picture = dict(state), picture
        return self._picture

    # -- the fixture

    def _paint_empty(self) -> Picture:
        scale, view = self._px_per_mm, self._view
        shape = (round(view.height_mm * scale), round(view.width_mm * scale))
        canvas = np.empty((*shape, 3), np.float32)
        canvas[:] = bgr(view.panel)
        self._perforate(canvas)
        boards = [
            view.levels[0].board_mm - view.levels[0].clear_mm - RAIL_MM,
            *(level.board_mm for level in view.levels),
        ]
        for board, below in zip(boards, [*boards[1:], view.height_mm + 130], strict=True):
            self._shade_level(canvas, board + RAIL_MM, below)
        solid = np.clip(canvas, 0, 255).astype(np.uint8)
        for board in boards:
            self._paint_board(solid, board, has_top=board > 0)
        for place_ in self._places.values():
            self._paint_tag(solid, place_)
        self._paint_posts(solid)
        wear = smooth_noise(self._rng, shape, 60) * 2.5 + smooth_noise(self._rng, shape, 7) * 1.3
        worn = np.clip(solid + wear[..., None], 0, 255).astype(np.uint8)
        picture = cv2.warpPerspective(
            worn, self._picture_from_canvas, self._size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
        )
        return np.asarray(np.clip(picture * self._glow[..., None], 0, 255), np.uint8)

    def _perforate(self, canvas: Layer) -> None:
        scale = self._px_per_mm
        dark, light = (
            bgr(mixed(self._view.panel, (40, 42, 46), 0.62)),
            bgr(mixed(self._view.panel, (255, 255, 255), 0.5)),
        )
        radius = max(round(2.6 * scale), 1)
        for row, y in enumerate(np.arange(12.0, self._view.height_mm, 26.0)):
            for x in np.arange(52.0 + 13 * (row % 2), self._view.width_mm - 46, 26.0):
                middle = (round(x * scale), round(y * scale))
                cv2.circle(canvas, (middle[0], middle[1] + 1), radius, light, -1, cv2.LINE_AA)
                cv2.circle(canvas, middle, radius, dark, -1, cv2.LINE_AA)
        for x in np.arange(500.0, self._view.width_mm - 100, 500.0):
            column = round(x * scale)
            canvas[:, column : column + 2] *= 0.72
            canvas[:, column + 2 : column + 4] *= 1.06

    def _shade_level(self, canvas: Layer, top_mm: float, bottom_mm: float) -> None:
        """Under a board it is dark; towards the next board the lamp reaches the panel."""
        scale = self._px_per_mm
        y0, y1 = max(round(top_mm * scale), 0), min(round(bottom_mm * scale), canvas.shape[0])
        if y0 >= y1:
            return
        share = np.linspace(0, 1, y1 - y0, dtype=np.float32)
        canvas[y0:y1] *= (0.42 + 0.50 * share**0.6)[:, None, None]

    def _paint_board(self, canvas: Picture, board_mm: float, *, has_top: bool) -> None:
        scale = self._px_per_mm
        y = round(board_mm * scale)
        rail = round(RAIL_MM * scale)
        if has_top:
            top = round(24 * scale)
            ramp = np.linspace(0.62, 0.95, top, dtype=np.float32)[:, None, None]
            canvas[y - top : y] = np.clip(np.array([222, 222, 220], np.float32) * ramp, 0, 255).astype(np.uint8)
        start = max(y, 0)
        profile = np.interp(
            np.linspace(0, 1, rail), [0, 0.06, 0.12, 0.5, 0.88, 0.94, 1], [0.7, 1.12, 0.98, 0.94, 0.86, 1.0, 0.5]
        )
        colour = np.array([214, 217, 219], np.float32)
        strip = (colour[None, :] * profile[:, None]).astype(np.float32)[start - y :]
        canvas[start : y + rail] = np.clip(strip, 0, 255).astype(np.uint8)[:, None, :]
        below = canvas[y + rail : y + rail + round(26 * scale)].astype(np.float32)
        fall = np.linspace(0.55, 1, len(below), dtype=np.float32)[:, None, None]
        canvas[y + rail : y + rail + len(below)] = (below * fall).astype(np.uint8)

    def _paint_tag(self, canvas: Picture, place_: Place) -> None:
        """The price tag under a slot: product, price, unit price; yellow where the product is on offer."""
        scale = self._px_per_mm
        product = self._products[place_.slot.sku]
        middle = (place_.left_mm + place_.right_mm) / 2
        x0, y0 = round((middle - 36) * scale), round((place_.level.board_mm + 3.5) * scale)
        width, height = round(72 * scale), round(27 * scale)
        card = canvas[y0 : y0 + height, x0 : x0 + width]
        on_offer = place_.slot.sku in self._offers
        card[:] = bgr((250, 222, 70) if on_offer else (250, 250, 247))
        price = product.price.replace(".", ",")
        put_text(card, product.name[:22], (width * 0.04, height * 0.30), height=height * 0.24, colour=INK, weight=500)
        put_text(
            card,
            product.unit_price.replace(".", ","),
            (width * 0.04, height * 0.60),
            height=height * 0.2,
            colour=(70, 70, 74),
        )
        put_centred(
            card,
            price,
            (width * 0.76, height * 0.66),
            fit=(width * 0.44, height * 0.58),
            colour=(190, 20, 24) if on_offer else INK,
            weight=800,
        )
        for bar in range(18):
            if (bar * 7919 + len(product.name)) % 3:
                left = round(width * (0.05 + bar * 0.018))
                card[round(height * 0.7) : round(height * 0.92), left : left + max(round(0.5 * scale), 1)] = bgr(INK)
        cv2.rectangle(canvas, (x0 - 1, y0 - 1), (x0 + width, y0 + height), bgr((140, 142, 146)), 1)

    def _paint_posts(self, canvas: Picture) -> None:
        scale = self._px_per_mm
        width = round((POST_MM - 6) * scale)
        across = np.interp(np.linspace(0, 1, width), [0, 0.1, 0.5, 0.9, 1], [0.7, 1.05, 0.95, 0.82, 0.5])
        post = np.clip(np.array([170, 172, 176], np.float32)[None, :] * across[:, None], 0, 255).astype(np.uint8)
        for strip in (canvas[:, :width], canvas[:, canvas.shape[1] - width :]):
            strip[:] = post[None]
            for y in np.arange(8, self._view.height_mm, 25.0):
                top = round(y * scale)
                strip[top : top + round(13 * scale), width // 2 - 3 : width // 2 + 3] = (44, 44, 48)

    # -- the packs

    def _paint_unit(self, place_: Place, column: int) -> PlacedUnit:
        scale, rng, board = self._px_per_mm, self._rng, place_.level.board_mm
        pack = self._flawed(self._fronts[place_.slot.id])
        x = place_.column_middle_mm(column) + float(rng.uniform(-2.0, 2.0))
        foot = board - float(rng.uniform(0.0, 5.0))
        margin = round(30 * scale)
        roomy = np.pad(pack, ((margin, margin), (margin, margin), (0, 0)))
        if place_.slot.pack.form in ("carton", "box"):
            rise_share = 0.08 if place_.slot.pack.form == "box" else 0.0
            side_px = (self._view.width_mm / 2 - x) * SIDE_SHARE * scale
            roomy = with_side(roomy, margin, side_px, rise_share=rise_share)
        shadow = cast_shadow(roomy, margin, scale)
        shadow[margin + pack.shape[0] + round((board - foot) * scale) :] = 0
        left, top = x * scale - pack.shape[1] / 2 - margin, foot * scale - pack.shape[0] - margin
        layer, at = self._warped(roomy, left, top)
        dark, _at = self._warped(shadow, left, top)
        middle = project(self._picture_from_canvas, [(x * scale, foot * scale - pack.shape[0] / 2)])[0]
        return PlacedUnit(
            shadow=dark,
            layer=layer,
            left=at[0],
            top=at[1],
            middle_px=(float(middle[0]), float(middle[1])),
            order=-abs(x - self._view.width_mm / 2),
        )

    def _flawed(self, pack: Layer) -> Layer:
        """No two packs stand alike: a slight turn and a slightly different exposure."""
        angle = float(self._rng.normal(0, 0.35))
        middle = (pack.shape[1] / 2, float(pack.shape[0]))
        matrix = cv2.getRotationMatrix2D(middle, angle, 1.0)
        turned = np.asarray(cv2.warpAffine(pack, matrix, (pack.shape[1], pack.shape[0])), dtype=np.float32)
        turned[..., :3] *= float(self._rng.uniform(0.95, 1.04))
        np.minimum(turned[..., :3], turned[..., 3:4], out=turned[..., :3])
        return turned

    def _warped(self, layer: Layer, left: float, top: float) -> tuple[Picture, tuple[int, int]]:
        rows, columns = layer.shape[:2]
        corners = [(left, top), (left + columns, top), (left + columns, top + rows), (left, top + rows)]
        seen = project(self._picture_from_canvas, corners)
        x0, y0 = np.floor(seen.min(axis=0)).astype(int)
        x1, y1 = np.ceil(seen.max(axis=0)).astype(int) + 1
        shift_in = np.array([[1, 0, left], [0, 1, top], [0, 0, 1]], float)
        shift_out = np.array([[1, 0, -x0], [0, 1, -y0], [0, 0, 1]], float)
        matrix = shift_out @ self._picture_from_canvas @ shift_in
        small = np.asarray(
            cv2.warpPerspective(cv2.GaussianBlur(layer, (0, 0), 0.6), matrix, (int(x1 - x0), int(y1 - y0))),
            dtype=np.float32,
        )
        small[..., :3] *= self._glow_at(int(x0), int(y0), small.shape[:2])[..., None]
        np.minimum(small[..., :3], small[..., 3:4], out=small[..., :3])
        return as_picture(small), (int(x0), int(y0))

    def _glow_at(self, left: int, top: int, shape: tuple[int, int]) -> Plane:
        rows = np.clip(np.arange(top, top + shape[0]), 0, self._glow.shape[0] - 1)
        columns = np.clip(np.arange(left, left + shape[1]), 0, self._glow.shape[1] - 1)
        return np.ascontiguousarray(self._glow[np.ix_(rows, columns)])


def _lamp_field(size: tuple[int, int], rng: np.random.Generator) -> Plane:
    """How bright each place is: two lamps above, falling off downwards and to the corners."""
    width, height = size
    ys = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    xs = np.linspace(0, 1, width, dtype=np.float32)[None, :]
    lamps = np.exp(-((xs - 0.3) ** 2) / 0.09) + 0.9 * np.exp(-((xs - 0.78) ** 2) / 0.07)
    corner = 1 - 0.22 * ((xs - 0.5) ** 2 + (ys - 0.5) ** 2) / 0.5
    cloudy = smooth_noise(rng, (height, width), width / 5) * 0.02
    return np.asarray(((0.92 + 0.13 * lamps * (1 - 0.55 * ys) - 0.04 * ys + cloudy) * corner), np.float32)
