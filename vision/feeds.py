"""A live feed: one thread per camera that grabs without pause and keeps only the newest frame.

Owns the thread, the reconnecting and the pace of clips (a file plays in its own time). Says nothing about faults:
whoever takes the frames watches their age, since a server that hangs keeps the driver waiting for seconds.

::

    open ──► grabbing ──broken──► waiting (full jitter, capped) ──► open
      │          └──end of a clip──► ended, or open again when looped
      └──no video at all──► invalid
"""

import threading
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Protocol, Self

import structlog

from vision.capture import Capture, is_stream, without_credentials
from vision.config import FOLDER_SCHEME, POST_SCHEME
from vision.errors import FeedInvalidError, FeedUnavailableError
from vision.frames import Frame
from vision.masks import Masks
from vision.picture_folder import PictureFolder
from vision.pictures import Picture
from vision.posted import Inbox, Posted

_FIRST_WAIT_S = 0.5
_BEHIND_S = 0.5
_BACKLOG_S = 1.0  # longest time for which frames of a stream just opened are taken for old ones
_LIVE_WAITS = 2  # in a row; one may be a busy machine
_FOLDER_LOOK_S = 1.0
_STOP_S = 8.0  # a read of a stream that hangs returns after the driver's timeout


class Clock(Protocol):
    """What the feeds need of the node's clock."""

    def now(self) -> datetime:
        """Aware UTC wall time."""
        ...

    def mono_s(self) -> float:
        """Monotonic seconds."""
        ...


class FeedState(StrEnum):
    """What the feed's thread is doing."""

    OPENING = "opening"
    GRABBING = "grabbing"
    WAITING = "waiting"
    ENDED = "ended"
    INVALID = "invalid"


class Feed:
    """The newest frame of one camera. `newest` may be called from any thread and never blocks.

    ``on_frame`` is called from the feed's thread after each new frame and must only signal.
    """

    def __init__(
        self,
        camera_id: str,
        address: str,
        *,
        clock: Clock,
        loop: bool = False,
        reconnect_max_s: float = 30.0,
        random: Random | None = None,
        masks: Masks | None = None,
        on_frame: Callable[[], None] = lambda: None,
    ) -> None:
        self._camera_id = camera_id
        self._address = address
        self._clock = clock
        self._loop = loop
        self._reconnect_max_s = reconnect_max_s
        self._random = random or Random()
        self._masks = masks or Masks()
        self._on_frame = on_frame
        self._inbox = Inbox()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"feed-{camera_id}", daemon=True)
        self._lock = threading.Lock()
        self._newest: Frame | None = None
        self._grabbed = 0
        self._media_s = 0.0
        self._state = FeedState.OPENING
        self._problem: str | None = None
        self._log = structlog.get_logger("vision.feeds").bind(camera=camera_id)

    @property
    def state(self) -> FeedState:
        """What the feed's thread is doing."""
        return self._state

    @property
    def problem(self) -> str | None:
        """Why there is no picture, as a sentence without credentials; None while there is."""
        return self._problem

    @property
    def grabbed(self) -> int:
        """Frames that came so far; each has the next index."""
        return self._grabbed

    def newest(self) -> Frame | None:
        """The newest frame, or None before the first."""
        with self._lock:
            return self._newest

    def post(self, posted: Posted) -> None:
        """Hand in what a camera sent; a picture that still waits is dropped for it. Does not block.

        Raises:
            FeedInvalidError: this camera's pictures are fetched, not posted.
        """
        if self._address != POST_SCHEME:
            raise FeedInvalidError(f"camera {self._camera_id} does not post: its url is not {POST_SCHEME}")
        self._inbox.put(posted)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._thread.join(_STOP_S)

    def stop(self) -> None:
        """Ask the thread to end; leaving the context waits for it."""
        self._stopping.set()

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            grabbed_before = self._grabbed
            try:
                self._state = FeedState.OPENING
                if self._address == POST_SCHEME:
                    self._receive()
                    return
                if self._address.startswith(FOLDER_SCHEME):
                    self._watch(PictureFolder(Path(self._address.removeprefix(FOLDER_SCHEME))))
                    return
                with Capture(self._address) as capture:
                    self._pump(capture)
                if not is_stream(self._address):
                    if not self._loop:
                        self._rest(FeedState.ENDED, "the clip is over")
                        return
                    continue
                trouble = f"{without_credentials(self._address)} stopped sending"
            except FeedInvalidError as error:
                self._rest(FeedState.INVALID, str(error))
                return
            except FeedUnavailableError as error:
                trouble = str(error)
            failures = 1 if self._grabbed > grabbed_before else failures + 1
            self._rest(FeedState.WAITING, trouble)
            self._stopping.wait(backoff_s(failures, most_s=self._reconnect_max_s, random=self._random))

    def _rest(self, state: FeedState, problem: str) -> None:
        if self._problem is None and not self._stopping.is_set():
            self._log.warning("feed has no picture", state=state.value, reason=problem)
        self._state, self._problem = state, problem

    def _pump(self, capture: Capture) -> None:
        """Grab until the end; a clip waits for each frame's own time and leaves out what it is late for.

        A stream leaves out what the driver gathered while it opened.
        """
        base_media_s = self._media_s + (1.0 / capture.fps if self._grabbed else 0.0)
        started_s = self._clock.mono_s()
        live = is_stream(self._address)
        backlog = _Backlog(started_s, fps=capture.fps)
        while not self._stopping.is_set():
            media_s = capture.grab()
            if media_s is None:
                return
            if live and backlog.holds(self._clock.mono_s()):
                continue
            if not live:
                ahead_s = started_s + media_s - self._clock.mono_s()
                if ahead_s < -_BEHIND_S:
                    continue
                if ahead_s > 0 and self._stopping.wait(ahead_s):
                    return
            image = capture.retrieve()
            if image is not None:
                since_s = self._clock.mono_s() - started_s if live else media_s
                self._publish(image, base_media_s + since_s)

    def _watch(self, folder: PictureFolder) -> None:
        """Take what a camera drops into a folder until asked to stop; frames carry the time of their arrival."""
        base_s = self._clock.mono_s() - self._media_s
        self._rest(FeedState.WAITING, "no picture has come into the folder yet")
        while not self._stopping.wait(_FOLDER_LOOK_S):
            try:
                image = folder.look()
            except FeedInvalidError as error:
                self._rest(FeedState.WAITING, str(error))
                continue
            if image is not None:
                self._publish(image, self._clock.mono_s() - base_s)

    def _receive(self) -> None:
        """Take what the camera posts until asked to stop; frames carry the monotonic time of their arrival."""
        base_s = self._clock.mono_s()
        self._rest(FeedState.WAITING, "the camera has not posted a picture yet")
        while not self._stopping.is_set():
            posted = self._inbox.take(within_s=_FOLDER_LOOK_S)
            if posted is not None:
                self._publish(posted.image_bgr, self._clock.mono_s() - base_s, captured_at=posted.captured_at)

    def _publish(self, image_bgr: Picture, media_s: float, *, captured_at: datetime | None = None) -> None:
        """Hand out a picture of which nobody else holds the pixels: its masks are painted into it."""
        self._masks.hide(image_bgr)
        frame = Frame(
            camera_id=self._camera_id,
            index=self._grabbed,
            image_bgr=image_bgr,
            captured_at=captured_at or self._clock.now(),
            mono_s=self._clock.mono_s(),
            media_s=media_s,
        )
        with self._lock:
            self._newest = frame
        self._grabbed += 1
        self._media_s = media_s
        if self._problem is not None:
            self._log.info("feed has a picture again")
        self._state, self._problem = FeedState.GRABBING, None
        self._on_frame()


class _Backlog:
    """Frames that the driver gathered while it made out a stream, seconds old when it hands them out in one go.

    They come faster than a camera sends; once two in a row had to be waited for, all after them are live.
    """

    def __init__(self, opened_s: float, *, fps: float) -> None:
        self._until_s = opened_s + _BACKLOG_S
        self._waited_s = 0.5 / fps
        self._last_s = opened_s
        self._waits = 0

    def holds(self, now_s: float) -> bool:
        """Whether the frame grabbed now is an old one."""
        if self._waits < _LIVE_WAITS:
            self._waits = self._waits + 1 if now_s - self._last_s >= self._waited_s else 0
        if now_s > self._until_s:
            self._waits = _LIVE_WAITS
        self._last_s = now_s
        return self._waits < _LIVE_WAITS


def backoff_s(failures: int, *, most_s: float, random: Random) -> float:
    """Seconds to wait after so many failures in a row: full jitter below a doubling, capped ceiling.

    Brooker, "Exponential Backoff And Jitter" (2015); a floor of a tenth of a second keeps a broken server from
    being hammered by an unlucky draw.
    """
    ceiling_s = min(most_s, _FIRST_WAIT_S * 2.0 ** min(failures - 1, 20))
    return max(0.1, random.uniform(0.0, ceiling_s))
