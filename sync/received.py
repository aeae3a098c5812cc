"""An event as it arrived: read strictly, refused with the reason where it is not exactly the contract.

What many events of a node share is checked once and remembered; types and bounds are checked while JSON is read.
Never repeats data in an error. Stands between the link and whoever commits, at head office's end.
"""

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec

from sync.envelope import ATTRIBUTES, CONTENT_TYPE, MAX_PAYLOAD_BYTES, MAX_SEQ, Data, Event, dump_json, event_id
from sync.errors import MessageInvalidError
from sync.link import Message
from sync.records import Lane, OutgoingRecord, QueuedRecord, Scalar
from sync.topics import Channel, NodeName, parse_topic

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
_TYPE = re.compile(r"backroom\.([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*)\.v1")
_SEQ = re.compile(r"[1-9][0-9]{0,15}")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_DATA_CLASSES = ("public", "internal")
_TIME_QUALITIES = ("synced", "unsynced")
_REMEMBERED = 4096
"""Sets of shared attributes that are known to be right: some for each camera of each node."""
_DATA = msgspec.json.Decoder(Data)
_EVENTS = msgspec.json.Decoder(list[Event])


class Context(msgspec.Struct, frozen=True):
    """What many events of a node share."""

    kind: str
    source: str
    boot_id: str
    time_quality: str
    data_class: str
    policy_version: str
    key: str | None


class ReceivedEvent(msgspec.Struct, frozen=True):
    """A decoded event with the node whose topic it came on; a struct, because a busy receiver makes 30,000 a second."""

    node: NodeName
    epoch: str
    lane: Lane
    seq: int
    context: Context
    occurred_at: datetime
    """Aware, UTC."""
    mono_s: float
    data: dict[str, Scalar]
    traceparent: str | None

    @property
    def id(self) -> str:
        """Event id."""
        return event_id(self.epoch, self.lane, self.seq)

    @property
    def row(self) -> QueuedRecord:
        """The event as its node's outbox had it."""
        shared = self.context
        record = OutgoingRecord(
            lane=self.lane,
            kind=shared.kind,
            source=shared.source,
            occurred_at=self.occurred_at,
            mono_s=self.mono_s,
            boot_id=shared.boot_id,
            time_quality=shared.time_quality,
            data_class=shared.data_class,
            policy_version=shared.policy_version,
            data=self.data,
            key=shared.key,
            traceparent=self.traceparent,
        )
        return QueuedRecord(self.epoch, self.lane, self.seq, record)


def decode(message: Message) -> ReceivedEvent:
    """Take an event apart that travelled alone, trusting nothing.

    Raises:
        MessageInvalidError: names what is wrong, without repeating the data.
    """
    if message.content_type != CONTENT_TYPE:
        raise MessageInvalidError(f"content type must be {CONTENT_TYPE}")
    attributes = dict(message.properties)
    if len(attributes) != len(message.properties):
        raise MessageInvalidError("an attribute is given twice")
    _demand(len(message.payload) <= MAX_PAYLOAD_BYTES, "payload is too large")
    members = {name: attributes[name] for name in ATTRIBUTES if name in attributes}
    try:
        event = Event(**members, data=_parse(message.payload, _DATA))
    except TypeError as error:
        missing = next(name for name in ATTRIBUTES if name not in members)
        raise MessageInvalidError(f"attribute {missing} is missing") from error
    return read_event(message.topic, event)


def parse_events(text: bytes) -> list[Event]:
    """The events of a batch's text; their members are of the right types and not checked further.

    Raises:
        MessageInvalidError: names what is wrong, without repeating the data.
    """
    events: list[Event] = _parse(text, _EVENTS)
    return events


def _parse(text: bytes, decoder: "msgspec.json.Decoder[Any]") -> Any:
    try:
        found = decoder.decode(text)
        if dump_json(found) != text:
            # Not written as we write it, so only a look at each pair can tell whether a member is named twice.
            json.loads(text, object_pairs_hook=_unique)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        # The library's words name the place and the type that was expected, never a value.
        what = error if isinstance(error, msgspec.ValidationError) else "not JSON"
        raise MessageInvalidError(f"payload cannot be taken: {what}") from error
    return found


def _unique(pairs: list[tuple[str, Any]]) -> Mapping[str, Any]:
    found = dict(pairs)
    _demand(len(found) == len(pairs), "payload names a field twice")
    return found


def read_event(topic: str, event: Event) -> ReceivedEvent:
    """Check an event against the contract and the topic it came on.

    Raises:
        MessageInvalidError: names what is wrong, without repeating the data.
    """
    place = parse_topic(topic)
    if place.channel is not Channel.EVENT or place.lane is None:
        raise MessageInvalidError("not an event topic")
    _demand(event.specversion == "1.0", "specversion must be 1.0")
    _demand(event.source == f"/{place.node.path}", "source is not the node whose topic this is")
    numbering, _, seq = event.id.rpartition(":")
    epoch, lane = _numbering(numbering)
    _demand(_SEQ.fullmatch(seq) is not None and int(seq) <= MAX_SEQ, "id must be epoch:lane:sequence")
    _demand(lane is place.lane, "id names another lane than the topic")
    trace = event.traceparent
    _demand(trace is None or _TRACEPARENT.fullmatch(trace) is not None, "traceparent is malformed")
    shared = _context(event.type, event.subject, event.bootid, event.tq, event.dclass, event.polv, event.key)
    at, mono_s = _parse_time(event.time), _parse_seconds(event.mono)
    return ReceivedEvent(place.node, epoch, lane, int(seq), shared, at, mono_s, event.data, trace)


@lru_cache(_REMEMBERED)
def _numbering(text: str) -> tuple[str, Lane]:
    epoch, _, lane = text.rpartition(":")
    _demand(_NAME.fullmatch(epoch) is not None and lane in tuple(Lane), "id must be epoch:lane:sequence")
    return epoch, Lane(lane)


@lru_cache(_REMEMBERED)
def _context(
    kind: str, subject: str, boot_id: str, time_quality: str, data_class: str, policy: str, key: str | None
) -> Context:
    """Check what events share; an error is not remembered."""
    typed = _TYPE.fullmatch(kind)
    if typed is None:
        raise MessageInvalidError("type must be backroom.<kind>.v1")
    for name, value in (("subject", subject), ("bootid", boot_id), ("polv", policy), ("key", key)):
        _demand(value is None or _NAME.fullmatch(value) is not None, f"{name} is not a name")
    _demand(time_quality in _TIME_QUALITIES, "tq must be synced or unsynced")
    _demand(data_class in _DATA_CLASSES, "dclass may only be public or internal")
    return Context(typed[1], subject, boot_id, time_quality, data_class, policy, key)


def _demand(is_so: bool, otherwise: str) -> None:
    if not is_so:
        raise MessageInvalidError(otherwise)


def _parse_time(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise MessageInvalidError("time is not RFC 3339") from error
    _demand(at.tzinfo is not None, "time has no zone")
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise MessageInvalidError("time is out of range") from error


def _parse_seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError as error:
        raise MessageInvalidError("mono is not a number") from error
    _demand(math.isfinite(seconds), "mono is not finite")
    return seconds
