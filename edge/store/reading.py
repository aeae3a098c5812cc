"""What other parts may read from the store: facts, the newest count of every slot, and the egress ledger."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from heapq import merge
from itertools import islice
from pathlib import Path
from typing import Any

from edge.audit import AuditRow, Checkpoint
from edge.egress import Disposition
from edge.errors import StoreUnavailableError
from edge.store.audit_log import ROW_COLUMNS, SEAL_COLUMNS
from edge.store.connection import Readers
from edge.store.rows import HeldBack, LedgerEntry, LedgerTotal, StoredFact, checksum, from_us
from edge.store.schema import unpacked

_AUDIT_PAGE, _KIND_PAGE = 5_000, 100
_NO_SEQ = 2**63 - 1
_FACT_COLUMNS = "id, kind, source, at_us, body, disposition, record_no, crc"
_LEDGER_COLUMNS = "id, record_no, epoch, kind, fields, policy_version, first_sent_us, last_sent_us, sends, bytes"


@contextmanager
def reading_beside(path: Path) -> Iterator["Reading"]:
    """Read a store that another process may be writing: neither locks, writes nor checkpoints.

    Raises:
        StoreUnavailableError: there is no store, or it cannot be read now.
    """
    if not path.exists():
        raise StoreUnavailableError(f"{path}: there is no store; start a node first, or give its folder with --data")
    readers = Readers(path, 1, on_damage=lambda: None)
    try:
        rows = readers.query("SELECT epoch FROM lanes GROUP BY epoch ORDER BY min(id)")
        names = [name for (name,) in rows]
        yield Reading(readers, epoch_name=lambda number: names[number - 1], on_damaged_row=lambda: None)
    finally:
        readers.close()


class Reading:
    """The store's reading side; any thread, blocks on disk for milliseconds."""

    def __init__(
        self, readers: Readers, *, epoch_name: Callable[[int], str], on_damaged_row: Callable[[], None]
    ) -> None:
        self._readers = readers
        self._epoch_name = epoch_name
        self._on_damaged_row = on_damaged_row

    def facts(
        self,
        *,
        kind: str | None,
        source: str | None,
        after_id: int | None,
        limit: int,
        newest_first: bool,
    ) -> list[StoredFact]:
        """See `Store.facts`."""
        asked: dict[str, Any] = {"kind = ?": kind, "source = ?": source}
        asked["id < ?" if newest_first else "id > ?"] = after_id
        wanted = {words: value for words, value in asked.items() if value is not None}
        where = " AND ".join(wanted) or "TRUE"
        order = "DESC" if newest_first else "ASC"
        sql = f"SELECT {_FACT_COLUMNS} FROM facts WHERE {where} ORDER BY id {order} LIMIT ?"  # noqa: S608
        rows = self._readers.query(sql, (*wanted.values(), limit))
        return [fact for row in rows if (fact := self._fact(row)) is not None]

    def latest_by_slot(self) -> Mapping[tuple[str, str], StoredFact]:
        """See `Store.latest_by_slot`."""
        columns = ", ".join(f"facts.{column}" for column in _FACT_COLUMNS.split(", "))
        sql = f"SELECT slot, {columns} FROM slots JOIN facts ON facts.id = fact_id ORDER BY slots.source, slot"  # noqa: S608
        latest = {}
        for slot, *row in self._readers.query(sql):
            fact = self._fact(tuple(row))
            if fact is not None:
                latest[fact.source, slot] = fact
        return latest

    def ledger(self, *, limit: int, after_id: int | None) -> Sequence[LedgerEntry]:
        """See `Store.ledger`."""
        where = "id > ?" if after_id is not None else "TRUE"
        order = "ASC" if after_id is not None else "DESC"
        sql = f"SELECT {_LEDGER_COLUMNS} FROM ledger WHERE {where} ORDER BY id {order} LIMIT ?"  # noqa: S608
        rows = self._readers.query(sql, (limit,) if after_id is None else (after_id, limit))
        return [_entry(row) for row in rows]

    def ledger_totals(self) -> Sequence[LedgerTotal]:
        """See `Store.ledger_totals`."""
        sql = "SELECT kind, count(*), sum(bytes), fields, max(id) FROM ledger GROUP BY kind ORDER BY kind"
        return [
            LedgerTotal(kind, records, size, tuple(fields.split(",")) if fields else ())
            for kind, records, size, fields, _ in self._readers.query(sql)
        ]

    def held_back(self) -> Sequence[HeldBack]:
        """See `Store.held_back`."""
        sql = (
            "SELECT kind, disposition, count(*), max(at_us) FROM facts WHERE record_no IS NULL"
            " GROUP BY kind, disposition ORDER BY kind, disposition"
        )
        return [
            HeldBack(kind, Disposition(disposition), records, from_us(last_us))
            for kind, disposition, records, last_us in self._readers.query(sql)
        ]

    def audit_rows(self) -> Iterator[AuditRow]:
        """The whole audit chain in the order of its numbers, page by page."""
        sql = f"SELECT {ROW_COLUMNS} FROM audit WHERE seq > ? ORDER BY seq LIMIT ?"  # noqa: S608
        last = -1
        while page := self._readers.query(sql, (last, _AUDIT_PAGE)):
            yield from (AuditRow(*row) for row in page)
            last = page[-1][0]

    def newest_audit_rows(self, *, kind: str | None, limit: int) -> Sequence[AuditRow]:
        """The newest rows of the audit chain, newest first."""
        if kind is not None:
            return list(islice(self.audited(kind), limit))
        sql = f"SELECT {ROW_COLUMNS} FROM audit ORDER BY seq DESC LIMIT ?"  # noqa: S608
        return [AuditRow(*row) for row in self._readers.query(sql, (limit,))]

    def audited(self, *kinds: str) -> Iterator[AuditRow]:
        """See `Store.audited`."""
        pages = [self._audited(kind) for kind in kinds]
        return merge(*pages, key=lambda row: row.seq, reverse=True)

    def _audited(self, kind: str) -> Iterator[AuditRow]:
        sql = f"SELECT {ROW_COLUMNS} FROM audit WHERE kind = ? AND seq < ? ORDER BY seq DESC LIMIT ?"  # noqa: S608
        before = _NO_SEQ
        while page := self._readers.query(sql, (kind, before, _KIND_PAGE)):
            yield from (AuditRow(*row) for row in page)
            before = page[-1][0]

    def audit_seals(self) -> Sequence[Checkpoint]:
        """Every seal over the chain, oldest first."""
        sql = f"SELECT {SEAL_COLUMNS} FROM audit_seals ORDER BY last"  # noqa: S608
        return [Checkpoint(*row) for row in self._readers.query(sql)]

    def _fact(self, row: tuple[Any, ...]) -> StoredFact | None:
        """A fact, or None for a row whose checksum does not match: what is not certain is not shown."""
        fact_id, kind, source, at_us, body, disposition, record_no, crc = row
        if crc != checksum(fact_id, body):
            self._on_damaged_row()
            return None
        record_id = self._record_id(record_no)
        return StoredFact(fact_id, kind, source, from_us(at_us), json.loads(body), Disposition(disposition), record_id)

    def _record_id(self, record_no: int | None) -> str | None:
        if record_no is None:
            return None
        epoch_no, lane, seq = unpacked(record_no)
        return f"{self._epoch_name(epoch_no)}:{lane}:{seq}"


def _entry(row: tuple[Any, ...]) -> LedgerEntry:
    entry_id, record_no, epoch, kind, fields, policy_version, first_us, last_us, sends, size = row
    _, lane, seq = unpacked(record_no)
    return LedgerEntry(
        id=entry_id,
        record_id=f"{epoch}:{lane}:{seq}",
        kind=kind,
        fields=tuple(fields.split(",")) if fields else (),
        policy_version=policy_version,
        first_sent_at=from_us(first_us),
        last_sent_at=from_us(last_us),
        sends=sends,
        bytes=size,
    )
