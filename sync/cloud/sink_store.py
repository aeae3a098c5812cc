"""Head office's small database: every event once, what is missing, and what was refused.

Owns one SQLite file (WAL, FULL) with one writer, kept single by a lock file. A batch is one transaction: events,
their effects and the numbers they cover together, so that an acknowledgement never speaks of more than is on the
disk. Readers open it apart, through `sync.cloud.sink_reader_store`.
"""

import fcntl
import json
import os
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlite_utils import Database

from sync.cloud.coverage import GAP_KIND, Coverage, LaneKey, parse_gap
from sync.cloud.intervals import IntervalSet
from sync.envelope import ReceivedEvent
from sync.errors import MessageInvalidError, SinkStoreError
from sync.presence import Presence
from sync.records import Lane
from sync.topics import NodeName

_SCHEMA_VERSION = 1
_KEPT_REFUSALS = 10_000
_KEPT_BYTES = 4_096
_SCHEMA = """
CREATE TABLE events (
    id INTEGER PRIMARY KEY, tenant TEXT NOT NULL, store TEXT NOT NULL, node TEXT NOT NULL, epoch TEXT NOT NULL,
    lane TEXT NOT NULL, seq INTEGER NOT NULL, kind TEXT NOT NULL, source TEXT NOT NULL, occurred_at TEXT NOT NULL,
    received_at TEXT NOT NULL, mono_s REAL NOT NULL, boot_id TEXT NOT NULL, time_quality TEXT NOT NULL,
    data_class TEXT NOT NULL, policy_version TEXT NOT NULL, traceparent TEXT, data TEXT NOT NULL, digest BLOB NOT NULL,
    UNIQUE (tenant, store, node, epoch, lane, seq)
) STRICT;
CREATE INDEX events_by_kind ON events (kind, id);
CREATE TABLE tallies (
    tenant TEXT NOT NULL, store TEXT NOT NULL, node TEXT NOT NULL, kind TEXT NOT NULL, events INTEGER NOT NULL,
    PRIMARY KEY (tenant, store, node, kind)
) STRICT;
CREATE TABLE coverage (
    tenant TEXT NOT NULL, store TEXT NOT NULL, node TEXT NOT NULL, epoch TEXT NOT NULL, lane TEXT NOT NULL,
    received TEXT NOT NULL, gaps TEXT NOT NULL, claimed_upto INTEGER NOT NULL, duplicates INTEGER NOT NULL,
    mismatches INTEGER NOT NULL, PRIMARY KEY (tenant, store, node, epoch, lane)
) STRICT;
CREATE TABLE nodes (
    tenant TEXT NOT NULL, store TEXT NOT NULL, node TEXT NOT NULL, is_online INTEGER NOT NULL, since TEXT NOT NULL,
    PRIMARY KEY (tenant, store, node)
) STRICT;
CREATE TABLE rejected (
    id INTEGER PRIMARY KEY, received_at TEXT NOT NULL, topic TEXT NOT NULL, reason TEXT NOT NULL, payload BLOB NOT NULL
) STRICT;
CREATE TABLE mismatches (
    id INTEGER PRIMARY KEY, received_at TEXT NOT NULL, event TEXT NOT NULL, kind TEXT NOT NULL, payload BLOB NOT NULL
) STRICT;
"""
_INSERT_EVENT = """
INSERT INTO events (tenant, store, node, epoch, lane, seq, kind, source, occurred_at, received_at, mono_s, boot_id,
    time_quality, data_class, policy_version, traceparent, data, digest)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_ADD_TALLY = """
INSERT INTO tallies VALUES (?, ?, ?, ?, ?)
ON CONFLICT (tenant, store, node, kind) DO UPDATE SET events = events + excluded.events
"""


@dataclass(frozen=True, slots=True)
class RejectedMessage:
    """A message that could not be read, and why."""

    topic: str
    reason: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class NodePresence:
    """A node came or went."""

    node: NodeName
    presence: Presence


class SinkStore:
    """The writer; belongs to one thread. Context manager.

    Raises:
        SinkStoreError: the file cannot be opened, is of another version, or another receiver holds it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock_file: int | None = None
        self._database: Database | None = None
        self._coverage: dict[LaneKey, Coverage] = {}
        self._new: list[tuple[object, ...]] = []
        self._tallies: Counter[tuple[str, str, str, str]] = Counter()

    def __enter__(self) -> Self:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._lock_file = os.open(f"{self._path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._release()
            raise SinkStoreError(f"another receiver holds {self._path}; stop it or name another file") from error
        except OSError as error:
            self._release()
            raise SinkStoreError(f"{self._path} cannot be opened: {error.strerror}") from error
        try:
            with usable(self._path):
                self._open()
        except SinkStoreError:
            self._release()
            raise
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._release()

    def commit(
        self,
        events: Sequence[ReceivedEvent],
        *,
        rejected: Sequence[RejectedMessage] = (),
        presences: Sequence[NodePresence] = (),
    ) -> Mapping[LaneKey, int]:
        """Store a batch in one durable transaction; an event that is there already has no second effect.

        Returns:
            For each lane that the batch touched: the number up to which it may be acknowledged.

        Raises:
            SinkStoreError: nothing of the batch was stored and nothing of it may be acknowledged.
        """
        touched: set[LaneKey] = set()
        received_at = datetime.now(UTC).isoformat()
        try:
            with usable(self._path), self._db.atomic():
                for message in rejected:
                    self._refuse(message, received_at)
                for event in events:
                    touched |= self._apply(event, received_at)
                self._write_new()
                for presence in presences:
                    touched |= self._note(presence, received_at)
                self._write_coverage(touched)
        except SinkStoreError:
            # What memory counted was rolled back on disk.
            self._coverage.clear()
            self._new, self._tallies = [], Counter()
            raise
        return {key: self._lane(key).ack_upto for key in touched}

    def missing(self, key: LaneKey) -> int | None:
        """First number of a lane that did not come though a later one did; None: there is none."""
        lane = self._lane(key)
        upto = lane.ack_upto
        return upto + 1 if upto < lane.max else None

    @property
    def _db(self) -> Database:
        if self._database is None:
            raise SinkStoreError(f"{self._path} is not open")
        return self._database

    def _open(self) -> None:
        self._database = database = Database(self._path, execute_plugins=False)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        version = int(database.execute("PRAGMA user_version").fetchone()[0])
        if version == 0:
            database.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {_SCHEMA_VERSION}; COMMIT;")
        elif version != _SCHEMA_VERSION:
            raise SinkStoreError(f"{self._path} has version {version}; this program knows {_SCHEMA_VERSION}")

    def _release(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None
        if self._lock_file is not None:
            os.close(self._lock_file)
            self._lock_file = None

    def _apply(self, event: ReceivedEvent, received_at: str) -> set[LaneKey]:
        row, record = event.row, event.row.record
        key = LaneKey(event.node, row.epoch, row.lane)
        lane = self._lane(key)
        if row.seq in lane.received:
            self._repeated(lane, event, received_at)
            return {key}
        self._new.append((
            *key_columns(key), row.seq, record.kind, record.source, record.occurred_at.isoformat(), received_at,
            record.mono_s, record.boot_id, record.time_quality, record.data_class, record.policy_version,
            record.traceparent, event.payload.decode(), event.digest,
        ))  # fmt: skip
        self._tallies[event.node.tenant, event.node.store, event.node.node, record.kind] += 1
        lane.received.add(row.seq)
        return {key} | (self._declare(event, received_at) if record.kind == GAP_KIND else set())

    def _write_new(self) -> None:
        new, self._new = self._new, []
        tallies, self._tallies = self._tallies, Counter()
        self._db.conn.executemany(_INSERT_EVENT, new)
        self._db.conn.executemany(_ADD_TALLY, [(*names, count) for names, count in tallies.items()])

    def _declare(self, event: ReceivedEvent, received_at: str) -> set[LaneKey]:
        try:
            gap = parse_gap(event.row.record.data)
        except MessageInvalidError as error:
            self._refuse(RejectedMessage(event.row.id, str(error), event.payload), received_at)
            return set()
        key = LaneKey(event.node, gap.epoch, gap.lane)
        self._lane(key).gaps.add(gap.first, gap.last)
        return {key}

    def _repeated(self, lane: Coverage, event: ReceivedEvent, received_at: str) -> None:
        key = LaneKey(event.node, event.row.epoch, event.row.lane)
        self._write_new()  # the first of the two may be in this very batch
        found = self._db.execute(
            "SELECT digest FROM events WHERE (tenant, store, node, epoch, lane, seq) = (?, ?, ?, ?, ?, ?)",
            (*key_columns(key), event.row.seq),
        ).fetchone()
        if found is not None and found[0] == event.digest:
            lane.duplicates += 1
            return
        lane.mismatches += 1
        self._db.execute(
            "INSERT INTO mismatches (received_at, event, kind, payload) VALUES (?, ?, ?, ?)",
            (received_at, f"{event.node.path} {event.row.id}", event.row.record.kind, event.payload[:_KEPT_BYTES]),
        )
        self._prune("mismatches")

    def _refuse(self, message: RejectedMessage, received_at: str) -> None:
        topic = message.topic[:512].encode(errors="replace").decode()
        self._db.execute(
            "INSERT INTO rejected (received_at, topic, reason, payload) VALUES (?, ?, ?, ?)",
            (received_at, topic, message.reason, message.payload[:_KEPT_BYTES]),
        )
        self._prune("rejected")

    def _prune(self, table: str) -> None:
        self._db.execute(f"DELETE FROM {table} WHERE id <= (SELECT max(id) FROM {table}) - {_KEPT_REFUSALS}")  # noqa: S608

    def _note(self, seen: NodePresence, received_at: str) -> set[LaneKey]:
        node, touched = seen.node, set()
        self._db.execute(
            "INSERT INTO nodes VALUES (?, ?, ?, ?, ?) ON CONFLICT (tenant, store, node)"
            " DO UPDATE SET is_online = excluded.is_online, since = excluded.since"
            " WHERE is_online <> excluded.is_online",
            (node.tenant, node.store, node.node, int(seen.presence.is_online), received_at),
        )
        for claim in seen.presence.claims:
            key = LaneKey(node, claim.epoch, claim.lane)
            lane = self._lane(key)
            if claim.upto > lane.claimed_upto:
                lane.claimed_upto = claim.upto
                touched.add(key)
        return touched

    def _lane(self, key: LaneKey) -> Coverage:
        if key not in self._coverage:
            self._coverage[key] = next(
                (lane for _, lane in read_coverage(self._db, "WHERE (tenant, store, node, epoch, lane) = "
                                                    "(?, ?, ?, ?, ?)", key_columns(key))), Coverage()
            )  # fmt: skip
        return self._coverage[key]

    def _write_coverage(self, keys: Iterable[LaneKey]) -> None:
        for key in keys:
            lane = self._lane(key)
            self._db.execute(
                "INSERT OR REPLACE INTO coverage VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *key_columns(key), json.dumps(list(lane.received)), json.dumps(list(lane.gaps)),
                    lane.claimed_upto, lane.duplicates, lane.mismatches,
                ),
            )  # fmt: skip


@contextmanager
def usable(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours.

    Raises:
        SinkStoreError: what SQLite said, with the file's name.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise SinkStoreError(f"{path} cannot be used: {error}") from error


def key_columns(key: LaneKey) -> tuple[str, str, str, str, str]:
    """Values of the columns tenant, store, node, epoch and lane."""
    return key.node.tenant, key.node.store, key.node.node, key.epoch, str(key.lane)


def read_coverage(
    database: Database, where: str = "", values: Sequence[str] = ()
) -> Iterator[tuple[LaneKey, Coverage]]:
    """Stored numbers of all lanes, or of those that ``where`` names, in order."""
    rows = database.execute(f"SELECT * FROM coverage {where} ORDER BY 1, 2, 3, 4, 5", values)  # noqa: S608 - own text
    for tenant, store, node, epoch, lane, received, gaps, claimed_upto, duplicates, mismatches in rows.fetchall():
        yield (
            LaneKey(NodeName(tenant, store, node), epoch, Lane(lane)),
            Coverage(
                IntervalSet(json.loads(received)), IntervalSet(json.loads(gaps)), claimed_upto, duplicates, mismatches
            ),
        )
