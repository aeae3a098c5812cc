"""The last step before the store: facts that it cannot take now wait here and are not lost quietly.

Owns the short queue in memory for the time in which the disk is full or the writer is behind. Alarms (lane p0), which
the store takes on a full disk too, wait behind nothing. Refuses nothing; when even the queue is full the oldest facts
go, counted and shown in the node's status.
"""

import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

import structlog

from edge.errors import StoreClosedError, StoreError
from edge.facts import Fact
from sync.records import Lane

WAITING_BATCHES = 2_000


class FactSink(Protocol):
    """The part of the store that takes facts."""

    def append_wait(self, facts: Sequence[Fact], timeout_s: float = ...) -> list[int]:
        """Store a batch, all or none, and return once it is on the disk."""
        ...


class Recorder:
    """Records batches of facts in the order in which they came, alarms first while others wait.

    Any thread; blocks until the commit.
    """

    def __init__(self, store: FactSink) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._waiting: deque[Sequence[Fact]] = deque()
        self._lost = 0
        self._log = structlog.get_logger("edge.recorder")

    @property
    def waiting(self) -> int:
        """Batches that the store has not taken yet."""
        return len(self._waiting)

    @property
    def lost(self) -> int:
        """Facts given up since the start because even this queue was full."""
        return self._lost

    def record(self, facts: Sequence[Fact]) -> None:
        """Store a batch, after everything that still waits; its alarms before."""
        with self._lock:
            if facts:
                self._enqueue(facts)
            self._drain()

    def _enqueue(self, facts: Sequence[Fact]) -> None:
        if len(self._waiting) >= WAITING_BATCHES:
            self._lost += len(self._waiting.popleft())
        self._waiting.append(facts)

    def _drain(self) -> None:
        was_waiting = len(self._waiting) > 1
        try:
            if was_waiting:
                self._store_alarms()
            while self._waiting:
                self._store.append_wait(self._waiting[0])
                self._waiting.popleft()
        except StoreClosedError:
            return
        except StoreError as error:
            if not was_waiting:
                self._log.warning("recorder.waits", reason=str(error))
                self._try_alarms()
            return
        if was_waiting:
            self._log.info("recorder.caught_up", lost=self._lost)

    def _try_alarms(self) -> None:
        with suppress(StoreError):  # they go on waiting; the next batch tries them again
            self._store_alarms()

    def _store_alarms(self) -> None:
        alarms = [fact for batch in self._waiting for fact in batch if fact.lane is Lane.P0]
        if alarms:
            self._store.append_wait(alarms)
            rest = ([fact for fact in batch if fact.lane is not Lane.P0] for batch in self._waiting)
            self._waiting = deque(batch for batch in rest if batch)
