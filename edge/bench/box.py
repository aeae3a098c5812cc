"""What cameras and kiosks leave each other of one box: frames and answers with and without the governor.

Owns the load (made here, seeded: enough cameras for their floors to take most of a core, four kiosks that ask without
pause) and the interleaving: in each round the kiosks are silent, then ask without the governor, then with it.
"""

import os
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Lock, Thread

import numpy as np

from edge.bench.llm import KIOSK_PREFIX, kiosk_turn
from edge.bench.results import BenchResult, at_least
from edge.clock import SystemClock
from edge.places import DEFAULT_ARTEFACTS
from models.config import LanguageSettings
from models.errors import LanguageUnavailableError
from models.governor import Governor
from models.language.client import LanguageModel
from models.manifest import Task
from models.registry import Registry
from vision.box_network import BoxNetwork
from vision.config import CameraSettings, LineSettings, VisionSettings
from vision.detector import PersonDetector
from vision.service import VisionService

_WIDTH, _HEIGHT, _FPS, _FRAMES = 640, 480, 5, 25
_KIOSKS = 4
_LANGUAGE = LanguageSettings(queue_limit=16)
_LOAD = 1.0
"""Cores that the person network alone would take for every frame of the moving cameras; the worker has one."""
_CALM_PART = 0.25
_FLOOR_PART = 0.75
"""The floor, as a part of what a camera gets here on average while no kiosk asks: turns are not even to the frame,
so that the slowest camera gets about 0.85 of it."""
_RAMP_S = 4.0
"""The governor's way down to the least; before its end a stretch shows neither."""
_LEAST_FLOOR_FPS = 0.2
_CALIBRATE_S = 3.0
_START_S = 60.0
_PATIENCE_S = 8.0
"""An answer that takes longer is not counted as one."""
_LINE = LineSettings(id="door", start_norm=(0.1, 0.8), end_norm=(0.9, 0.8))


@dataclass(slots=True)
class _Window:
    """What was seen in a stretch of time; stretches of one kind are added up."""

    seconds: float = 0.0
    frames: dict[str, int] = field(default_factory=dict)
    late: int = 0
    skipped: int = 0
    answers_s: list[float] = field(default_factory=list)

    @property
    def slowest_fps(self) -> float:
        return min(self.frames.values()) / self.seconds

    @property
    def all_fps(self) -> float:
        return sum(self.frames.values()) / self.seconds

    @property
    def answer_rate(self) -> float:
        return len(self.answers_s) / self.seconds

    @property
    def p95_s(self) -> float:
        if len(self.answers_s) < 2:
            return max(self.answers_s, default=_PATIENCE_S)
        return statistics.quantiles(self.answers_s, n=100, method="inclusive")[94]


class _Kiosks:
    """Shoppers that ask again as soon as they are answered."""

    def __init__(self, language: LanguageModel) -> None:
        self._language = language
        self._lock = Lock()
        self._asked = 0
        self.answers: list[tuple[float, float]] = []
        """When each answer came, and how long it took."""

    @contextmanager
    def busy(self) -> Iterator[None]:
        stop = Event()
        threads = [Thread(target=self._ask, args=(stop,), name=f"kiosk-{n}") for n in range(_KIOSKS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join()

    def _ask(self, stop: Event) -> None:
        while not stop.is_set():
            with self._lock:
                self._asked += 1
                number = self._asked
            began_s = time.perf_counter()
            try:
                self._language.complete(replace(kiosk_turn(number), deadline_s=_PATIENCE_S))
            except LanguageUnavailableError:
                continue
            ended_s = time.perf_counter()
            self.answers.append((ended_s, ended_s - began_s))


@dataclass(slots=True)
class _Box:
    """The parts under load, and what was measured of them by the kind of stretch."""

    vision: VisionService
    kiosks: _Kiosks
    language: LanguageModel
    governor: Governor
    governs: bool = True
    windows: dict[str, _Window] = field(default_factory=dict)

    def on_turn(self, is_short: bool) -> None:
        if self.governs:
            self.governor.tell(is_short)

    def watch(self, kind: str, *, settle_s: float, seconds: float) -> None:
        """Let the box run and add what happens after ``settle_s``."""
        pause = Event()
        pause.wait(settle_s)
        before, began_s = self._counts(), time.perf_counter()
        pause.wait(seconds)
        after, ended_s = self._counts(), time.perf_counter()
        window = self.windows.setdefault(kind, _Window())
        window.seconds += ended_s - began_s
        for name, counts in after.items():
            frames, late, skipped = np.subtract(counts, before[name])
            window.frames[name] = window.frames.get(name, 0) + int(frames)
            window.late += int(late)
            window.skipped += int(skipped)
        window.answers_s += [took_s for at_s, took_s in self.kiosks.answers if began_s <= at_s <= ended_s]

    def _counts(self) -> dict[str, tuple[int, int, int]]:
        return {v.camera_id: (v.analysed_frames, v.late_frames, v.skipped_frames) for v in self.vision.views()}

    def govern(self, governs: bool) -> None:
        self.governs = governs
        self.language.allow(self.governor.cores if governs else float(_LANGUAGE.threads))


def run(quick: bool) -> list[BenchResult]:
    """Measure; blocks for about 40 s when quick, two minutes otherwise."""
    rounds, settle_s, seconds = (1, 1.0, 6.0) if quick else (4, 2.0, 6.0)
    with TemporaryDirectory() as folder, ExitStack() as stack:
        registry = Registry(Path(folder), DEFAULT_ARTEFACTS)
        persons = stack.enter_context(BoxNetwork.open(registry.active(Task.PERSONS), threads=1))
        language = stack.enter_context(
            LanguageModel(lambda: registry.active(Task.LANGUAGE), _LANGUAGE, prefixes=(KIOSK_PREFIX,))
        )
        language.wait_until_up(_START_S)
        language.complete(kiosk_turn(0))
        cameras = moving_cameras(Path(folder), persons, load=_LOAD)
        calibration = _box(cameras, persons, language)
        with calibration.vision:
            calibration.watch("silent", settle_s=1.0, seconds=_CALIBRATE_S)
        mean_fps = calibration.windows["silent"].all_fps / len(cameras)
        floor = max(_LEAST_FLOOR_FPS, round(_FLOOR_PART * mean_fps, 2))
        cameras = [camera.model_copy(update={"min_fps": floor}) for camera in cameras]
        box = _box(cameras, persons, language)
        with box.kiosks.busy():
            box.watch("no cameras", settle_s=settle_s, seconds=seconds)
        with box.vision:
            for _ in range(rounds):
                box.watch("silent", settle_s=settle_s, seconds=seconds)
                with box.kiosks.busy():
                    box.govern(False)
                    box.watch("ungoverned", settle_s=settle_s, seconds=seconds)
                    box.govern(True)
                    box.watch("governed", settle_s=_RAMP_S, seconds=seconds)
    return _results(box, cameras)


def _box(cameras: Sequence[CameraSettings], persons: BoxNetwork, language: LanguageModel) -> _Box:
    clock = SystemClock()
    governor = Governor(
        most_cores=float(_LANGUAGE.threads),
        least_cores=_LANGUAGE.least_cores,
        allow=language.allow,
        mono_s=clock.mono_s,
    )
    box: _Box
    vision = VisionService(
        cameras,
        VisionSettings(),
        on_readings=lambda _readings: None,
        clock=clock,
        person_network=persons,
        on_turn=lambda is_short: box.on_turn(is_short),
    )
    box = _Box(vision, _Kiosks(language), language, governor)
    return box


def moving_cameras(folder: Path, persons: BoxNetwork, *, load: float) -> list[CameraSettings]:
    """As many cameras as take ``load`` cores for their moving frames, and some before which nothing moves."""
    clips = {moving: _clip(folder / f"{moving}.y4m", moving=moving) for moving in (True, False)}
    plain = CameraSettings(id="any", analyse_fps=_FPS, loop=True, lines=(_LINE,))
    frame_s = _frame_s(persons, plain)
    moving = max(3, round(load / (_FPS * frame_s)))
    calm = max(1, round(moving * _CALM_PART))
    return [plain.model_copy(update={"id": f"camera-{n}", "url": str(clips[n < moving])}) for n in range(moving + calm)]


def _frame_s(persons: BoxNetwork, camera: CameraSettings) -> float:
    """Time that the person network takes for a frame here, the kiosks silent."""
    detector = PersonDetector(persons, threshold=camera.person_threshold, shrink=camera.shrink)
    image = np.full((_HEIGHT, _WIDTH, 3), 120, np.uint8)
    times_s = []
    for _ in range(20):
        began_s = time.perf_counter()
        detector.detect(image)
        times_s.append(time.perf_counter() - began_s)
    return statistics.median(times_s)


def _clip(path: Path, *, moving: bool) -> Path:
    """A grey clip, uncompressed: a textured floor with sensor noise; when ``moving``, a block crosses it."""
    random = np.random.default_rng(11)
    scene = random.integers(40, 215, (_HEIGHT // 16, _WIDTH // 16)).repeat(16, 0).repeat(16, 1)
    with path.open("wb") as clip:
        clip.write(f"YUV4MPEG2 W{_WIDTH} H{_HEIGHT} F{_FPS}:1 Ip A1:1 Cmono\n".encode())
        for index in range(_FRAMES):
            image = scene + random.normal(0.0, 2.0, scene.shape)
            if moving:
                left = 20 + (index * 61) % (_WIDTH - 120)
                image[140:460, left : left + 90] = 30
            clip.write(b"FRAME\n" + np.clip(image, 0, 255).astype(np.uint8).tobytes())
    return path


def _results(box: _Box, cameras: Sequence[CameraSettings]) -> list[BenchResult]:
    silent, plain, governed = (box.windows[kind] for kind in ("silent", "ungoverned", "governed"))
    alone, floor = box.windows["no cameras"], cameras[0].min_fps
    same = "the same box and minute without the governor"
    return [
        at_least(
            "slowest camera, 4 kiosks asking, governed", round(governed.slowest_fps, 2), "1/s", goal=floor, against=same
        ),
        BenchResult("slowest camera, 4 kiosks asking, not governed", round(plain.slowest_fps, 2), "1/s"),
        BenchResult("slowest camera, kiosks silent", round(silent.slowest_fps, 2), "1/s"),
        BenchResult("frames of all cameras, governed", round(governed.all_fps, 1), "1/s"),
        BenchResult("frames of all cameras, not governed", round(plain.all_fps, 1), "1/s"),
        BenchResult("frames of all cameras, kiosks silent", round(silent.all_fps, 1), "1/s"),
        BenchResult("part of the silent box's frames, governed", _part(governed.all_fps, silent.all_fps), "x"),
        BenchResult("part of the silent box's frames, not governed", _part(plain.all_fps, silent.all_fps), "x"),
        BenchResult("late looks, governed", round(governed.late / governed.seconds, 2), "1/s"),
        BenchResult("late looks, not governed", round(plain.late / plain.seconds, 2), "1/s"),
        BenchResult("answers, governed", round(governed.answer_rate, 2), "1/s"),
        BenchResult("answers, not governed", round(plain.answer_rate, 2), "1/s"),
        BenchResult("answers, no cameras", round(alone.answer_rate, 2), "1/s"),
        BenchResult("answer p95, governed", round(governed.p95_s, 2), "s"),
        BenchResult("answer p95, not governed", round(plain.p95_s, 2), "s"),
        BenchResult("answer p95, no cameras", round(alone.p95_s, 2), "s"),
        BenchResult("cores of the language model at the end", box.governor.cores, "cores"),
        BenchResult("cameras", len(cameras), f"at {_FPS} fps, floor {floor:g}"),
        BenchResult("machine load after the run", round(os.getloadavg()[0], 2), "processes"),
    ]


def _part(some: float, whole: float) -> float:
    return round(some / whole, 2) if whole else 0.0
