"""Addresses without their secrets, and how long a broken feed is left alone."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.capture import is_stream, without_credentials
from vision.feeds import backoff_s


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("rtsp://admin:s3cret@10.0.0.7:554/stream1", "rtsp://***@10.0.0.7:554/stream1"),
        ("rtsp://admin:p@ss/w?rd@cam.local/live", "rtsp://***@cam.local/live"),
        ("rtsp://cam.local/live?user=admin&pwd=s3cret", "rtsp://cam.local/live"),
        ("http://token@cam.local/mjpeg#s3cret", "http://***@cam.local/mjpeg"),
        ("rtsp://cam.local:554/live", "rtsp://cam.local:554/live"),
        ("clips/cam-dairy.mp4", "clips/cam-dairy.mp4"),
        ("/data/a@b?c.mp4", "/data/a@b?c.mp4"),
        ("folder:/data/yard", "folder:/data/yard"),
        ("/dev/video0", "/dev/video0"),
    ],
)
def test_an_address_is_shown_without_its_secrets(address: str, shown: str) -> None:
    assert without_credentials(address) == shown


@given(st.text(min_size=4, max_size=12), st.text(min_size=4, max_size=12))
def test_no_user_and_no_password_survives_whatever_is_in_them(user: str, password: str) -> None:
    shown = without_credentials(f"rtsp://{user}x:{password}y@host/live")
    assert shown == "rtsp://***@host/live"


def test_files_are_no_streams() -> None:
    assert [is_stream(a) for a in ("a.mp4", "file:///a.mp4", "rtsp://cam/1", "http://cam/1", "/dev/video0")] == [
        False, False, True, True, True,
    ]  # fmt: skip


@given(st.integers(min_value=1, max_value=10_000), st.integers())
def test_the_wait_is_jittered_and_never_above_the_cap(failures: int, seed: int) -> None:
    wait_s = backoff_s(failures, most_s=30.0, random=Random(seed))
    assert 0.1 <= wait_s <= min(30.0, 0.5 * 2.0 ** min(failures - 1, 20))
