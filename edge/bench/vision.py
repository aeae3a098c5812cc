"""How much of the machine a camera costs: the pipeline against the raw person network on the same frames.

Owns the frames (made here, seeded) and the interleaving: each round runs both sides, so that a noisy neighbour
slows both. Ratios are the result; times are for information.
"""

import statistics
import time
from collections.abc import Callable, Sequence
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
_CAMERA = CameraSettings(
    id="bench",
    analyse_fps=_FPS,
    slots=(
        SlotSettings(id="shelf", sku="B-1", facings=4, polygon_norm=((0.1, 0.1), (0.9, 0.1), (0.9, 0.5), (0.1, 0.5))),
    ),
    lines=(LineSettings(id="door", start_norm=(0.1, 0.8), end_norm=(0.9, 0.8)),),
)


def run(quick: bool) -> list[BenchResult]:
    """Measure; blocks for about 20 s when quick, a minute otherwise."""
    rounds, length = (4, 25) if quick else (12, 50)
    with TemporaryDirectory() as empty, _person_network(Path(empty)) as network:
        detector = PersonDetector(network, threshold=_CAMERA.person_threshold, shrink=_CAMERA.shrink)
        busy, calm = _frames(length, moving=True), _frames(length, moving=False)
        raw, every, gated = [], [], []
        for _ in range(rounds):
            raw.append(_seconds(lambda: [detector.detect(frame) for frame in busy]) / length)
            every.append(_seconds(_pipeline_over(network, busy)) / length)
            gated.append(_seconds(_pipeline_over(network, calm)) / length)
    return _results(raw, every, gated)


def _person_network(root: Path) -> BoxNetwork:
    return BoxNetwork.open(Registry(root, DEFAULT_ARTEFACTS).active(Task.PERSONS))


def _results(raw: Sequence[float], every: Sequence[float], gated: Sequence[float]) -> list[BenchResult]:
    raw_s, every_s, gated_s = (statistics.median(times) for times in (raw, every, gated))
    busy_ratio = statistics.median(r / e for r, e in zip(raw, every, strict=True))
    calm_ratio = statistics.median(r / g for r, g in zip(raw, gated, strict=True))
    against = "the person network on every frame, same frames, one thread"
    return [
        at_least("pipeline_rate_all_moving", round(busy_ratio, 3), "x", goal=0.95, against=against),
        at_least("pipeline_rate_calm_shop", round(calm_ratio, 2), "x", goal=10.0, against=against),
        BenchResult("raw_ms_per_frame", round(raw_s * 1e3, 2), "ms"),
        BenchResult("pipeline_ms_per_frame_all_moving", round(every_s * 1e3, 2), "ms"),
        BenchResult("pipeline_ms_per_frame_calm", round(gated_s * 1e3, 2), "ms"),
        BenchResult("cameras_a_core_calm", round(1.0 / (gated_s * _FPS), 1), f"cameras at {_FPS} fps"),
    ]


def _seconds(work: Callable[[], object]) -> float:
    began_s = time.perf_counter()
    work()
    return time.perf_counter() - began_s


def _pipeline_over(network: BoxNetwork, frames: Sequence[Picture]) -> Callable[[], None]:
    pipeline = CameraPipeline(_CAMERA, VisionSettings(), person_network=network)

    def work() -> None:
        for index, image in enumerate(frames):
            pipeline.process(_frame(index, image))

    return work


def _frame(index: int, image: Picture) -> Frame:
    media_s = index / _FPS
    return Frame(
        camera_id=_CAMERA.id,
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
