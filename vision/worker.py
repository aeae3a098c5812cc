"""One worker of the cameras: a thread that gives its cameras their turns and does small jobs for others in between.

Owns its seats, the order of their turns (`vision.turns`) and the knowledge whether others keep it from its core. A
camera belongs to one worker for ever, so its pipeline needs no lock.
"""

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import TypeVar

from vision.feeds import Clock
from vision.readings import Reading
from vision.seats import Seat
from vision.turns import CoreShare, Waiting, in_order

_IDLE_S = 0.25
_ROUND_S = 0.2  # a camera without a frame is asked so often whether it is lost
_ASK_AGAIN_S = 0.02  # asking a hundred cameras whether a frame is due takes as long as a calm frame
_STOP_S = 10.0
_MOST_JOBS = 16

T = TypeVar("T")


class VisionWorker:
    """A thread and its cameras. Put the seats before it starts; `call` and `wake` may be used from any thread.

    ``on_readings`` and ``on_turn`` are called in its thread; the latter at every turn with whether one of its
    cameras is under its floor because others use this machine's cores.
    """

    def __init__(
        self,
        name: str,
        *,
        clock: Clock,
        on_readings: Callable[[list[Reading]], None],
        on_turn: Callable[[bool], None],
    ) -> None:
        self.seats: dict[str, Seat] = {}
        self.failure: Exception | None = None
        self._clock = clock
        self._on_readings = on_readings
        self._on_turn = on_turn
        self._is_short = False
        self._share = CoreShare()
        self._went_round_s = float("-inf")
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._jobs: queue.Queue[Callable[[bool], None]] = queue.Queue(_MOST_JOBS)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def wake(self) -> None:
        """Say that there may be something to do."""
        self._wake.set()

    def start(self) -> None:
        """Begin to give turns."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end; `join` waits for it."""
        self._stopping.set()
        self._wake.set()

    def join(self) -> None:
        """Wait for the end, for ten seconds at most."""
        self._thread.join(_STOP_S)

    def call(self, work: Callable[[], T], *, timeout_s: float) -> T:
        """Run ``work`` in the worker's thread between two turns; what it raises is raised here.

        Raises:
            TimeoutError: it was not done in time. Not begun, it never will be.
        """
        done: Future[T] = Future()

        def job(is_running: bool) -> None:
            if not is_running:
                done.cancel()
            elif done.set_running_or_notify_cancel():
                _fulfil(done, work)

        try:
            self._jobs.put_nowait(job)
            self._wake.set()
            return done.result(timeout_s)
        except (TimeoutError, queue.Full, CancelledError) as late:
            done.cancel()
            if done.done() and not done.cancelled():
                raise
            raise TimeoutError(f"{self._thread.name} did not come to it within {timeout_s:g} s") from late

    def replace(self, seat: Seat) -> Seat:
        """Let another seat take the place of its camera's and return the old one. Only from a job."""
        before = self.seats[seat.settings.id]
        self._tell(before, before.end(self._clock))
        seat.succeed(before, self._clock)
        self.seats[seat.settings.id] = seat
        return before

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                has_worked = self._do_job()
                if not self._turn() and not has_worked:
                    self._wake.wait(_IDLE_S)
                    self._wake.clear()
        except Exception as error:
            self.failure = error
            raise
        finally:
            while self._do_job(is_running=False):
                pass

    def _do_job(self, *, is_running: bool = True) -> bool:
        try:
            job = self._jobs.get_nowait()
        except queue.Empty:
            return False
        job(is_running)
        return True

    def _turn(self) -> bool:
        """Give some cameras their turns; False when none has a frame that is due."""
        now_s = self._clock.mono_s()
        waiting = {seat.settings.id: seat.waiting(now_s) for seat in self.seats.values()}
        turns = [one for one in waiting.values() if one is not None]
        self._is_short = any(one.is_short for one in turns)
        self._on_turn(self._is_short and self._share.is_starved)
        if now_s - self._went_round_s >= _ROUND_S:
            self._went_round_s = now_s
            for name in [name for name, one in waiting.items() if one is None]:
                self._tell(self.seats[name], self.seats[name].miss(self._clock))
        for turn in in_order(turns):
            seat = self.seats[turn.camera_id]
            self._tell(seat, self._look(seat, turn))
            if self._clock.mono_s() - now_s >= _ASK_AGAIN_S:
                break
        return bool(turns)

    def _look(self, seat: Seat, turn: Waiting) -> list[Reading]:
        began_s, had_s = time.perf_counter(), time.thread_time()
        readings = seat.look(turn)
        self._share.note(worked_s=time.perf_counter() - began_s, got_s=time.thread_time() - had_s)
        return readings

    def _tell(self, seat: Seat, readings: list[Reading]) -> None:
        if readings:
            self._on_readings(readings)
        seat.render(self._clock, is_busy=self._is_short)


def _fulfil(done: Future[T], work: Callable[[], T]) -> None:
    try:
        result = work()
    except Exception as error:  # noqa: BLE001 - raised again where it was asked for
        done.set_exception(error)
    else:
        done.set_result(result)
