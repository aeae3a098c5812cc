"""How much of the machine a camera costs, and how many it keeps; the pipeline against the bare network and a peer.

Owns the frames (made here, seeded) and the interleaving: each round runs all sides, so that a noisy neighbour slows
them alike. Ratios are the result; times are for information. The search for the number of cameras is in
`edge.bench.vision_density`, the peer in `edge.bench.vision_peer`.
"""

import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from edge.bench.results import BenchResult, at_least
from edge.bench.vision_density import (
    CYCLE_FRAMES,
    FPS,
    Density,
    Scene,
    cameras_kept,
    core_s_a_look,
    frame_of,
    learn,
    memory_a_camera,
)
from edge.bench.vision_peer import against_ultralytics
from edge.places import DEFAULT_ARTEFACTS
from models.manifest import Task
from models.registry import Registry
from vision.box_network import BoxNetwork
from vision.capture import use_one_thread
from vision.config import CameraSettings, LineSettings, SlotSettings, VisionSettings
from vision.detector import PersonDetector
from vision.pictures import Picture
from vision.pipeline import CameraPipeline
from vision.service import default_workers

_WIDTH, _HEIGHT, _FPS = 640, 480, FPS
_DOOR = LineSettings(id="door", start_norm=(0.1, 0.8), end_norm=(0.9, 0.8))
_SHELF = SlotSettings(id="shelf", sku="B-1", facings=4, polygon_norm=((0.1, 0.1), (0.9, 0.1), (0.9, 0.5), (0.1, 0.5)))
_CAMERAS = {
    "door": CameraSettings(id="door", analyse_fps=_FPS, lines=(_DOOR,)),
    "shelf": CameraSettings(id="shelf", analyse_fps=_FPS, lines=(_DOOR,), slots=(_SHELF,)),
}
_WARM_FRAMES = 15
_SHOPPER_FRAMES = 15  # of the 300 of a minute
_FEW_TRIES = 2
_FEW_CAMERAS = 24
_BEGIN_PART = 0.6  # of what the costs allow: where the search begins


def run(quick: bool) -> list[BenchResult]:
    """Measure; blocks for about 40 s when quick, four minutes otherwise."""
    rounds, length = (2, 15) if quick else (12, 50)
    use_one_thread()
    with TemporaryDirectory() as empty, _person_network(Path(empty)) as network:
        scenes = {"all moving": _frames(length, moving=True), "calm": _frames(length, moving=False)}
        calm = Scene(scenes["calm"], scenes["all moving"], 0)
        memory_mb = memory_a_camera(calm, _CAMERAS, network, fewer=4 if quick else 8, more=12 if quick else 48)
        costs = _costs(network, scenes, rounds=rounds)
        return [
            *(
                BenchResult(f"memory a {name} camera", round(size, 2), "MB, without its feed")
                for name, size in memory_mb.items()
            ),
            *_rates(costs),
            *against_ultralytics(scenes["all moving"], _stream, rounds=1 if quick else 8),
            *_density(network, scenes, costs, window_s=1.2 if quick else 6.0, tries=2 if quick else 7),
        ]


@dataclass(slots=True)
class _Costs:
    """Seconds on a core for a frame, in each round."""

    session: list[float]
    """The network on an input made beforehand."""
    detector: list[float]
    """With making the input and reading the boxes."""
    sides: dict[tuple[str, str], list[float]]
    """By camera and scene."""


def _costs(network: BoxNetwork, scenes: Mapping[str, Sequence[Picture]], *, rounds: int) -> _Costs:
    door, moving = _CAMERAS["door"], scenes["all moving"]
    detector = PersonDetector(network, threshold=door.person_threshold, shrink=door.shrink)
    bare = [network.prepared(frame, shrink=door.shrink) for frame in moving]
    sides = {
        (name, scene): _Side(camera, network, frames)
        for name, camera in _CAMERAS.items()
        for scene, frames in scenes.items()
    }
    costs = _Costs([], [], {key: [] for key in sides})
    for _ in range(rounds):
        costs.session.append(_core_s(lambda: [run() for run in bare]) / len(moving))
        costs.detector.append(_core_s(lambda: [detector.detect(frame) for frame in moving]) / len(moving))
        for key, side in sides.items():
            costs.sides[key].append(_core_s(side.work) / len(moving))
    return costs


def _stream(network: BoxNetwork, frames: Sequence[Picture]) -> Callable[[], None]:
    return _Side(_CAMERAS["door"], network, frames).work


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
        learn(self._pipeline, Scene(frames, frames, 0))
        for image in frames[:_WARM_FRAMES]:
            self._take(image)

    def work(self) -> None:
        for image in self._frames:
            self._take(image)

    def _take(self, image: Picture) -> None:
        self._pipeline.process(frame_of(self._camera_id, self._index, image))
        self._index += 1


def _rates(costs: _Costs) -> list[BenchResult]:
    against = "the person network with its input and boxes, every frame, one thread"
    bare = "the bare session on inputs made beforehand, one thread"
    results = [
        BenchResult("the bare session", round(statistics.median(costs.session) * 1e3, 2), "ms of a core a frame"),
        BenchResult(
            "the person network alone", round(statistics.median(costs.detector) * 1e3, 2), "ms of a core a frame"
        ),
    ]
    for (name, scene), times_s in costs.sides.items():
        goal = 0.95 if scene == "all moving" else 10.0
        rate = _ratio(costs.detector, times_s)
        results.append(at_least(f"rate of a {name} camera, {scene}", rate, "x", goal=goal, against=against))
        if scene == "all moving":
            results.append(BenchResult(f"the same, {name}", _ratio(costs.session, times_s), "x", against=bare))
        results.append(
            BenchResult(f"{name} camera, {scene}", round(statistics.median(times_s) * 1e3, 2), "ms of a core a frame")
        )
    return results


def _ratio(theirs_s: Sequence[float], ours_s: Sequence[float]) -> float:
    return round(statistics.median(theirs / ours for theirs, ours in zip(theirs_s, ours_s, strict=True)), 2)


def _density(
    network: BoxNetwork,
    scenes: Mapping[str, Sequence[Picture]],
    costs: _Costs,
    *,
    window_s: float,
    tries: int,
) -> list[BenchResult]:
    door, workers = _CAMERAS["door"], default_workers()
    moving_s, calm_s = (statistics.median(costs.sides["door", scene]) for scene in ("all moving", "calm"))
    kept, kinds, firsts = {}, {}, {}
    for kind, busy_frames in {"not gated": CYCLE_FRAMES, "gated": _SHOPPER_FRAMES}.items():
        share = busy_frames / CYCLE_FRAMES
        firsts[kind] = max(round(_BEGIN_PART * workers / (_FPS * (share * moving_s + (1 - share) * calm_s))), 1)
        kinds[kind] = Scene(scenes["calm"], scenes["all moving"], busy_frames)
        kept[kind] = cameras_kept(kinds[kind], door, network, first=firsts[kind], window_s=window_s, tries=tries)
    looks_s: dict[str, list[float]] = {kind: [] for kind in kinds}
    for _ in range(1 if tries <= _FEW_TRIES else 3):
        for kind, scene in kinds.items():
            few = max(min(firsts[kind] // 3, _FEW_CAMERAS), 1)
            looks_s[kind].append(core_s_a_look(scene, door, network, few, window_s=window_s))
    method = f"every stream >= .95 of {_FPS} fps in two windows of {window_s:g} s, pictures handed in decoded"
    shop = f"calm but for a shopper in {_SHOPPER_FRAMES // _FPS} s of each minute"
    plain, gated = kept["not gated"], kept["gated"]
    return [
        BenchResult("cameras kept, not gated", plain.cameras, f"at {_FPS} fps, {workers} workers", against=method),
        BenchResult("cameras kept, gated", gated.cameras, f"at {_FPS} fps, {workers} workers", against=shop),
        _gain(plain, gated),
        *(
            BenchResult(f"a look in the service, {kind}", round(statistics.median(times) * 1e3, 2), "ms of a core")
            for kind, times in looks_s.items()
        ),
        BenchResult(
            "the same, not gated over gated",
            _ratio(looks_s["not gated"], looks_s["gated"]),
            "x",
            against="the hander's thread included, in turns",
        ),
        BenchResult("frames looked at by the network, not gated", round(plain.looked_at, 3), "share"),
        BenchResult("frames looked at by the network, gated", round(gated.looked_at, 3), "share"),
        BenchResult("machine load after the run", round(os.getloadavg()[0], 2), "processes"),
    ]


def _gain(plain: Density, gated: Density) -> BenchResult:
    what = "gated over not gated"
    if not plain.cameras or not gated.cameras:
        busy = "no number that was tried was kept: the machine was too busy with other work"
        return BenchResult(f"{what}: not measured", 0.0, "x", goal=10.0, against=busy)
    against = "the same service with every frame looked at by the network"
    return at_least(what, round(gated.cameras / plain.cameras, 2), "x", goal=10.0, against=against)


def _core_s(work: Callable[[], object]) -> float:
    """Time on a core: what else runs on the machine counts little."""
    began_s = time.thread_time()
    work()
    return time.thread_time() - began_s


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
