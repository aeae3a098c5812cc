"""A small painted shelf for the tests: textured packs, a hand, a passer-by, lamps; and a camera that films it."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from vision.config import CameraSettings, SlotSettings, VisionSettings
from vision.frames import Frame
from vision.pipeline import CameraPipeline, References
from vision.readings import FeedFaulted, FeedRestored, Reading, ShelfCounted

Picture = NDArray[np.uint8]
START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
SIZE = (640, 360)
FPS = 10


@dataclass(frozen=True)
class Place:
    """A slot's box in pixels and its facings."""

    x: int
    y: int
    width: int
    height: int
    facings: int


PLACES = {
    "tea": Place(40, 40, 180, 110, 3),
    "rice": Place(250, 40, 160, 110, 4),
    "oil": Place(470, 30, 60, 120, 1),
    "beans": Place(60, 210, 240, 90, 4),
    "soap": Place(340, 205, 150, 95, 3),
}


@dataclass(frozen=True)
class Scene:
    """What stands before the camera at one moment."""

    stock: dict[str, tuple[bool, ...]]
    hand: tuple[float, float] | None = None
    """Tip of the fingers; the arm goes to the lower edge."""
    passer_x: float | None = None
    gain: float = 1.0
    covered: bool = False
    shifts: dict[str, tuple[int, int]] = field(default_factory=dict)

    def without(self, slot: str, *cells: int) -> "Scene":
        return self._with(slot, cells, stocked=False)

    def with_units(self, slot: str, *cells: int) -> "Scene":
        return self._with(slot, cells, stocked=True)

    def _with(self, slot: str, cells: tuple[int, ...], *, stocked: bool) -> "Scene":
        row = tuple(stocked if n in cells else was for n, was in enumerate(self.stock[slot]))
        return replace(self, stock={**self.stock, slot: row})


class Shop:
    """Paints scenes; the same seed paints the same packs."""

    def __init__(self, seed: int = 1) -> None:
        rng = np.random.default_rng(seed)
        self._noise = np.random.default_rng(seed + 1000)
        self._back = self._paint_back(rng)
        self._packs = {name: self._paint_pack(rng, place) for name, place in PLACES.items()}
        self._skin = rng.uniform(0.85, 1.15) * np.array([105.0, 130.0, 185.0])
        self._cloth = rng.uniform(30, 200, 3)

    @staticmethod
    def full() -> Scene:
        return Scene({name: (True,) * place.facings for name, place in PLACES.items()})

    @staticmethod
    def _paint_back(rng: np.random.Generator) -> Picture:
        back = np.full((SIZE[1], SIZE[0], 3), rng.uniform(120, 190), np.float32)
        back *= np.linspace(1.1, 0.85, SIZE[1], dtype=np.float32)[:, None, None]
        for x in range(10, SIZE[0], 24):
            for y in range(8, SIZE[1], 18):
                cv2.circle(back, (x, y), 2, (70, 70, 70), -1, cv2.LINE_AA)
        for y in (152, 302):
            cv2.rectangle(back, (0, y), (SIZE[0], y + 14), (205, 208, 210), -1)
            cv2.line(back, (0, y + 15), (SIZE[0], y + 15), (60, 60, 60), 2)
        return np.asarray(back, np.uint8)

    @staticmethod
    def _paint_pack(rng: np.random.Generator, place: Place) -> Picture:
        width, height = place.width // place.facings - 4, place.height - 4
        pack = np.empty((height, width, 3), np.uint8)
        pack[:] = rng.integers(40, 230, 3)
        band = int(height * rng.uniform(0.2, 0.5))
        cv2.rectangle(pack, (2, band), (width - 3, band + height // 4), rng.integers(0, 255, 3).tolist(), -1)
        for _ in range(3):
            at = (int(rng.uniform(0.2, 0.8) * width), int(rng.uniform(0.2, 0.9) * height))
            cv2.circle(pack, at, max(width // 7, 2), rng.integers(0, 255, 3).tolist(), -1, cv2.LINE_AA)
        cv2.putText(pack, "ACME", (2, band + height // 6), cv2.FONT_HERSHEY_SIMPLEX, 0.35, (10, 10, 10), 1, cv2.LINE_AA)
        cv2.rectangle(pack, (0, 0), (width - 1, height - 1), (30, 30, 30), 1)
        return pack

    def picture(self, scene: Scene) -> Picture:
        """The scene as the camera sees it, with fresh sensor noise."""
        image = self._back.copy()
        for name, row in scene.stock.items():
            self._stock(image, name, row, scene.shifts.get(name, (0, 0)))
        if scene.passer_x is not None:
            self._walk_by(image, scene.passer_x)
        if scene.hand is not None:
            self._reach(image, scene.hand)
        lit = image.astype(np.float32) * scene.gain
        if scene.covered:
            lit = np.full_like(lit, 9.0)
        return np.clip(lit + self._noise.normal(0, 2.0, lit.shape), 0, 255).astype(np.uint8)

    def _stock(self, image: Picture, name: str, row: tuple[bool, ...], shift: tuple[int, int]) -> None:
        place, pack = PLACES[name], self._packs[name]
        for cell, is_stocked in enumerate(row):
            if is_stocked:
                x = place.x + cell * place.width // place.facings + 2 + shift[0]
                y = place.y + 4 + shift[1]
                image[y : y + pack.shape[0], x : x + pack.shape[1]] = pack

    def _reach(self, image: Picture, tip: tuple[float, float]) -> None:
        x, y = int(tip[0]), int(tip[1])
        sleeve = np.array([[x - 18, y + 70], [x + 22, y + 70], [x + 90, SIZE[1]], [x + 20, SIZE[1]]])
        cv2.fillPoly(image, [sleeve], self._cloth.tolist(), cv2.LINE_AA)
        cv2.ellipse(image, (x, y + 45), (24, 42), 8, 0, 360, self._skin.tolist(), -1, cv2.LINE_AA)
        for finger in range(4):
            start = (x - 15 + 10 * finger, y + 12)
            cv2.line(image, start, (start[0] - 2, y + 45), (0.8 * self._skin).tolist(), 2, cv2.LINE_AA)

    def _walk_by(self, image: Picture, x: float) -> None:
        at = int(x)
        cv2.ellipse(image, (at, 260), (85, 210), 0, 0, 360, self._cloth.tolist(), -1, cv2.LINE_AA)
        cv2.ellipse(image, (at, 55), (38, 48), 0, 0, 360, self._skin.tolist(), -1, cv2.LINE_AA)
        for fold in range(5):
            shade = (0.7 * self._cloth).tolist()
            cv2.line(image, (at - 60 + 28 * fold, 130), (at - 70 + 30 * fold, 350), shade, 3, cv2.LINE_AA)


class Film:
    """Scenes over time. Each call adds seconds to the film and returns the time at its end."""

    def __init__(self, shop: Shop, scene: Scene | None = None) -> None:
        self._shop = shop
        self.scene = scene or shop.full()
        self.pictures: list[Picture] = []

    @property
    def now_s(self) -> float:
        return len(self.pictures) / FPS

    def _add(self, count: int, scene_at: Callable[[float], Scene]) -> float:
        for n in range(count):
            self.pictures.append(self._shop.picture(scene_at(n / max(count - 1, 1))))
        return self.now_s

    def hold(self, seconds: float, scene: Scene | None = None) -> float:
        self.scene = scene or self.scene
        return self._add(round(seconds * FPS), lambda _: self.scene)

    def freeze(self, seconds: float) -> float:
        self.pictures += [self.pictures[-1]] * round(seconds * FPS)
        return self.now_s

    def reach(self, slot: str, cell: int, then: Scene, *, rest_s: float = 0.4) -> float:
        """A hand comes, rests, and goes; the shelf is as in ``then`` when it starts to go. Returns when it has left."""
        place = PLACES[slot]
        goal = (place.x + (cell + 0.5) * place.width / place.facings, place.y + 0.4 * place.height)
        start = (goal[0] + 60, SIZE[1] + 10.0)

        def at(share: float) -> tuple[float, float]:
            return (start[0] + share * (goal[0] - start[0]), start[1] + share * (goal[1] - start[1]))

        before = self.scene
        self._add(7, lambda share: replace(before, hand=at(share)))
        self._add(round(rest_s * FPS), lambda _: replace(before, hand=goal))
        self.scene = then
        return self._add(7, lambda share: replace(then, hand=at(1 - share)))

    def pass_by(self, then: Scene, *, stand_s: float, stand_x: float = 230.0) -> float:
        """Somebody comes from the left, stands, and goes to the right; the shelf changes meanwhile."""
        before = self.scene
        self._add(12, lambda share: replace(before, passer_x=-120 + share * (stand_x + 120)))
        self._add(round(stand_s * FPS), lambda _: replace(then, passer_x=stand_x))
        self.scene = then
        return self._add(12, lambda share: replace(then, passer_x=stand_x + share * (780 - stand_x)))

    def light(self, seconds: float, gain_from: float, gain_to: float) -> float:
        scene = self.scene
        self._add(round(seconds * FPS), lambda s: replace(scene, gain=gain_from + s * (gain_to - gain_from)))
        self.scene = replace(scene, gain=gain_to)
        return self.now_s

    def frames(self) -> Iterator[Frame]:
        for index, picture in enumerate(self.pictures):
            time_s = index / FPS
            yield Frame(
                camera_id="cam-test",
                index=index,
                image_bgr=picture,
                captured_at=START + timedelta(seconds=time_s),
                mono_s=500.0 + time_s,
                media_s=time_s,
            )


@dataclass
class Watched:
    """What the pipeline said of a film."""

    readings: list[Reading]

    @property
    def counts(self) -> list[tuple[float, str, int]]:
        """(time, slot, units) of every count after the first one of its slot."""
        seen: set[str] = set()
        changes = []
        for reading in self.readings:
            if isinstance(reading, ShelfCounted):
                if reading.slot_id in seen:
                    changes.append((reading.media_s, reading.slot_id, reading.units))
                seen.add(reading.slot_id)
        return changes

    @property
    def changes(self) -> list[tuple[str, int]]:
        return [(slot, units) for _, slot, units in self.counts]

    @property
    def first(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for reading in self.readings:
            if isinstance(reading, ShelfCounted):
                found.setdefault(reading.slot_id, reading.units)
        return found

    @property
    def faults(self) -> list[tuple[str, str]]:
        return [
            (type(reading).__name__, reading.fault.value)
            for reading in self.readings
            if isinstance(reading, FeedFaulted | FeedRestored)
        ]


def camera_settings(**changes: object) -> CameraSettings:
    """Settings of the test camera, with every slot."""
    slots = tuple(
        SlotSettings(
            id=name,
            sku=f"BR-{name}",
            facings=place.facings,
            polygon_norm=tuple(
                (min((place.x + dx * place.width) / SIZE[0], 1.0), (place.y + dy * place.height) / SIZE[1])
                for dx, dy in ((0, 0), (1, 0), (1, 1), (0, 1))
            ),
        )
        for name, place in PLACES.items()
    )
    return CameraSettings.model_validate({"id": "cam-test", "analyse_fps": FPS, "slots": slots, **changes})


def run_pipeline(film: Film, *, every: int = 2, references: References | None = None) -> Watched:
    """Send each ``every``-th frame through a pipeline."""
    pipeline = CameraPipeline(camera_settings(), VisionSettings(), references=references)
    frames = [frame for frame in film.frames() if frame.index % every == 0]
    return Watched([reading for frame in frames for reading in pipeline.process(frame)])


@pytest.fixture
def watch() -> Callable[..., Watched]:
    return run_pipeline


@pytest.fixture
def pipeline() -> CameraPipeline:
    return CameraPipeline(camera_settings(), VisionSettings())


@pytest.fixture
def new_pipeline() -> Callable[[], CameraPipeline]:
    return lambda: CameraPipeline(camera_settings(), VisionSettings())


@pytest.fixture
def settings() -> Callable[..., CameraSettings]:
    return camera_settings


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def new_film(shop: Shop) -> Callable[[Scene], Film]:
    return lambda scene: Film(shop, scene)


@pytest.fixture
def film(shop: Shop) -> Film:
    made = Film(shop)
    made.hold(2.0)
    return made


@pytest.fixture
def clip(film: Film, tmp_path: Path) -> Path:
    """A clip of six seconds in which one pack of tea is taken."""
    film.reach("tea", 1, film.scene.without("tea", 1))
    film.hold(2.2)
    path = tmp_path / "clip.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), FPS, SIZE)
    for picture in film.pictures:
        writer.write(picture)
    writer.release()
    return path


@pytest.fixture
def free_port() -> int:
    """A loopback port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
