"""Work in a camera's own thread, and new settings for a camera that runs, on real clips and real threads."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.bench.vision_density import HandedFeed
from edge.clock import SystemClock
from vision.config import CameraSettings, VisionSettings
from vision.errors import FeedUnavailableError
from vision.readings import FeedFault, FeedFaulted, FeedRestored, Reading, ShelfCounted
from vision.service import VisionService
from vision.worker import VisionWorker


class Heard:
    """Takes readings and lets a test wait for one."""

    def __init__(self) -> None:
        self.readings: list[Reading] = []
        self._more = threading.Condition()

    def take(self, readings: list[Reading]) -> None:
        with self._more:
            self.readings += readings
            self._more.notify_all()

    def wait_for(self, wanted: Any, *, after: int = 0, timeout_s: float = 20.0) -> Reading:
        with self._more:
            assert self._more.wait_for(lambda: any(wanted(r) for r in self.readings[after:]), timeout_s), self.readings
            return next(r for r in self.readings[after:] if wanted(r))


def counted(slot_id: str, units: int) -> Any:
    return lambda r: isinstance(r, ShelfCounted) and (r.slot_id, r.units) == (slot_id, units)


@pytest.fixture
def wall_clock() -> SystemClock:
    return SystemClock()


@pytest.fixture
def heard() -> Heard:
    return Heard()


def test_work_runs_in_the_camera_s_own_thread_with_its_seat(
    clip: Path, settings: Any, wall_clock: Any, heard: Heard
) -> None:
    with VisionService([settings(url=str(clip))], VisionSettings(), on_readings=heard.take, clock=wall_clock) as vision:
        told = vision.call("cam-test", lambda seat: (threading.current_thread().name, seat.settings.id))
        with pytest.raises(ZeroDivisionError):
            vision.call("cam-test", lambda _seat: 1 // 0)
        with pytest.raises(KeyError):
            vision.call("cam-none", lambda _seat: None)
        assert vision.failure is None
    assert told == ("vision-worker-0", "cam-test")


def test_work_that_was_not_begun_in_time_is_never_done(clip: Path, settings: Any, wall_clock: Any) -> None:
    held, is_held = threading.Event(), threading.Event()
    done: list[str] = []

    def hold(_seat: object) -> None:
        is_held.set()
        held.wait(20.0)

    with VisionService(
        [settings(url=str(clip))], VisionSettings(), on_readings=lambda _: None, clock=wall_clock
    ) as vision:
        holder = threading.Thread(target=lambda: vision.call("cam-test", hold, timeout_s=20.0))
        holder.start()
        assert is_held.wait(20.0)
        with pytest.raises(TimeoutError, match="vision-worker-0 did not come to it"):
            vision.call("cam-test", lambda _seat: done.append("late"), timeout_s=0.05)
        held.set()
        holder.join(20.0)
        vision.call("cam-test", lambda _seat: done.append("in time"))
    assert done == ["in time"]


def test_who_waits_for_a_worker_that_stops_is_told(wall_clock: Any) -> None:
    worker = VisionWorker("vision-worker-0", clock=wall_clock, on_readings=lambda _: None, on_turn=lambda _: None)
    worker.start()
    worker.stop()
    worker.join()
    with pytest.raises(TimeoutError):
        worker.call(lambda: None, timeout_s=0.05)


def test_new_settings_keep_the_feed_open_and_the_numbers_rising(
    clip: Path, settings: Any, wall_clock: Any, heard: Heard
) -> None:
    camera = settings(url=str(clip), loop=True)
    with VisionService([camera], VisionSettings(), on_readings=heard.take, clock=wall_clock) as vision:
        heard.wait_for(counted("tea", 2))
        before = vision.view("cam-test")
        feed = vision.call("cam-test", lambda seat: seat.feed)
        fewer = camera.model_copy(update={"slots": camera.slots[:1], "name": "renamed"})
        so_far = len(heard.readings)
        vision.replace(fewer)
        heard.wait_for(lambda r: isinstance(r, ShelfCounted) and r.slot_id == camera.slots[0].id, after=so_far)
        after = vision.view("cam-test")
        assert vision.call("cam-test", lambda seat: seat.feed) is feed
    assert (after.name, [slot.slot_id for slot in after.slots]) == ("renamed", [camera.slots[0].id])
    assert after.picture_number > before.picture_number
    assert after.analysed_frames > before.analysed_frames


def test_a_new_address_opens_another_feed_and_ends_the_fault(
    clip: Path, tmp_path: Path, settings: Any, wall_clock: Any, heard: Heard
) -> None:
    camera = settings(url=str(tmp_path / "missing.mp4"))
    with VisionService([camera], VisionSettings(lost_after_s=0.6), on_readings=heard.take, clock=wall_clock) as vision:
        heard.wait_for(lambda r: isinstance(r, FeedFaulted) and r.fault is FeedFault.LOST)
        vision.replace(camera.model_copy(update={"url": str(clip)}))
        heard.wait_for(lambda r: isinstance(r, FeedRestored) and r.fault is FeedFault.LOST)
        heard.wait_for(counted("tea", 2))
        assert vision.view("cam-test").fault is None
    assert not any(thread.name.startswith(("vision-", "feed-")) for thread in threading.enumerate())


def test_a_camera_goes_on_as_it_was_when_its_new_settings_are_no_good(
    clip: Path, tmp_path: Path, settings: Any, wall_clock: Any
) -> None:
    camera = settings(url=str(clip))
    with VisionService([camera], VisionSettings(), on_readings=lambda _: None, clock=wall_clock) as vision:
        wrong = camera.references.model_copy(update={"stocked": tmp_path / "none.png"})
        with pytest.raises(FeedUnavailableError):
            vision.replace(camera.model_copy(update={"references": wrong, "name": "wrong"}))
        assert vision.view("cam-test").name == ""
        with pytest.raises(KeyError):
            vision.replace(camera.model_copy(update={"id": "cam-none"}))


def test_every_camera_has_its_own_worker_of_several_and_one_starved_worker_is_enough(
    clip: Path, settings: Any, wall_clock: Any
) -> None:
    cameras = [settings(id=f"cam-{number}", url=str(clip), slots=()) for number in range(3)]
    told: list[bool] = []
    vision = VisionService(
        cameras, VisionSettings(workers=2), on_readings=lambda _: None, clock=wall_clock, on_turn=told.append
    )
    with vision:
        names = [vision.call(camera.id, lambda _seat: threading.current_thread().name) for camera in cameras]
        assert [view.camera_id for view in vision.views()] == ["cam-0", "cam-1", "cam-2"]
    assert names == ["vision-worker-0", "vision-worker-1", "vision-worker-0"]
    told.clear()
    for number, is_starved in [(0, True), (1, False), (1, True), (0, False), (1, False)]:
        vision._note_turn(number, is_starved)
    assert told == [True, True, True, True, False]


def test_frames_may_come_from_another_source_than_a_feed(settings: Any, wall_clock: Any) -> None:
    opened: list[HandedFeed] = []

    def open_feed(camera: CameraSettings, on_frame: Callable[[], None]) -> HandedFeed:
        opened.append(HandedFeed(camera.id, on_frame))
        return opened[-1]

    looked = threading.Event()
    busy = np.random.default_rng(7).integers(0, 255, (120, 160, 3), np.uint8)
    with VisionService(
        [settings(slots=())], VisionSettings(), on_readings=lambda _: None, clock=wall_clock, open_feed=open_feed
    ) as vision:
        vision.call("cam-test", lambda seat: seat.pipeline.people).follow = lambda *_, **__: looked.set() or []
        opened[0].hand(busy, wall_clock.mono_s())
        assert looked.wait(20.0)
    assert vision.view("cam-test").analysed_frames == 1
