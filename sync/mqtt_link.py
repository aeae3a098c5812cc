"""One MQTT 5 connection through paho, which is used as a wire and trusted with nothing.

Measured on paho 2.2: it sends everything queued on reconnect whatever the broker's Receive Maximum says, counts
a refused publication as published, and its thread can die while ``publish`` goes on succeeding. So: a new
client for each connection, no thread of its own, nothing queued inside, arrivals confirmed by hand, and
callbacks that only enqueue. Stands under the uplink and the receiver; the only importer of paho.
"""

import select
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable, Sequence

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from sync.errors import LinkUnavailableError
from sync.link import Arrived, LinkEvent, LinkMaker, LinkProfile, Message, Settled
from sync.mqtt_packets import property_block, read_publication
from sync.tls import RememberingContext, tls_context

_DEFAULT_RECEIVE_MAXIMUM = 65_535
_FIRST_FAILURE_CODE = 0x80
_READ_AT_ONCE = 100
"""Readings of what lies in the socket before anything else has its turn; one may be one packet."""


class MqttLink:
    """A link that belongs to one thread; see `sync.link.Link` for what each method promises."""

    def __init__(self, profile: LinkProfile, *, now_s: Callable[[], float] = time.time) -> None:
        self._profile = profile
        self._now_s = now_s
        self._events: deque[LinkEvent] = deque()
        self._receive_maximum: int | None = None
        self._is_subscribed = False
        self._lost: str | None = None
        self._tls: RememberingContext | None = None
        self._client = self._make_client()
        self._waker_read, self._waker_write = socket.socketpair()
        self._waker_read.setblocking(False)
        self._waker_write.setblocking(False)

    def open(self) -> int:
        profile = self._profile
        deadline_s = time.monotonic() + profile.connect_timeout_s
        try:
            self._client.connect(
                profile.endpoint.host,
                profile.endpoint.port,
                keepalive=profile.keepalive_s,
                clean_start=True,
                properties=self._connect_properties(),
            )
        except (OSError, ValueError) as error:
            if self._tls is not None and self._tls.wrapped is not None:
                self._tls.wrapped.close()
            raise LinkUnavailableError(f"{profile.endpoint.address} is not reached: {error}") from error
        self._await(lambda: self._receive_maximum is not None, deadline_s, "the broker did not answer CONNECT")
        if profile.subscriptions:
            # With the flag as it was published, a retained command is one at once, not only for whoever comes later.
            options = SubscribeOptions(qos=1, retainAsPublished=True)
            self._client.subscribe([(topic, options) for topic in profile.subscriptions])
            self._await(lambda: self._is_subscribed, deadline_s, "the broker did not answer SUBSCRIBE")
        return self._receive_maximum or _DEFAULT_RECEIVE_MAXIMUM

    def publish(self, message: Message) -> int:
        info = self._client.publish(
            message.topic, message.payload, qos=1, retain=message.is_retained, properties=PackedProperties(message)
        )
        if info.rc != paho.MQTT_ERR_SUCCESS:
            raise LinkUnavailableError(self._lost or f"publishing failed: {paho.error_string(info.rc)}")
        return info.mid

    def confirm(self, token: int) -> None:
        if token:
            self._client.ack(token, qos=1)

    def poll(self, timeout_s: float) -> Sequence[LinkEvent]:
        if self._lost is None:
            self._turn(0.0 if self._events else timeout_s)
        if not self._events and self._lost is not None:
            raise LinkUnavailableError(self._lost)
        events = tuple(self._events)
        self._events.clear()
        return events

    def wake(self) -> None:
        # A full pipe means that it is awake already; a closed one, that there is nobody left to wake.
        try:
            self._waker_write.send(b"\0")
        except OSError:
            return

    def close(self, *, is_farewell: bool) -> None:
        wire = self._client.socket()
        if is_farewell and wire is not None and self._lost is None:
            self._client.disconnect()
        if wire is not None:
            wire.close()
        self._lost = self._lost or "the link was closed"
        self._waker_read.close()
        self._waker_write.close()

    def _make_client(self) -> "_Client":
        profile = self._profile
        client = _Client(
            CallbackAPIVersion.VERSION2,
            client_id=profile.client_id,
            protocol=paho.MQTTv5,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        client.connect_timeout = profile.connect_timeout_s
        # Unlimited in paho means that it never holds a message back: the window is kept by our caller.
        client.max_inflight_messages_set(0)
        if profile.endpoint.username is not None:
            secret = profile.endpoint.password
            client.username_pw_set(profile.endpoint.username, secret.get_secret_value() if secret else None)
        if profile.will is not None:
            client.will_set(profile.will.topic, profile.will.payload, qos=1, retain=profile.will.is_retained)
        if profile.endpoint.tls is not None:
            self._tls = tls_context(profile.endpoint.tls, self._now_s())
            client.tls_set_context(self._tls)
        client.on_socket_open = lambda _client, _userdata, wire: _hurry(wire, socket.TCP_NODELAY)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_publish = self._on_publish
        client.on_arrived = self._events.append
        client.on_disconnect = self._on_disconnect
        return client

    def _connect_properties(self) -> Properties:
        properties = _properties(PacketTypes.CONNECT)
        properties.ReceiveMaximum = self._profile.receive_maximum
        properties.SessionExpiryInterval = 0
        if self._profile.max_packet_bytes is not None:
            properties.MaximumPacketSize = self._profile.max_packet_bytes
        return properties

    def _await(self, is_done: Callable[[], bool], deadline_s: float, otherwise: str) -> None:
        while not is_done():
            remaining_s = deadline_s - time.monotonic()
            if remaining_s <= 0:
                raise LinkUnavailableError(otherwise)
            if self._lost is not None:
                raise LinkUnavailableError(self._lost)
            self._turn(remaining_s)

    def _turn(self, timeout_s: float) -> None:
        wire = self._client.socket()
        if wire is None:
            self._lost = self._lost or "the connection was closed"
            return
        # TLS may hold decrypted bytes that no poll on the socket will ever announce.
        has_bytes = isinstance(wire, ssl.SSLSocket) and wire.pending() > 0
        _hurry(wire, socket.TCP_QUICKACK)
        poller = select.poll()
        poller.register(wire.fileno(), select.POLLIN | (select.POLLOUT if self._client.want_write() else 0))
        poller.register(self._waker_read.fileno(), select.POLLIN)
        ready = dict(poller.poll(0 if has_bytes else max(0, round(timeout_s * 1000))))
        if self._waker_read.fileno() in ready:
            self._waker_read.recv(4096)
        self._move(is_readable=has_bytes or bool(ready.get(wire.fileno(), 0) & ~select.POLLOUT))

    def _move(self, *, is_readable: bool) -> None:
        try:
            code = paho.MQTT_ERR_SUCCESS
            for _ in range(_READ_AT_ONCE if is_readable else 0):
                before = len(self._events)
                code = self._client.loop_read()
                if len(self._events) == before:
                    break
            if code == paho.MQTT_ERR_SUCCESS and self._client.want_write():
                code = self._client.loop_write()
            if code == paho.MQTT_ERR_SUCCESS:
                code = self._client.loop_misc()
        except Exception as error:
            # paho parses what the network sent with struct, index and decode; any of them may fail on garbage.
            self._lost = f"the broker sent something unreadable ({type(error).__name__})"
            raise LinkUnavailableError(self._lost) from error
        if code != paho.MQTT_ERR_SUCCESS and self._lost is None:
            self._lost = paho.error_string(code)

    def _on_connect(
        self,
        _client: paho.Client,
        _userdata: object,
        _flags: paho.ConnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if reason.value >= _FIRST_FAILURE_CODE:
            self._lost = f"the broker refused us: {reason}"
            return
        self._receive_maximum = getattr(properties, "ReceiveMaximum", _DEFAULT_RECEIVE_MAXIMUM)

    def _on_subscribe(
        self,
        _client: paho.Client,
        _userdata: object,
        _mid: int,
        reasons: list[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        refused = [reason for reason in reasons if reason.value >= _FIRST_FAILURE_CODE]
        if refused:
            self._lost = f"the broker refused a subscription: {refused[0]}"
        self._is_subscribed = not refused

    def _on_publish(
        self,
        _client: paho.Client,
        _userdata: object,
        mid: int,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        self._events.append(Settled(mid, reason.value))

    def _on_disconnect(
        self,
        _client: paho.Client,
        _userdata: object,
        flags: paho.DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        who = "the broker ended the connection" if flags.is_disconnect_packet_from_server else "the connection broke"
        self._lost = self._lost or f"{who}: {reason}"


class _Client(paho.Client):
    """paho's client, but publications are read by `sync.mqtt_packets`, and handed on as they are."""

    on_arrived: Callable[[Arrived], None]

    def _handle_publish(self) -> MQTTErrorCode:
        self.on_arrived(read_publication(self._in_packet["command"], bytes(self._in_packet["packet"])))
        return paho.MQTT_ERR_SUCCESS


class PackedProperties(Properties):
    """A publication's properties, packed once: paho's own packing took half of the time of a publication."""

    def __init__(self, message: Message) -> None:
        # paho's constructor builds its tables of all properties anew each time; only `pack` is ever asked here.
        object.__setattr__(self, "_packed", property_block(message))

    def pack(self) -> bytes:
        packed: bytes = object.__getattribute__(self, "_packed")
        return packed


def _hurry(wire: object, option: int) -> None:
    """Set one of TCP's options against waiting; the kernel forgets ``TCP_QUICKACK`` by itself, so it is said each turn.

    A side that collects small packets (RFC 896) holds the next one back until the other has confirmed the last, and
    the other delays that by 40 ms unless it has something to send (RFC 1122, 4.2.3.2): 500 rows a second and not 4,000.
    """
    if isinstance(wire, socket.socket):
        wire.setsockopt(socket.IPPROTO_TCP, option, 1)


def _properties(packet_type: int) -> Properties:
    return Properties(packet_type)  # type: ignore[no-untyped-call]  # paho left its constructor untyped


def mqtt_links(profile: LinkProfile) -> LinkMaker:
    """Maker of a new connection with the same profile, for each attempt."""
    return lambda: MqttLink(profile)
