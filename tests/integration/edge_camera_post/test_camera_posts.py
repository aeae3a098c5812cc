"""Cameras that post, over a real port: their pictures arrive, whatever else is sent gets a plain refusal."""

import base64
import http.client
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.camera_post.app import create_post_surface, picture_in
from edge.camera_post.config import CameraPostSettings
from edge.keys import KeyHash
from edge.serving import WebSurface, take_port
from vision.config import CameraSettings, VisionSettings
from vision.errors import FeedInvalidError
from vision.feeds import Feed
from vision.posted import MOST_SCANS, Posted, open_posted
from vision.readings import FeedFault, FeedFaulted, Reading
from vision.service import VisionService

NOW = datetime(2026, 11, 2, 8, 0, 0, tzinfo=UTC)
KEYS = {"yard": "br-the-key-of-the-yard", "door": "br-the-key-of-the-door"}
MOST_BYTES = 40_000


class HandClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.time_s = 100.0

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.time_s - 100.0)

    def mono_s(self) -> float:
        return self.time_s


def jpeg(*, width: int = 64, height: int = 48) -> bytes:
    tones = np.random.default_rng(1).integers(0, 255, (height, width, 3)).astype(np.uint8)
    return bytes(cv2.imencode(".jpg", tones)[1])


def png() -> bytes:
    return bytes(cv2.imencode(".png", np.full((48, 64, 3), 90, np.uint8))[1])


def with_size(picture: bytes, width: int, height: int) -> bytes:
    """The same JPEG, whose header says another size."""
    at = picture.index(b"\xff\xc0") + 5
    return picture[:at] + height.to_bytes(2) + width.to_bytes(2) + picture[at + 4 :]


def with_exif(picture: bytes, taken: str, offset: str) -> bytes:
    """The same JPEG with the time it was taken, as a camera writes it."""
    text = taken.encode() + b"\0"
    inner = 26
    table = (2).to_bytes(2) + b"\x90\x03\0\x02" + (20).to_bytes(4) + (inner + 30).to_bytes(4)
    table += b"\x90\x11\0\x02" + (7).to_bytes(4) + (inner + 50).to_bytes(4) + bytes(4)
    tiff = b"MM\0*" + (8).to_bytes(4) + (1).to_bytes(2) + b"\x87\x69\0\x04" + (1).to_bytes(4) + inner.to_bytes(4)
    tiff += bytes(4) + table + text + offset.encode() + b"\0"
    segment = b"Exif\0\0" + tiff
    return picture[:2] + b"\xff\xe1" + (len(segment) + 2).to_bytes(2) + segment + picture[2:]


@dataclass
class Box:
    """The surface on a port, and what it handed on."""

    port: int
    clock: HandClock
    taken: list[tuple[str, Posted]] = field(default_factory=list)

    def post(
        self,
        body: bytes,
        *,
        camera: str = "yard",
        authorization: str | None = "",
        headers: dict[str, str] | None = None,
        method: str = "POST",
        later_s: float = 10.0,
    ) -> tuple[int, dict[str, Any], dict[str, str]]:
        """Status, answer and headers; ``authorization`` empty: this camera's own."""
        self.clock.time_s += later_s
        sent = dict(headers or {})
        if authorization is not None:
            sent["Authorization"] = authorization or basic(KEYS.get(camera, KEYS["yard"]))
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, f"/cameras/{camera}/picture", body, sent)
            answer = connection.getresponse()
            content = answer.read()
            told = json.loads(content) if content.startswith(b"{") else {"error": content.decode()}
            return answer.status, told, {name.lower(): value for name, value in answer.getheaders()}
        finally:
            connection.close()


def basic(password: str, *, user: str = "camera") -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    clock = HandClock()
    taken: list[tuple[str, Posted]] = []
    app = create_post_surface(
        {camera: KeyHash.of(key) for camera, key in KEYS.items()},
        lambda camera, posted: taken.append((camera, posted)),
        CameraPostSettings(max_bytes=MOST_BYTES),
        clock=clock,
        body_within_s=0.3,
    )
    with WebSurface(app, take_port("127.0.0.1", 0, setting="-"), name="camera-post") as surface:
        yield Box(int(urlsplit(surface.url).port or 0), clock, taken)


@pytest.mark.parametrize(
    ("body", "authorization", "method"),
    [
        pytest.param(jpeg(), basic(KEYS["yard"], user="anything"), "PUT", id="JPEG, basic, any user"),
        pytest.param(png(), f"Bearer {KEYS['yard']}", "POST", id="PNG, bearer"),
    ],
)
def test_a_picture_is_taken(box: Box, body: bytes, authorization: str, method: str) -> None:
    status, told, _ = box.post(body, authorization=authorization, method=method)
    assert status == 202
    assert (told["camera"], told["width"], told["height"]) == ("yard", 64, 48)
    camera, posted = box.taken[-1]
    assert (camera, posted.image_bgr.shape, posted.captured_at) == ("yard", (48, 64, 3), box.clock.now())


@pytest.mark.parametrize(
    ("camera", "authorization"),
    [
        pytest.param("yard", None, id="no key"),
        pytest.param("yard", basic("wrong"), id="a wrong one"),
        pytest.param("yard", basic(KEYS["door"]), id="another camera's"),
        pytest.param("yard", basic(""), id="an empty one"),
        pytest.param("yard", "Bearer ", id="no token"),
        pytest.param("yard", "Basic !!!", id="no base64"),
        pytest.param("yard", "Digest username=x", id="another scheme"),
        pytest.param("nowhere", basic(KEYS["yard"]), id="no such camera"),
        pytest.param("nowhere", basic(""), id="no such camera, no key"),
    ],
)
def test_without_the_cameras_own_key_nothing_is_taken(box: Box, camera: str, authorization: str | None) -> None:
    before = len(box.taken)
    status, told, headers = box.post(jpeg(), camera=camera, authorization=authorization)
    assert (status, headers["www-authenticate"]) == (401, 'Basic realm="backroom cameras"')
    assert "Send this camera's key" in told["error"]
    assert len(box.taken) == before


JPEG = jpeg()
SCANS = JPEG[:-2] + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" * (MOST_SCANS + 1) + b"\xff\xd9"
HUGE_PNG = png()[:16] + (65535).to_bytes(4) * 2 + png()[24:]


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        pytest.param(b"", 415, "neither JPEG nor PNG", id="nothing"),
        pytest.param(b"GIF89a" + bytes(50), 415, "neither JPEG nor PNG", id="GIF"),
        pytest.param(b"<html>", 415, "neither JPEG nor PNG", id="a page"),
        pytest.param(with_size(JPEG, 65535, 65535), 413, "65535 x 65535 pixels", id="JPEG of four gigapixels"),
        pytest.param(HUGE_PNG, 413, "65535 x 65535 pixels", id="PNG of four gigapixels"),
        pytest.param(SCANS, 413, "scans", id="JPEG that is to be gone over for ever"),
        pytest.param(with_size(JPEG, 0, 0), 400, "size|read", id="JPEG without pixels"),
        pytest.param(JPEG[:120], 400, "size", id="JPEG cut off in its header"),
        pytest.param(b"\xff\xd8\xff" + bytes(500), 400, "does not say its size", id="JPEG of zeros"),
        pytest.param(png()[:30], 400, "read", id="PNG cut off"),
        pytest.param(jpeg(width=8, height=8), 400, "a side is 16", id="too small to look at"),
        pytest.param(bytes(MOST_BYTES + 1), 413, f"at most {MOST_BYTES} bytes", id="too long"),
    ],
)
def test_what_is_no_picture_to_take_is_refused_with_a_sentence(box: Box, body: bytes, status: int, says: str) -> None:
    before = len(box.taken)
    got, told, _ = box.post(body)
    assert got == status, told
    assert any(part in told["error"] for part in says.split("|")), told
    assert len(box.taken) == before


def form(*parts: bytes, boundary: str = "----x7") -> bytes:
    head = b'Content-Disposition: form-data; name="f"; filename="a"\r\nContent-Type: image/jpeg\r\n\r\n'
    bodies = [f"--{boundary}\r\n".encode() + head + part + b"\r\n" for part in parts]
    return b"".join(bodies) + f"--{boundary}--\r\n".encode()


@pytest.mark.parametrize("content_type", ["multipart/form-data; boundary=----x7", 'Multipart/Mixed; boundary="----x7"'])
def test_the_picture_in_a_form_is_taken(box: Box, content_type: str) -> None:
    sent = form(b'{"event": "motion"}', JPEG, jpeg(width=80))
    status, told, _ = box.post(sent, headers={"Content-Type": content_type})
    assert (status, told.get("width")) == (202, 64)
    assert picture_in(sent, content_type) == JPEG


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        pytest.param(form(b"{}"), "multipart/form-data; boundary=----x7", id="no picture in it"),
        pytest.param(form(JPEG), "multipart/form-data; boundary=other", id="another boundary"),
        pytest.param(form(JPEG), "multipart/form-data", id="no boundary"),
        pytest.param(b"--x" * 5000, "multipart/form-data; boundary=x", id="boundaries alone"),
    ],
)
def test_a_form_without_a_picture_is_refused(box: Box, body: bytes, content_type: str) -> None:
    assert box.post(body, headers={"Content-Type": content_type})[0] == 415


def test_another_method_is_refused(box: Box) -> None:
    assert box.post(b"", method="GET")[0] == 405


def test_a_body_without_a_length_is_cut_off_when_it_grows_too_long(box: Box) -> None:
    box.clock.time_s += 10
    with socket.create_connection(("127.0.0.1", box.port), timeout=10) as raw:
        head = f"POST /cameras/yard/picture HTTP/1.1\r\nHost: x\r\nAuthorization: {basic(KEYS['yard'])}\r\n"
        raw.sendall((head + "Transfer-Encoding: chunked\r\n\r\n").encode())
        with suppress(OSError):  # it may hang up while we are sending: as good
            for _ in range(100):
                raw.sendall(b"2710\r\n" + bytes(10_000) + b"\r\n")
        with suppress(ConnectionResetError):
            assert raw.recv(1000).startswith(b"HTTP/1.1 413")


def test_a_body_that_does_not_come_is_not_waited_for(box: Box) -> None:
    box.clock.time_s += 10
    with socket.create_connection(("127.0.0.1", box.port), timeout=10) as raw:
        head = f"POST /cameras/yard/picture HTTP/1.1\r\nHost: x\r\nAuthorization: {basic(KEYS['yard'])}\r\n"
        raw.sendall((head + "Content-Length: 5000\r\n\r\n").encode() + JPEG[:100])
        assert raw.recv(1000).startswith(b"HTTP/1.1 408")
    assert box.post(JPEG)[0] == 202


def test_a_camera_that_posts_too_often_is_told_to_wait_and_the_other_one_not(box: Box) -> None:
    assert box.post(JPEG)[0] == 202
    status, _, headers = box.post(JPEG, later_s=0.2)
    assert (status, headers["retry-after"]) == (429, "1")
    assert box.post(JPEG, camera="door", later_s=0.0)[0] == 202
    assert box.post(JPEG, later_s=1.0)[0] == 202


@pytest.mark.parametrize(
    ("taken_ago_s", "sent_ago_s", "believed_ago_s"),
    [
        pytest.param(20, 5, 20, id="Exif first"),
        pytest.param(None, 5, 5, id="then the header"),
        pytest.param(4000, 5, 5, id="a camera's clock that is slow is not believed"),
        pytest.param(-30, None, 0, id="nor one that is fast"),
        pytest.param(None, None, 0, id="else its arrival"),
    ],
)
def test_the_time_of_a_picture(box: Box, taken_ago_s: int | None, sent_ago_s: int | None, believed_ago_s: int) -> None:
    box.clock.time_s = float(round(box.clock.time_s)) + 10
    now, body, headers = box.clock.now(), JPEG, {}
    if taken_ago_s is not None:
        local = now - timedelta(seconds=taken_ago_s) + timedelta(hours=2)
        body = with_exif(JPEG, f"{local:%Y:%m:%d %H:%M:%S}", "+02:00")
    if sent_ago_s is not None:
        headers["Date"] = format_datetime(now - timedelta(seconds=sent_ago_s), usegmt=True)
    status, told, _ = box.post(body, headers=headers, later_s=0.0)
    assert status == 202, told
    assert box.taken[-1][1].captured_at == now - timedelta(seconds=believed_ago_s)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.one_of(
        st.binary(max_size=400).map(lambda tail: b"\xff\xd8\xff" + tail),
        st.binary(max_size=200).map(lambda tail: b"\x89PNG\r\n\x1a\n" + tail),
        st.tuples(st.integers(0, len(JPEG) - 1), st.integers(0, 255)).map(
            lambda change: JPEG[: change[0]] + bytes([change[1]]) + JPEG[change[0] + 1 :]
        ),
        st.tuples(st.integers(0, 200), st.integers(0, 255)).map(
            lambda change: bytes(
                change[1] if at == change[0] else byte
                for at, byte in enumerate(with_exif(JPEG, "2026:11:02 08:00:00", "+00:00"))
            )
        ),
    )
)
def test_any_bytes_become_a_picture_or_a_refusal(body: bytes) -> None:
    with suppress(FeedInvalidError):
        assert open_posted(body, sent_at=None, now=NOW).image_bgr.shape[2] == 3


class WallClock:
    """The machine's clock, as the node's own would be."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def mono_s(self) -> float:
        return monotonic()


def posted(tone: int) -> Posted:
    return Posted(np.full((48, 64, 3), tone, np.uint8), NOW)


def test_the_newest_posted_picture_wins_with_its_own_time() -> None:
    came = threading.Event()
    feed = Feed("yard", "post:", clock=HandClock(), on_frame=came.set)
    feed.post(posted(10))
    feed.post(posted(20))
    with feed:
        assert came.wait(5)
        frame = feed.newest()
    assert frame is not None
    assert (frame.image_bgr[0, 0, 0], frame.index, frame.captured_at) == (20, 0, NOW)


def test_nothing_can_be_posted_to_a_camera_that_is_fetched() -> None:
    feed = Feed("till", "rtsp://user:secret@cam/1", clock=HandClock())
    with pytest.raises(FeedInvalidError, match="does not post") as refused:
        feed.post(posted(10))
    assert "secret" not in str(refused.value)


def test_a_camera_that_stops_posting_is_lost_after_three_pictures() -> None:
    told: list[Reading] = []
    lost = threading.Event()

    def hear(readings: list[Reading]) -> None:
        told.extend(readings)
        if any(isinstance(r, FeedFaulted) and r.fault is FeedFault.LOST for r in readings):
            lost.set()

    camera = CameraSettings(id="yard", url="post:", picture_every_s=0.2, detect_persons=False)
    vision = VisionSettings(lost_after_s=0.6)
    with VisionService([camera], vision, on_readings=hear, clock=WallClock()) as service:
        tones = np.random.default_rng(1).integers(0, 255, (240, 320, 3)).astype(np.uint8)
        service.post("yard", Posted(tones, NOW))
        assert lost.wait(10)
        assert service.view("yard").fault is FeedFault.LOST
        with pytest.raises(KeyError):
            service.post("nowhere", posted(10))
