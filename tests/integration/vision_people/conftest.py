"""People drawn by hand: enough of a person and of a face for the real networks, and of nobody's likeness."""

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from models.manifest import ActiveArtefact, read_manifest
from vision.box_network import BoxNetwork

Picture = NDArray[np.uint8]
DEFAULTS = Path(__file__).parents[3] / "models" / "defaults"

SKIN, SHIRT, TROUSERS, SHOE, HAIR = (130, 165, 215), (140, 70, 50), (70, 50, 40), (25, 25, 30), (30, 40, 60)


def open_default(name: str) -> BoxNetwork:
    return BoxNetwork.open(ActiveArtefact(DEFAULTS / f"{name}.onnx", read_manifest(DEFAULTS / f"{name}.json")))


@pytest.fixture(scope="session")
def persons_network() -> Iterator[BoxNetwork]:
    with open_default("nanodet-g-416-int8") as network:
        yield network


@pytest.fixture(scope="session")
def faces_network() -> Iterator[BoxNetwork]:
    with open_default("centerface-int8") as network:
        yield network


@pytest.fixture
def room() -> Callable[[], Picture]:
    """An empty room, 640 x 480: wall above, floor below."""

    def build() -> Picture:
        picture = np.full((480, 640, 3), (170, 180, 185), np.uint8)
        picture[336:] = (110, 125, 135)
        return picture

    return build


@pytest.fixture
def draw_person() -> Callable[..., tuple[float, float, float, float]]:
    """Draws a standing person into a picture and says the box; drawn in eighths of the height."""

    def draw(picture: Picture, *, feet_x: int, feet_y: int = 440, height_px: int = 360) -> tuple[float, ...]:
        unit = height_px / 8

        def at(x: float, y: float) -> tuple[int, int]:
            return int(feet_x + x * unit), int(feet_y - height_px + y * unit)

        def limb(start: tuple[float, float], end: tuple[float, float], colour: tuple[int, ...], width: float) -> None:
            cv2.line(picture, at(*start), at(*end), colour, int(width * unit), cv2.LINE_AA)

        for side in (-1, 1):
            limb((side * 0.45, 4), (side * 0.5, 7.6), TROUSERS, 0.8)
            limb((side * 0.4, 7.75), (side * 0.8, 7.75), SHOE, 0.4)
            limb((side * 1.0, 1.9), (side * 1.3, 3.4), SHIRT, 0.5)
            limb((side * 1.3, 3.4), (side * 1.25, 4.4), SKIN, 0.35)
        trunk = np.array([at(-1.05, 1.6), at(1.05, 1.6), at(0.85, 4.3), at(-0.85, 4.3)])
        cv2.fillPoly(picture, [trunk], SHIRT, cv2.LINE_AA)
        limb((0, 1), (0, 1.7), SKIN, 0.45)
        cv2.ellipse(picture, at(0, 0.6), (int(0.45 * unit), int(0.6 * unit)), 0, 0, 360, SKIN, -1, cv2.LINE_AA)
        cv2.ellipse(picture, at(0, 0.4), (int(0.48 * unit), int(0.5 * unit)), 0, 180, 360, HAIR, -1, cv2.LINE_AA)
        return feet_x - 1.5 * unit, feet_y - height_px, feet_x + 1.5 * unit, feet_y

    return draw


@pytest.fixture
def draw_face() -> Callable[..., tuple[float, float, float, float]]:
    """Draws a face with hair, neck and shoulders and says the box of its skin; drawn in tenths of the width."""

    def draw(picture: Picture, *, centre: tuple[int, int], width_px: int) -> tuple[float, float, float, float]:
        unit = width_px / 10
        rows, columns = np.mgrid[0 : picture.shape[0], 0 : picture.shape[1]].astype(np.float32)
        x, y = (columns - centre[0]) / unit, (rows - centre[1]) / unit

        def blob(middle: tuple[float, float], radii: tuple[float, float], colour: tuple[int, ...], soft: float) -> None:
            away = np.hypot((x - middle[0]) / radii[0], (y - middle[1]) / radii[1])
            cover = np.clip((1 - away) / soft, 0, 1)[..., None]
            shaded = np.array(colour, np.float32) * (1 - 0.3 * np.minimum(away, 1)[..., None] ** 2)
            picture[:] = (picture * (1 - cover) + shaded * cover).astype(np.uint8)

        blob((0, 3.9), (1.3, 2.0), (95, 125, 175), 0.12)
        blob((0, 5.6), (4.5, 1.8), (90, 60, 50), 0.12)
        blob((0, -0.7), (2.75, 3.4), (25, 32, 42), 0.12)
        blob((0, 0.1), (2.25, 3.0), (150, 180, 225), 0.08)
        blob((0, -2.6), (2.2, 1.0), (25, 32, 42), 0.3)
        for side in (-1, 1):
            blob((side * 1.0, -0.45), (0.75, 0.45), (105, 135, 185), 0.9)
            blob((side * 1.0, -0.4), (0.5, 0.2), (225, 225, 225), 0.4)
            blob((side * 1.0, -0.4), (0.22, 0.22), (30, 30, 30), 0.4)
            blob((side * 1.0, -1.0), (0.7, 0.16), (35, 45, 60), 0.6)
            blob((side * 0.25, 0.95), (0.16, 0.12), (60, 80, 120), 0.8)
        blob((0, 0.35), (0.22, 0.7), (170, 200, 240), 0.9)
        blob((0, 1.75), (0.85, 0.28), (95, 95, 170), 0.4)
        blob((0, 1.75), (0.8, 0.06), (50, 50, 90), 0.5)
        left, top = centre[0] - 2.25 * unit, centre[1] - 2.9 * unit
        return left, top, centre[0] + 2.25 * unit, centre[1] + 3.1 * unit

    return draw
