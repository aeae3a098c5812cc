"""What a writing transaction can do to the store: append facts, mark records sent, acknowledge, evict, declare gaps.

Used by the writer's thread only. Inserts are collected and written many rows a statement: every SQLite step gives up
the interpreter's lock, and getting it back from a busy producer costs up to 5 ms. After a failed transaction all
numbers are read back from the file.
"""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, Literal

from sqlite_utils import Database

from edge.audit import AUDITED_KINDS, AuditNote, Checkpoint, Seal
from edge.facts import DataClass, EgressDeniedFact, GapFact
from edge.store.audit_log import AuditLog
from edge.store.gaps import GapBook, OpenGap
from edge.store.leases import Leases
from edge.store.numbers import LaneNumbers, Numbering
from edge.store.rows import Draft, checksum
from edge.store.schema import record_number, unpacked
from sync.errors import AckRejectedError
from sync.records import Lane, QueuedRecord

GapReason = Literal["evicted", "superseded", "salvage"]

_FACT_COLUMNS, _OUTBOX_COLUMNS, _SLOT_COLUMNS = 10, 7, 3
_ROWS_A_STATEMENT = (100, 25, 5, 1)
_LEDGER_SQL = """
    INSERT INTO ledger (record_no, epoch, kind, fields, policy_version, first_sent_us, last_sent_us, sends, bytes)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, 1, ?7)
    ON CONFLICT (record_no) DO UPDATE SET last_sent_us = ?6, sends = sends + 1, bytes = bytes + ?7
"""


@dataclass(frozen=True, slots=True)
class Scribe:
    """Makes what the store itself has to tell; given by the store, which knows clock, gate and key."""

    gap: Callable[[OpenGap], Draft]
    tombstone: Callable[[str, str, int], Draft]
    checkpoint: Callable[[Checkpoint], Draft]
    now_us: Callable[[], int]
    seal: Seal | None


@dataclass(frozen=True, slots=True)
class _Tombstone:
    seq: int
    fact_id: int
    hits: int


class Book:
    """The store's tables, as the writer changes them."""

    def __init__(self, db: Database, *, scribe: Scribe, leases: Leases, p2_limit_rows: int) -> None:
        self.db = db
        self._scribe = scribe
        self._leases = leases
        self._p2_limit_rows = p2_limit_rows
        self._facts: list[tuple[Any, ...]] = []
        self._records: list[tuple[Any, ...]] = []
        self._slots: dict[tuple[str, str], tuple[Any, ...]] = {}
        self._rewriting = False
        self._added: Counter[str] = Counter()
        by_kind = db.execute("SELECT kind, count(*) FROM facts GROUP BY kind").fetchall()
        self.kinds: Counter[str] = Counter(dict(by_kind))
        """Facts in the file by kind, as committed."""
        self._gaps = GapBook()
        self._tombstones: dict[tuple[str, str], _Tombstone] = {}
        self.numbers = Numbering.load(db)
        self._load()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; on any error the numbers are what the file says."""
        try:
            with self.db.atomic():
                yield
                self._flush()
                self.audit.flush()
                self.numbers.audit = self.audit.tip
                self.numbers.save(self.db)
        except BaseException:
            self._load()
            raise
        else:
            self.kinds.update(self._added)
        finally:
            self._added.clear()
            if self._rewriting:
                self._rewriting = False
                self._leases.lock.release()

    def append(self, drafts: Sequence[Draft]) -> list[int]:
        """Write facts and their records; returns the facts' keys."""
        ids = [self._append(draft) for draft in drafts]
        if self.audit.is_seal_due:
            self.seal()
        return ids

    def note(self, notes: Sequence[AuditNote]) -> list[int]:
        """Chain audit rows of what is no fact; returns their numbers."""
        return [self.audit.add(note, self._scribe.now_us()) for note in notes]

    def seal(self) -> None:
        """Seal the audit rows that no checkpoint covers, and tell it as a fact."""
        made = self.audit.seal(self._scribe.now_us())
        if made is not None:
            self._append(self._scribe.checkpoint(made))

    def mark_sent(self, rows: Sequence[QueuedRecord], sizes_bytes: Sequence[int], *, now_us: int) -> None:
        """Write the egress ledger and move the numbers on."""
        sent = []
        for row, size_bytes in zip(rows, sizes_bytes, strict=True):
            lane = self._lane(row.epoch, row.lane)
            if lane is None:
                continue
            lane.sent_upto = max(lane.sent_upto, row.seq)
            record = row.record
            if record.kind == "gap":
                self._declared(str(record.data["epoch"]), str(record.data["gap_lane"]), int(record.data["last"] or 0))
            number = record_number(lane.epoch_no, row.lane, row.seq)
            fields = ",".join(record.data)
            sent.append((number, row.epoch, record.kind, fields, record.policy_version, now_us, size_bytes))
        self.db.conn.executemany(_LEDGER_SQL, sent)
        self._close_sent()

    def acknowledge(self, epoch: str, lane: Lane, upto: int) -> int:
        """Delete a lane's rows up to a number.

        Numbers that were declared in a sent gap count as sent, as long as no unsent row lies among them.

        Raises:
            AckRejectedError: something in it was never sent; nothing is deleted.
        """
        numbers = self._lane(epoch, lane)
        if numbers is None:
            raise AckRejectedError(epoch, lane.value, upto, 0)
        if upto > numbers.sent_upto:
            self._flush()
            unsent = self._count_between(numbers, numbers.sent_upto + 1, upto)
            if unsent or upto > numbers.declared_upto:
                raise AckRejectedError(epoch, lane.value, upto, numbers.sent_upto)
        if upto <= numbers.acked_upto:
            return 0
        numbers.acked_upto = upto
        return self._delete_between(numbers, 1, upto)

    def evict_telemetry(self, rows: int) -> int:
        """Drop the oldest records of lane p2, sent or not, and declare them; returns how many went."""
        self._flush()
        for numbers in self.numbers.all_of(Lane.P2):
            if numbers.pending:
                return self._evict(numbers, rows)
        return 0

    def declare(self, numbers: LaneNumbers, first: int, last: int, reason: GapReason) -> None:
        """Say that numbers of a lane will never come, in as few rows as possible."""
        self._begin_rewriting()
        lane = numbers.lane.value
        widened = self._gaps.rewritten(numbers.epoch, lane, reason, first=first, last=last)
        if widened is not None:
            self._rewrite(widened.seq, widened.fact_id, self._scribe.gap(widened))
            return
        home = self.numbers.current(Lane.P0)
        gap = OpenGap(home.epoch_no, home.drawn_upto + 1, 0, numbers.epoch, lane, reason, first, last)
        fact_id = self._append(self._scribe.gap(gap))
        self._gaps.add(replace(gap, fact_id=fact_id))

    def replace_damaged(self, record_numbers: Sequence[int]) -> None:
        """Delete records whose checksum does not match and declare them."""
        for number in record_numbers:
            epoch_no, lane, seq = unpacked(number)
            numbers = self.numbers.by_id(epoch_no, lane)
            if self._delete_between(numbers, seq, seq):
                self.declare(numbers, seq, seq, "salvage")

    def forget_facts(self, where: str, parameters: Sequence[Any], limit: int) -> int:
        """Delete up to ``limit`` of the oldest facts that match, but not a slot's newest count.

        Their waiting records are not touched.
        """
        oldest = f"SELECT id FROM facts WHERE {where} AND id NOT IN (SELECT fact_id FROM slots) ORDER BY id LIMIT ?"  # noqa: S608
        sql = f"DELETE FROM facts WHERE id IN ({oldest}) RETURNING kind"  # noqa: S608
        gone = Counter(row[0] for row in self.db.conn.execute(sql, (*parameters, limit)).fetchall())
        self._added.subtract(gone)
        return gone.total()

    def forget_ledger(self, before_us: int, limit: int) -> None:
        """Delete ledger entries whose last sending is older; looks at the oldest ``limit`` only."""
        sql = "DELETE FROM ledger WHERE last_sent_us < ? AND id IN (SELECT id FROM ledger ORDER BY id LIMIT ?)"
        self.db.conn.execute(sql, (before_us, limit))

    def traits_of(self, kind: str) -> tuple[DataClass, Lane] | None:
        """Data class and lane of a kind that is in the store."""
        sql = "SELECT data_class, lane FROM facts WHERE kind = ? ORDER BY id DESC LIMIT 1"
        row = self.db.conn.execute(sql, (kind,)).fetchone()
        return None if row is None else (DataClass(row[0]), Lane(row[1]))

    def last_aged(self, kind: str, from_us: int, upto_us: int, window: int) -> int | None:
        """Newest of the oldest ``window`` facts of a kind whose time lies in the bounds."""
        oldest = "SELECT id, at_us FROM facts WHERE kind = ? ORDER BY id LIMIT ?"
        sql = f"SELECT max(id) FROM ({oldest}) WHERE at_us BETWEEN ? AND ?"  # noqa: S608
        row = self.db.conn.execute(sql, (kind, window, from_us, upto_us)).fetchone()
        return None if row[0] is None else int(row[0])

    def _append(self, draft: Draft) -> int:
        if draft.kind in AUDITED_KINDS:
            self.audit.add(AuditNote(draft.kind, draft.source, draft.body), draft.at_us)
        if draft.denied is not None and (merged := self._merged_tombstone(draft.denied, draft.hits)) is not None:
            return merged
        fact_id = self.numbers.draw_fact_id()
        number = None if draft.record is None else self._enqueue(draft, draft.record, fact_id)
        self._facts.append((fact_id, *draft.columns, number, draft.body, checksum(fact_id, draft.body)))
        self._added[draft.kind] += 1
        if draft.slot is not None:
            self._slots[draft.source, draft.slot] = (draft.source, draft.slot, fact_id)
        return fact_id

    def _enqueue(self, draft: Draft, record: str, fact_id: int) -> int:
        if draft.key is not None:
            self._supersede(draft.key)
        if draft.lane is Lane.P2 and self.numbers.pending(Lane.P2) >= self._p2_limit_rows:
            self.evict_telemetry(max(1, self._p2_limit_rows // 20))
        lane = self.numbers.current(draft.lane)
        lane.drawn_upto += 1
        lane.pending += 1
        number = record_number(lane.epoch_no, lane.lane, lane.drawn_upto)
        row = (number, lane.epoch, fact_id, draft.kind, draft.key, record, checksum(number, record))
        self._records.append(row)
        if draft.denied is not None:
            self._tombstones[draft.denied] = _Tombstone(lane.drawn_upto, fact_id, draft.hits)
        return number

    def _supersede(self, key: str) -> None:
        lane = self.numbers.current(Lane.P3)
        self._begin_rewriting()
        free_from = max(lane.sent_upto, self._leases.upto(lane.epoch, Lane.P3)) + 1
        sql = "SELECT record_no FROM outbox WHERE key = ? AND record_no BETWEEN ? AND ?"
        unsent = (key, *_bounds(lane, free_from, max(free_from, lane.drawn_upto)))
        for (number,) in self.db.conn.execute(sql, unsent).fetchall():
            seq = unpacked(number)[2]
            self._delete_between(lane, seq, seq)
            self.declare(lane, seq, seq, "superseded")

    def _merged_tombstone(self, denied: tuple[str, str], hits: int) -> int | None:
        if denied not in self._tombstones:
            return None
        self._begin_rewriting()
        tombstone = self._tombstones.get(denied)
        if tombstone is None:
            return None
        summed = replace(tombstone, hits=tombstone.hits + hits)
        self._rewrite(summed.seq, summed.fact_id, self._scribe.tombstone(*denied, summed.hits))
        self._tombstones[denied] = summed
        return summed.fact_id

    def _rewrite(self, seq: int, fact_id: int, draft: Draft) -> None:
        """Change an unsent row of lane p0 and its fact in place; the record stays under its number."""
        number = record_number(self.numbers.epoch_no, Lane.P0, seq)
        fact = (draft.at_us, draft.body, checksum(fact_id, draft.body), fact_id)
        self.db.conn.execute("UPDATE facts SET at_us = ?, body = ?, crc = ? WHERE id = ?", fact)
        record = draft.record or ""
        outgoing = (record, checksum(number, record), number)
        self.db.conn.execute("UPDATE outbox SET record = ?, crc = ? WHERE record_no = ?", outgoing)

    def _evict(self, numbers: LaneNumbers, rows: int) -> int:
        sql = "SELECT record_no FROM outbox WHERE record_no BETWEEN ? AND ? ORDER BY record_no LIMIT ?"
        waiting = self.db.conn.execute(sql, (*_bounds(numbers, 1, numbers.drawn_upto), rows)).fetchall()
        oldest = [unpacked(row[0])[2] for row in waiting]
        if not oldest:
            return 0
        gone = self._delete_between(numbers, oldest[0], oldest[-1])
        self.declare(numbers, oldest[0], oldest[-1], "evicted")
        return gone

    def _begin_rewriting(self) -> None:
        self._flush()
        if not self._rewriting:
            self._leases.lock.acquire()
            self._rewriting = True
        self._close_sent()

    def _close_sent(self) -> None:
        home = self.numbers.current(Lane.P0)
        with self._leases.lock:
            fixed_upto = max(home.sent_upto, self._leases.upto(home.epoch, Lane.P0))
        self._gaps.close_upto(fixed_upto)
        self._tombstones = {key: row for key, row in self._tombstones.items() if row.seq > fixed_upto}

    def _declared(self, epoch: str, lane: str, last: int) -> None:
        target = self._lane(epoch, Lane(lane))
        if target is not None:
            target.declared_upto = max(target.declared_upto, last)

    def _lane(self, epoch: str, lane: Lane) -> LaneNumbers | None:
        return self.numbers.of(epoch, lane)

    def _count_between(self, numbers: LaneNumbers, first: int, last: int) -> int:
        bounds = _bounds(numbers, first, last)
        sql = "SELECT count(*) FROM outbox WHERE record_no BETWEEN ? AND ?"
        return int(self.db.conn.execute(sql, bounds).fetchone()[0])

    def _delete_between(self, numbers: LaneNumbers, first: int, last: int) -> int:
        self._flush()
        bounds = _bounds(numbers, first, last)
        gone = self.db.conn.execute("DELETE FROM outbox WHERE record_no BETWEEN ? AND ?", bounds).rowcount
        numbers.pending -= gone
        return gone

    def _flush(self) -> None:
        facts, self._facts = self._facts, []
        records, self._records = self._records, []
        slots, self._slots = self._slots, {}
        _insert(self.db.conn, "facts", _FACT_COLUMNS, facts)
        _insert(self.db.conn, "outbox", _OUTBOX_COLUMNS, records)
        _insert(self.db.conn, "slots", _SLOT_COLUMNS, list(slots.values()))

    def _load(self) -> None:
        self._facts, self._records, self._slots = [], [], {}
        self.numbers = Numbering.load(self.db)
        self.audit = AuditLog(self.db, self._scribe.seal)
        self._gaps, self._tombstones = GapBook(), {}
        if self.numbers.epoch_no:
            self._load_rewritable()

    def _load_rewritable(self) -> None:
        home = self.numbers.current(Lane.P0)
        bounds = _bounds(home, home.sent_upto + 1, max(home.drawn_upto, home.sent_upto + 1))
        sql = """
            SELECT outbox.record_no, fact_id, outbox.kind, facts.body FROM outbox JOIN facts ON facts.id = fact_id
            WHERE outbox.kind IN ('gap', 'egress.denied') AND outbox.record_no BETWEEN ? AND ?
        """
        for number, fact_id, kind, body in self.db.conn.execute(sql, bounds).fetchall():
            self._remember_rewritable(unpacked(number)[2], fact_id, kind, body)
        self._close_sent()

    def _remember_rewritable(self, seq: int, fact_id: int, kind: str, body: str) -> None:
        if kind == GapFact.kind:
            gap = GapFact.model_validate_json(body)
            home_no = self.numbers.epoch_no
            self._gaps.add(OpenGap(home_no, seq, fact_id, gap.epoch, gap.gap_lane, gap.reason, gap.first, gap.last))
        else:
            denied = EgressDeniedFact.model_validate_json(body)
            self._tombstones[denied.denied_kind, denied.detector] = _Tombstone(seq, fact_id, denied.hits)


def _bounds(numbers: LaneNumbers, first: int, last: int) -> tuple[int, int]:
    low = record_number(numbers.epoch_no, numbers.lane, first)
    return low, record_number(numbers.epoch_no, numbers.lane, last)


def _insert(connection: sqlite3.Connection, table: str, columns: int, rows: list[tuple[Any, ...]]) -> None:
    done = 0
    verb = "INSERT OR REPLACE" if table == "slots" else "INSERT"
    for size in _ROWS_A_STATEMENT:
        one_row = f"({', '.join('?' * columns)})"
        sql = f"{verb} INTO {table} VALUES {', '.join([one_row] * size)}"
        while len(rows) - done >= size:
            connection.execute(sql, list(chain.from_iterable(rows[done : done + size])))
            done += size
