"""What the store gives up, and when: by age, by data class, and by size when room runs out.

A fact that is deleted here was delivered or still waits in the outbox under its number: only the shop's own copy
goes. Waiting records go from lane p2 alone, declared by a gap. Runs in the writer's thread, some rows a transaction,
so that producers wait milliseconds and not minutes.
"""

from datetime import UTC, datetime, timedelta

from edge.clock import Clock
from edge.egress_policy import FLOOR
from edge.store.book import Book
from edge.store.config import StoreSettings
from edge.store.rows import to_us
from edge.store.space import Ballast, Room, RoomState, RoomWatch, measured
from sync.records import Lane

_ROWS_A_STEP = 500
_ROWS_A_STEP_WHEN_FULL = 50
_STEPS_A_PASS = 20
_EARLIEST_TRUE_US = to_us(datetime(2026, 1, 1, tzinfo=UTC))
_FOR_EVER_DAYS = 3660.0
_TELEMETRY = frozenset({Lane.P2, Lane.P3})


class Retention:
    """One pass of housekeeping. Owned by the writer's thread."""

    def __init__(self, settings: StoreSettings, *, clock: Clock, ballast: Ballast, watch: RoomWatch) -> None:
        self._settings = settings
        self._clock = clock
        self._ballast = ballast
        self._watch = watch

    def run(self, book: Book) -> None:
        """Forget what is too old, make room where it is short, and say how the room is.

        Raises:
            sqlite3.Error: the disk refuses even that, or the file is damaged.
        """
        self._forget_old(book)
        steps = 0
        room = self._measured(book)
        while room.fill >= self._settings.trim_at and steps < _STEPS_A_PASS and self._trim(book, room):
            steps += 1
            room = self._measured(book)
        self._watch.set(self._state(room), room)

    def _state(self, room: Room) -> RoomState:
        if self._watch.state is RoomState.FULL and room.spare_bytes < max(2 * self._settings.ballast_bytes, 128 * 1024):
            return RoomState.FULL
        self._ballast.hold()
        if room.fill >= self._settings.refuse_at:
            return RoomState.REFUSING
        return RoomState.TRIMMING if room.fill >= self._settings.trim_at else RoomState.OK

    def _measured(self, book: Book) -> Room:
        return measured(book.db, self._settings.path, self._settings.max_bytes)

    def _forget_old(self, book: Book) -> None:
        for kind in list(book.kinds):
            traits = book.traits_of(kind)
            if traits is None:
                continue
            days = min(self._settings.keep_days[traits[0]], self._settings.keep_kind_days.get(kind, _FOR_EVER_DAYS))
            self._forget_kind(book, kind, self._cutoff_us(days))
        with book.transaction():
            book.forget_ledger(self._cutoff_us(self._settings.ledger_days), _ROWS_A_STEP * _STEPS_A_PASS)

    def _forget_kind(self, book: Book, kind: str, cutoff_us: int) -> None:
        """Facts stamped before the node knew the time have no age of their own: they go with the first that has one."""
        last = book.last_aged(kind, _EARLIEST_TRUE_US, cutoff_us, _ROWS_A_STEP * _STEPS_A_PASS)
        gone = _ROWS_A_STEP if last is not None else 0
        while gone == _ROWS_A_STEP:
            with book.transaction():
                gone = book.forget_facts("kind = ? AND id <= ?", (kind, last), _ROWS_A_STEP)

    def _cutoff_us(self, days: float) -> int:
        return to_us(self._clock.now() - timedelta(days=days))

    def _trim(self, book: Book, room: Room) -> int:
        rows = _ROWS_A_STEP_WHEN_FULL if self._watch.state is RoomState.FULL else _ROWS_A_STEP
        with book.transaction():
            gone = 0
            kind = self._first_to_go(book)
            if kind is not None:
                gone = book.forget_facts("kind = ?", (kind,), rows)
            elif room.fill >= self._settings.trim_hard_at:
                gone = book.forget_facts("TRUE", (), rows) + book.evict_telemetry(rows)
        return gone

    def _first_to_go(self, book: Book) -> str | None:
        """The largest kind of sensitive facts, else of telemetry; None when there is neither."""
        candidates = []
        for kind, rows in book.kinds.items():
            traits = book.traits_of(kind) if rows > 0 else None
            if traits is not None and (traits[0] in FLOOR or traits[1] in _TELEMETRY):
                candidates.append((traits[0] in FLOOR, rows, kind))
        return max(candidates)[2] if candidates else None
