import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from sync.errors import LinkUnavailableError
from sync.link import Arrived, Message
from sync.mqtt_packets import property_block, read_publication

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
PAIRS = st.lists(st.tuples(TEXT, TEXT), max_size=20)
QOS_0, QOS_1, QOS_2 = 0x30, 0x32, 0x34


def as_paho_packs(content_type: str | None, pairs: list[tuple[str, str]], **others: object) -> bytes:
    properties = Properties(PacketTypes.PUBLISH)
    for name, value in others.items():
        setattr(properties, name, value)
    if content_type is not None:
        properties.ContentType = content_type
    if pairs:
        properties.UserProperty = pairs
    return properties.pack()


def packet(properties: bytes, payload: bytes = b"", topic: str = "a/b", token: bytes = b"\1\2") -> bytes:
    name = topic.encode()
    return len(name).to_bytes(2, "big") + name + token + properties + payload


@given(st.none() | TEXT, PAIRS)
def test_properties_are_packed_as_paho_packs_them(content_type, pairs):
    assert property_block(Message("t", b"", tuple(pairs), content_type)) == as_paho_packs(content_type, pairs)


@given(TEXT, st.none() | TEXT, PAIRS, st.binary(max_size=200), st.booleans())
def test_what_paho_packs_is_read_back(topic, content_type, pairs, payload, is_retained):
    others = {
        "PayloadFormatIndicator": 1,
        "MessageExpiryInterval": 70_000,
        "ResponseTopic": "r/t",
        "CorrelationData": b"\0\1",
        "SubscriptionIdentifier": 300,
        "TopicAlias": 3,
    }
    found = read_publication(QOS_1 | is_retained, packet(as_paho_packs(content_type, pairs, **others), payload, topic))
    assert found == Arrived(0x0102, Message(topic, payload, tuple(pairs), content_type, is_retained))


def test_a_publication_of_quality_0_has_no_token():
    assert read_publication(QOS_0, packet(b"\0", b"x", token=b"")) == Arrived(0, Message("a/b", b"x"))


@pytest.mark.parametrize(
    ("header", "content"),
    [
        pytest.param(QOS_1, b"", id="nothing"),
        pytest.param(QOS_1, b"\0", id="half a length"),
        pytest.param(QOS_1, b"\0\x09a/b", id="topic beyond the end"),
        pytest.param(QOS_1, b"\0\3a/b\1", id="half a token"),
        pytest.param(QOS_1, packet(b"\x05\x26\0\1a\0"), id="half a property"),
        pytest.param(QOS_1, packet(b"\x7f"), id="properties beyond the end"),
        pytest.param(QOS_1, packet(b"\x80\x80\x80\x80\1"), id="a length of five bytes"),
        pytest.param(QOS_1, packet(b"\2\x21\0"), id="a property of another packet"),
        pytest.param(QOS_1, packet(b"\2\2\0"), id="half an expiry"),
        pytest.param(QOS_1, packet(b"\4\x03\0\1\xff"), id="no UTF-8"),
        pytest.param(QOS_2, packet(b"\0"), id="quality 2, which we never ask for"),
    ],
)
def test_a_malformed_publication_ends_the_link(header, content):
    with pytest.raises(LinkUnavailableError):
        read_publication(header, content)


@given(st.integers(0x30, 0x3F), st.binary(max_size=60), st.integers(0, 59), st.integers(0, 255))
def test_garbage_is_read_or_refused_and_nothing_else_is_raised(header, noise, at, byte):
    good = bytearray(packet(as_paho_packs("a/b", [("name", "value")]), b"payload"))
    good[at % len(good)] = byte
    for content in (noise, bytes(good)):
        try:
            found = read_publication(header, content)
        except LinkUnavailableError:
            continue
        assert len(found.message.payload) <= len(content)
