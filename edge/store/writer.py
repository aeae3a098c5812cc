"""The writer's thread: the only one that changes the store, many jobs in one commit.

Jobs wait in a bounded queue; a producer that finds it full waits. A group closes after ``group_ms``, at
``group_rows``, or at once when somebody blocks on it (the uplink). A full disk fails what is not essential and keeps
the thread alive; a damaged file is salvaged in place and the group tried again.
"""

import contextlib
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import structlog

from edge.clock import Clock
from edge.errors import StoreClosedError, StoreError, StoreFullError, StoreUnavailableError
from edge.store.book import Book
from edge.store.config import StoreSettings
from edge.store.connection import means_damage, means_no_room
from edge.store.space import Ballast, RoomState, RoomWatch
from sync.errors import SyncError

_IDLE_WAIT_S = 0.5
_JOIN_S = 30.0


@dataclass(slots=True)
class Job:
    """Work for one transaction. A job that refuses (raises one of our errors) must do so before it writes."""

    work: Callable[[Book], Any]
    rows: int = 1
    is_urgent: bool = False
    """Somebody blocks on it: the group is not kept open for others."""
    is_essential: bool = False
    """Still done on a full disk: lane p0, acknowledgements, the ledger."""
    is_housekeeping: bool = False
    """Brings its own transactions and tells its own errors."""
    future: "Future[Any]" = field(default_factory=Future)
    queued_s: float = 0.0


@dataclass(frozen=True, slots=True)
class WriterEvents:
    """What the writer calls, in its own thread."""

    committed: Callable[[Book, float], None]
    """After each commit, with how long it took in milliseconds."""
    heal: Callable[[Book], Book]
    """Salvage a damaged file and return the new book."""
    housekeep: Callable[[Book], None]


class Writer:
    """Owns the writing connection from start to stop."""

    def __init__(
        self,
        settings: StoreSettings,
        *,
        clock: Clock,
        events: WriterEvents,
        watch: RoomWatch,
        ballast: Ballast,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._events = events
        self._watch = watch
        self._ballast = ballast
        self._jobs: deque[Job] = deque()
        self._rows = 0
        self._is_closing = False
        self._urgent = 0
        lock = threading.Lock()
        self._work = threading.Condition(lock)
        self._space = threading.Condition(lock)
        self._kept_house_s = clock.mono_s()
        self._log = structlog.get_logger("edge.store")
        self._thread: threading.Thread | None = None
        self._book: Book | None = None

    def start(self, book: Book) -> None:
        """Start the thread, which owns the book from now on."""
        self._book = book
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Refuse new jobs, finish the queued ones, end the thread and close the connection."""
        with self._work:
            self._is_closing = True
            self._work.notify_all()
            self._space.notify_all()
        if self._thread is not None:
            self._thread.join(_JOIN_S)

    def submit(self, job: Job, timeout_s: float) -> "Future[Any]":
        """Queue a job; waits while the queue is full.

        Raises:
            StoreClosedError: the store is closing.
            StoreUnavailableError: the queue stayed full for ``timeout_s``.
        """
        with self._work:
            if not self._space.wait_for(lambda: self._is_closing or self._has_room(job), timeout_s):
                raise StoreUnavailableError(f"the store's writer is behind: {self._rows} rows wait")
            if self._is_closing:
                raise StoreClosedError("the store is closed")
            job.queued_s = self._clock.mono_s()
            self._jobs.append(job)
            self._rows += job.rows
            self._urgent += job.is_urgent
            # Waking the writer for every fact of a group costs more than writing the fact.
            if len(self._jobs) == 1 or self._is_group_complete():
                self._work.notify()
        return job.future

    def _has_room(self, job: Job) -> bool:
        return job.is_essential or not self._jobs or self._rows + job.rows <= self._settings.queue_rows

    def _run(self) -> None:
        try:
            while (group := self._next_group()) is not None:
                self._do_or_tell(group)
                self._keep_house_when_due()
        finally:
            self._close()

    def _next_group(self) -> list[Job] | None:
        """The jobs of the next commit; empty after an idle wait, None when closed and done."""
        with self._work:
            self._work.wait_for(lambda: self._jobs or self._is_closing, _IDLE_WAIT_S)
            if self._jobs:
                open_s = self._settings.group_ms / 1000 - (self._clock.mono_s() - self._jobs[0].queued_s)
                self._work.wait_for(self._is_group_complete, max(0.0, open_s))
            elif self._is_closing:
                return None
            group: list[Job] = []
            rows = 0
            while self._jobs and (not group or rows + self._jobs[0].rows <= self._settings.group_rows):
                rows += self._jobs[0].rows
                group.append(self._jobs.popleft())
            self._rows -= rows
            self._urgent -= sum(job.is_urgent for job in group)
            self._space.notify_all()
        return [job for job in group if job.future.set_running_or_notify_cancel()]

    def _is_group_complete(self) -> bool:
        return self._is_closing or self._urgent > 0 or self._rows >= self._settings.group_rows

    def _do_or_tell(self, group: Sequence[Job]) -> None:
        try:
            self._do(group)
        except BaseException as fault:
            for job in group:
                if not job.future.done():
                    job.future.set_exception(StoreUnavailableError(f"the store's writer stopped: {fault}"))
            raise

    def _do(self, group: Sequence[Job]) -> None:
        """Commit a group; what fails with it is tried alone, so that one job cannot fail another."""
        for job in group:
            if job.is_housekeeping:
                job.future.set_result(job.work(self._require_book()))
        group = [job for job in group if not job.is_housekeeping]
        error = self._committed(group) if group else None
        if error is None:
            return
        if means_no_room(error):
            self._make_room(error)
            group = self._essential(group)
        elif means_damage(error):
            self.heal()
        for job in group:
            again = self._committed([job])
            if again is not None:
                job.future.set_exception(_told(again))

    def _committed(self, group: Sequence[Job]) -> sqlite3.Error | None:
        book = self._require_book()
        began_s = self._clock.mono_s()
        try:
            with book.transaction():
                outcomes = [_outcome(job, book) for job in group]
        except sqlite3.Error as error:
            return error
        self._events.committed(book, (self._clock.mono_s() - began_s) * 1000)
        for job, result, refusal in outcomes:
            if refusal is None:
                job.future.set_result(result)
            else:
                job.future.set_exception(refusal)
        return None

    def _make_room(self, error: sqlite3.Error) -> None:
        if self._watch.state is not RoomState.FULL:
            self._log.error("store.full", reason=error.sqlite_errorname)
        self._watch.set(RoomState.FULL)
        self._ballast.release()
        # A checkpointed log is written again from its start, so that the next commit needs no new blocks.
        with contextlib.suppress(sqlite3.OperationalError):
            self._require_book().db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

    def _essential(self, group: Sequence[Job]) -> list[Job]:
        kept = [job for job in group if job.is_essential]
        for job in group:
            if not job.is_essential:
                job.future.set_exception(StoreFullError("no room left on the disk for facts"))
        return kept

    def heal(self) -> None:
        """Open the file anew, salvaging it when it is damaged. Runs in the writer's thread."""
        self._book = self._events.heal(self._require_book())

    def _keep_house_when_due(self) -> None:
        every_s = 1.0 if self._watch.takes_only_p0 else self._settings.housekeeping_s
        if self._clock.mono_s() - self._kept_house_s < every_s:
            return
        self._kept_house_s = self._clock.mono_s()
        self.keep_house(self._require_book())

    def keep_house(self, book: Book) -> None:
        """One pass of retention, in the writer's thread."""
        before = self._watch.state
        try:
            self._events.housekeep(book)
        except sqlite3.Error as error:
            if means_no_room(error):
                self._make_room(error)
            elif means_damage(error):
                self.heal()
            else:
                raise
        if before is RoomState.FULL and self._watch.state is not RoomState.FULL:
            self._log.info("store.room_is_back")

    def _require_book(self) -> Book:
        if self._book is None:
            raise StoreClosedError("the store is closed")
        return self._book

    def _close(self) -> None:
        """Fail what nobody will do any more and close the connection; also when the thread dies of a fault."""
        with self._work:
            self._is_closing = True
            left, self._jobs = list(self._jobs), deque()
            self._space.notify_all()
        for job in left:
            if job.future.set_running_or_notify_cancel():
                job.future.set_exception(StoreClosedError("the store is closed"))
        if self._book is not None:
            self._book.db.conn.close()
            self._book = None


def _outcome(job: Job, book: Book) -> tuple[Job, Any, Exception | None]:
    try:
        return job, job.work(book), None
    except (StoreError, SyncError) as refusal:
        return job, None, refusal


def _told(error: sqlite3.Error) -> StoreError:
    if means_no_room(error):
        return StoreFullError("no room left on the disk for facts")
    return StoreUnavailableError(f"the store could not be written: {error.sqlite_errorname}")
