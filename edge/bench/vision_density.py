"""How many cameras this machine keeps: pictures are handed to the real service until a stream falls behind.

Owns the streams (pictures made beforehand, handed in on time, so that decoding is not part of the figure) and the
search. A number of cameras is kept when every stream gets 95 % of its frames looked at in two windows on end, as in
Intel's stream density benchmark (Performance Tools for retail pipelines).
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from edge.clock import SystemClock
from vision.box_network import BoxNetwork
from vision.config import CameraSettings, VisionSettings
from vision.frames import Frame
from vision.pictures import Picture
from vision.pipeline import CameraPipeline
from vision.posted import Posted
from vision.seats import CameraView, Seat
from vision.service import VisionService, default_workers

FPS = 5
_KEPT = 0.95
_STEP = 1.12
_LATE_S = 0.1  # the hander itself must not lag, or the figure says nothing
_TICK_S = 0.005
_LEARN_FRAMES = 16
_SETTLE_S = 1.0
_MOST_SETTLE_S = 20.0
_START = datetime(2026, 1, 1, tzinfo=UTC)
CYCLE_FRAMES = 300
GOLDEN = 0.6180339887


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What a camera sees: calm pictures, and in ``busy_frames`` of every minute a shopper who crosses."""

    calm: Sequence[Picture]
    busy: Sequence[Picture]
    busy_frames: int

    def picture(self, frame: int, camera: int) -> Picture:
        """The picture of a frame; the cameras' minutes are spread evenly."""
        place = (frame + int(CYCLE_FRAMES * ((camera * GOLDEN) % 1.0))) % CYCLE_FRAMES
        return self.busy[place % len(self.busy)] if place < self.busy_frames else self.calm[frame % len(self.calm)]


class HandedFeed:
    """A feed without a camera: what is handed in is the newest frame."""

    problem: str | None = None

    def __init__(self, camera_id: str, on_frame: Callable[[], None]) -> None:
        self._camera_id = camera_id
        self._on_frame = on_frame
        self._newest: Frame | None = None
        self.handed = 0

    def newest(self) -> Frame | None:
        """The newest frame, or None before the first."""
        return self._newest

    def hand(self, image_bgr: Picture, mono_s: float) -> None:
        """Let a picture be the newest."""
        self._newest = frame_of(self._camera_id, self.handed, image_bgr, mono_s=mono_s)
        self.handed += 1
        self._on_frame()

    def post(self, posted: Posted) -> None:
        """Nobody posts here."""

    def stop(self) -> None:
        """There is nothing to end."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def frame_of(camera_id: str, index: int, image_bgr: Picture, *, mono_s: float = 0.0) -> Frame:
    """A frame in its place at `FPS` a second; the first `_LEARN_FRAMES` seconds lie before it."""
    media_s = _LEARN_FRAMES + index / FPS
    return Frame(
        camera_id=camera_id,
        index=index,
        image_bgr=image_bgr,
        captured_at=_START + timedelta(seconds=media_s),
        mono_s=mono_s,
        media_s=media_s,
    )


class _Hander:
    """A thread that hands every stream its pictures at `FPS`, the streams spread over the frame's time."""

    def __init__(self, feeds: Sequence[HandedFeed], scene: Scene) -> None:
        self.feeds = feeds
        self._scene = scene
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="bench-hander", daemon=True)
        self.late_s = 0.0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join(5.0)

    def _run(self) -> None:
        ticks = round(1.0 / FPS / _TICK_S)
        due: list[list[tuple[int, HandedFeed]]] = [[] for _ in range(ticks)]
        for number, feed in enumerate(self.feeds):
            due[int(ticks * ((number * GOLDEN) % 1.0))].append((number, feed))
        began_s, tick = time.monotonic(), 0
        while not self._stopping.is_set():
            due_s = began_s + tick * _TICK_S
            ahead_s = due_s - time.monotonic()
            if ahead_s > 0 and self._stopping.wait(ahead_s):
                return
            self.late_s = max(self.late_s, -ahead_s)
            for number, feed in due[tick % ticks]:
                feed.hand(self._scene.picture(feed.handed, number), due_s)
            tick += 1


@dataclass(slots=True)
class Density:
    """The search's result."""

    cameras: int = 0
    """The most that were kept; 0 when not even the fewest tried were."""
    looked_at: float = 0.0
    """Share of the frames for which the person network ran, at that number."""
    tried: list[int] = field(default_factory=list)


def search(keeps: Callable[[int], float | None], *, first: int, tries: int) -> Density:
    """The most cameras for which ``keeps`` gives a share: from ``first`` up while it does, else down until it does."""
    found, number = Density(), first
    for _ in range(tries):
        found.tried.append(number)
        looked_at = keeps(number)
        if looked_at is None and (found.cameras or number == 1):
            break
        if looked_at is not None:
            is_going_down = len(found.tried) > 1 and not found.cameras
            found.cameras, found.looked_at = number, looked_at
            if is_going_down:
                break
        is_kept = looked_at is not None
        number = max(number + 1, round(number * _STEP)) if is_kept else min(number - 1, round(number / _STEP))
    return found


def cameras_kept(
    scene: Scene, camera: CameraSettings, network: BoxNetwork, *, first: int, window_s: float, tries: int
) -> Density:
    """Search from ``first`` on; blocks for two windows and a second or more at each of the ``tries``."""
    return search(lambda number: _keeps(scene, camera, network, number, window_s=window_s), first=first, tries=tries)


def _keeps(scene: Scene, camera: CameraSettings, network: BoxNetwork, number: int, *, window_s: float) -> float | None:
    """The share of frames for which the network ran, when every stream was kept in both windows; else None."""
    with _running(scene, camera, network, number) as (service, hander):
        hander.late_s = 0.0
        before = _sums(service)
        if not all(_window(service, hander.feeds, window_s) for _ in range(2)) or hander.late_s > _LATE_S:
            return None
        after = _sums(service)
    return (after.detections - before.detections) / max(after.looks - before.looks, 1)


def core_s_a_look(scene: Scene, camera: CameraSettings, network: BoxNetwork, number: int, *, window_s: float) -> float:
    """Seconds on a core that a look takes in the service, its threads and the hander's together.

    What else runs on the machine counts little, so that two kinds of scenes can be compared in turns. Take so few
    cameras that none is skipped.
    """
    with _running(scene, camera, network, number) as (service, _):
        before, had_s = _sums(service), time.process_time()
        time.sleep(window_s)
        after, has_s = _sums(service), time.process_time()
    return (has_s - had_s) / max(after.looks - before.looks, 1)


@contextmanager
def _running(
    scene: Scene, camera: CameraSettings, network: BoxNetwork, number: int
) -> Iterator[tuple[VisionService, _Hander]]:
    """A service whose cameras know their view and get their pictures on time."""
    feeds: list[HandedFeed] = []

    def open_feed(settings: CameraSettings, on_frame: Callable[[], None]) -> HandedFeed:
        feeds.append(HandedFeed(settings.id, on_frame))
        return feeds[-1]

    service = VisionService(
        [camera.model_copy(update={"id": f"camera-{place}"}) for place in range(number)],
        VisionSettings(),
        on_readings=lambda _readings: None,
        clock=SystemClock(),
        person_network=network,
        open_feed=open_feed,
    )
    names = service.camera_ids
    with service:
        with ThreadPoolExecutor(default_workers()) as pool:  # all workers at once
            list(pool.map(lambda name: service.call(name, lambda s: learn(s.pipeline, scene), timeout_s=60.0), names))
        with _Hander(feeds, scene) as hander:
            _settle(service)
            yield service, hander


@dataclass(frozen=True, slots=True)
class _Sums:
    """Over all cameras since the start."""

    looks: int
    detections: int


def _sums(service: VisionService) -> _Sums:
    detections = sum(service.call(name, _detections, timeout_s=60.0) for name in service.camera_ids)
    return _Sums(sum(view.analysed_frames for view in service.views()), detections)


def _settle(service: VisionService) -> None:
    """Wait for the console's first picture of every camera, which takes longer than many looks."""
    ends_s = time.monotonic() + _MOST_SETTLE_S
    while time.monotonic() < ends_s and not all(view.picture_number for view in service.views()):
        time.sleep(_SETTLE_S / 4)
    time.sleep(_SETTLE_S)


def learn(pipeline: CameraPipeline, scene: Scene) -> None:
    """Show the view for some seconds beforehand, a picture a second: a shop's camera knows its view."""
    for second in range(_LEARN_FRAMES):
        image = scene.calm[second % len(scene.calm)]
        pipeline.process(frame_of(pipeline.settings.id, (second - _LEARN_FRAMES) * FPS, image))


def _detections(seat: Seat) -> int:
    return seat.pipeline.people.detections


def _window(service: VisionService, feeds: Sequence[HandedFeed], window_s: float) -> bool:
    """Whether every stream was kept for so long: neither were frames left out, nor did looks fall behind."""
    before = [(view.skipped_frames, view.analysed_frames, feed.handed) for view, feed in _streams(service, feeds)]
    time.sleep(window_s)
    for (skipped, looks, handed), (view, feed) in zip(before, _streams(service, feeds), strict=True):
        most_missed = (1.0 - _KEPT) * (feed.handed - handed)
        behind = (feed.handed - handed) - (view.analysed_frames - looks)
        if view.skipped_frames - skipped > most_missed or behind > most_missed + 1:  # one is on its way
            return False
    return True


def _streams(service: VisionService, feeds: Sequence[HandedFeed]) -> list[tuple[CameraView, HandedFeed]]:
    return list(zip(service.views(), feeds, strict=True))


def memory_a_camera(
    scene: Scene, cameras: Mapping[str, CameraSettings], network: BoxNetwork, *, fewer: int, more: int
) -> dict[str, float]:
    """MB that each further camera of a kind takes: the slope of the process's resident memory.

    Pictures handed in are not counted. To be asked first: what was freed before would be used again unseen.
    """
    living, slopes = [], {}
    for name, camera in cameras.items():
        sizes_mb = []
        for number in (fewer, more - fewer):
            pipelines = [CameraPipeline(camera, VisionSettings(), person_network=network) for _ in range(number)]
            for pipeline in pipelines:
                _live(pipeline, scene)
            living.append(pipelines)
            sizes_mb.append(_resident_mb())
        slopes[name] = (sizes_mb[1] - sizes_mb[0]) / (more - fewer)
    return slopes


def _live(pipeline: CameraPipeline, scene: Scene) -> None:
    for index, image in enumerate((*scene.calm[:4], *scene.busy[:4], *scene.calm[:4])):
        pipeline.process(frame_of(pipeline.settings.id, index, image))


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6
