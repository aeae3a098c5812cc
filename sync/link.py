"""Port to one connection with the broker, and the plain values that go through it.

Owns no protocol: `sync.mqtt_link` implements the port on MQTT 5, the tests in memory, and one suite runs over
both. A link lives for one connection; after an error it is closed and a new one is made.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pydantic import SecretStr

_FIRST_FAILURE_CODE = 0x80
_NO_SUBSCRIBER_CODE = 0x10


@dataclass(frozen=True, slots=True)
class Message:
    """One publication; everything is sent with QoS 1."""

    topic: str
    payload: bytes
    properties: tuple[tuple[str, str], ...] = ()
    """User properties in order."""
    content_type: str | None = None
    is_retained: bool = False

    @property
    def size_bytes(self) -> int:
        """Length of the MQTT 5 PUBLISH packet (OASIS MQTT 5.0, 3.3), so that a ledger equals a capture."""
        block = sum(5 + len(name.encode()) + len(value.encode()) for name, value in self.properties)
        if self.content_type is not None:
            block += 3 + len(self.content_type.encode())
        body = 2 + len(self.topic.encode()) + 2 + _varint_bytes(block) + block + len(self.payload)
        return 1 + _varint_bytes(body) + body


def _varint_bytes(value: int) -> int:
    return 1 + (value > 127) + (value > 16_383) + (value > 2_097_151)


@dataclass(frozen=True, slots=True)
class Settled:
    """The broker answered a publication. It took it over only where ``is_refused`` is False."""

    token: int
    reason_code: int

    @property
    def is_refused(self) -> bool:
        return self.reason_code >= _FIRST_FAILURE_CODE

    @property
    def is_unheard(self) -> bool:
        """The broker took it, but nobody subscribes to its topic."""
        return self.reason_code == _NO_SUBSCRIBER_CODE


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message came in; the broker may send it again until ``confirm(token)``."""

    token: int
    message: Message


LinkEvent = Settled | Arrived


class Link(Protocol):
    """One connection. All methods belong to the thread that opened it, except ``wake``."""

    def open(self) -> int:
        """Connect, subscribe, and return how many publications may be unanswered at once. Blocks.

        Raises:
            LinkUnavailableError: not reached, refused or not answered in time.
            LinkSettingsError: a certificate or key file cannot be used.
        """
        ...

    def publish(self, message: Message) -> int:
        """Hand a message to the wire and return its token; the caller keeps to the window.

        Raises:
            LinkUnavailableError: the connection is gone.
        """
        ...

    def confirm(self, token: int) -> None:
        """Tell the broker that an arrived message is dealt with."""
        ...

    def poll(self, timeout_s: float) -> Sequence[LinkEvent]:
        """Let the wire move and return what happened; empty after ``timeout_s`` or a ``wake``.

        Raises:
            LinkUnavailableError: the connection is gone and everything that came before was returned.
        """
        ...

    def wake(self) -> None:
        """End a running ``poll`` early. Any thread; never blocks."""
        ...

    def close(self, *, is_farewell: bool) -> None:
        """End the connection; without farewell the broker publishes the will. May be called twice."""
        ...


LinkMaker = Callable[[], Link]


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files; ``ca_file`` None trusts the system's authorities."""

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the broker is and how to prove who we are."""

    host: str
    port: int
    tls: TlsFiles | None = None
    username: str | None = None
    password: SecretStr | None = None

    @property
    def address(self) -> str:
        """Address for people, without credentials."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'mqtts' if self.tls else 'mqtt'}://{host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkProfile:
    """Everything that a connection is opened with."""

    endpoint: Endpoint
    client_id: str
    subscriptions: tuple[str, ...]
    will: Message | None = None
    receive_maximum: int = 100
    """How many arrivals we take unconfirmed."""
    max_packet_bytes: int | None = None
    """Longest packet that we take; None: whatever comes."""
    keepalive_s: int = 30
    connect_timeout_s: float = 10.0
