"""Bare paho as people use it, the yardstick of `edge.bench.sync`: publish all with QoS 1, wait for all answers."""

import threading
import time
from collections.abc import Sequence

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from sync.errors import BrokerUnavailableError
from sync.link import Endpoint, Message

_DEADLINE_S = 120.0


def publish_all(endpoint: Endpoint, messages: Sequence[Message]) -> float:
    """Publish with paho's own thread and its own window of 20; messages a second until the last PUBACK.

    The topics get another root, so that no receiver listens and the broker only answers.

    Raises:
        BrokerUnavailableError: the broker did not answer in time.
    """
    is_up, is_done = threading.Event(), threading.Event()
    answered = 0

    def on_publish(*_: object) -> None:
        nonlocal answered
        answered += 1
        if answered == len(messages):
            is_done.set()

    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="bench-bare", protocol=paho.MQTTv5)
    client.on_connect = lambda *_: is_up.set()
    client.on_publish = on_publish
    client.connect(endpoint.host, endpoint.port)
    client.loop_start()
    if not is_up.wait(_DEADLINE_S):
        raise BrokerUnavailableError("the broker did not answer bare paho")
    began_s = time.perf_counter()
    for message in messages:
        client.publish(f"bare/{message.topic}", message.payload, qos=1, properties=_properties(message))
    if not is_done.wait(_DEADLINE_S):
        raise BrokerUnavailableError(f"the broker answered {answered} of {len(messages)} publications of bare paho")
    took_s = time.perf_counter() - began_s
    client.disconnect()
    client.loop_stop()
    return len(messages) / took_s


def _properties(message: Message) -> Properties:
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho left its constructor untyped
    properties.ContentType = message.content_type
    properties.UserProperty = list(message.properties)
    return properties
