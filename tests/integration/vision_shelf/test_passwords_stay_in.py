"""A camera's password on every way that an error takes: text, cause, the driver's own words, settings, logs."""

import threading
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import pytest
from pydantic import ValidationError
from structlog.testing import capture_logs

from edge.config import load_camera
from edge.errors import ConfigError
from vision.capture import Capture
from vision.config import CameraSettings
from vision.errors import VisionError
from vision.feeds import Feed

SECRET = "s3cr3t"  # noqa: S105 (of no camera)
NOBODY = "127.0.0.1:1"
ADDRESSES = [
    f"rtsp://admin:{SECRET}@{NOBODY}/live",
    f"rtsp://{NOBODY}/live?user=admin&pwd={SECRET}",
    f"rtsps://admin:{SECRET}@{NOBODY}/live",
    f"http://admin:{SECRET}@{NOBODY}/video.mjpg?token={SECRET}",
    f"https://admin:{SECRET}@{NOBODY}/video.mjpg",
    f"rtmp://admin:{SECRET}@{NOBODY}/live",
    f"udp://admin:{SECRET}@300.0.0.1:1",
    f"rtsp://admin:{SECRET}@no-such-host.invalid/live",
    f"rtsp://admin:{SECRET}/@{NOBODY}/live",
    f"rtsp://admin:{SECRET}@[::1/live",
    f"rtsp://{SECRET}@127.0.0.1:99999/live",
    f"rtsp:/admin:{SECRET}@{NOBODY}/live",
    f"admin:{SECRET}@{NOBODY}/live",
]


class WallClock:
    """The machine's clock, as the node's own would be."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def mono_s(self) -> float:
        return monotonic()


def everything_of(error: BaseException | None) -> str:
    told = ""
    while error is not None:
        told += f"{error!r} {error.args} {vars(error)}"
        error = error.__cause__ or error.__context__
    return told


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_that_does_not_answer_keeps_its_password(address: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(VisionError) as refused:
        Capture(address)
    assert SECRET not in everything_of(refused.value)
    assert SECRET not in "".join(capfd.readouterr())


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_feed_that_cannot_open_says_so_without_the_password(
    address: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    failures: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", failures.append)
    waits = threading.Event()
    with capture_logs() as logs, Feed("cam-1", address, clock=WallClock()) as feed:
        for _ in range(200):
            if feed.problem is not None:
                break
            waits.wait(0.05)
        assert feed.problem is not None
        assert SECRET not in feed.problem
    assert not failures, "the feed's thread ended by an error of its own"
    assert logs
    assert SECRET not in str(logs)
    assert SECRET not in "".join(capfd.readouterr())


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(f'url = "tcp://admin:{SECRET}@cam/1"', id="a scheme whose driver prints it"),
        pytest.param(f'url = "rtsp://admin:{SECRET}@cam/{"x" * 500}"', id="too long"),
        pytest.param(f'url = ["rtsp://admin:{SECRET}@cam/1"]', id="a list"),
        pytest.param(f'url = "post:{SECRET}"', id="post with more"),
        pytest.param(f'url = "rtsp://admin:{SECRET}@cam/1"\nfps = 3', id="another key is wrong"),
        pytest.param(f'url = "rtsp://admin:{SECRET}@cam/1', id="no closing quotes"),
    ],
)
def test_a_wrong_camera_file_is_explained_without_the_password(tmp_path: Path, line: str) -> None:
    path = tmp_path / "cam.toml"
    path.write_text(f'id = "cam-1"\n{line}\n')
    with pytest.raises(ConfigError) as refused:
        load_camera(path)
    assert SECRET not in str(refused.value)


def test_settings_do_not_show_the_address() -> None:
    settings = CameraSettings(id="cam-1", url=f"rtsp://admin:{SECRET}@cam/1")
    assert SECRET not in f"{settings!r} {settings}"
    with pytest.raises(ValidationError, match="a stream's address begins with"):
        CameraSettings(id="cam-1", url="tcp://cam/1")
