"""Clips through the real decoder: opened, replayed, played live, and served to the console."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import cv2
import numpy as np
import pytest

from vision.capture import Capture, read_picture
from vision.config import VisionSettings
from vision.detections import Detections
from vision.errors import FeedInvalidError, FeedUnavailableError
from vision.feeds import Feed, FeedState
from vision.readings import FeedFault, FeedFaulted, Reading, ShelfCounted
from vision.replay import replay
from vision.service import VisionService

START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)


class WallClock:
    """The machine's clock, as the node's own would be."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def mono_s(self) -> float:
        return monotonic()


class Awaited:
    """Collects what the service says, and lets a test wait for it."""

    def __init__(self) -> None:
        self.readings: list[Reading] = []
        self._came = threading.Condition()

    def take(self, readings: list[Reading]) -> None:
        with self._came:
            self.readings += readings
            self._came.notify_all()

    def wait_for(self, wanted: Callable[[Reading], bool], *, timeout_s: float = 20.0) -> None:
        with self._came:
            assert self._came.wait_for(lambda: any(map(wanted, self.readings)), timeout_s), self.readings


def test_a_clip_gives_every_frame_with_its_own_time(clip: Path) -> None:
    with Capture(str(clip)) as capture:
        times = []
        while (grabbed := capture.read()) is not None:
            times.append(grabbed.media_s)
            assert grabbed.image_bgr.shape == (360, 640, 3)
    assert np.allclose(np.diff(times), 0.1, atol=0.01)
    assert times[0] == pytest.approx(0.0, abs=0.01)
    assert capture.fps == pytest.approx(10.0)


@pytest.mark.parametrize("content", [b"", b"this is a shopping list, not a film", b"\x00" * 4000])
def test_what_is_no_video_is_refused_with_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(content)
    with pytest.raises(FeedInvalidError, match="is not a video that can be read"):
        Capture(str(path))


def test_a_clip_cut_off_in_the_middle_is_refused_or_ends_early(clip: Path) -> None:
    whole = clip.read_bytes()
    clip.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FeedInvalidError), Capture(str(clip)) as capture:
        capture.read()


def test_a_missing_clip_may_come_later(tmp_path: Path) -> None:
    with pytest.raises(FeedUnavailableError, match="there is no file"):
        Capture(str(tmp_path / "later.mp4"))


def test_a_reference_that_is_no_picture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "stocked.png"
    path.write_text("no picture")
    with pytest.raises(FeedInvalidError):
        read_picture(path)


def test_a_replay_stamps_readings_with_the_clips_own_time(clip: Path, settings: Any) -> None:
    shares: list[float] = []
    batches = list(
        replay(clip, settings(analyse_fps=5.0), VisionSettings(), started_at=START, on_progress=shares.append)
    )
    assert [len(batch) for batch in batches] == [5, 1]
    change = batches[1][0]
    assert isinstance(change, ShelfCounted)
    assert (change.slot_id, change.units, change.shelf_units) == ("tea", 2, 14)
    assert change.captured_at == START + timedelta(seconds=change.media_s)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_the_same_replay_twice_says_the_same(clip: Path, settings: Any) -> None:
    once, again = (
        list(replay(clip, settings(), VisionSettings(), started_at=START, every_frame=True)) for _ in range(2)
    )
    assert once == again


def test_a_live_clip_keeps_its_own_pace_and_the_newest_frame(clip: Path) -> None:
    came = threading.Event()
    began_s = monotonic()
    with Feed("cam-test", str(clip), clock=WallClock(), on_frame=came.set) as feed:
        assert came.wait(10.0)
        while (frame := feed.newest()) is None or frame.index < 12:
            came.clear()
            assert came.wait(10.0)
        assert frame.media_s == pytest.approx(0.1 * frame.index, abs=0.02)
        assert monotonic() - began_s >= 1.0
        assert frame.captured_at.tzinfo is not None
    assert not any(thread.name == "feed-cam-test" for thread in threading.enumerate())


def test_a_looped_clip_goes_on_in_time(tmp_path: Path, shop: Any) -> None:
    path = tmp_path / "short.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 10, (640, 360))
    for _ in range(5):
        writer.write(shop.picture(shop.full()))
    writer.release()
    came = threading.Event()
    with Feed("cam-test", str(path), clock=WallClock(), loop=True, on_frame=came.set) as feed:
        last_s = -1.0
        while (frame := feed.newest()) is None or frame.index < 8:
            if frame is not None:
                assert frame.media_s >= last_s
                last_s = frame.media_s
            came.clear()
            assert came.wait(10.0)
        assert frame.media_s > 0.5


def test_a_file_of_the_wrong_type_stops_its_feed_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "cam.mp4"
    path.write_text("not a film")
    feed = Feed("cam-test", str(path), clock=WallClock())
    with feed:
        pass
    assert feed.state is FeedState.INVALID
    assert feed.problem is not None
    assert "not a video" in feed.problem


def test_the_service_counts_shows_and_stops(clip: Path, settings: Any) -> None:
    heard = Awaited()
    camera = settings(url=str(clip), analyse_fps=10.0)
    with VisionService([camera], VisionSettings(), on_readings=heard.take, clock=WallClock()) as service:
        heard.wait_for(lambda r: isinstance(r, ShelfCounted) and (r.slot_id, r.units) == ("tea", 2))
        view = service.view("cam-test")
        assert view.jpeg is not None
        assert {slot.slot_id: slot.units for slot in view.slots}["tea"] == 2
        assert view.analysed_frames > 10
        assert view.fault is None
        assert service.failure is None
    assert not any(thread.name.startswith(("vision-", "feed-")) for thread in threading.enumerate())


def test_without_networks_the_console_sees_coarse_blocks_only(clip: Path, settings: Any) -> None:
    heard = Awaited()
    camera = settings(url=str(clip), slots=())
    with VisionService(
        [camera], VisionSettings(lost_after_s=0.6), on_readings=heard.take, clock=WallClock()
    ) as service:
        heard.wait_for(lambda r: isinstance(r, FeedFaulted))
        jpeg = service.view("cam-test").jpeg
    assert jpeg is not None
    shown = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
    fine = np.abs(np.diff(shown[shown.shape[0] // 2 :].astype(np.int16), axis=1)) > 25
    assert fine.mean() < 0.01


def test_a_clip_that_ends_is_a_lost_camera(clip: Path, settings: Any) -> None:
    heard = Awaited()
    camera = settings(url=str(clip))
    with VisionService(
        [camera], VisionSettings(lost_after_s=1.0), on_readings=heard.take, clock=WallClock()
    ) as service:
        heard.wait_for(lambda r: isinstance(r, FeedFaulted) and r.fault is FeedFault.LOST)
        view = service.view("cam-test")
    assert view.fault is FeedFault.LOST
    assert view.problem == "the clip is over"


def test_a_person_seen_before_a_slot_holds_it(film: Any, new_pipeline: Any) -> None:
    """A box over the slots keeps a change back; when the box goes, the change is claimed."""
    film.hold(2.0)
    film.hold(3.0, film.scene.without("oil", 0))
    quiet_s = film.now_s
    film.hold(3.0)
    pipeline = new_pipeline()
    readings: list[Reading] = []
    for frame in film.frames():
        in_front = 3.0 < frame.media_s < quiet_s
        box = np.array([[440.0, 0.0, 560.0, 360.0]] if in_front else np.zeros((0, 4)), np.float32)
        persons = Detections(box, np.ones(len(box), np.float32), np.zeros(len(box), np.int64))
        pipeline.people.sure = lambda found=persons: found
        readings += pipeline.process(frame)
    claims = [r for r in readings if isinstance(r, ShelfCounted) and r.units == 0]
    assert [claim.slot_id for claim in claims] == ["oil"]
    assert claims[0].media_s >= quiet_s


def test_a_camera_that_refuses_is_tried_again_and_named_without_its_password(free_port: int) -> None:
    came = threading.Event()
    address = f"rtsp://admin:s3cret@127.0.0.1:{free_port}/live"
    with pytest.raises(FeedUnavailableError, match=r"rtsp://\*\*\*@127\.0\.0\.1") as refused:
        Capture(address)
    assert "s3cret" not in str(refused.value)
    with Feed("cam-test", address, clock=WallClock(), reconnect_max_s=1.0, on_frame=came.set) as feed:
        assert not came.wait(1.0)
        assert feed.newest() is None
        assert feed.state in (FeedState.WAITING, FeedState.OPENING)
        assert "s3cret" not in (feed.problem or "")


def test_a_camera_that_is_not_plugged_in_may_come_later() -> None:
    with pytest.raises(FeedUnavailableError, match="/dev/video97 does not answer with a video stream"):
        Capture("/dev/video97")
