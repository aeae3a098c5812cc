"""Head office's small database: every event once, what is missing, and what was refused.

Owns one SQLite file (WAL, FULL) with one writer, kept single by a lock file. A batch is one transaction: events,
their effects and the numbers they cover together, so that an acknowledgement never speaks of more than is on the
disk. Readers open it apart, through `sync.cloud.sink_reader_store`.
"""

import fcntl
import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlite_utils import Database

from sync.cloud.coverage import GAP_KIND, Coverage, LaneKey, parse_gap
from sync.cloud.intervals import IntervalSet
from sync.cloud.sink_schema import key_columns, open_for_writing, read_coverage, usable
from sync.envelope import dump_json
from sync.errors import MessageInvalidError, SinkBusyError, SinkStoreError
from sync.presence import Presence
from sync.received import ReceivedEvent
from sync.topics import NodeName

_KEPT_REFUSALS = 10_000
_KEPT_BYTES = 4_096
_NUMBERING = attrgetter("node", "epoch", "lane")
"""What an event is numbered by."""
_INSERT_EVENT = """
INSERT INTO events (tenant, store, node, epoch, lane, seq, kind, source, occurred_at, received_at, mono_s, boot_id,
    time_quality, data_class, policy_version, traceparent, data)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_SAME_EVENT = """
SELECT kind, source, occurred_at, mono_s, boot_id, time_quality, data_class, policy_version, data FROM events
WHERE (tenant, store, node, epoch, lane, seq) = (?, ?, ?, ?, ?, ?)
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
        SinkBusyError: another receiver holds the file.
        SinkStoreError: it cannot be opened, or is of a later version.
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
            raise SinkBusyError(f"another receiver holds {self._path}; stop it or name another file") from error
        except OSError as error:
            self._release()
            raise SinkStoreError(f"{self._path} cannot be opened: {error.strerror}") from error
        try:
            self._database = open_for_writing(self._path)
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
                for numbering, run in groupby(events, _NUMBERING):
                    touched |= self._apply(LaneKey(*numbering), list(run), received_at)
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

    def _release(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None
        if self._lock_file is not None:
            os.close(self._lock_file)
            self._lock_file = None

    def _apply(self, key: LaneKey, events: Sequence[ReceivedEvent], received_at: str) -> set[LaneKey]:
        """Neighbours of one lane."""
        lane, touched = self._lane(key), {key}
        new, repeated = _split(lane.received, events)
        self._new += [_columns(key, event, received_at) for event in new]
        for kind, count in Counter(event.context.kind for event in new).items():
            self._tallies[key.node.tenant, key.node.store, key.node.node, kind] += count
        for event in new:
            if event.context.kind == GAP_KIND:
                touched |= self._declare(event, received_at)
        if repeated:
            self._write_new()  # the first of the two may be in this very batch
        for event in repeated:
            self._compare(key, event, received_at)
        return touched

    def _write_new(self) -> None:
        new, self._new = self._new, []
        tallies, self._tallies = self._tallies, Counter()
        self._db.conn.executemany(_INSERT_EVENT, new)
        self._db.conn.executemany(_ADD_TALLY, [(*names, count) for names, count in tallies.items()])

    def _declare(self, event: ReceivedEvent, received_at: str) -> set[LaneKey]:
        try:
            gap = parse_gap(event.data)
        except MessageInvalidError as error:
            self._refuse(RejectedMessage(event.id, str(error), dump_json(event.data)), received_at)
            return set()
        key = LaneKey(event.node, gap.epoch, gap.lane)
        self._lane(key).gaps.add(gap.first, gap.last)
        return {key}

    def _compare(self, key: LaneKey, event: ReceivedEvent, received_at: str) -> None:
        """A number that came before: the same event again, or another one, which is kept apart."""
        lane, payload = self._lane(key), dump_json(event.data)
        found = self._db.execute(_SAME_EVENT, (*key_columns(key), event.seq)).fetchone()
        if found is not None and (*found[:-1], dump_json(json.loads(found[-1]))) == (*_fixed(event), payload):
            lane.duplicates += 1
            return
        lane.mismatches += 1
        self._db.execute(
            "INSERT INTO mismatches (received_at, event, kind, payload) VALUES (?, ?, ?, ?)",
            (received_at, f"{event.node.path} {event.id}", event.context.kind, payload[:_KEPT_BYTES]),
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


def _split(
    received: IntervalSet, events: Sequence[ReceivedEvent]
) -> tuple[Sequence[ReceivedEvent], Sequence[ReceivedEvent]]:
    """Events that are new here, whose numbers are noted as received, and those that are not."""
    first, last = events[0].seq, events[-1].seq
    is_run = last - first == len(events) - 1 and [event.seq for event in events] == list(range(first, last + 1))
    if is_run and not received.has_any(first, last):
        received.add(first, last)
        return events, ()
    new, repeated = [], []
    for event in events:
        if event.seq in received:
            repeated.append(event)
        else:
            received.add(event.seq)
            new.append(event)
    return new, repeated


def _columns(key: LaneKey, event: ReceivedEvent, received_at: str) -> tuple[object, ...]:
    kind, source, occurred_at, *rest = _fixed(event)
    return (
        *key_columns(key), event.seq, kind, source, occurred_at, received_at, *rest, event.traceparent,
        dump_json(event.data).decode(),
    )  # fmt: skip


def _fixed(event: ReceivedEvent) -> tuple[str | float, ...]:
    """What may not change when an event is sent again, its data apart; a trace may be continued."""
    shared = event.context
    return (
        shared.kind, shared.source, event.occurred_at.isoformat(), event.mono_s, shared.boot_id, shared.time_quality,
        shared.data_class, shared.policy_version,
    )  # fmt: skip
