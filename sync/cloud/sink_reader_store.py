"""Reading head office's database beside its writer: what came, what is missing, the events themselves.

Owns the report that proves completeness from outside. Writes nothing and holds nothing open between calls.
"""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from sync.cloud.coverage import Coverage, LaneKey
from sync.cloud.sink_schema import key_columns, read_coverage, usable
from sync.records import Scalar
from sync.topics import NodeName


@dataclass(frozen=True, slots=True)
class LaneReport:
    """One lane of one epoch of one node, for people and for the check from outside."""

    tenant: str
    store: str
    node: str
    epoch: str
    lane: str
    max: int
    received: int
    gaps: tuple[tuple[int, int], ...]
    holes: tuple[tuple[int, int], ...]
    duplicates: int
    mismatches: int
    claimed_upto: int

    @property
    def is_whole(self) -> bool:
        """Received and declared gaps together are exactly 1..max."""
        return not self.holes and not self.mismatches


@dataclass(frozen=True, slots=True)
class SinkReport:
    """Everything that head office knows about completeness."""

    lanes: tuple[LaneReport, ...]
    tallies: Mapping[str, int]
    """Events by kind as counted at their one effect; equals the stored rows unless one was applied twice."""
    stored: Mapping[str, int]
    """Events by kind as rows."""
    nodes_online: int
    rejected: int

    @property
    def is_whole(self) -> bool:
        """No hole, no mismatch, no effect applied twice."""
        return all(lane.is_whole for lane in self.lanes) and dict(self.tallies) == dict(self.stored)


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """One event as head office holds it."""

    tenant: str
    store: str
    node: str
    event: str
    """``{epoch}:{lane}:{seq}``."""
    kind: str
    source: str
    occurred_at: datetime
    data: Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class LastSeen:
    """A node's numbering and clock as its newest message told them."""

    node: NodeName
    epoch: str
    boot_id: str
    mono_s: float
    received_at: datetime


class SinkReader:
    """Reads a receiver's database beside its writer; each call opens and closes it. Any thread."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def report(self) -> SinkReport:
        """Completeness of every lane.

        Raises:
            SinkStoreError: there is no such database.
        """
        with self._open() as database:
            return SinkReport(
                lanes=tuple(_lane_report(key, lane) for key, lane in read_coverage(database)),
                tallies=_counts(database, "SELECT kind, sum(events) FROM tallies GROUP BY kind ORDER BY kind"),
                stored=_counts(database, "SELECT kind, count(*) FROM events GROUP BY kind ORDER BY kind"),
                nodes_online=_number(database, "SELECT count(*) FROM nodes WHERE is_online"),
                rejected=_number(database, "SELECT ifnull(max(id), 0) FROM rejected"),
            )

    def facts(self, *, kind: str | None = None, limit: int = 100) -> tuple[StoredEvent, ...]:
        """Latest events first, of one kind or all.

        Raises:
            SinkStoreError: there is no such database.
        """
        with self._open() as database:
            rows = database.execute(
                "SELECT tenant, store, node, epoch || ':' || lane || ':' || seq, kind, source, occurred_at, data"
                " FROM events WHERE ?1 IS NULL OR kind = ?1 ORDER BY id DESC LIMIT ?2",
                (kind, limit),
            ).fetchall()
        return tuple(_stored_event(row) for row in rows)

    def last_seen(self, node: NodeName) -> LastSeen | None:
        """The newest that a node said of itself: its health where it told any, which waits for nothing.

        Raises:
            SinkStoreError: there is no such database.
        """
        with self._open() as database:
            row = database.execute(
                "SELECT epoch, boot_id, mono_s, received_at FROM events WHERE tenant = ? AND store = ? AND node = ?"
                " ORDER BY kind = 'node.health' DESC, id DESC LIMIT 1",
                (node.tenant, node.store, node.node),
            ).fetchone()
        return None if row is None else LastSeen(node, row[0], row[1], row[2], datetime.fromisoformat(row[3]))

    @contextmanager
    def _open(self) -> Iterator[Database]:
        with usable(self._path):
            connection = sqlite3.connect(f"{self._path.resolve().as_uri()}?mode=ro", uri=True)
            database = Database(connection, execute_plugins=False)
            try:
                # One snapshot for all that a report joins.
                database.execute("BEGIN")
                yield database
            finally:
                connection.rollback()
                connection.close()


def _lane_report(key: LaneKey, lane: Coverage) -> LaneReport:
    return LaneReport(
        *key_columns(key),
        max=lane.max,
        received=lane.received.count,
        gaps=tuple(lane.gaps),
        holes=lane.holes(),
        duplicates=lane.duplicates,
        mismatches=lane.mismatches,
        claimed_upto=lane.claimed_upto,
    )


def _counts(database: Database, sql: str) -> dict[str, int]:
    return {kind: int(count) for kind, count in database.execute(sql).fetchall()}


def _number(database: Database, sql: str) -> int:
    return int(database.execute(sql).fetchone()[0])


def _stored_event(row: tuple[Any, ...]) -> StoredEvent:
    tenant, store, node, event, kind, source, occurred_at, data = row
    return StoredEvent(
        tenant=tenant,
        store=store,
        node=node,
        event=event,
        kind=kind,
        source=source,
        occurred_at=datetime.fromisoformat(occurred_at),
        data=json.loads(data),
    )
