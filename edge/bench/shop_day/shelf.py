"""Paints the shelf of the rendered day: boards, rails, price tags and every pack that stands, in any state.

Owns the planogram and what each pack looks like; knows no time, no shopper and no camera. Pictures are wider than
the camera's view by a border all round, so that a camera that is knocked aside sees more shelf, not an edge::

    ┌───────────── canvas ─────────────┐
    │   ┌───────── view ──────────┐    │   slots are quads in shares of the view
    │   │ [tea][tea][   ]  [rice] │    │
"""

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.config import SlotSettings
from vision.pictures import Picture

VIEW_PX = (640, 360)
BORDER_PX = 80
CANVAS_PX = (VIEW_PX[0] + 2 * BORDER_PX, VIEW_PX[1] + 2 * BORDER_PX)
State = Mapping[str, tuple[int, ...]]
"""Per slot and column which pack stands there, counted from 1; 0: none. Another pack stands a little differently."""

_BOARDS_PX = (188, 310, 428)
_LEVEL_PX = 96
_FINE = 2
_JITTER_PX = 1.5
_FACINGS = ((3, 2, 4, 3, 2), (4, 3, 2, 3, 3), (2, 4, 3, 4))
_WORDS = ("MILD", "NOVA", "ORIO", "PURA", "ALMA", "TERRA", "VITA", "LUNA", "SOLE", "FIOR", "BELA", "KIRA", "DUO", "RIO")


@dataclass(frozen=True, slots=True)
class Place:
    """One slot on the flat canvas, in its pixels: left edge, board, column width and height of the packs."""

    slot_id: str
    left_px: float
    board_px: float
    column_px: float
    height_px: float
    facings: int


class PaintedShelf:
    """One shelf in any state; the same seed paints the same packs."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng([seed, 1])
        self.places = {place.slot_id: place for place in _places(rng)}
        self._packs = {place.slot_id: _pack(rng, place, number) for number, place in enumerate(self.places.values())}
        self._warp = _slant(rng)
        self._bare = _bare(rng, self.places)
        self._shown: tuple[dict[str, tuple[int, ...]], Picture] | None = None

    @property
    def slots(self) -> tuple[SlotSettings, ...]:
        """The planogram, in shares of the camera's view when nobody has knocked it."""
        return tuple(
            SlotSettings.model_validate(
                {"id": place.slot_id, "sku": f"D-{place.slot_id}", "facings": place.facings, "low_at": 1}
                | {"polygon_norm": (self._corners(place) - BORDER_PX) / np.array(VIEW_PX)}
            )
            for place in self.places.values()
        )

    def area_px(self, slot_id: str) -> tuple[slice, slice]:
        """Rows and columns of the canvas that hold the slot."""
        corners = self._corners(self.places[slot_id])
        (left, top), (right, bottom) = np.floor(corners.min(axis=0)), np.ceil(corners.max(axis=0))
        return slice(int(top), int(bottom)), slice(int(left), int(right))

    def middle_px(self, slot_id: str, column: int) -> tuple[float, float]:
        """Where a hand takes the pack of a column, on the canvas."""
        place = self.places[slot_id]
        x, y = self._moved([(place.left_px + (column + 0.5) * place.column_px, place.board_px - place.height_px / 2)])[
            0
        ]
        return float(x), float(y)

    def pack(self, slot_id: str) -> Picture:
        """A pack as it stands, uint8 BGRA."""
        layer = self._packs[slot_id]
        size = (layer.shape[1] // _FINE, layer.shape[0] // _FINE)
        return np.asarray(cv2.resize(layer, size, interpolation=cv2.INTER_AREA), np.uint8)

    def picture(self, state: State) -> Picture:
        """The canvas with the shelf in this state; shared until the state changes: copy before painting on it."""
        if self._shown is None or self._shown[0] != state:
            fine = self._bare.copy()
            for place in self.places.values():
                for column, number in enumerate(state[place.slot_id]):
                    if number:
                        self._stand(fine, place, column, number)
            slanted = cv2.warpPerspective(fine, self._warp, CANVAS_PX, flags=cv2.INTER_AREA)
            self._shown = (dict(state), np.asarray(slanted, np.uint8))
        return self._shown[1]

    def _stand(self, fine: Picture, place: Place, column: int, number: int) -> None:
        rng = np.random.default_rng([column, number, len(place.slot_id)])
        layer = self._packs[place.slot_id]
        across, light = rng.uniform(-_JITTER_PX, _JITTER_PX), rng.uniform(0.94, 1.06)
        middle = (place.left_px + (column + 0.5) * place.column_px + across) * _FINE
        left, top = round(middle - layer.shape[1] / 2), round(place.board_px * _FINE) - layer.shape[0]
        window = fine[top : top + layer.shape[0], left : left + layer.shape[1]]
        lay(window, np.asarray(cv2.convertScaleAbs(layer, alpha=light), np.uint8), layer[..., 3])

    def _corners(self, place: Place) -> NDArray[np.float64]:
        left, right = place.left_px, place.left_px + place.column_px * place.facings
        top, bottom = place.board_px - place.height_px - 3, place.board_px + 1
        return self._moved([(left, top), (right, top), (right, bottom), (left, bottom)])

    def _moved(self, points: list[tuple[float, float]]) -> NDArray[np.float64]:
        flat = np.array(points, np.float64).reshape(-1, 1, 2) * _FINE
        return np.asarray(cv2.perspectiveTransform(flat, self._warp), np.float64).reshape(-1, 2)


def lay(window: Picture, colours: Picture, alpha: Picture) -> None:
    """Blend a layer (h, w, 3 or 4) over a window of the same size, in place."""
    share = alpha[..., None].astype(np.uint16)
    mixed = (window * (255 - share) + colours[..., :3].astype(np.uint16) * share) // 255
    window[:] = mixed.astype(np.uint8)


def _places(rng: np.random.Generator) -> list[Place]:
    places = []
    for level, (board, facings) in enumerate(zip(_BOARDS_PX, _FACINGS, strict=True)):
        shares = np.array(facings) * rng.uniform(0.85, 1.15, len(facings))
        widths = shares / shares.sum() * (VIEW_PX[0] - 34 - 10 * len(facings))
        left = BORDER_PX + 18.0
        for number, (width, count) in enumerate(zip(widths, facings, strict=True)):
            height = float(rng.uniform(0.62, 0.9)) * _LEVEL_PX
            places.append(Place(f"s{level + 1}{number + 1}", left, float(board), width / count, height, count))
            left += width + 10
    return places


def _slant(rng: np.random.Generator) -> NDArray[np.float64]:
    """A camera that does not hang quite before the middle, and the way from fine pixels to the canvas."""
    width, height = CANVAS_PX
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    pulled = corners + rng.uniform(-9, 9, (4, 2)).astype(np.float32)
    return np.asarray(cv2.getPerspectiveTransform(corners * _FINE, pulled), np.float64)


def _bare(rng: np.random.Generator, places: Mapping[str, Place]) -> Picture:
    """Back wall, boards and tags without any pack, at the fine scale."""
    width, height = CANVAS_PX[0] * _FINE, CANVAS_PX[1] * _FINE
    wall = np.empty((height, width, 3), np.float32)
    wall[:] = rng.uniform(95, 150) * np.array([0.96, 1.0, 1.02])
    for y in range(14, height, 30):
        for x in range(10 + y % 20, width, 30):
            cv2.circle(wall, (x, y), 3, (48, 48, 50), -1, cv2.LINE_AA)
    cloudy = cv2.resize(rng.normal(0, 5, (18, 30)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    wall += cloudy[..., None]
    for board in (_BOARDS_PX[0] - 122, *_BOARDS_PX, _BOARDS_PX[-1] + 122):
        _board(wall, board * _FINE)
    canvas = np.clip(wall, 0, 255).astype(np.uint8)
    for place in places.values():
        _tag(canvas, place, rng)
    return canvas


def _board(wall: NDArray[np.float32], y: int) -> None:
    below = wall[max(y, 0) : y + 90]
    below *= np.linspace(0.45, 1.0, max(len(below), 1), dtype=np.float32)[: len(below), None, None]
    wall[max(y, 0) : y + 26] = (206, 208, 210)
    wall[max(y + 24, 0) : y + 28] = (60, 60, 62)


def _tag(canvas: Picture, place: Place, rng: np.random.Generator) -> None:
    left = round((place.left_px + place.column_px * place.facings / 2 - 15) * _FINE)
    top = round((place.board_px + 2) * _FINE)
    cv2.rectangle(canvas, (left, top), (left + 58, top + 19), (244, 248, 248), -1)
    price = f"{rng.integers(0, 9)},{rng.integers(10, 99)}"
    cv2.putText(canvas, price, (left + 8, top + 15), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (20, 20, 24), 1, cv2.LINE_AA)


def _pack(rng: np.random.Generator, place: Place, number: int) -> Picture:
    """One product's front, uint8 BGRA at the fine scale; some are bottles, some nearly as dark as the back wall."""
    width, height = round((place.column_px - 4) * _FINE), round(place.height_px * _FINE)
    front = np.empty((height, width, 3), np.uint8)
    front[:] = rng.integers(30, 240, 3) if number % 5 else np.full(3, rng.integers(70, 110))
    _print(front, rng, _WORDS[number % len(_WORDS)])
    pack = front.astype(np.float32)
    if number % 3 == 1:
        pack *= (0.55 + 0.5 * np.sin(np.linspace(0.35, np.pi - 0.25, width, dtype=np.float32)))[None, :, None]
    pack[[0, 1, -2, -1]] *= 0.6
    pack[:, [0, 1, -2, -1]] *= 0.6
    return np.dstack((np.clip(pack, 0, 255).astype(np.uint8), _outline(height, width, is_bottle=number % 3 == 1)))


def _print(pack: Picture, rng: np.random.Generator, word: str) -> None:
    height, width = pack.shape[:2]
    band, tall = int(height * rng.uniform(0.15, 0.5)), int(height * rng.uniform(0.2, 0.35))
    cv2.rectangle(pack, (0, band), (width, band + tall), rng.uniform(0, 255, 3).tolist(), -1)
    for _ in range(4):
        at = (int(rng.uniform(0.1, 0.9) * width), int(rng.uniform(0.5, 0.95) * height))
        cv2.circle(pack, at, int(rng.uniform(0.06, 0.2) * width), rng.uniform(0, 255, 3).tolist(), -1, cv2.LINE_AA)
    scale = 0.9 * width / max(cv2.getTextSize(word, cv2.FONT_HERSHEY_DUPLEX, 1.0, 2)[0][0], 1)
    ink = (250, 250, 250) if pack[band + tall // 2].mean() < 128 else (20, 20, 24)
    at = (int(0.05 * width), band + int(0.7 * tall))
    cv2.putText(pack, word, at, cv2.FONT_HERSHEY_DUPLEX, scale, ink, 2, cv2.LINE_AA)
    for line in range(3):
        y = int(height * (0.86 + 0.04 * line))
        cv2.line(pack, (int(0.15 * width), y), (int(rng.uniform(0.5, 0.85) * width), y), (40, 40, 44), 1)


def _outline(height: int, width: int, *, is_bottle: bool) -> Picture:
    alpha = np.zeros((height, width), np.uint8)
    if not is_bottle:
        alpha[:] = 255
        return alpha
    neck = height // 4
    cv2.rectangle(alpha, (int(0.34 * width), 0), (int(0.66 * width), height), 255, -1)
    cv2.ellipse(
        alpha, (width // 2, neck + height // 8), (width // 2 - 1, height // 7), 0, 180, 360, 255, -1, cv2.LINE_AA
    )
    alpha[neck + height // 8 :, 1:-1] = 255
    return alpha
