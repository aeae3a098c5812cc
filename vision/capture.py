"""Opens clips, streams and pictures through OpenCV's FFmpeg and hands out frames one by one, unpaced.

Owns the driver and its error translation. Has no thread and never waits by itself; a read blocks for as long as
the stream does, `READ_TIMEOUT_S` at most. No address leaves this module with its credentials.
"""

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import cv2
import numpy as np

from vision.errors import FeedInvalidError, FeedUnavailableError
from vision.pictures import Picture

OPEN_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 5.0
MOST_PICTURE_BYTES = 50_000_000
LEAST_PICTURE_PX, MOST_PICTURE_PX = 16, 12_000
_FALLBACK_FPS = 25.0
_BROKEN_FRAMES = 25  # frames in a row that a damaged file may fail to decode before its end is believed


def without_credentials(address: str) -> str:
    """The address with user name, password and query taken out, fit for a log or a screen.

    Cameras take passwords in the query too (``?user=...&pwd=...``). An address whose scheme was forgotten or mistyped
    reads as a path; what looks like a user in it goes too. Any other path comes back as it is.
    """
    if "://" not in address:
        before, at, host = address.rpartition("@")
        return f"***@{host}" if at and ":" in before else address
    scheme, rest = address.split("://", 1)
    place, slash, path = rest.partition("/")
    if "@" in rest:
        # A password may hold an unquoted slash, at sign or question mark: all up to the last @ is taken out.
        host = rest.rsplit("@", 1)[1]
        place, slash, path = host.partition("/")
        place = f"***@{place}"
    place, path = place.split("?")[0], path.split("?")[0].split("#")[0]
    return f"{scheme}://{place}{slash}{path}"


def is_stream(address: str) -> bool:
    """Whether the address is a live stream or a plugged-in camera, not a file."""
    return is_device(address) or ("://" in address and not address.startswith("file://"))


def is_device(address: str) -> bool:
    """Whether the address is a camera plugged into the box (Video4Linux)."""
    return address.startswith("/dev/video")


def use_one_thread() -> None:
    """Keep OpenCV from starting a pool: the cores are shared with the networks and the kiosk."""
    cv2.setNumThreads(1)


@dataclass(frozen=True, slots=True, eq=False)
class Grabbed:
    """One picture, uint8 (H, W, 3) BGR, and its time in the clip or stream."""

    image_bgr: Picture
    media_s: float


class Capture:
    """An open clip or stream; a context manager. One thread at a time.

    Raises:
        FeedUnavailableError: no such file, or the stream does not answer; it may later.
        FeedInvalidError: the file is no video that can be read.
    """

    def __init__(self, address: str) -> None:
        self._label = without_credentials(address)
        self._is_stream = is_stream(address)
        path = Path(address.removeprefix("file://"))
        if not self._is_stream and not path.is_file():
            raise FeedUnavailableError(f"there is no file {self._label}")
        self._video = _opened(address if self._is_stream else str(path))
        if not self._video.isOpened():
            self._video.release()
            if self._is_stream:
                raise FeedUnavailableError(f"{self._label} does not answer with a video stream")
            raise FeedInvalidError(f"{self._label} is not a video that can be read (damaged, or another type of file)")
        rate = float(self._video.get(cv2.CAP_PROP_FPS))
        self.fps = rate if 0.1 <= rate <= 1000 else _FALLBACK_FPS
        self._grabbed = 0
        self._media_s = 0.0

    @property
    def duration_s(self) -> float | None:
        """Length of a file by its header; None when it does not say, and for streams."""
        frames = float(self._video.get(cv2.CAP_PROP_FRAME_COUNT))
        return frames / self.fps if frames > 0 and not self._is_stream else None

    def grab(self) -> float | None:
        """Go to the next picture without decoding it and return its time; None at the end or when the stream broke."""
        for _ in range(1 if self._is_stream else _BROKEN_FRAMES):
            if self._video.grab():
                break
        else:
            return None
        told_s = float(self._video.get(cv2.CAP_PROP_POS_MSEC)) / 1000.0
        if self._grabbed:
            told_s = told_s if told_s > self._media_s else self._media_s + 1.0 / self.fps
        self._media_s = max(told_s, 0.0)
        self._grabbed += 1
        return self._media_s

    def retrieve(self) -> Picture | None:
        """Decode the picture that was grabbed; None when it is damaged."""
        decoded, image = self._video.retrieve()
        if not decoded or image is None or image.ndim != 3 or image.shape[2] != 3:
            return None
        return np.asarray(image, np.uint8)

    def read(self) -> Grabbed | None:
        """The next picture; None at the end of the file or when the stream broke.

        Raises:
            FeedInvalidError: the file opened but holds no picture at all.
        """
        while (media_s := self.grab()) is not None:
            image = self.retrieve()
            if image is not None:
                return Grabbed(image, media_s)
        if self._grabbed == 0 and not self._is_stream:
            raise FeedInvalidError(f"{self._label} holds no picture")
        return None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._video.release()


def _opened(address: str) -> cv2.VideoCapture:
    if is_device(address):
        return cv2.VideoCapture(address, cv2.CAP_V4L2)  # its own read gives up after 10 s; there is nothing to set
    timeouts = [
        cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, int(OPEN_TIMEOUT_S * 1000),
        cv2.CAP_PROP_READ_TIMEOUT_MSEC, int(READ_TIMEOUT_S * 1000),
    ]  # fmt: skip
    return cv2.VideoCapture(address, cv2.CAP_FFMPEG, timeouts)


def read_picture(path: Path) -> Picture:
    """A still picture as uint8 (H, W, 3) BGR.

    Raises:
        FeedUnavailableError: there is no such file.
        FeedInvalidError: it is not a picture.
    """
    if not path.is_file():
        raise FeedUnavailableError(f"there is no picture {path}")
    try:
        if path.stat().st_size > MOST_PICTURE_BYTES:
            raise FeedInvalidError(
                f"{path} is larger than {MOST_PICTURE_BYTES // 1_000_000} MB; give a smaller picture"
            )
        encoded = path.read_bytes()
    except OSError as error:
        raise FeedUnavailableError(f"{path} cannot be read: {error.strerror}") from error
    return decode_picture(encoded, label=str(path))


def decode_picture(encoded: bytes, *, label: str) -> Picture:
    """A picture file's bytes as uint8 (H, W, 3) BGR; ``label`` is what an error calls it.

    Raises:
        FeedInvalidError: it is not a picture, or has too few or too many pixels.
    """
    try:
        image: Any = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR) if encoded else None
    except cv2.error as error:
        raise FeedInvalidError(f"{label} holds too many pixels or is damaged; give a smaller picture") from error
    if image is None:
        raise FeedInvalidError(f"{label} is not a picture that can be read")
    if min(image.shape[:2]) < LEAST_PICTURE_PX or max(image.shape[:2]) > MOST_PICTURE_PX:
        raise FeedInvalidError(
            f"{label} is {image.shape[1]} x {image.shape[0]}; a side is {LEAST_PICTURE_PX} to {MOST_PICTURE_PX} pixels"
        )
    return np.asarray(image, np.uint8)
