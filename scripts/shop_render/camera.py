"""The camera itself: lamps that dim, a lens that is covered, a sensor that is never still.

Takes clean pictures and makes them what a cheap ceiling camera sends. Knows no shelf and no shopper.
"""

import cv2
import numpy as np

from scripts.shop_render.raster import Picture, smooth_noise
from scripts.shop_render.scene import Cover, Dim

NOISE_LEVELS = 2.2
RAMP_S = 1.0
COVER_FADE_S = 0.3
_BANK = 8
_SPARE_PX = 48


class Camera:
    """One camera's sensor. Deterministic: the same generator gives the same noise, frame after frame."""

    def __init__(self, size: tuple[int, int], rng: np.random.Generator) -> None:
        width, height = size
        self._size, self._rng = size, rng
        shape = (height + _SPARE_PX, width + _SPARE_PX, 3)
        self._noise = [self._grain(shape) for _ in range(_BANK)]
        self._skin = self._covered_view()

    def expose(self, picture: Picture, time_s: float, *, dims: list[Dim], covers: list[Cover]) -> Picture:
        """A new picture: lamp light, cover and fresh noise on top of a clean one, which is left as it is."""
        for dim in dims:
            picture = _dimmed(picture, dim, time_s)
        for cover in covers:
            picture = self._cover(picture, cover, time_s)
        grain = self._noise[int(self._rng.integers(_BANK))]
        top, left = (int(v) for v in self._rng.integers(_SPARE_PX, size=2))
        part = grain[top : top + self._size[1], left : left + self._size[0]]
        return np.asarray(cv2.add(picture, part, dtype=cv2.CV_8U), dtype=np.uint8)

    def _grain(self, shape: tuple[int, int, int]) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
        grey = self._rng.normal(0, NOISE_LEVELS, (*shape[:2], 1)).astype(np.float32)
        coloured = self._rng.normal(0, NOISE_LEVELS * 0.5, shape).astype(np.float32)
        soft = cv2.GaussianBlur(grey + coloured, (0, 0), 0.6) * 1.6
        return np.round(soft).astype(np.int16)

    def _covered_view(self) -> Picture:
        width, height = self._size
        ys = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
        xs = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
        red = np.clip(30 + 16 * (xs * 0.5 - ys * 0.4) - 16 * (xs**2 + ys**2), 3, 70)
        red += smooth_noise(self._rng, (height, width), width / 3) * 5
        view = np.dstack([red * 0.42, red * 0.5, red])
        return np.asarray(np.clip(view, 0, 255), np.uint8)

    def _cover(self, picture: Picture, cover: Cover, time_s: float) -> Picture:
        if not cover.start_s <= time_s < cover.end_s:
            return picture
        share = min((time_s - cover.start_s) / COVER_FADE_S, (cover.end_s - time_s) / COVER_FADE_S, 1.0)
        if share < 1.0:
            picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), 2 + 14 * share), dtype=np.uint8)
        glow = 1 + 0.05 * np.sin(time_s * 1.7)
        return np.asarray(cv2.addWeighted(self._skin, share * glow, picture, 1 - share, 0), dtype=np.uint8)


def _dimmed(picture: Picture, dim: Dim, time_s: float) -> Picture:
    """Lamps at ``dim.share`` of their light, a little redder, with a ramp at both ends."""
    if not dim.start_s < time_s < dim.end_s:
        return picture
    depth = min((time_s - dim.start_s) / RAMP_S, (dim.end_s - time_s) / RAMP_S, 1.0)
    gains = [1 - depth * (1 - dim.share * tint) for tint in (0.955, 0.99, 1.025)]
    tables = [np.clip(np.arange(256) * gain + 0.5, 0, 255).astype(np.uint8) for gain in gains]
    return np.asarray(cv2.LUT(picture, np.dstack(tables)), dtype=np.uint8)
