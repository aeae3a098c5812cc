"""Sequence numbers of every epoch and lane, held in memory and written with each transaction.

Owned by the writer's thread; other threads read the snapshot, which is replaced after each commit. The watch file
holds the highest numbers drawn, written after each commit without waiting for the disk: a database that knows less
than its watch lost commits (a torn log, an old copy), and must not draw those numbers again.
"""

import contextlib
import json
import os
import secrets
import sqlite3
import string
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from edge.audit import Tip
from edge.store.rows import checksum
from edge.store.schema import LANES
from sync.outbox import LaneState
from sync.records import Lane

_EPOCH_LETTERS = 12
_WATCH_BYTES = 512
_LANES_SQL = "INSERT OR REPLACE INTO lanes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_COUNTER_SQL = "INSERT OR REPLACE INTO counters VALUES ('next_fact_id', ?)"


class LaneRowDamagedError(sqlite3.DatabaseError):
    """Numbers that SQLite reads without complaint are not those that were written."""

    sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    sqlite_errorname = "SQLITE_CORRUPT"


@dataclass(slots=True)
class LaneNumbers:
    """Numbers of one lane in one epoch. ``declared_upto``: highest number in a gap that was sent."""

    epoch_no: int
    epoch: str
    lane: Lane
    drawn_upto: int = 0
    sent_upto: int = 0
    declared_upto: int = 0
    acked_upto: int = 0
    pending: int = 0

    @property
    def id(self) -> int:
        """Key of the row."""
        return self.epoch_no * len(LANES) + LANES.index(self.lane)

    def row(self) -> tuple[int | str, ...]:
        """The row as the table has it."""
        numbers = (self.drawn_upto, self.sent_upto, self.declared_upto, self.acked_upto, self.pending)
        words = (self.epoch, self.lane.value, *numbers)
        return (self.id, *words, checksum(self.id, repr(words)))

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> "LaneNumbers | None":
        """Read a row back; None when its checksum does not match."""
        key, epoch, lane, *numbers, crc = row
        if not isinstance(key, int) or crc != checksum(key, repr((epoch, lane, *numbers))):
            return None
        return cls(key // len(LANES), epoch, Lane(lane), *numbers)

    def state(self) -> LaneState:
        """The numbers as the uplink sees them."""
        return LaneState(self.lane, self.drawn_upto, self.sent_upto, self.acked_upto, self.pending)


@dataclass(frozen=True, slots=True)
class EpochState:
    """One epoch as last committed. Its number keys its records; a salvage may leave holes between epochs' numbers."""

    epoch_no: int
    lanes: tuple[LaneState, ...]


Snapshot = Mapping[str, EpochState]


def letters_only_id() -> str:
    """A new epoch's name: letters only, so that no detector ever takes it for a number (56 random bits)."""
    return "".join(secrets.choice(string.ascii_lowercase) for _ in range(_EPOCH_LETTERS))


class Numbering:
    """All numbers of the store."""

    def __init__(
        self, lanes: Mapping[int, LaneNumbers], next_fact_id: int, *, saved_fact_id: int = 0, audit: Tip | None = None
    ) -> None:
        self._lanes = dict(lanes)
        self._epoch_no = max((lane.epoch_no for lane in lanes.values()), default=0)
        self._current = self._lanes_of_current()
        self._saved = {key: lane.row() for key, lane in lanes.items()} if saved_fact_id else {}
        self._next_fact_id = next_fact_id
        self._saved_fact_id = saved_fact_id
        self.audit = audit or Tip()
        """The audit chain's end as last committed."""

    @classmethod
    def load(cls, db: Database) -> "Numbering":
        """Read the numbers of an open store."""
        lanes = {}
        for row in db.execute("SELECT * FROM lanes ORDER BY id").fetchall():
            numbers = LaneNumbers.from_row(row)
            if numbers is None:
                raise LaneRowDamagedError(f"lane row {row[0]} does not match its checksum")
            lanes[numbers.id] = numbers
        row = db.execute("SELECT value FROM counters WHERE name = 'next_fact_id'").fetchone()
        next_fact_id = row[0] if row else 1
        tip = db.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
        return cls(lanes, next_fact_id, saved_fact_id=next_fact_id, audit=Tip(*tip) if tip else None)

    @property
    def epoch_no(self) -> int:
        """Number of the current epoch; 0 before the first."""
        return self._epoch_no

    @property
    def epoch(self) -> str:
        """Name of the current epoch."""
        return self.current(Lane.P0).epoch

    def begin_epoch(self, epoch: str) -> None:
        """Start numbering anew; older epochs keep their numbers."""
        self._epoch_no += 1
        for lane in LANES:
            numbers = LaneNumbers(self._epoch_no, epoch, lane)
            self._lanes[numbers.id] = numbers
        self._current = self._lanes_of_current()

    def current(self, lane: Lane) -> LaneNumbers:
        """Numbers of a lane in the current epoch."""
        return self._current[lane]

    def _lanes_of_current(self) -> dict[Lane, LaneNumbers]:
        return {lane.lane: lane for lane in self._lanes.values() if lane.epoch_no == self._epoch_no}

    def of(self, epoch: str, lane: Lane) -> LaneNumbers | None:
        """Numbers of a lane in a named epoch."""
        for numbers in self._lanes.values():
            if numbers.epoch == epoch and numbers.lane is lane:
                return numbers
        return None

    def by_id(self, epoch_no: int, lane: Lane) -> LaneNumbers:
        """Numbers of a lane by the epoch's number."""
        return self._lanes[epoch_no * len(LANES) + LANES.index(lane)]

    def all_of(self, lane: Lane) -> list[LaneNumbers]:
        """Numbers of a lane in every epoch, oldest first."""
        return [numbers for _, numbers in sorted(self._lanes.items()) if numbers.lane is lane]

    def pending(self, lane: Lane) -> int:
        """Outbox rows of a lane over all epochs."""
        return sum(numbers.pending for numbers in self._lanes.values() if numbers.lane is lane)

    def draw_fact_id(self) -> int:
        """Next fact's key."""
        drawn = self._next_fact_id
        self._next_fact_id += 1
        return drawn

    def save(self, db: Database) -> None:
        """Write what changed, inside the caller's transaction."""
        for key, numbers in self._lanes.items():
            row = numbers.row()
            if self._saved.get(key) != row:
                db.conn.execute(_LANES_SQL, row)
                self._saved[key] = row
        if self._saved_fact_id != self._next_fact_id:
            db.conn.execute(_COUNTER_SQL, (self._next_fact_id,))
            self._saved_fact_id = self._next_fact_id

    def snapshot(self) -> Snapshot:
        """Epochs, oldest first; safe to hand to other threads."""
        states: dict[str, list[LaneState]] = {}
        epoch_numbers: dict[str, int] = {}
        for _, numbers in sorted(self._lanes.items()):
            states.setdefault(numbers.epoch, []).append(numbers.state())
            epoch_numbers[numbers.epoch] = numbers.epoch_no
        return {epoch: EpochState(epoch_numbers[epoch], tuple(lanes)) for epoch, lanes in states.items()}

    def watched(self) -> dict[str, Any]:
        """What the watch file holds."""
        drawn = {lane.value: self.current(lane).drawn_upto for lane in LANES}
        return {
            "epoch_no": self.epoch_no,
            "epoch": self.epoch,
            "drawn": drawn,
            "next_fact_id": self._next_fact_id,
            "audit": [self.audit.seq, self.audit.hash],
        }


class NumberWatch:
    """The watch file: one small block, overwritten in place; a torn one does not match its checksum and is ignored."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)

    def note(self, numbering: Numbering) -> None:
        """Overwrite with the numbers just committed. Does not wait for the disk; a full disk leaves the old note."""
        text = json.dumps(numbering.watched(), separators=(",", ":")).encode()
        block = f"{zlib.crc32(text):08x}".encode() + text
        with contextlib.suppress(OSError):
            os.pwrite(self._file, block.ljust(_WATCH_BYTES), 0)

    def read(self) -> dict[str, Any] | None:
        """The last note; None when there is none or it is torn."""
        return _noted(os.pread(self._file, _WATCH_BYTES, 0))

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


def noted_audit_tip(store: Path) -> Tip:
    """The audit chain's end as the watch file beside a store has it; its start where there is none."""
    path = store.with_name(f"{store.name}.numbers")
    return audit_tip(_noted(path.read_bytes()[:_WATCH_BYTES]) if path.exists() else None)


def _noted(block: bytes) -> dict[str, Any] | None:
    """What a block of the watch file says; None when it is empty or torn."""
    text = block.rstrip()[8:]
    if not text or block[:8] != f"{zlib.crc32(text):08x}".encode():
        return None
    note: dict[str, Any] = json.loads(text)
    return note


def audit_tip(note: Mapping[str, Any] | None) -> Tip:
    """The audit chain's end as a watch file's note has it; its start where the note is of an older version."""
    seq, found = (note or {}).get("audit", (Tip().seq, Tip().hash))
    return Tip(int(seq), str(found))
