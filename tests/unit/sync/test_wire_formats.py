from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.acks import Ack, Greeting, encode_ack, encode_greeting, parse_answer
from sync.envelope import MAX_SEQ, encode
from sync.errors import MessageInvalidError
from sync.link import Message
from sync.presence import Claim, Presence, encode_presence, parse_presence
from sync.received import decode
from sync.records import Lane, OutgoingRecord, QueuedRecord
from sync.topics import ALL_EVENTS, Channel, NodeName, ParsedTopic, parse_topic

NODE = NodeName("acme", "store-7", "node.1")


def row(**changes) -> QueuedRecord:
    values = {
        "lane": Lane.P1,
        "kind": "shelf.out_of_stock",
        "source": "cam-dairy",
        "occurred_at": datetime(2026, 11, 2, 10, 2, 3, 456789, tzinfo=UTC),
        "mono_s": 0.1 + 0.2,
        "boot_id": "b1946ac9-2f3e-4c2a-9c0e-8a4f3b1d2c55",
        "time_quality": "unsynced",
        "data_class": "internal",
        "policy_version": "1.0.0",
        "data": {"slot": "dairy-1", "units": 0, "share": 0.5, "is_new": True, "delta": None, "name": "Café ☕"},
        "key": None,
        "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    } | changes
    return QueuedRecord("e1", values["lane"], 42, OutgoingRecord(**values))


def changed(message: Message, **attributes: str | None) -> Message:
    properties = dict(message.properties) | attributes
    kept = tuple((name, value) for name, value in properties.items() if value is not None)
    return Message(message.topic, message.payload, kept, message.content_type)


class TestTopics:
    def test_every_topic_has_at_most_six_slashes(self):
        topics = [NODE.events(Lane.P0), *(NODE.topic(channel) for channel in Channel), ALL_EVENTS]
        assert max(topic.count("/") for topic in topics) == 6

    @pytest.mark.parametrize("lane", Lane)
    def test_an_event_topic_is_read_back(self, lane):
        assert parse_topic(NODE.events(lane)) == ParsedTopic(NODE, Channel.EVENT, lane)

    @pytest.mark.parametrize("channel", [Channel.ACK, Channel.COMMAND, Channel.PRESENCE, Channel.TWIN])
    def test_every_other_topic_is_read_back(self, channel):
        assert parse_topic(NODE.topic(channel)) == ParsedTopic(NODE, channel, None)

    @pytest.mark.parametrize("bad", ["", "+", "#", "a/b", "a b", "..", "-a", "a" * 65, "a\n", "ä", "$SYS"])
    def test_a_name_that_could_leave_its_branch_is_refused(self, bad):
        with pytest.raises(MessageInvalidError):
            NodeName("acme", "store", bad)

    @pytest.mark.parametrize(
        "topic",
        [
            "",
            "br",
            "br/v2/a/b/c/st",
            "br/v1/a/b/c",
            "br/v1/a/b/c/zz",
            "br/v1/a/b/c/ev",
            "br/v1/a/b/c/ev/p4",
            "br/v1/a/b/c/st/p0",
            "br/v1/a/b/c/ev/p0/x",
            "br/v1/a/+/c/st",
            "/br/v1/a/b/c/st",
        ],
    )
    def test_a_topic_of_another_tree_is_refused(self, topic):
        with pytest.raises(MessageInvalidError):
            parse_topic(topic)


class TestEnvelope:
    def test_a_row_comes_back_as_it_was(self):
        event = decode(encode(NODE, row()))
        assert (event.node, event.row) == (NODE, row())

    def test_attributes_are_those_of_cloudevents(self):
        message = encode(NODE, row())
        attributes = dict(message.properties)
        assert message.topic == "br/v1/acme/store-7/node.1/ev/p1"
        assert message.content_type == "application/json"
        assert attributes["specversion"] == "1.0"
        assert attributes["id"] == "e1:p1:42"
        assert attributes["source"] == "/acme/store-7/node.1"
        assert attributes["type"] == "backroom.shelf.out_of_stock.v1"
        assert attributes["time"] == "2026-11-02T10:02:03.456789Z"
        assert set(attributes) >= {"bootid", "mono", "tq", "dclass", "polv", "subject", "traceparent"}

    def test_the_same_row_gives_the_same_bytes(self):
        shuffled = dict(reversed(list(row().record.data.items())))
        assert encode(NODE, row(data=shuffled)) == encode(NODE, row())

    @pytest.mark.parametrize(
        ("name", "value", "complaint"),
        [
            ("specversion", "0.3", "specversion"),
            ("id", "e1:p0:42", "another lane"),
            ("id", "e1:p1:0", "epoch:lane:sequence"),
            ("id", "e1:p1:-1", "epoch:lane:sequence"),
            ("id", "e1:p1:٤", "epoch:lane:sequence"),
            ("id", "e1:p1:" + "9" * 16, "epoch:lane:sequence"),
            ("id", ":p1:4", "epoch:lane:sequence"),
            ("id", "42", "epoch:lane:sequence"),
            ("source", "/acme/store-7/node.2", "source"),
            ("type", "backroom.shelf.count.v2", "type"),
            ("type", "backroom..v1", "type"),
            ("subject", "cam dairy", "subject"),
            ("time", "yesterday", "time"),
            ("time", "2026-11-02T10:02:03", "zone"),
            ("time", "0001-01-01T00:00:00+14:00", "range"),
            ("mono", "nan", "finite"),
            ("mono", "one", "number"),
            ("tq", "perhaps", "tq"),
            ("dclass", "personal", "dclass"),
            ("dclass", "biometric", "dclass"),
            ("polv", None, "polv is missing"),
            ("bootid", "", "bootid is not"),
            ("traceparent", "00-xyz", "traceparent"),
        ],
    )
    def test_a_wrong_attribute_is_refused_by_name(self, name, value, complaint):
        with pytest.raises(MessageInvalidError, match=complaint):
            decode(changed(encode(NODE, row()), **{name: value}))

    @pytest.mark.parametrize(
        "payload",
        [
            b"",
            b"{",
            b"[]",
            b"3",
            b'{"a": [1]}',
            b'{"a": {}}',
            b'{"a": 1, "a": 2}',
            b'{"a": NaN}',
            b'{"a": 1e999}',
            b'{"a": "\\ud800"}',
            b'{"\\udfff": 1}',
            b"\xff",
            b"[" * 90000,
            b'{"a": ' + b"9" * 5000 + b"}",
            b'{"a": 9007199254740993}',
            b'{"a": "' + b"x" * 98304 + b'"}',
        ],
    )
    def test_a_payload_that_is_no_flat_object_is_refused(self, payload):
        good = encode(NODE, row())
        with pytest.raises(MessageInvalidError, match="payload"):
            decode(Message(good.topic, payload, good.properties, good.content_type))

    def test_an_attribute_given_twice_is_refused(self):
        good = encode(NODE, row())
        doubled = Message(good.topic, good.payload, (*good.properties, ("id", "e1:p1:43")), good.content_type)
        with pytest.raises(MessageInvalidError, match="twice"):
            decode(doubled)

    def test_another_content_type_is_refused(self):
        good = encode(NODE, row())
        with pytest.raises(MessageInvalidError, match="content type"):
            decode(Message(good.topic, good.payload, good.properties, "text/plain"))

    def test_data_that_json_cannot_write_is_refused_before_it_leaves(self):
        with pytest.raises(MessageInvalidError, match="e1:p1:42"):
            encode(NODE, row(data={"share": float("nan")}))

    def test_the_error_does_not_repeat_the_data(self):
        good = encode(NODE, row())
        with pytest.raises(MessageInvalidError) as caught:
            decode(Message(good.topic, b'{"card": [4111111111111111]}', good.properties, good.content_type))
        assert "4111" not in str(caught.value)

    @given(
        topic=st.sampled_from([NODE.events(Lane.P1), NODE.topic(Channel.ACK), "x"]),
        payload=st.binary(max_size=60),
        properties=st.lists(st.tuples(st.text(max_size=12), st.text(max_size=20)), max_size=4),
    )
    def test_garbage_is_refused_and_nothing_else_is_raised(self, topic, payload, properties):
        with pytest.raises(MessageInvalidError):
            decode(Message(topic, payload, tuple(properties), "application/json"))


class TestAcks:
    def test_an_acknowledgement_is_read_back(self):
        ack = Ack("e:1", Lane.P2, MAX_SEQ)
        assert parse_answer(encode_ack(ack)) == ack

    def test_an_acknowledgement_may_say_what_was_committed_last(self):
        ack = Ack("e1", Lane.P1, 0, last=7)
        assert parse_answer(encode_ack(ack)) == ack

    @pytest.mark.parametrize("last", [b"0", b"-1", b"true", b"1.0", b'"7"', b"null", b"9007199254740992"])
    def test_a_malformed_last_is_refused(self, last):
        with pytest.raises(MessageInvalidError):
            parse_answer(b'{"epoch":"e","lane":"p0","upto":1,"last":' + last + b"}")

    def test_a_greeting_is_read_back(self):
        assert parse_answer(encode_greeting(Greeting("r1"))) == Greeting("r1")

    @pytest.mark.parametrize(
        "payload",
        [
            b"",
            b"null",
            b"[]",
            b"{}",
            b"\xff\xfe",
            b"[" * 1000,
            b'{"receiver": 3}',
            b'{"receiver": "a b"}',
            b'{"epoch":"e","lane":"p0"}',
            b'{"epoch":"e","lane":"p9","upto":1}',
            b'{"epoch":"e","lane":"p0","upto":-1}',
            b'{"epoch":"e","lane":"p0","upto":true}',
            b'{"epoch":"e","lane":"p0","upto":1.0}',
            b'{"epoch":"e","lane":"p0","upto":"1"}',
            b'{"epoch":"","lane":"p0","upto":1}',
            b'{"epoch":"e","lane":"p0","upto":9007199254740992}',
            b'{"epoch":"e","lane":"p0","upto":1,"x":1}',
            b'{"receiver":"r","upto":1}',
            b'{"receiver":"' + b"r" * 2000 + b'"}',
        ],
    )
    def test_a_hostile_answer_is_refused(self, payload):
        with pytest.raises(MessageInvalidError):
            parse_answer(payload)

    @given(st.binary(max_size=200))
    def test_garbage_is_refused_and_nothing_else_is_raised(self, payload):
        with pytest.raises(MessageInvalidError):
            parse_answer(payload)


class TestPresence:
    def test_presence_is_retained_and_read_back(self):
        online = Presence(is_online=True, claims=(Claim("e1", Lane.P0, 7),))
        message = encode_presence(NODE, online)
        assert message.is_retained
        assert parse_presence(message.payload) == online
        assert parse_presence(encode_presence(NODE, Presence(is_online=False)).payload) == Presence(is_online=False)

    @pytest.mark.parametrize(
        "payload",
        [
            b"",
            b"{}",
            b'{"state":"online"}',
            b'{"state":"online","acked":[["e","p0"]]}',
            b'{"state":"away"}',
            b'{"state":"online","acked":[["e","p0",-1]]}',
            b'{"state":"online","acked":[["e","p0",true]]}',
            b'{"state":"offline","acked":[]}',
            b'{"state":"online","acked":[' + b"[]," * 9000 + b"[]]}",
        ],
    )
    def test_a_malformed_presence_is_refused(self, payload):
        with pytest.raises(MessageInvalidError):
            parse_presence(payload)
