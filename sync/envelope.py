"""A record as an event on the wire: CloudEvents 1.0 over MQTT 5, binary mode.

Attributes travel as user properties, the data alone is the payload, so that a receiver can route without
parsing. Owns the members of an event and how they are written; `sync.received` reads them at the other end.
Stands between the outbox's rows and the link. Source: CloudEvents 1.0.2 with its MQTT binding 1.0.2.
"""

import math
from datetime import UTC
from typing import Annotated

import msgspec

from sync.errors import MessageInvalidError
from sync.link import Message
from sync.records import Lane, QueuedRecord
from sync.topics import NodeName

CONTENT_TYPE = "application/json"
MAX_PAYLOAD_BYTES = 96 * 1024
MAX_SEQ = 2**53 - 1

Data = dict[str, str | Annotated[int, msgspec.Meta(ge=-MAX_SEQ, le=MAX_SEQ)] | float | bool | None]
"""What an event may say: plain values, and no number that a reader of JSON may round (RFC 8259, 6)."""


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """An event's members, named and spelled as on the wire."""

    specversion: str
    id: str
    source: str
    type: str
    subject: str
    time: str
    bootid: str
    mono: str
    tq: str
    dclass: str
    polv: str
    data: Data
    key: str | None = None
    traceparent: str | None = None


ATTRIBUTES = tuple(name for name in Event.__struct_fields__ if name != "data")
_ENCODER = msgspec.json.Encoder(order="sorted")


def event_id(epoch: str, lane: Lane, seq: int) -> str:
    """``{epoch}:{lane}:{seq}``: unique without a clock."""
    return f"{epoch}:{lane}:{seq}"


def event_of(node: NodeName, row: QueuedRecord) -> Event:
    """A row's members."""
    record = row.record
    return Event(
        specversion="1.0",
        id=event_id(row.epoch, row.lane, row.seq),
        source=f"/{node.path}",
        type=f"backroom.{record.kind}.v1",
        subject=record.source,
        time=record.occurred_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        bootid=record.boot_id,
        mono=repr(record.mono_s),
        tq=record.time_quality,
        dclass=record.data_class,
        polv=record.policy_version,
        data=dict(record.data),
        key=record.key,
        traceparent=record.traceparent,
    )


def encode(node: NodeName, row: QueuedRecord) -> Message:
    """Put a row into its message; the same row gives the same bytes at every attempt.

    Raises:
        MessageInvalidError: the record holds something that JSON or the receiver cannot take.
    """
    event = event_of(node, row)
    payload = _written(event, event.data)
    named = ((name, getattr(event, name)) for name in ATTRIBUTES)
    properties = tuple((name, value) for name, value in named if value is not None)
    return Message(node.events(row.lane), payload, properties, CONTENT_TYPE)


def encode_event(node: NodeName, row: QueuedRecord) -> bytes:
    """A row in CloudEvents' JSON format, as it stands in a batch.

    Raises:
        MessageInvalidError: the record holds something that JSON cannot take.
    """
    event = event_of(node, row)
    return _written(event, event)


def _written(event: Event, contents: object) -> bytes:
    # The encoder writes null for a number that JSON does not have.
    if any(isinstance(value, float) and not math.isfinite(value) for value in event.data.values()):
        raise MessageInvalidError(f"data of {event.id} cannot be written as JSON")
    try:
        return dump_json(contents)
    except (TypeError, ValueError) as error:
        raise MessageInvalidError(f"data of {event.id} cannot be written as JSON") from error


def dump_json(contents: object) -> bytes:
    """The one way in which JSON is written here: compact, UTF-8, members in the order of their names."""
    return _ENCODER.encode(contents)
