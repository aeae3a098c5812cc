"""Pictures that a camera posts: proved harmless before they are decoded, and handed to the feed, the newest first.

Owns the limits of such a picture and the place where one waits for the feed. Knows no HTTP; `edge.camera_post` does.
"""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from vision.capture import decode_picture
from vision.errors import FeedInvalidError
from vision.picture_header import kind_of, scans_of, size_of, taken_at
from vision.pictures import Picture

MOST_PIXELS = 25_000_000
MOST_SCANS = 64
"""Over a whole picture each; progressive pictures have about ten, and a few bytes are enough to ask for one more."""
_BELIEVED_AGE = timedelta(seconds=60)


class PictureKindError(FeedInvalidError):
    """It is no JPEG and no PNG picture."""


class PictureTooLargeError(FeedInvalidError):
    """It would take too much memory or time to decode."""


@dataclass(frozen=True, slots=True, eq=False)
class Posted:
    """One picture, uint8 (H, W, 3) BGR, and when it was taken: as it says itself, where that is plausible."""

    image_bgr: Picture
    captured_at: datetime


def open_posted(body: bytes, *, sent_at: datetime | None, now: datetime) -> Posted:
    """Decode what was posted. Its time is that of its Exif data, or ``sent_at``, if within the last minute; else now.

    A camera's clock is often minutes or years off, and a time that is off by less does no harm. Blocks while decoding.

    Raises:
        PictureKindError: neither JPEG nor PNG.
        PictureTooLargeError: too many pixels, or too many passes over them, by its header.
        FeedInvalidError: it is damaged, or too small.
    """
    _check(body)
    image = decode_picture(body, label="the picture")
    times = (time for time in (taken_at(body), sent_at) if time is not None)
    captured_at = next((time for time in times if timedelta(0) <= now - time <= _BELIEVED_AGE), now)
    return Posted(image, captured_at)


def _check(body: bytes) -> None:
    kind, size = kind_of(body), size_of(body)
    if kind is None:
        raise PictureKindError("the picture is neither JPEG nor PNG; set the camera to one of them")
    if size is None:
        raise FeedInvalidError("the picture does not say its size; it is damaged")
    if size[0] * size[1] > MOST_PIXELS:
        raise PictureTooLargeError(
            f"the picture has {size[0]} x {size[1]} pixels; set the camera to {MOST_PIXELS // 10**6} megapixels or less"
        )
    if kind == "jpeg" and scans_of(body) > MOST_SCANS:
        raise PictureTooLargeError(f"the picture has more than {MOST_SCANS} scans; set the camera to plain JPEG")


class Inbox:
    """Room for one picture; a newer one takes its place. Any thread may put, the feed's takes."""

    def __init__(self) -> None:
        self._came = threading.Condition()
        self._newest: Posted | None = None

    def put(self, posted: Posted) -> None:
        with self._came:
            self._newest = posted
            self._came.notify()

    def take(self, *, within_s: float) -> Posted | None:
        """The newest picture, waited for; None when none came."""
        with self._came:
            self._came.wait_for(lambda: self._newest is not None, within_s)
            posted, self._newest = self._newest, None
            return posted
