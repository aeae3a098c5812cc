"""The vision service: all cameras of the shop behind a few worker threads.

Owns the feeds and the workers (`vision.worker`); every camera belongs to one of them. Joins what they say: readings
leave through one callback, one batch at a time, which may make a worker wait.
"""

import os
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from random import Random
from types import TracebackType
from typing import Self, TypeVar

from vision.box_network import BoxNetwork
from vision.capture import read_picture, use_one_thread
from vision.config import CameraSettings, ReferenceSettings, VisionSettings
from vision.feeds import Clock, Feed
from vision.masks import Masks
from vision.pipeline import CameraPipeline, References
from vision.posted import Posted
from vision.readings import Reading
from vision.seats import CameraView, FrameSource, Redactor, Seat
from vision.shelf_aids import NO_AIDS, ShelfAids
from vision.worker import VisionWorker

_CALL_S = 5.0
_MOST_WORKERS = 4

T = TypeVar("T")
OpenFeed = Callable[[CameraSettings, Callable[[], None]], FrameSource]
"""Makes a camera's source of frames, which calls the second argument after each new frame."""


def _nobody_asks(_is_short: bool) -> None:
    """Nothing shares the machine with the cameras."""


def _no_aids(_settings: CameraSettings) -> ShelfAids:
    """Likeness alone reads the slots."""
    return NO_AIDS


class VisionService:
    """All cameras. Enter starts the threads, exit stops them within a deadline. Public methods: any thread.

    Networks may be None: without persons no one is looked for; without both, pictures are shown as coarse blocks
    only, since nobody in them can be hidden. The workers share them. ``on_readings`` and ``on_turn`` are called in
    the workers' threads, never twice at one moment; the latter at every turn with whether a camera is under its
    ``min_fps`` because others use this machine's cores; it must not block.

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
        aids_of: Callable[[CameraSettings], ShelfAids] = _no_aids,
        open_feed: OpenFeed | None = None,
    ) -> None:
        self._vision = vision
        self._on_readings = on_readings
        self._on_turn = on_turn
        self._clock = clock
        self._random = random
        self._person_network = person_network
        self._aids_of = aids_of
        self._redactor = Redactor(face_network)
        self._telling = threading.Lock()
        self._asking = threading.Lock()
        self._replacing = threading.Lock()
        self._starved: set[int] = set()
        self._open_feed = open_feed or self._feed
        self._workers = [self._worker(number) for number in range(vision.workers or default_workers())]
        self._homes: dict[str, VisionWorker] = {}
        for place, settings in enumerate(cameras):
            home = self._workers[place % len(self._workers)]
            self._homes[settings.id] = home
            home.seats[settings.id] = self._seat(settings, self._open_feed(settings, home.wake))

    def _worker(self, number: int) -> VisionWorker:
        return VisionWorker(
            f"vision-worker-{number}",
            clock=self._clock,
            on_readings=self._tell,
            on_turn=lambda is_starved: self._note_turn(number, is_starved),
        )

    def _seat(self, settings: CameraSettings, feed: FrameSource) -> Seat:
        pipeline = CameraPipeline(
            settings,
            self._vision,
            person_network=self._person_network,
            references=load_references(settings.references),
            aids=self._aids_of(settings),
        )
        return Seat(settings, pipeline, feed, self._redactor)

    def _feed(self, settings: CameraSettings, on_frame: Callable[[], None]) -> Feed:
        return Feed(
            settings.id,
            settings.url,
            clock=self._clock,
            loop=settings.loop,
            reconnect_max_s=self._vision.reconnect_max_s,
            random=self._random,
            masks=Masks(settings.masks),
            on_frame=on_frame,
        )

    @property
    def camera_ids(self) -> tuple[str, ...]:
        """Cameras in the order of the settings."""
        return tuple(self._homes)

    @property
    def failure(self) -> Exception | None:
        """What ended a worker's thread, if anything did: the process should say so and stop."""
        return next((worker.failure for worker in self._workers if worker.failure is not None), None)

    @property
    def skipped_frames(self) -> int:
        """Frames that were due and not looked at, over all cameras, since the start."""
        return sum(seat.skipped_frames for seat in self._seats())

    def view(self, camera_id: str) -> CameraView:
        """The camera as it is now; asking keeps its picture fresh for some seconds. Does not block.

        Raises:
            KeyError: there is no such camera.
        """
        return self._homes[camera_id].seats[camera_id].view(self._clock, watch=True)

    def views(self) -> list[CameraView]:
        """Every camera as it is now, in the order of the settings; keeps no picture fresh. Does not block."""
        return [seat.view(self._clock, watch=False) for seat in self._seats()]

    def post(self, camera_id: str, posted: Posted) -> None:
        """Hand in a picture that a camera sent. Does not block.

        Raises:
            KeyError: there is no such camera.
            FeedInvalidError: this camera's pictures are fetched, not posted.
        """
        self._homes[camera_id].seats[camera_id].feed.post(posted)

    def call(self, camera_id: str, work: Callable[[Seat], T], *, timeout_s: float = _CALL_S) -> T:
        """Run ``work`` with a camera's seat in its worker's thread, between two turns, and return what it returns.

        Blocks until it is done, and must not be called from within readings or turns. All cameras of the worker wait
        meanwhile, so it has to be short. What it raises is raised here.

        Raises:
            KeyError: there is no such camera.
            TimeoutError: it was not done in time (the worker is busy, not started or stopped). Not begun, it never
                will be.
        """
        home = self._homes[camera_id]
        return home.call(lambda: work(home.seats[camera_id]), timeout_s=timeout_s)

    def replace(self, settings: CameraSettings) -> None:
        """Give a running camera new settings. It begins anew with them: what was learnt of its view is forgotten.

        The feed stays open unless its address or a mask changed. A fault that was told is told to be over. Blocks until
        the worker has taken the change in, up to five seconds, and for the old feed's end.

        Raises:
            KeyError: there is no such camera.
            FeedUnavailableError: a reference picture is missing.
            FeedInvalidError: a reference picture cannot be read.
            TimeoutError: the worker did not come to it; the camera goes on with its old settings.
        """
        home = self._homes[settings.id]
        with self._replacing:
            before = home.seats[settings.id]
            if _feed_of(settings) == _feed_of(before.settings):
                seat = self._seat(settings, before.feed)
                home.call(lambda: home.replace(seat), timeout_s=_CALL_S)
                return
            seat = self._seat(settings, self._open_feed(settings, home.wake))
            with ExitStack() as unless_taken:
                unless_taken.enter_context(seat.feed)
                home.call(lambda: home.replace(seat), timeout_s=_CALL_S)
                unless_taken.pop_all()
            with ExitStack() as old:
                old.push(before.feed)

    def __enter__(self) -> Self:
        use_one_thread()
        with ExitStack() as unless_started:
            for seat in self._seats():
                unless_started.enter_context(seat.feed)
            for worker in self._workers:
                worker.start()
            unless_started.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            worker.stop()
        for worker in self._workers:
            worker.join()
        with ExitStack() as feeds:
            for seat in self._seats():
                seat.feed.stop()
                feeds.push(seat.feed)

    def _seats(self) -> list[Seat]:
        return [home.seats[camera_id] for camera_id, home in self._homes.items()]

    def _tell(self, readings: list[Reading]) -> None:
        with self._telling:
            self._on_readings(readings)

    def _note_turn(self, number: int, is_starved: bool) -> None:
        """Pass on whether any worker is starved: one that has its core says nothing of the others."""
        with self._asking:
            (self._starved.add if is_starved else self._starved.discard)(number)
            self._on_turn(bool(self._starved))


def _feed_of(settings: CameraSettings) -> tuple[object, ...]:
    """What a feed is opened with."""
    return settings.url, settings.loop, settings.masks


def default_workers() -> int:
    """As many workers as cores that this process may use, four at most."""
    return min(len(os.sched_getaffinity(0)), _MOST_WORKERS)


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
