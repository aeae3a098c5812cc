"""The outbox as the uplink sees it: reads on its own connection, changes through the writer's thread."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from edge.clock import Clock
from edge.errors import StoreError
from edge.store.book import Book
from edge.store.connection import Readers
from edge.store.leases import Leases
from edge.store.numbers import Snapshot
from edge.store.rows import checksum, decode_record, to_us
from edge.store.schema import record_number, unpacked
from edge.store.writer import Job
from sync.errors import OutboxUnavailableError
from sync.outbox import LaneState
from sync.records import Lane, QueuedRecord

_TAKE_SQL = """
    SELECT record_no, key, record, crc FROM outbox WHERE record_no > ? AND record_no <= ? ORDER BY record_no LIMIT ?
"""
_HIGHEST_SEQ = (1 << 44) - 1


class SqliteOutbox:
    """`sync.outbox.Outbox` over the store's file."""

    def __init__(
        self,
        *,
        clock: Clock,
        readers: Readers,
        leases: Leases,
        snapshot: Callable[[], Snapshot],
        do: Callable[[Job], object],
    ) -> None:
        self._clock = clock
        self._readers = readers
        self._leases = leases
        self._snapshot = snapshot
        self._do = do

    def epochs(self) -> Sequence[str]:
        states = self._snapshot()
        current = list(states)[-1]
        return [
            epoch for epoch, state in states.items() if epoch == current or any(lane.pending for lane in state.lanes)
        ]

    def take(self, epoch: str, lane: Lane, *, after_seq: int, limit: int) -> Sequence[QueuedRecord]:
        state = self._snapshot().get(epoch)
        if state is None:
            return []
        first = record_number(state.epoch_no, lane, after_seq)
        last = record_number(state.epoch_no, lane, _HIGHEST_SEQ)
        rows: list[QueuedRecord] = []
        damaged: list[int] = []
        handed_out = 0
        with _told(), self._leases.lock:
            for number, key, text, crc in self._readers.query(_TAKE_SQL, (first, last, limit)):
                seq = unpacked(number)[2]
                if crc == checksum(number, text):
                    rows.append(QueuedRecord(epoch, lane, seq, decode_record(text, lane, key)))
                else:
                    damaged.append(number)
                handed_out = seq
            self._leases.extend(epoch, lane, handed_out)
        if damaged:
            self._ask(Job(lambda book: book.replace_damaged(damaged), is_urgent=True, is_essential=True))
        return rows

    def mark_sent(self, rows: Sequence[QueuedRecord], sizes_bytes: Sequence[int]) -> None:
        now_us = to_us(self._clock.now())

        def work(book: Book) -> None:
            book.mark_sent(rows, sizes_bytes, now_us=now_us)

        self._ask(Job(work, rows=len(rows), is_urgent=True, is_essential=True))

    def acknowledge(self, epoch: str, lane: Lane, upto: int) -> int:
        gone = self._ask(Job(lambda book: book.acknowledge(epoch, lane, upto), is_urgent=True, is_essential=True))
        return int(str(gone))

    def lanes(self, epoch: str) -> Sequence[LaneState]:
        state = self._snapshot().get(epoch)
        return () if state is None else state.lanes

    def _ask(self, job: Job) -> object:
        with _told():
            return self._do(job)


@contextmanager
def _told() -> Iterator[None]:
    """The store's troubles in the words of the port."""
    try:
        yield
    except StoreError as error:
        raise OutboxUnavailableError(f"the outbox cannot be used now: {error}") from error
