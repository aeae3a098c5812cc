"""Many rows of one lane in one message, and how a message is taken apart again, single or batch.

Owns `br.batch.v1`: the JSON batch format of CloudEvents 1.0.2 (an array of events, each with its attributes and
``data``), compressed with Zstandard. A row is read as the same event either way, so it may be sent alone once and in
a batch the next time. A stranger's batch is bounded before it is unpacked.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from zstandard import ZstdCompressor, ZstdDecompressor, ZstdError, get_frame_parameters

from sync.envelope import MAX_PAYLOAD_BYTES, encode, encode_event
from sync.errors import MessageInvalidError
from sync.link import Message
from sync.received import ReceivedEvent, decode, parse_events, read_event
from sync.records import QueuedRecord
from sync.topics import NodeName

CONTENT_TYPE = "application/cloudevents-batch+json"
BATCH_PROPERTIES = (("type", "br.batch.v1"), ("contentencoding", "zstd"))
MAX_UNPACKED_BYTES = 1024 * 1024
MAX_BATCH_ROWS = 1000
_LEVEL = 3


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message with the rows that it carries: one, or several of one lane in rising order."""

    rows: tuple[QueuedRecord, ...]
    message: Message

    @property
    def sizes_bytes(self) -> list[int]:
        """What each row takes of the message; together they are the message."""
        share, rest = divmod(self.message.size_bytes, len(self.rows))
        return [share + rest, *[share] * (len(self.rows) - 1)]


def pack(node: NodeName, rows: Sequence[QueuedRecord], *, batch_rows: int) -> list[Parcel]:
    """Put rows into messages in their order; neighbours of one lane share one, at most ``batch_rows``.

    Raises:
        MessageInvalidError: a record holds something that JSON or the receiver cannot take.
    """
    return [parcel for run in _runs(rows, batch_rows) for parcel in _parcels(node, run)]


def _runs(rows: Sequence[QueuedRecord], most: int) -> Iterator[tuple[QueuedRecord, ...]]:
    run: list[QueuedRecord] = []
    for row in rows:
        is_next = bool(run) and (row.epoch, row.lane) == (run[-1].epoch, run[-1].lane) and row.seq > run[-1].seq
        if run and (not is_next or len(run) >= most):
            yield tuple(run)
            run = []
        run.append(row)
    if run:
        yield tuple(run)


def _parcels(node: NodeName, run: tuple[QueuedRecord, ...]) -> Iterator[Parcel]:
    if len(run) == 1:
        yield Parcel(run, encode(node, run[0]))
        return
    text = b"[%b]" % b",".join(encode_event(node, row) for row in run)
    packed = ZstdCompressor(level=_LEVEL).compress(text) if len(text) <= MAX_UNPACKED_BYTES else b""
    if packed and len(packed) <= MAX_PAYLOAD_BYTES:
        yield Parcel(run, Message(node.events(run[0].lane), packed, BATCH_PROPERTIES, CONTENT_TYPE))
        return
    middle = len(run) // 2
    yield from _parcels(node, run[:middle])
    yield from _parcels(node, run[middle:])


def unpack(message: Message) -> list[ReceivedEvent]:
    """The events of a message, trusting nothing; a batch is taken whole or not at all.

    Raises:
        MessageInvalidError: names what is wrong, without repeating the data.
    """
    if message.content_type != CONTENT_TYPE:
        return [decode(message)]
    if tuple(message.properties) != BATCH_PROPERTIES:
        raise MessageInvalidError("a batch must be of type br.batch.v1 and compressed with zstd")
    events = parse_events(_unpacked(message.payload))
    if not 1 <= len(events) <= MAX_BATCH_ROWS:
        raise MessageInvalidError(f"a batch must be a list of 1 to {MAX_BATCH_ROWS} events")
    return [read_event(message.topic, event) for event in events]


def _unpacked(payload: bytes) -> bytes:
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise MessageInvalidError("payload is too large")
    try:
        # The library sizes its answer by the frame's own claim and ignores a limit beside it.
        claimed_bytes = get_frame_parameters(payload).content_size
        if not 0 < claimed_bytes <= MAX_UNPACKED_BYTES:
            raise MessageInvalidError(f"a batch must say its size and unpack to at most {MAX_UNPACKED_BYTES} bytes")
        unpacked: bytes = ZstdDecompressor().decompress(payload, allow_extra_data=False)
    except ZstdError as error:
        raise MessageInvalidError("payload is not Zstandard") from error
    return unpacked
