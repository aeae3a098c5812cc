"""A camera whose connection breaks again and again: nothing is left behind, and its frames stay fresh."""

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import cv2
import pytest

from vision.feeds import Feed

SERVER = Path(__file__).with_name("rtsp_server.py")
FPS = 10
RECONNECTS = 5
WARM_UP = 2
MOST_GROWN_KB = 6_000
"""Over all five: the allocator settles by some 1,500; decoders that are not closed keep 28,000."""


class WallClock:
    """The machine's clock, as the node's own would be."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def mono_s(self) -> float:
        return monotonic()


class Line:
    """A cable to the camera that can be cut: a proxy on a port of its own."""

    def __init__(self, camera_port: int) -> None:
        self._camera_port = camera_port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()
        self.port = int(self._listening.getsockname()[1])
        threading.Thread(target=self._accept, name="line", daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                far = socket.create_connection(("127.0.0.1", self._camera_port), timeout=10)
                with self._lock:
                    self._open += [near, far]
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=(source, sink), name="line", daemon=True).start()

    @staticmethod
    def _carry(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def cut(self) -> None:
        with self._lock:
            ends, self._open = self._open, []
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def close(self) -> None:
        self._listening.close()
        self.cut()


class Watched:
    """Counts frames; a test waits for more."""

    def __init__(self) -> None:
        self._frames = 0
        self._came = threading.Condition()

    def one_more(self) -> None:
        with self._came:
            self._frames += 1
            self._came.notify_all()

    def wait_for_more(self, frames: int) -> None:
        with self._came:
            wanted = self._frames + frames
            assert self._came.wait_for(lambda: self._frames >= wanted, 20.0), "the feed did not come back"


def held() -> tuple[int, int, int]:
    """Open files, threads and resident memory in KB of this process, without those of the line."""
    threads = sum(1 for _ in Path("/proc/self/task").iterdir())
    lines = sum(thread.name == "line" for thread in threading.enumerate())
    resident_kb = int(Path("/proc/self/statm").read_text().split()[1]) * 4
    return sum(1 for _ in Path("/proc/self/fd").iterdir()), threads - lines, resident_kb


@pytest.fixture
def line(shop: Any, tmp_path: Path, free_port: int) -> Iterator[Line]:
    painted, folder = tmp_path / "painted.avi", tmp_path / "served"
    writer = cv2.VideoWriter(str(painted), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (640, 360))
    for _ in range(100):
        writer.write(shop.picture(shop.full()))
    writer.release()
    folder.mkdir()
    subprocess.run([sys.executable, str(SERVER), "encode", str(painted), str(folder / "shelf.mp4")], check=True)
    command = [sys.executable, str(SERVER), "serve", str(folder), str(free_port), "user:secret"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as camera:
        assert camera.stdout is not None
        assert camera.stdout.readline() == "ready\n"
        made = Line(free_port)
        try:
            yield made
        finally:
            made.close()
            camera.kill()


@pytest.mark.slow
def test_a_line_that_breaks_again_and_again_leaves_nothing_behind(line: Line) -> None:
    watched = Watched()
    address = f"rtsp://user:secret@127.0.0.1:{line.port}/shelf.mp4/play_count_0"
    with Feed("cam-1", address, clock=WallClock(), reconnect_max_s=0.2, on_frame=watched.one_more) as feed:
        before = (0, 0, 0)
        for number in range(WARM_UP + RECONNECTS):
            watched.wait_for_more(3)
            if number == WARM_UP:
                before = held()
            line.cut()
        watched.wait_for_more(3)
        after, newest = held(), feed.newest()
        assert newest is not None
        assert monotonic() - newest.mono_s < 0.5
    assert abs(after[0] - before[0]) <= 2, "open files: the line's own two may be one cut behind"
    assert after[1] == before[1], "threads"
    assert after[2] - before[2] <= MOST_GROWN_KB
