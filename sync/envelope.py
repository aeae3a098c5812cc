"""A record as an event on the wire: CloudEvents 1.0 over MQTT 5, binary mode.

Attributes travel as user properties, the data alone is the payload, so that a receiver can route without
parsing. Owns encoding and strict decoding; refuses whatever is not exactly the contract, with the reason.
Stands between the outbox's rows and the link, at both ends. Source: CloudEvents 1.0.2 with its MQTT binding 1.0.2.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from sync.errors import MessageInvalidError
from sync.link import Message
from sync.records import Lane, OutgoingRecord, QueuedRecord, Scalar
from sync.topics import Channel, NodeName, parse_topic

CONTENT_TYPE = "application/json"
MAX_PAYLOAD_BYTES = 96 * 1024
MAX_SEQ = 2**53 - 1

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
_TYPE = re.compile(r"backroom\.([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*)\.v1")
_SEQ = re.compile(r"[1-9][0-9]{0,15}")
_HALF_PAIR = re.compile(r"[\ud800-\udfff]")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_DATA = json.JSONEncoder(allow_nan=False, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
_REQUIRED = ("specversion", "id", "source", "type", "subject", "time", "bootid", "mono", "tq", "dclass", "polv")
_OPTIONAL = ("key", "traceparent")
_DATA_CLASSES = ("public", "internal")
_TIME_QUALITIES = ("synced", "unsynced")


@dataclass(frozen=True, slots=True)
class ReceivedEvent:
    """A decoded event with the node whose topic it came on."""

    node: NodeName
    row: QueuedRecord
    payload: bytes
    digest: bytes
    """Fingerprint of all that may not change when a row is sent again."""


def event_id(epoch: str, lane: Lane, seq: int) -> str:
    """``{epoch}:{lane}:{seq}``: unique without a clock."""
    return f"{epoch}:{lane}:{seq}"


def encode(node: NodeName, row: QueuedRecord) -> Message:
    """Put a row into its message; the same row gives the same bytes at every attempt.

    Raises:
        MessageInvalidError: the record holds something that JSON or the receiver cannot take.
    """
    return Message(node.events(row.lane), encode_data(row).encode(), tuple(attributes_of(node, row)), CONTENT_TYPE)


def attributes_of(node: NodeName, row: QueuedRecord) -> list[tuple[str, str]]:
    """The event's context attributes, in a fixed order."""
    record = row.record
    attributes = [
        ("specversion", "1.0"),
        ("id", row.id),
        ("source", f"/{node.path}"),
        ("type", f"backroom.{record.kind}.v1"),
        ("subject", record.source),
        ("time", record.occurred_at.astimezone(UTC).isoformat().replace("+00:00", "Z")),
        ("bootid", record.boot_id),
        ("mono", repr(record.mono_s)),
        ("tq", record.time_quality),
        ("dclass", record.data_class),
        ("polv", record.policy_version),
    ]
    if record.key is not None:
        attributes.append(("key", record.key))
    if record.traceparent is not None:
        attributes.append(("traceparent", record.traceparent))
    return attributes


def encode_data(row: QueuedRecord) -> str:
    """The event's data as JSON, members in the order of their names.

    Raises:
        MessageInvalidError: the record holds something that JSON cannot take.
    """
    try:
        text = dump_data(row.record.data)
        text.encode()
    except (TypeError, ValueError) as error:
        raise MessageInvalidError(f"data of {row.id} cannot be written as JSON") from error
    return text


def dump_data(data: Mapping[str, Scalar]) -> str:
    """The one way in which an event's data are written; a fingerprint hangs on it."""
    return _DATA.encode(dict(data))


def decode(message: Message) -> ReceivedEvent:
    """Take an event apart, trusting nothing.

    Raises:
        MessageInvalidError: names what is wrong, without repeating the data.
    """
    if message.content_type != CONTENT_TYPE:
        raise MessageInvalidError(f"content type must be {CONTENT_TYPE}")
    attributes = dict(message.properties)
    if len(attributes) != len(message.properties):
        raise MessageInvalidError("an attribute is given twice")
    return read_event(message.topic, attributes, _parse_data(message.payload), message.payload)


def read_event(topic: str, attributes: Mapping[str, str], data: Mapping[str, Scalar], payload: bytes) -> ReceivedEvent:
    """Check the attributes of an event against the contract and the topic it came on; ``data`` are checked already.

    Raises:
        MessageInvalidError: names what is wrong, without repeating the data.
    """
    place = parse_topic(topic)
    if place.channel is not Channel.EVENT or place.lane is None:
        raise MessageInvalidError("not an event topic")
    _check_required(attributes)
    if attributes["source"] != f"/{place.node.path}":
        raise MessageInvalidError("source is not the node whose topic this is")
    epoch, lane, seq = _parse_id(attributes["id"])
    if lane is not place.lane:
        raise MessageInvalidError("id names another lane than the topic")
    record = _record(lane, attributes, data)
    return ReceivedEvent(place.node, QueuedRecord(epoch, lane, seq, record), payload, _digest(attributes, payload))


def _check_required(attributes: Mapping[str, str]) -> None:
    missing = [name for name in _REQUIRED if not attributes.get(name)]
    if missing:
        raise MessageInvalidError(f"attribute {missing[0]} is missing")
    if attributes["specversion"] != "1.0":
        raise MessageInvalidError("specversion must be 1.0")


def _parse_id(text: str) -> tuple[str, Lane, int]:
    epoch, lane, seq = (["", "", "", *text.rsplit(":", 2)])[-3:]
    if not _NAME.fullmatch(epoch) or lane not in tuple(Lane) or not _SEQ.fullmatch(seq) or int(seq) > MAX_SEQ:
        raise MessageInvalidError("id must be epoch:lane:sequence")
    return epoch, Lane(lane), int(seq)


def _record(lane: Lane, attributes: Mapping[str, str], data: Mapping[str, Scalar]) -> OutgoingRecord:
    kind = _TYPE.fullmatch(attributes["type"])
    if kind is None:
        raise MessageInvalidError("type must be backroom.<kind>.v1")
    for name in ("subject", "bootid", "polv"):
        _demand(_NAME.fullmatch(attributes[name]) is not None, f"{name} is not a name")
    _demand(attributes["tq"] in _TIME_QUALITIES, "tq must be synced or unsynced")
    _demand(attributes["dclass"] in _DATA_CLASSES, "dclass may only be public or internal")
    key, traceparent = (attributes.get(name) for name in _OPTIONAL)
    _demand(key is None or _NAME.fullmatch(key) is not None, "key is not a name")
    _demand(traceparent is None or _TRACEPARENT.fullmatch(traceparent) is not None, "traceparent is malformed")
    return OutgoingRecord(
        lane=lane,
        kind=kind[1],
        source=attributes["subject"],
        occurred_at=_parse_time(attributes["time"]),
        mono_s=_parse_seconds(attributes["mono"]),
        boot_id=attributes["bootid"],
        time_quality=attributes["tq"],
        data_class=attributes["dclass"],
        policy_version=attributes["polv"],
        data=data,
        key=key,
        traceparent=traceparent,
    )


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


def _parse_data(payload: bytes) -> dict[str, Scalar]:
    _demand(len(payload) <= MAX_PAYLOAD_BYTES, "payload is too large")
    return check_data(parse_json(payload))


def parse_json(payload: bytes) -> Any:
    """Read JSON in which no object names a field twice.

    Raises:
        MessageInvalidError: it is none.
    """
    try:
        return json.loads(payload.decode(), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise MessageInvalidError("payload is not JSON") from error


def check_data(data: object) -> dict[str, Scalar]:
    """An event's data: an object of plain values.

    Raises:
        MessageInvalidError: it is something else.
    """
    if not isinstance(data, dict):
        raise MessageInvalidError("payload is not an object")
    for name, value in data.items():
        _demand(_is_storable(name) and _is_scalar(value), "payload holds more than plain values")
    return data


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    _demand(len(found) == len(pairs), "payload names a field twice")
    return found


def _is_scalar(value: object) -> bool:
    if isinstance(value, str):
        return _is_storable(value)
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, bool) or (isinstance(value, int) and abs(value) <= MAX_SEQ)


def _is_storable(text: str) -> bool:
    # JSON may spell half a surrogate pair, which no database or log can write.
    return _HALF_PAIR.search(text) is None


def _digest(attributes: Mapping[str, str], payload: bytes) -> bytes:
    # A trace may be continued by another attempt; it is no part of what happened in the shop.
    fixed = sorted(item for item in attributes.items() if item[0] != "traceparent")
    return blake2b(json.dumps(fixed).encode() + b"\n" + payload, digest_size=16).digest()
