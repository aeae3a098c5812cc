"""How much of the machine a camera costs: the pipeline against the raw person network on the same frames.

Owns the frames (made here, seeded) and the interleaving: each round runs both sides, so that a noisy neighbour
slows both. Ratios are the result; times are for information.
"""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from edge.bench.results import BenchResult, at_least
from edge.places import DEFAULT_ARTEFACTS
from models.manifest import Task
from models.registry import Registry
from vision.box_network import BoxNetwork
from vision.config import CameraSettings, LineSettings, SlotSettings, VisionSettings
from vision.detector import PersonDetector
from vision.frames import Frame
from vision.pictures import Picture
from vision.pipeline import CameraPipeline

_WIDTH, _HEIGHT, _FPS = 640, 480, 5
_START = datetime(2026, 1, 1, tzinfo=UTC)
_DOOR = LineSettings(id="door", start_norm=(0.1, 0.8), end_norm=(0.9, 0.8))
_SHELF = SlotSettings(id="shelf", sku="B-1", facings=4, polygon_norm=((0.1, 0.1), (0.9, 0.1), (0.9, 0.5), (0.1, 0.5)))
_CAMERAS = {
    "door": CameraSettings(id="door", analyse_fps=_FPS, lines=(_DOOR,)),
    "shelf": CameraSettings(id="shelf", analyse_fps=_FPS, lines=(_DOOR,), slots=(_SHELF,)),
}
_WARM_FRAMES = 15


def run(quick: bool) -> list[BenchResult]:
    """Measure; blocks for about 25 s when quick, two minutes otherwise."""
    rounds, length = (5, 25) if quick else (12, 50)
    with TemporaryDirectory() as empty, _person_network(Path(empty)) as network:
        door = _CAMERAS["door"]
        detector = PersonDetector(network, threshold=door.person_threshold, shrink=door.shrink)
        scenes = {"all moving": _frames(length, moving=True), "calm": _frames(length, moving=False)}
        sides = {
            (name, scene): _Side(camera, network, frames)
            for name, camera in _CAMERAS.items()
            for scene, frames in scenes.items()
        }
        raw_s: list[float] = []
        for _ in range(rounds):
            raw_s.append(_seconds(lambda: [detector.detect(frame) for frame in scenes["all moving"]]) / length)
            for side in sides.values():
                side.times_s.append(_seconds(side.work) / length)
    return _results(raw_s, {name: side.times_s for name, side in sides.items()})


def _person_network(root: Path) -> BoxNetwork:
    return BoxNetwork.open(Registry(root, DEFAULT_ARTEFACTS).active(Task.PERSONS))


class _Side:
    """A camera's pipeline over one scene, again and again, warmed up."""

    def __init__(self, camera: CameraSettings, network: BoxNetwork, frames: Sequence[Picture]) -> None:
        self._pipeline = CameraPipeline(camera, VisionSettings(), person_network=network)
        self._camera_id = camera.id
        self._frames = frames
        self._index = 0
        self.times_s: list[float] = []
        for image in frames[:_WARM_FRAMES]:
            self._take(image)

    def work(self) -> None:
        for image in self._frames:
            self._take(image)

    def _take(self, image: Picture) -> None:
        self._pipeline.process(_frame(self._camera_id, self._index, image))
        self._index += 1


def _results(raw_s: Sequence[float], sides: Mapping[tuple[str, str], Sequence[float]]) -> list[BenchResult]:
    against = "the person network on every frame, same frames, one thread"
    results = [BenchResult("the person network alone", round(statistics.median(raw_s) * 1e3, 2), "ms a frame")]
    for (name, scene), times_s in sides.items():
        rate = statistics.median(r / t for r, t in zip(raw_s, times_s, strict=True))
        goal = 0.95 if scene == "all moving" else 10.0
        results += [
            at_least(f"rate of a {name} camera, {scene}", round(rate, 2), "x", goal=goal, against=against),
            BenchResult(f"{name} camera, {scene}", round(statistics.median(times_s) * 1e3, 2), "ms a frame"),
            BenchResult(
                f"{name} cameras a core, {scene}", int(1.0 / (statistics.median(times_s) * _FPS)), f"at {_FPS} fps"
            ),
        ]
    return results


def _seconds(work: Callable[[], object]) -> float:
    began_s = time.perf_counter()
    work()
    return time.perf_counter() - began_s


def _frame(camera_id: str, index: int, image: Picture) -> Frame:
    media_s = index / _FPS
    return Frame(
        camera_id=camera_id,
        index=index,
        image_bgr=image,
        captured_at=_START + timedelta(seconds=media_s),
        mono_s=media_s,
        media_s=media_s,
    )


def _frames(count: int, *, moving: bool) -> list[Picture]:
    """A textured shelf with sensor noise; when ``moving``, a person-sized blob crosses the floor."""
    random = np.random.default_rng(11)
    scene = random.integers(40, 215, (_HEIGHT // 16, _WIDTH // 16, 3)).repeat(16, 0).repeat(16, 1)
    frames = []
    for index in range(count):
        image = scene + random.normal(0.0, 2.0, scene.shape)
        if moving:
            left = 20 + (index * 23) % (_WIDTH - 120)
            image[140:460, left : left + 90] = random.integers(20, 90, 3)
        frames.append(np.clip(image, 0, 255).astype(np.uint8))
    return frames
