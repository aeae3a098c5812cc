"""What the uplink does when broker or receiver lie, refuse, stay silent or send garbage."""

from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from sync.acks import Ack, Greeting, encode_ack, encode_greeting
from sync.errors import AckRejectedError, MessageInvalidError
from sync.link import Arrived, Endpoint, LinkProfile, Message
from sync.mqtt_link import MqttLink
from sync.records import Lane
from sync.topics import Channel
from sync.uplink import UplinkTools
from tests.integration.sync.conftest import FAST, NODE, wait_until
from tests.integration.sync.fakes import EPOCH
from tests.integration.sync.scripted_broker import ScriptedBroker

ACK_TOPIC = NODE.topic(Channel.ACK)
GREETING = (ACK_TOPIC, encode_greeting(Greeting("receiver-1")))
PATIENT = FAST.model_copy(update={"batch_rows": 1, "watchdog_s": 600.0})


@pytest.fixture
def scripted() -> Iterator[ScriptedBroker]:
    broker = ScriptedBroker()
    broker.after_suback = [GREETING]
    yield broker
    broker.close()


@pytest.mark.parametrize(("receive_maximum", "allowed"), [(1, 1), (5, 5), (10, 10), (65_535, 20)])
def test_the_receive_maximum_is_kept_also_after_reconnecting(scripted, outbox, uplink_to, receive_maximum, allowed):
    scripted.receive_maximum = receive_maximum
    # The broker answers late: only what the window forces it to.
    scripted.hold = allowed - 1
    outbox.put_many(Lane.P1, 400)
    with uplink_to(Endpoint("127.0.0.1", scripted.port), PATIENT):
        wait_until(lambda: scripted.published >= 100, "a hundred came")
        for connection in (2, 3):
            scripted.cut()
            wait_until(lambda n=connection: scripted.connections >= n, "it came back")
            seen = scripted.published
            wait_until(lambda n=seen: scripted.published >= n + 60, "it sends again")
    assert scripted.worst_outstanding == allowed


def test_a_smaller_window_after_reconnecting_is_kept(scripted, outbox, uplink_to):
    scripted.receive_maximum, scripted.hold = 10, 9
    outbox.put_many(Lane.P1, 400)
    with uplink_to(Endpoint("127.0.0.1", scripted.port), PATIENT):
        wait_until(lambda: scripted.published >= 100, "a hundred came")
        scripted.receive_maximum, scripted.hold = 5, 4
        scripted.cut()
        wait_until(lambda: scripted.connections >= 2, "it came back")
        scripted.worst_outstanding, seen = 0, scripted.published
        wait_until(lambda: scripted.published >= seen + 60, "it sends again")
    assert scripted.worst_outstanding == 5


@pytest.mark.parametrize("code", [0x80, 0x83, 0x87, 0x90, 0x97, 0x99])
def test_a_refused_publication_is_not_progress_and_is_sent_again(scripted, outbox, uplink_to, code):
    # The presence is publication 1; the third row of the first connection is refused.
    scripted.answer = lambda n: code if n == 4 else 0
    outbox.put_many(Lane.P1, 10)
    with uplink_to(Endpoint("127.0.0.1", scripted.port), PATIENT) as uplink:
        wait_until(lambda: scripted.connections >= 2 and scripted.published >= 15, "it was sent again")
        status = uplink.status()
    assert status.refused_publications == 1
    assert (status.deleted, outbox.pending) == (0, 10)


def test_publication_acknowledged_by_the_broker_alone_is_never_deleted(scripted, outbox, uplink_to):
    outbox.put_many(Lane.P1, 50)
    with uplink_to(Endpoint("127.0.0.1", scripted.port), PATIENT) as uplink:
        wait_until(lambda: scripted.published >= 51, "all were taken over")
        assert uplink.status().deleted == 0
    assert outbox.pending == 50


def test_silence_of_the_receiver_makes_a_new_connection_and_sends_again(scripted, outbox, uplink_to):
    outbox.put_many(Lane.P1, 10)
    settings = FAST.model_copy(update={"watchdog_s": 0.3})
    with (
        capture_logs() as logs,
        uplink_to(Endpoint("127.0.0.1", scripted.port), settings) as uplink,
    ):
        wait_until(lambda: scripted.published >= 33, "the rows came three times")
        assert uplink.status().stalls >= 2
    assert [entry["event"] for entry in logs].count("receiver.silent") == 1
    assert outbox.pending == 10


def test_a_broker_that_never_answers_publications_is_left(scripted, outbox, uplink_to):
    scripted.answer = lambda _n: None
    outbox.put_many(Lane.P1, 10)
    settings = FAST.model_copy(update={"watchdog_s": 0.3})
    with uplink_to(Endpoint("127.0.0.1", scripted.port), settings):
        wait_until(lambda: scripted.connections >= 2, "it tried anew")
    assert outbox.pending == 10


@pytest.mark.parametrize("garbage", [b"\x00\x00\x00", b"\x40\x01\x00", b"\x30\xff\xff\xff\xff\xff", b"\x20\x00"])
def test_garbage_from_the_broker_ends_the_connection_and_not_the_thread(scripted, outbox, uplink_to, garbage):
    scripted.garbage = garbage
    outbox.put_many(Lane.P1, 10)
    with uplink_to(Endpoint("127.0.0.1", scripted.port), PATIENT):
        wait_until(lambda: scripted.connections >= 2, "it tried anew")
        scripted.garbage = None
        wait_until(lambda: scripted.published >= 11, "it sends on a good connection")


HOSTILE = {
    "far too high": encode_ack(Ack(EPOCH, Lane.P1, 10_000)),
    "one too high": encode_ack(Ack(EPOCH, Lane.P1, 11)),
    "lane that sent nothing": encode_ack(Ack(EPOCH, Lane.P0, 1)),
    "epoch that never was": encode_ack(Ack("epoch-0", Lane.P1, 5)),
    "negative": b'{"epoch":"epoch-1","lane":"p1","upto":-5}',
    "fraction": b'{"epoch":"epoch-1","lane":"p1","upto":5.0}',
    "text": b'{"epoch":"epoch-1","lane":"p1","upto":"5"}',
    "no such lane": b'{"epoch":"epoch-1","lane":"p4","upto":5}',
    "wildcard": b'{"epoch":"*","lane":"p1","upto":5}',
    "empty": b"",
    "not JSON": b"\xff\x00garbage",
    "deep": b"[" * 900,
    "long": b" " * 100_000,
}


@pytest.mark.parametrize("payload", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_acknowledgement_deletes_nothing_and_is_reported(scripted, outbox, uplink_to, payload):
    reported: list[AckRejectedError | MessageInvalidError] = []
    outbox.put_many(Lane.P1, 10)
    tools = UplinkTools(on_security_event=reported.append)
    with (
        capture_logs() as logs,
        uplink_to(Endpoint("127.0.0.1", scripted.port), PATIENT, tools) as uplink,
    ):
        wait_until(lambda: scripted.published >= 11, "all were sent")
        scripted.say(ACK_TOPIC, payload)
        wait_until(lambda: bool(reported), "it was reported")
        assert uplink.status().rejected_answers == 1
        assert outbox.pending == 10
        scripted.say(ACK_TOPIC, encode_ack(Ack(EPOCH, Lane.P1, 10)))
        wait_until(lambda: outbox.pending == 0, "an honest one still works")
    assert [entry["event"] for entry in logs].count("security.ack_rejected") == 1


def test_a_flood_of_hostile_acknowledgements_is_counted_but_does_not_fill_the_log(scripted, outbox, uplink_to):
    outbox.put_many(Lane.P1, 10)
    with (
        capture_logs() as logs,
        uplink_to(Endpoint("127.0.0.1", scripted.port), PATIENT) as uplink,
    ):
        wait_until(lambda: scripted.published >= 11, "all were sent")
        for _ in range(1000):
            scripted.say(ACK_TOPIC, encode_ack(Ack(EPOCH, Lane.P1, 11)))
        wait_until(lambda: uplink.status().rejected_answers == 1000, "all were counted")
    assert outbox.pending == 10
    assert [entry["event"] for entry in logs].count("security.ack_rejected") == 10


def test_the_link_is_logged_once_when_it_goes_and_once_when_it_returns(scripted, outbox, uplink_to):
    port = scripted.port
    with capture_logs() as logs, uplink_to(Endpoint("127.0.0.1", port), PATIENT) as uplink:
        wait_until(lambda: uplink.status().is_up, "up")
        scripted.connack_code = 0x88
        scripted.cut()
        wait_until(lambda: scripted.connections >= 6, "it tried five times")
        assert "refused" in uplink.status().reason
        scripted.connack_code = 0
        wait_until(lambda: uplink.status().is_up, "up again")
    events = [entry["event"] for entry in logs if entry["event"].startswith("link.")]
    assert events == ["link.up", "link.down", "link.up"]


def test_a_receiver_that_does_not_keep_up_is_not_flooded(scripted, outbox, uplink_to):
    outbox.put_many(Lane.P1, 2000)
    with uplink_to(Endpoint("127.0.0.1", scripted.port), PATIENT) as uplink:
        wait_until(lambda: scripted.published >= 201, "it sent what it may")
        # Two hundred rows and the presence; more come only when the receiver says that it committed some.
        scripted.say(ACK_TOPIC, encode_ack(Ack(EPOCH, Lane.P1, 0, last=50)))
        wait_until(lambda: scripted.published >= 251, "fifty more")
        assert uplink.status().published == 250
    assert (scripted.published, outbox.pending) == (252, 2000)


class Hoarder:
    """Receives and says so, but never acknowledges."""

    def __init__(self, endpoint: Endpoint) -> None:
        topics = ("br/v1/+/+/+/ev/+",)
        self._link = MqttLink(LinkProfile(endpoint=endpoint, client_id="hoarder", subscriptions=topics))
        self._link.open()
        self.received = 0

    def take(self) -> None:
        if not self.received:
            self._link.publish(Message(*GREETING))
        for event in self._link.poll(0.05):
            if isinstance(event, Arrived):
                self.received += 1
                self._link.confirm(event.token)
                self._link.publish(Message(ACK_TOPIC, encode_ack(Ack(EPOCH, Lane.P1, 0, last=self.received))))

    def close(self) -> None:
        self._link.close(is_farewell=False)


def test_a_thousand_taken_over_and_unacknowledged_survive_the_brokers_death(broker, head_office, outbox, uplink_to):
    outbox.put_many(Lane.P1, 1000)
    hoarder = Hoarder(broker.endpoint)

    def all_taken() -> bool:
        hoarder.take()
        return hoarder.received == 1000 and uplink.status().in_flight == 0

    with uplink_to(broker.endpoint, PATIENT) as uplink:
        wait_until(all_taken, "1000 taken over")
        assert outbox.pending == 1000
        broker.kill()
        hoarder.close()
        broker.start()
        office = head_office(broker.endpoint)
        wait_until(lambda: outbox.pending == 0, "the outbox is empty")
    assert office.report().is_whole
    assert office.report().stored == {"shelf.count": 1000}
