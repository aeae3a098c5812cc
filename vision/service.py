"""The vision service: all cameras of the shop behind one worker thread.

Owns the threads and gives the turns (`vision.turns`): a floor for every camera, so that a busy one takes no other
one's share; says when the machine is too busy for the floors. Readings leave through a callback in the worker's
thread, which may make it wait.
"""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from random import Random
from types import TracebackType
from typing import Self

from vision.box_network import BoxNetwork
from vision.capture import read_picture, use_one_thread
from vision.config import CameraSettings, ReferenceSettings, VisionSettings
from vision.feeds import Clock, Feed
from vision.masks import Masks
from vision.pipeline import CameraPipeline, References
from vision.readings import Reading
from vision.seats import CameraView, Redactor, Seat
from vision.turns import CoreShare, Waiting, next_turn

_IDLE_S = 0.25
_ROUND_S = 0.2  # a camera without a frame is asked so often whether it is lost
_STOP_S = 10.0


def _nobody_asks(_is_short: bool) -> None:
    """Nothing shares the machine with the cameras."""


class VisionService:
    """All cameras. Enter starts the threads, exit stops them within a deadline. `view` may be called anywhere.

    Networks may be None: without persons no one is looked for; without both, pictures are shown as coarse blocks
    only, since nobody in them can be hidden. They are used from the worker's thread alone. ``on_turn`` is called there
    at every turn with whether a camera is under its ``min_fps`` because others use this machine's cores; it must not
    block.

    Raises:
        FeedUnavailableError: a reference picture is missing.
        FeedInvalidError: a reference picture cannot be read.
    """

    def __init__(
        self,
        cameras: Sequence[CameraSettings],
        vision: VisionSettings,
        *,
        on_readings: Callable[[list[Reading]], None],
        clock: Clock,
        person_network: BoxNetwork | None = None,
        face_network: BoxNetwork | None = None,
        random: Random | None = None,
        on_turn: Callable[[bool], None] = _nobody_asks,
    ) -> None:
        self._vision = vision
        self._on_readings = on_readings
        self._on_turn = on_turn
        self._clock = clock
        self._random = random
        self._is_short = False
        self._share = CoreShare()
        self._went_round_s = float("-inf")
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="vision-worker", daemon=True)
        self._stack = ExitStack()
        self._failure: Exception | None = None
        redactor = Redactor(face_network)
        self._seats = {settings.id: self._seat(settings, person_network, redactor) for settings in cameras}

    def _seat(self, settings: CameraSettings, person_network: BoxNetwork | None, redactor: Redactor) -> Seat:
        pipeline = CameraPipeline(
            settings, self._vision, person_network=person_network, references=load_references(settings.references)
        )
        feed = Feed(
            settings.id,
            settings.url,
            clock=self._clock,
            loop=settings.loop,
            reconnect_max_s=self._vision.reconnect_max_s,
            random=self._random,
            masks=Masks(settings.masks),
            on_frame=self._wake.set,
        )
        return Seat(settings, pipeline, feed, redactor)

    @property
    def camera_ids(self) -> tuple[str, ...]:
        """Cameras in the order of the settings."""
        return tuple(self._seats)

    @property
    def failure(self) -> Exception | None:
        """What ended the worker's thread, if anything did: the process should say so and stop."""
        return self._failure

    @property
    def skipped_frames(self) -> int:
        """Frames that were due and not looked at, over all cameras, since the start."""
        return sum(seat.skipped_frames for seat in self._seats.values())

    def view(self, camera_id: str) -> CameraView:
        """The camera as it is now; asking keeps its picture fresh for some seconds. Does not block.

        Raises:
            KeyError: there is no such camera.
        """
        return self._seats[camera_id].view(self._clock, watch=True)

    def views(self) -> list[CameraView]:
        """Every camera as it is now, in the order of the settings; keeps no picture fresh. Does not block."""
        return [seat.view(self._clock, watch=False) for seat in self._seats.values()]

    def __enter__(self) -> Self:
        use_one_thread()
        for seat in self._seats.values():
            self._stack.enter_context(seat.feed)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._wake.set()
        self._thread.join(_STOP_S)
        for seat in self._seats.values():
            seat.feed.stop()
        self._stack.close()

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                if not self._turn():
                    self._wake.wait(_IDLE_S)
                    self._wake.clear()
        except Exception as error:
            self._failure = error
            raise

    def _turn(self) -> bool:
        """Give one camera its turn; False when none has a frame that is due."""
        now_s = self._clock.mono_s()
        waiting = {seat.settings.id: seat.waiting(now_s) for seat in self._seats.values()}
        turns = [one for one in waiting.values() if one is not None]
        self._is_short = any(one.is_short for one in turns)
        self._on_turn(self._is_short and self._share.is_starved)
        if now_s - self._went_round_s >= _ROUND_S:
            self._went_round_s = now_s
            for name in [name for name, one in waiting.items() if one is None]:
                self._tell(self._seats[name], self._seats[name].miss(self._clock))
        turn = next_turn(turns)
        if turn is None:
            return False
        seat = self._seats[turn.camera_id]
        self._tell(seat, self._look(seat, turn))
        return True

    def _look(self, seat: Seat, turn: Waiting) -> list[Reading]:
        began_s, had_s = time.perf_counter(), time.thread_time()
        readings = seat.look(turn)
        self._share.note(worked_s=time.perf_counter() - began_s, got_s=time.thread_time() - had_s)
        return readings

    def _tell(self, seat: Seat, readings: list[Reading]) -> None:
        if readings:
            self._on_readings(readings)
        seat.render(self._clock, is_busy=self._is_short)


def load_references(settings: ReferenceSettings) -> References:
    """Read the reference pictures that the settings name.

    Raises:
        FeedUnavailableError: one is missing.
        FeedInvalidError: one cannot be read.
    """
    return References(
        stocked=None if settings.stocked is None else read_picture(settings.stocked),
        empty=None if settings.empty is None else read_picture(settings.empty),
    )
