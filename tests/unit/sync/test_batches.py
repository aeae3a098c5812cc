import json
from random import Random
from string import ascii_letters

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zstandard import ZstdCompressor

from sync.batches import BATCH_PROPERTIES, CONTENT_TYPE, MAX_BATCH_ROWS, MAX_UNPACKED_BYTES, pack, unpack
from sync.envelope import MAX_PAYLOAD_BYTES, encode
from sync.errors import MessageInvalidError
from sync.link import Message
from sync.received import decode
from sync.records import Lane, QueuedRecord
from sync.topics import NodeName
from tests.integration.sync.fakes import record

NODE = NodeName("acme", "store-7", "node.1")
TOPIC = NODE.events(Lane.P1)


def row(seq: int, lane: Lane = Lane.P1, epoch: str = "e1", **data: object) -> QueuedRecord:
    return QueuedRecord(epoch, lane, seq, record(lane, seq, data=data or None))


def rows(*seqs: int) -> list[QueuedRecord]:
    return [row(seq) for seq in seqs]


def batch(contents: object) -> Message:
    return wrapped(json.dumps(contents).encode())


def wrapped(text: bytes) -> Message:
    return Message(TOPIC, ZstdCompressor().compress(text), BATCH_PROPERTIES, CONTENT_TYPE)


def as_sent(seq: int = 1) -> dict[str, object]:
    message = encode(NODE, row(seq))
    return dict(message.properties) | {"data": json.loads(message.payload)}


def twice(member: str) -> bytes:
    text = json.dumps([as_sent()], separators=(",", ":"))
    assert text.count(member) == 1
    return text.replace(member, f"{member},{member}").encode()


def test_rows_come_back_as_the_events_that_they_are_alone():
    sent = rows(1, 2, 5, 9)
    (parcel,) = pack(NODE, sent, batch_rows=200)
    assert unpack(parcel.message) == [decode(encode(NODE, one)) for one in sent]


def test_a_single_row_travels_as_it_always_did():
    (parcel,) = pack(NODE, rows(4), batch_rows=200)
    assert parcel.message == encode(NODE, row(4))
    assert unpack(parcel.message) == [decode(parcel.message)]


def test_a_hundred_rows_take_a_fraction_of_their_bytes():
    sent = rows(*range(1, 101))
    (parcel,) = pack(NODE, sent, batch_rows=200)
    assert parcel.message.size_bytes * 10 < sum(encode(NODE, one).size_bytes for one in sent)
    assert sum(parcel.sizes_bytes) == parcel.message.size_bytes


@given(
    st.lists(st.tuples(st.sampled_from(["e1", "e2"]), st.sampled_from(Lane), st.integers(1, 9)), max_size=30),
    st.integers(1, 7),
)
def test_messages_keep_the_order_and_never_mix_lanes(numbers, most):
    sent = [row(seq, lane, epoch) for epoch, lane, seq in numbers]
    parcels = pack(NODE, sent, batch_rows=most)
    assert [one for parcel in parcels for one in parcel.rows] == sent
    for parcel in parcels:
        seqs = [one.seq for one in parcel.rows]
        assert seqs == sorted(set(seqs))
        assert len({(one.epoch, one.lane) for one in parcel.rows}) == 1
        assert len(seqs) <= most


def test_what_is_too_long_for_one_message_is_divided():
    random = Random(7)
    sent = [row(seq, note="".join(random.choices(ascii_letters, k=40_000))) for seq in range(1, 9)]
    parcels = pack(NODE, sent, batch_rows=200)
    assert len(parcels) > 1
    assert all(len(parcel.message.payload) <= MAX_PAYLOAD_BYTES for parcel in parcels)
    assert [event.row for parcel in parcels for event in unpack(parcel.message)] == sent


@pytest.mark.parametrize(
    ("message", "complaint"),
    [
        pytest.param(Message(TOPIC, b"[]", BATCH_PROPERTIES, CONTENT_TYPE), "not Zstandard", id="not compressed"),
        pytest.param(Message(TOPIC, b"", BATCH_PROPERTIES, CONTENT_TYPE), "not Zstandard", id="empty"),
        pytest.param(
            Message(TOPIC, b"x" * (MAX_PAYLOAD_BYTES + 1), BATCH_PROPERTIES, CONTENT_TYPE), "large", id="long"
        ),
        pytest.param(Message(TOPIC, b"", (("type", "br.batch.v2"),), CONTENT_TYPE), "br.batch.v1", id="next version"),
        pytest.param(wrapped(b"0" * (MAX_UNPACKED_BYTES + 1)), "unpack to at most", id="bomb"),
        pytest.param(wrapped(b"{"), "cannot be taken", id="no JSON"),
        pytest.param(batch({}), "`array`", id="no list"),
        pytest.param(batch([]), "list of 1 to", id="nothing in it"),
        pytest.param(batch([as_sent()] * (MAX_BATCH_ROWS + 1)), "list of 1 to", id="too many"),
        pytest.param(batch([1]), "`object`", id="no event"),
        pytest.param(batch([as_sent() | {"data": [1]}]), "`object`", id="data is a list"),
        pytest.param(batch([as_sent() | {"data": {"a": [1]}}]), "got `array`", id="nested data"),
        pytest.param(wrapped(twice('"units":1')), "twice", id="a field twice"),
        pytest.param(wrapped(twice('"tq":"synced"')), "twice", id="an attribute twice"),
        pytest.param(batch([as_sent() | {"data": {"a": 2**64}}]), "int", id="a number of 65 bits"),
        pytest.param(batch([as_sent() | {"data": {"a": 10**30}}]), "int", id="a number of 100 bits"),
        pytest.param(batch([as_sent() | {"mono": 1.5}]), "mono", id="attribute of another type"),
        pytest.param(batch([as_sent() | {"id": "e1:p0:1"}]), "another lane", id="another lane"),
        pytest.param(batch([as_sent() | {"source": "/acme/store-8/node.1"}]), "source", id="another node"),
        pytest.param(batch([as_sent(1), as_sent(2) | {"dclass": "personal"}]), "dclass", id="the second one is wrong"),
    ],
)
def test_a_wrong_batch_is_refused_whole_with_its_reason(message, complaint):
    with pytest.raises(MessageInvalidError, match=complaint):
        unpack(message)


def test_a_batch_may_be_written_with_spaces_and_in_another_order():
    shuffled = dict(reversed(list(as_sent().items())))
    assert unpack(wrapped(json.dumps([shuffled], indent=1).encode())) == [decode(encode(NODE, row(1)))]


def test_a_frame_that_hides_its_size_is_refused():
    writer = ZstdCompressor().compressobj()
    hidden = writer.compress(b"[]") + writer.flush()
    with pytest.raises(MessageInvalidError, match="say its size"):
        unpack(Message(TOPIC, hidden, BATCH_PROPERTIES, CONTENT_TYPE))


@given(st.binary(max_size=300), st.integers(0, 299), st.integers(0, 255))
def test_no_damaged_batch_is_taken_for_something_else(noise, at, byte):
    (parcel,) = pack(NODE, rows(1, 2, 3), batch_rows=200)
    payload = bytearray(parcel.message.payload)
    payload[at % len(payload)] = byte
    for damaged in (bytes(payload), noise):
        try:
            events = unpack(Message(TOPIC, damaged, BATCH_PROPERTIES, CONTENT_TYPE))
        except MessageInvalidError:
            continue
        assert all(event.node == NODE for event in events)
