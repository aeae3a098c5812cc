"""A camera over RTSP, with a password: a real server in its own process, killed and stopped while it sends."""

import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from structlog.testing import capture_logs

from vision.capture import Capture
from vision.config import VisionSettings
from vision.errors import FeedUnavailableError
from vision.feeds import Feed, FeedState
from vision.frames import Frame
from vision.readings import FeedFault, FeedFaulted, FeedRestored, Reading, ShelfCounted
from vision.service import VisionService

SERVER = Path(__file__).with_name("rtsp_server.py")
FPS = 10
CLIP_FRAMES = 150
BITS = 8
BIT_PX = 40
PASSWORD = "secret"  # noqa: S105 (of the test's own camera)
NOTICED_S = 5.0
RECONNECTS = VisionSettings(reconnect_max_s=1.0)


class WallClock:
    """The machine's clock, as the node's own would be."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def mono_s(self) -> float:
        return monotonic()


class Heard:
    """What the service said and when; a test waits for a reading that comes after those it has seen."""

    def __init__(self) -> None:
        self._readings: list[Reading] = []
        self._came = threading.Condition()

    def take(self, readings: list[Reading]) -> None:
        with self._came:
            self._readings += readings
            self._came.notify_all()

    def next(self, wanted: Callable[[Reading], bool], *, within_s: float) -> Reading:
        """The first such reading; it and those before it are not looked at again."""
        with self._came:
            assert self._came.wait_for(lambda: any(map(wanted, self._readings)), within_s), self._readings
            at = next(n for n, reading in enumerate(self._readings) if wanted(reading))
            found, self._readings = self._readings[at], self._readings[at + 1 :]
            return found


class Counted:
    """Counts the frames of a feed; a test waits until so many have come."""

    def __init__(self) -> None:
        self._count = 0
        self._came = threading.Condition()

    def one_more(self) -> None:
        with self._came:
            self._count += 1
            self._came.notify_all()

    def wait_for(self, frames: int, *, within_s: float = 15.0) -> None:
        with self._came:
            assert self._came.wait_for(lambda: self._count >= frames, within_s), self._count


@dataclass
class Camera:
    """The server's process; always on the same port."""

    folder: Path
    port: int
    process: subprocess.Popen[str] | None = field(default=None, init=False)

    def address(self, password: str = PASSWORD) -> str:
        return f"rtsp://user:{password}@127.0.0.1:{self.port}/shelf.mp4/play_count_0"

    def start(self) -> None:
        command = [sys.executable, str(SERVER), "serve", str(self.folder), str(self.port), f"user:{PASSWORD}"]
        log = (self.folder / "server.log").open("a")
        with log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        assert self.process.stdout is not None
        assert select.select([self.process.stdout], [], [], 10.0)[0], "the server did not start"
        assert self.process.stdout.readline() == "ready\n"

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.communicate(timeout=10)
            self.process = None

    def sent_s(self) -> dict[int, float]:
        """When each frame of the clip was sent, in monotonic seconds."""
        lines = (self.folder / "sent.txt").read_text().splitlines()
        return {round(float(media) * FPS): float(sent) for media, sent in map(str.split, lines)}


def numbered(picture: NDArray[np.uint8], number: int) -> NDArray[np.uint8]:
    """The picture with its number along the lower edge, a bright block for each bit that is set."""
    copy = picture.copy()
    for bit in range(BITS):
        copy[-20:, bit * BIT_PX : (bit + 1) * BIT_PX] = 235 if number >> bit & 1 else 20
    return copy


def number_of(frame: Frame) -> int:
    strip = frame.image_bgr[-14:-6, : BITS * BIT_PX].mean(axis=(0, 2)).reshape(BITS, BIT_PX)
    return sum(1 << bit for bit in range(BITS) if strip[bit, 10:-10].mean() > 128)


@pytest.fixture
def served(shop: Any, tmp_path: Path, free_port: int) -> Iterator[Camera]:
    """A camera that sends a full shelf."""
    painted, folder = tmp_path / "painted.avi", tmp_path / "served"
    writer = cv2.VideoWriter(str(painted), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (640, 360))
    pictures = [shop.picture(shop.full()) for _ in range(10)]
    for number in range(CLIP_FRAMES):
        writer.write(numbered(pictures[number % len(pictures)], number))
    writer.release()
    folder.mkdir()
    encode = [sys.executable, str(SERVER), "encode", str(painted), str(folder / "shelf.mp4")]
    subprocess.run(encode, check=True, timeout=30)
    camera = Camera(folder, free_port)
    try:
        camera.start()
        yield camera
    finally:
        camera.kill()


def is_fault(reading: Reading) -> bool:
    return isinstance(reading, FeedFaulted) and reading.fault is FeedFault.LOST


def is_end(reading: Reading) -> bool:
    return isinstance(reading, FeedRestored) and reading.fault is FeedFault.LOST


def test_a_stream_gives_its_frames_in_order_and_a_wrong_password_none(served: Camera) -> None:
    came = Counted()
    with Feed("cam-test", served.address(), clock=WallClock(), on_frame=came.one_more) as feed:
        came.wait_for(1)
        first = feed.newest()
        came.wait_for(20)
        later = feed.newest()
        assert feed.state is FeedState.GRABBING
        assert feed.problem is None
    assert first is not None
    assert later is not None
    assert later.image_bgr.shape == (360, 640, 3)
    # The camera may repeat a picture when it is starved: as many as came, in order, give or take one.
    assert abs((number_of(later) - number_of(first)) - (later.index - first.index)) <= 1
    with pytest.raises(FeedUnavailableError) as refused:
        Capture(served.address("stolen"))
    assert "stolen" not in str(refused.value)


def test_a_slow_reader_gets_the_newest_frame_not_the_next(served: Camera) -> None:
    """From the first on, though the driver gathers seconds of frames while it makes out the stream."""
    came, looks = Counted(), []
    with Feed("cam-test", served.address(), clock=WallClock(), on_frame=came.one_more) as feed:
        for frames in (1, 15, 30):
            came.wait_for(frames)
            newest = feed.newest()
            assert newest is not None
            looks.append((monotonic(), number_of(newest)))
    sent_s = served.sent_s()
    lags_s = [looked_s - sent_s[number] for looked_s, number in looks]
    assert max(lags_s) < 0.5, lags_s
    assert np.diff([number for _, number in looks]).min() >= 14


def test_a_killed_server_is_told_lost_and_restored_without_its_password(
    served: Camera, settings: Any, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    heard = Heard()
    camera = settings(url=served.address())
    with (
        capture_logs() as logs,
        VisionService([camera], RECONNECTS, on_readings=heard.take, clock=WallClock()) as service,
    ):
        heard.next(lambda r: isinstance(r, ShelfCounted), within_s=15.0)
        assert service.view("cam-test").problem is None
        served.kill()
        heard.next(is_fault, within_s=NOTICED_S)
        lost = service.view("cam-test")
        served.start()
        heard.next(is_end, within_s=NOTICED_S)
        back = service.view("cam-test")
    assert (lost.fault, back.fault) == (FeedFault.LOST, None)
    assert lost.problem is not None
    assert back.problem is None
    printed = "".join(capfd.readouterr())
    assert f"***@127.0.0.1:{served.port}" in str(logs)
    for told in (lost.problem, str(logs), printed, caplog.text):
        assert PASSWORD not in told


def test_a_server_that_stops_sending_is_told_lost_and_restored(served: Camera, settings: Any) -> None:
    heard = Heard()
    camera = settings(url=served.address())
    with VisionService([camera], RECONNECTS, on_readings=heard.take, clock=WallClock()) as service:
        heard.next(lambda r: isinstance(r, ShelfCounted), within_s=15.0)
        served.signal(signal.SIGSTOP)
        heard.next(is_fault, within_s=NOTICED_S)
        assert service.view("cam-test").fault is FeedFault.LOST
        served.signal(signal.SIGCONT)
        restored = heard.next(is_end, within_s=10.0)
        assert service.failure is None
    assert isinstance(restored, FeedRestored)
    assert restored.no_data_s > RECONNECTS.lost_after_s
