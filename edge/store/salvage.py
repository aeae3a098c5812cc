"""Saving what can be read of a damaged store into a new file, and finding out which numbers are lost.

Copies rows whose checksum matches. Highest numbers come from three places that are unlikely to be damaged together:
the lane table, the rows themselves, and the watch file beside the database. Every number above the last
acknowledgement that is neither acknowledged nor salvaged is reported as lost, so that it can be declared.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlite_utils import Database

from edge.audit import row_hash
from edge.facts import ShelfCountFact
from edge.store.audit_log import LOST_UPTO
from edge.store.damaged import Walk
from edge.store.numbers import LaneNumbers, Numbering, audit_tip
from edge.store.rows import checksum
from edge.store.schema import LANES, record_number, unpacked
from sync.records import Lane

_BATCH_ROWS = 500


class Scope(StrEnum):
    """How much to copy; less is tried when the disk has no room for more."""

    ALL = "all"
    OUTBOX = "outbox"
    NUMBERS = "numbers"


@dataclass(frozen=True, slots=True)
class LostRange:
    """Numbers ``first``..``last`` of a lane that were drawn, not acknowledged, and could not be read."""

    lane: LaneNumbers
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Salvaged:
    """What came over, and what did not."""

    facts: int
    previous_epoch: str | None
    lost: tuple[LostRange, ...]


@dataclass(slots=True)
class Salvage:
    """One copying run from ``source`` (damaged; None when it cannot even be opened) into an empty ``target``."""

    source: sqlite3.Connection | None
    target: Database
    note: Mapping[str, Any] | None
    """What the watch file said."""
    scope: Scope = Scope.ALL
    _epochs: dict[int, str] = field(default_factory=dict)
    _seen_upto: dict[tuple[int, Lane], int] = field(default_factory=dict)
    _lanes: dict[tuple[int, Lane], LaneNumbers] = field(default_factory=dict)
    _newest: dict[tuple[str, str], int] = field(default_factory=dict)
    _facts: int = 0
    _last_fact_id: int = 0

    def run(self) -> Salvaged:
        """Copy and count.

        Raises:
            sqlite3.Error: the new file cannot be written.
        """
        self._read_lanes()
        self._copy("outbox", "record_no", self._sound_record, wanted=self.scope is not Scope.NUMBERS)
        self._copy("facts", "id", self._sound_fact, wanted=self.scope is Scope.ALL)
        self._copy("ledger", "id", self._any_row, wanted=self.scope is Scope.ALL)
        self._copy("audit", "seq", _sound_audit_row, wanted=self.scope is not Scope.NUMBERS)
        self._copy("audit_seals", "last", self._any_row, wanted=self.scope is not Scope.NUMBERS)
        self._read_note()
        with self.target.atomic():
            self.target.conn.executemany("INSERT INTO slots VALUES (?, ?, ?)", self._slots())
            # Lost audit rows leave their numbers free, so that a check of the chain names them.
            sql = "INSERT OR REPLACE INTO counters VALUES (?, ?)"
            self.target.conn.execute(sql, (LOST_UPTO, audit_tip(self.note).seq))
            lost = tuple(lost for key in self._numbered() for lost in self._settled(*key))
            Numbering({lane.id: lane for lane in self._lanes.values()}, self._last_fact_id + 1).save(self.target)
        epoch_no = max(self._epochs, default=0)
        return Salvaged(self._facts, self._epochs.get(epoch_no), lost)

    def _read_lanes(self) -> None:
        for row in self._rows("lanes", "id"):
            numbers = LaneNumbers.from_row(row[1:])
            if numbers is not None:
                numbers.pending = 0
                self._epochs[numbers.epoch_no] = numbers.epoch
                self._lanes[numbers.epoch_no, numbers.lane] = numbers

    def _rows(self, table: str, key: str) -> Iterator[tuple[Any, ...]]:
        return Walk(self.source, table, key).rows() if self.source is not None else iter(())

    def _copy(self, table: str, key: str, is_sound: Callable[[tuple[Any, ...]], bool], *, wanted: bool) -> None:
        batch: list[tuple[Any, ...]] = []
        for _, *columns in self._rows(table, key):
            row = tuple(columns)
            if not is_sound(row):
                continue
            if wanted:
                batch.append(row)
            if len(batch) == _BATCH_ROWS:
                self._write(table, batch)
                batch = []
        self._write(table, batch)

    def _write(self, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
        rows = list(rows)
        if not rows:
            return
        with self.target.atomic():
            sql = f"INSERT OR IGNORE INTO {table} VALUES ({', '.join('?' * len(rows[0]))})"  # noqa: S608
            self.target.conn.executemany(sql, rows)

    def _sound_record(self, row: tuple[Any, ...]) -> bool:
        number, epoch, _, kind, _, record, crc = row
        words = (epoch, kind, record)
        if not all(isinstance(word, str) for word in words) or crc != checksum(number, record):
            return False
        self._epochs.setdefault(unpacked(number)[0], epoch)
        self._saw(number)
        return True

    def _sound_fact(self, row: tuple[Any, ...]) -> bool:
        fact_id, number, body, crc = row[0], row[7], row[8], row[9]
        if not isinstance(body, str) or crc != checksum(fact_id, body):
            return False
        self._facts += self.scope is Scope.ALL
        self._last_fact_id = max(self._last_fact_id, fact_id)
        if row[1] == ShelfCountFact.kind and self.scope is Scope.ALL:
            place = (row[2], json.loads(body)["slot"])
            self._newest[place] = max(fact_id, self._newest.get(place, 0))
        if isinstance(number, int) and number > 0:
            self._saw(number)
        return True

    def _slots(self) -> Iterator[tuple[str, str, int]]:
        return ((source, slot, fact_id) for (source, slot), fact_id in self._newest.items())

    def _any_row(self, row: tuple[Any, ...]) -> bool:
        return None not in row

    def _saw(self, number: int) -> None:
        epoch_no, lane, seq = unpacked(number)
        self._seen_upto[epoch_no, lane] = max(seq, self._seen_upto.get((epoch_no, lane), 0))

    def _read_note(self) -> None:
        if self.note is None:
            return
        epoch_no = int(self.note["epoch_no"])
        self._epochs.setdefault(epoch_no, str(self.note["epoch"]))
        for lane, drawn in self.note["drawn"].items():
            if drawn:
                self._saw(record_number(epoch_no, Lane(lane), int(drawn)))
        self._last_fact_id = max(self._last_fact_id, int(self.note["next_fact_id"]) - 1)

    def _numbered(self) -> list[tuple[int, Lane]]:
        return [(epoch_no, lane) for epoch_no in sorted(self._epochs) for lane in LANES]

    def _settled(self, epoch_no: int, lane: Lane) -> Iterator[LostRange]:
        """Settle one lane's numbers and yield its lost ranges. An unread lane may have been sent in whole."""
        seen = self._seen_upto.get((epoch_no, lane), 0)
        unread = LaneNumbers(epoch_no, self._epochs[epoch_no], lane, sent_upto=seen)
        numbers = self._lanes.get((epoch_no, lane), unread)
        numbers.drawn_upto = max(numbers.drawn_upto, seen)
        self._lanes[epoch_no, lane] = numbers
        expected = numbers.acked_upto + 1
        first, last = record_number(epoch_no, lane, 0), record_number(epoch_no, lane, numbers.drawn_upto)
        sql = "SELECT record_no FROM outbox WHERE record_no BETWEEN ? AND ? ORDER BY record_no"
        for (number,) in self.target.conn.execute(sql, (first, last)):
            seq = unpacked(number)[2]
            numbers.pending += 1
            if seq > expected:
                yield LostRange(numbers, expected, seq - 1)
            expected = max(expected, seq + 1)
        if expected <= numbers.drawn_upto:
            yield LostRange(numbers, expected, numbers.drawn_upto)


def _sound_audit_row(row: tuple[Any, ...]) -> bool:
    seq, at_us, kind, actor, body, before, found = row
    if not all(isinstance(word, str) for word in (kind, actor, body, before)):
        return False
    return bool(found == row_hash(seq, before, at_us=at_us, kind=kind, actor=actor, body=body))
