"""Shapes of the store's rows: what a producer hands to the writer, and what readers get back.

A draft is a fact made ready in its producer's thread (judged, written as JSON, checksummed), so that the writer's
time goes to the disk. Every body carries a checksum: SQLite has none, and a flipped bit must not become a fact.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec
from pydantic_core import to_json

from edge.egress import Disposition, Verdict
from edge.facts import DataClass, EgressDeniedFact, Fact, ShelfCountFact
from sync.records import Lane, OutgoingRecord, Scalar

_UNIX = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_RECORD = msgspec.json.Decoder(tuple[str, str, datetime, float, str, str, str, str, dict[str, Scalar]])


class Draft(NamedTuple):
    """One fact ready to be written; ``record`` is None when nothing of it leaves."""

    columns: tuple[str, str, int, str, str, str]
    """Kind, source, time, data class, lane and disposition as the table has them: plain strings bind fastest."""
    kind: str
    source: str
    at_us: int
    lane: Lane
    body: str
    record: str | None = None
    key: str | None = None
    slot: str | None = None
    denied: tuple[str, str] | None = None
    """Kind and detector of a tombstone, under which unsent ones are added up."""
    hits: int = 0


@dataclass(frozen=True, slots=True)
class StoredFact:
    """A fact as it lies in the store."""

    id: int
    kind: str
    source: str
    at: datetime
    body: Mapping[str, Any]
    disposition: Disposition
    record_id: str | None
    """Event id of its record, ``{epoch}:{lane}:{seq}``, where one was made."""


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One record that left the shop."""

    id: int
    record_id: str
    kind: str
    fields: Sequence[str]
    policy_version: str
    first_sent_at: datetime
    last_sent_at: datetime
    sends: int
    bytes: int
    """Bytes on the wire over all sends."""


@dataclass(frozen=True, slots=True)
class LedgerTotal:
    """What left the shop of one kind, as far back as the ledger goes."""

    kind: str
    records: int
    bytes: int
    fields: Sequence[str]
    """Fields of the newest record."""


@dataclass(frozen=True, slots=True)
class HeldBack:
    """Facts of one kind of which nothing left, as far back as facts are kept."""

    kind: str
    disposition: Disposition
    records: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class StoreStats:
    """How the store is, for the console and `backroom status`."""

    facts: int
    by_kind: Mapping[str, int]
    pending: Mapping[Lane, int]
    """Outbox rows per lane over all epochs."""
    size_bytes: int
    fill: float
    """Share of the room that the store could have which is used."""
    disk_free_share: float
    room: str
    """``ok``, ``trimming``, ``refusing`` (only lane p0 is taken) or ``full`` (ballast released)."""
    last_commit_ms: float
    epoch: str
    quick_check: str
    """``ok``, or what the check at the last start or salvage said."""
    damaged_rows: int
    """Rows whose checksum did not match since the start; each is declared or left out, never shown."""


def draft_of(fact: Fact, verdict: Verdict, data_class: DataClass) -> Draft:
    """Make a fact ready for the writer."""
    record = verdict.record
    at_us = to_us(fact.at)
    words = (data_class.value, fact.lane.value, verdict.disposition.value)
    return Draft(
        columns=(fact.kind, fact.source, at_us, *words),
        kind=fact.kind,
        source=fact.source,
        at_us=at_us,
        lane=fact.lane,
        body=fact.model_dump_json(),
        record=None if record is None else encode_record(record),
        key=None if record is None else record.key,
        slot=fact.slot if isinstance(fact, ShelfCountFact) else None,
        denied=(fact.denied_kind, fact.detector) if isinstance(fact, EgressDeniedFact) else None,
        hits=fact.hits if isinstance(fact, EgressDeniedFact) else 0,
    )


def encode_record(record: OutgoingRecord) -> str:
    """Write a record as JSON; its lane and key lie in other columns."""
    columns = (
        record.kind,
        record.source,
        record.occurred_at,
        record.mono_s,
        record.boot_id,
        record.time_quality,
        record.data_class,
        record.policy_version,
        record.data,
    )
    return to_json(columns).decode()


def decode_record(text: str, lane: Lane, key: str | None) -> OutgoingRecord:
    """Read a stored record back."""
    kind, source, occurred_at, mono_s, boot_id, time_quality, data_class, policy_version, data = _RECORD.decode(text)
    return OutgoingRecord(
        lane=lane,
        kind=kind,
        source=source,
        occurred_at=occurred_at,
        mono_s=mono_s,
        boot_id=boot_id,
        time_quality=time_quality,
        data_class=data_class,
        policy_version=policy_version,
        data=data,
        key=key,
    )


def checksum(number: int, text: str) -> int:
    """CRC-32 over a row's number and text, so that a row in the wrong place is found as well."""
    return zlib.crc32(text.encode(), number & 0xFFFFFFFF)


def to_us(at: datetime) -> int:
    """Microseconds since 1970 of an aware time."""
    return (at - _UNIX) // _MICROSECOND


def from_us(at_us: int) -> datetime:
    """Aware UTC time of microseconds since 1970."""
    return _UNIX + at_us * _MICROSECOND
