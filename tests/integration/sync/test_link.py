"""One suite over every implementation of the link port: paho with two real brokers, and the fake."""

from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from threading import Thread
from time import monotonic

import pytest

from sync.errors import LinkSettingsError, LinkUnavailableError
from sync.link import Arrived, Endpoint, Link, LinkProfile, Message, Settled, TlsFiles
from sync.mqtt_link import MqttLink
from tests.integration.sync.conftest import Embedded, Mosquitto, free_port
from tests.integration.sync.fakes import MemoryBroker, MemoryLink
from tests.integration.sync.scripted_broker import ScriptedBroker

TOPIC = "br/v1/acme/store-7/node-1/ev/p1"
PRESENCE = "br/v1/acme/store-7/node-1/st"

Connect = Callable[..., Link]


class Network:
    """A broker and links to it."""

    def __init__(self, broker: Mosquitto | Embedded | MemoryBroker) -> None:
        self._broker = broker
        self._links: list[Link] = []

    def link(self, name: str, *subscriptions: str, will: Message | None = None) -> Link:
        if isinstance(self._broker, MemoryBroker):
            profile = LinkProfile(
                endpoint=Endpoint("memory", 1), client_id=name, subscriptions=subscriptions, will=will
            )
            link: Link = MemoryLink(self._broker, profile)
        else:
            profile = LinkProfile(
                endpoint=self._broker.endpoint, client_id=name, subscriptions=subscriptions, will=will
            )
            link = MqttLink(profile)
        self._links.append(link)
        return link

    def opened(self, name: str, *subscriptions: str, will: Message | None = None) -> Link:
        link = self.link(name, *subscriptions, will=will)
        link.open()
        return link

    def kill(self) -> None:
        self._broker.kill()

    def close(self) -> None:
        for link in self._links:
            link.close(is_farewell=True)


@pytest.fixture(params=["memory", "mosquitto", "embedded"])
def network(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Network]:
    makers = {"memory": MemoryBroker, "mosquitto": lambda: Mosquitto(tmp_path), "embedded": Embedded}
    broker = makers[request.param]()
    if not isinstance(broker, MemoryBroker):
        broker.start()
    network = Network(broker)
    yield network
    network.close()
    broker.kill()


def next_events(link: Link, count: int) -> list[Arrived | Settled]:
    found: list[Arrived | Settled] = []
    deadline_s = monotonic() + 5.0
    while len(found) < count and monotonic() < deadline_s:
        for event in link.poll(0.5):
            if isinstance(event, Arrived):
                link.confirm(event.token)
            found.append(event)
    assert len(found) == count
    return found


def next_event(link: Link) -> Arrived | Settled:
    return next_events(link, 1)[0]


def poll_until_lost(link: Link) -> None:
    for _ in range(20):
        link.poll(0.5)


def test_a_message_arrives_with_its_properties_and_content_type(network):
    receiver, sender = network.opened("r", "br/v1/+/+/+/ev/+"), network.opened("s")
    properties = (("id", "e:p1:1"), ("time", "2026-11-02T10:00:00Z"), ("name", "Café"))
    sent = Message(TOPIC, b'{"units":3}', properties, "application/json")
    token = sender.publish(sent)
    settled = next_event(sender)
    assert (settled.token, settled.is_refused) == (token, False)
    assert next_event(receiver).message == sent


def test_messages_keep_their_order(network):
    receiver, sender = network.opened("r", TOPIC), network.opened("s")
    for number in range(15):
        sender.publish(Message(TOPIC, b"%d" % number))
    assert [event.message.payload for event in next_events(receiver, 15)] == [b"%d" % n for n in range(15)]


def test_a_topic_that_was_not_subscribed_does_not_arrive(network):
    receiver, sender = network.opened("r", "br/v1/+/+/+/st"), network.opened("s")
    sender.publish(Message(TOPIC, b"no"))
    sender.publish(Message(PRESENCE, b"yes"))
    assert next_event(receiver).message.payload == b"yes"


def test_a_retained_message_waits_for_whoever_comes_later(network):
    sender = network.opened("s")
    sender.publish(Message(PRESENCE, b"online", is_retained=True))
    assert not next_event(sender).is_refused
    assert next_event(network.opened("r", "br/v1/+/+/+/st")).message.payload == b"online"


def test_the_will_speaks_when_a_link_ends_without_farewell(network):
    receiver = network.opened("r", PRESENCE)
    network.opened("s", will=Message(PRESENCE, b"offline", is_retained=True)).close(is_farewell=False)
    assert next_event(receiver).message.payload == b"offline"


def test_the_will_is_silent_after_a_farewell(network):
    receiver, other = network.opened("r", PRESENCE), network.opened("o")
    network.opened("s", will=Message(PRESENCE, b"offline", is_retained=True)).close(is_farewell=True)
    other.publish(Message(PRESENCE, b"later"))
    assert next_event(receiver).message.payload == b"later"


def test_a_dead_broker_is_an_error_in_poll_and_in_publish(network):
    link = network.opened("s", PRESENCE)
    network.kill()
    with pytest.raises(LinkUnavailableError):
        poll_until_lost(link)
    with pytest.raises(LinkUnavailableError):
        link.publish(Message(TOPIC, b"x"))


def test_a_broker_that_is_not_there_is_an_error_in_open(network):
    network.kill()
    with pytest.raises(LinkUnavailableError):
        network.opened("s")


def test_an_idle_poll_ends_by_itself(network):
    assert list(network.opened("s").poll(0.01)) == []


def test_waking_ends_a_poll_early(network):
    link = network.opened("s")
    waker = Thread(target=link.wake, name="waker")
    began_s = monotonic()
    waker.start()
    assert list(link.poll(10.0)) == []
    waker.join()
    assert monotonic() - began_s < 5.0


def test_closing_twice_and_waking_a_closed_link_do_no_harm(network):
    link = network.opened("s")
    link.close(is_farewell=True)
    link.close(is_farewell=False)
    link.wake()


def test_a_certificate_file_that_is_missing_is_named_before_connecting(tmp_path):
    endpoint = Endpoint("127.0.0.1", free_port(), TlsFiles(ca_file=tmp_path / "none.pem"))
    with pytest.raises(LinkSettingsError, match="TLS"):
        MqttLink(LinkProfile(endpoint=endpoint, client_id="s", subscriptions=()))


def test_what_came_with_quality_0_is_not_confirmed():
    broker = ScriptedBroker()
    broker.after_suback = [(TOPIC, b"1"), (TOPIC, b"2")]
    profile = LinkProfile(endpoint=Endpoint("127.0.0.1", broker.port), client_id="s", subscriptions=(TOPIC,))
    link = MqttLink(profile)
    try:
        link.open()
        assert [event.token for event in next_events(link, 2)] == [0, 0]
        link.publish(Message(TOPIC, b"{}"))
        assert isinstance(next_event(link), Settled)
        assert broker.confirmed == 0
    finally:
        link.close(is_farewell=True)
        broker.close()


def test_no_message_waits_for_the_other_sides_tcp():
    broker = ScriptedBroker()
    profile = LinkProfile(endpoint=Endpoint("127.0.0.1", broker.port), client_id="s", subscriptions=(TOPIC,))
    link = MqttLink(profile)
    try:
        link.open()
        rounds_s = []
        for _ in range(40):
            began_s = monotonic()
            # Nothing goes back that could carry the confirmation that the second waits for.
            broker.say(TOPIC, b"1")
            broker.say(TOPIC, b"2")
            next_events(link, 2)
            rounds_s.append(monotonic() - began_s)
            # Whoever answers is taken by the kernel for somebody who will soon have something to send again.
            link.publish(Message(TOPIC, b"{}"))
            next_event(link)
    finally:
        link.close(is_farewell=True)
        broker.close()
    assert median(rounds_s) < 0.02
