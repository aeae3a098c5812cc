"""Head office's receiver: it commits every event once, then acknowledges it.

Owns the order that the whole promise rests on: read, commit, confirm to the broker, acknowledge to the node. A
malformed message is kept with its reason and never ends the receiver. Stands at head office's end of the link;
runs in one thread; `sync.cloud.sink` makes a process of it.
"""

import threading
from dataclasses import dataclass, field
from random import Random
from time import monotonic
from uuid import uuid4

import structlog

from sync.acks import Ack, Greeting, Resend, encode_ack, encode_greeting, encode_resend
from sync.backoff import Backoff
from sync.batches import unpack
from sync.cloud.coverage import LaneKey
from sync.cloud.hole_watch import HoleWatch
from sync.cloud.sink_store import NodePresence, RejectedMessage, SinkStore
from sync.config import SyncSettings
from sync.errors import LinkUnavailableError, MessageInvalidError
from sync.link import Arrived, Endpoint, Link, LinkMaker, LinkProfile, Message, Settled
from sync.presence import parse_presence
from sync.received import ReceivedEvent
from sync.topics import ALL_EVENTS, ALL_PRESENCES, Channel, NodeName, parse_topic

_BATCH_MESSAGES = 100
_BATCH_EVENTS = 1000
_BATCH_S = 0.01
_SILENCE_S = 0.002
"""A broker has so many messages under way; after so long without one it waits for us, and not we for it."""
_IDLE_S = 0.5
_RECEIVE_MAXIMUM = 200
_FAREWELL_S = 1.0
_HOLE_PATIENCE_S = 5.0
"""A hole that has not moved for so long is asked for; far under the node's own watchdog."""

log = structlog.get_logger("sync.cloud.receiver")


@dataclass(slots=True)
class SinkCounters:
    """What the receiver did since it started."""

    committed: int = 0
    """Events handed to the database, repeated ones included."""
    rejected: int = 0
    batches: int = 0
    acks: int = 0
    asked_again: int = 0
    """Holes that a node was asked to fill."""
    is_up: bool = False


@dataclass(slots=True)
class _Batch:
    events: list[ReceivedEvent] = field(default_factory=list)
    rejected: list[RejectedMessage] = field(default_factory=list)
    presences: list[NodePresence] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)

    @property
    def is_full(self) -> bool:
        return len(self.tokens) >= _BATCH_MESSAGES or len(self.events) >= _BATCH_EVENTS


class _Connection:
    """One link with the window kept and the newest acknowledgement of each lane waiting for a free place."""

    def __init__(self, link: Link, window: int) -> None:
        self.link = link
        self._window = window
        self._unanswered: set[int] = set()
        self._greetings: dict[NodeName, Message] = {}
        self._acks: dict[LaneKey, Ack] = {}
        self._holes: dict[LaneKey, int] = {}

    @property
    def has_waiting(self) -> bool:
        return bool(self._greetings or self._acks or self._holes)

    @property
    def has_unanswered(self) -> bool:
        return bool(self._unanswered)

    def poll(self, timeout_s: float) -> list[Arrived]:
        arrived = []
        for event in self.link.poll(timeout_s):
            if isinstance(event, Settled):
                self._settle(event)
            else:
                arrived.append(event)
        return arrived

    def greet(self, node: NodeName, payload: bytes) -> None:
        self._greetings[node] = Message(node.topic(Channel.ACK), payload, content_type="application/json")

    def acknowledge(self, key: LaneKey, upto: int, last: int | None) -> None:
        if last is None and key in self._acks:
            last = self._acks[key].last
        self._acks[key] = Ack(key.epoch, key.lane, upto, last)

    def ask(self, key: LaneKey, first: int) -> None:
        self._holes[key] = first

    def flush(self) -> int:
        """Send what the window allows, greetings first; returns how many acknowledgements went out."""
        sent = 0
        while self.has_waiting and len(self._unanswered) < self._window:
            if self._greetings:
                message = self._greetings.pop(next(iter(self._greetings)))
            elif self._holes:
                key = next(iter(self._holes))
                payload = encode_resend(Resend(key.epoch, key.lane, self._holes.pop(key)))
                message = Message(key.node.topic(Channel.ACK), payload, content_type="application/json")
            else:
                key = next(iter(self._acks))
                payload = encode_ack(self._acks.pop(key))
                message = Message(key.node.topic(Channel.ACK), payload, content_type="application/json")
                sent += 1
            self._unanswered.add(self.link.publish(message))
        return sent

    def _settle(self, event: Settled) -> None:
        self._unanswered.discard(event.token)
        if event.is_refused:
            raise LinkUnavailableError(f"the broker refused an acknowledgement with reason {event.reason_code:#04x}")


def sink_profile(endpoint: Endpoint, settings: SyncSettings, *, client_id: str) -> LinkProfile:
    """What the receiver's connections are opened with."""
    return LinkProfile(
        endpoint=endpoint,
        client_id=client_id,
        subscriptions=(ALL_EVENTS, ALL_PRESENCES),
        receive_maximum=_RECEIVE_MAXIMUM,
        keepalive_s=settings.keepalive_s,
        connect_timeout_s=settings.connect_timeout_s,
    )


class Sink:
    """Receives from one broker into one store.

    Args:
        store: an open store; used from the thread of ``run`` only.
        make_link: a new link for each connection.
        name: new at each start, so that nodes know that what an earlier one did not commit is to be sent again.
    """

    def __init__(
        self,
        store: SinkStore,
        settings: SyncSettings,
        *,
        make_link: LinkMaker,
        name: str | None = None,
        random: Random | None = None,
        hole_patience_s: float = _HOLE_PATIENCE_S,
    ) -> None:
        self._store = store
        self._holes = HoleWatch(hole_patience_s)
        self._settings = settings
        self._make_link = make_link
        self._greeting = encode_greeting(Greeting(name or uuid4().hex))
        self._backoff = Backoff(base_s=settings.backoff_base_s, max_s=settings.backoff_max_s, random=random or Random())
        self._stopping = threading.Event()
        self.counters = SinkCounters()

    def run(self) -> None:
        """Receive until ``stop``; blocks.

        Raises:
            SinkStoreError: the database failed; nothing that it did not take was acknowledged.
            LinkSettingsError: a certificate or key file cannot be used.
        """
        is_told = False
        while not self._stopping.is_set():
            link = self._make_link()
            try:
                self._receive(link)
            except LinkUnavailableError as error:
                if self.counters.is_up or not is_told:
                    log.warning("sink.link_down", reason=str(error))
                is_told = True
            finally:
                self.counters.is_up = False
                link.close(is_farewell=self._stopping.is_set())
            if not self._stopping.is_set():
                self._stopping.wait(self._backoff.next_s())

    def stop(self) -> None:
        """End ``run`` after the batch at hand. Any thread or signal handler."""
        self._stopping.set()

    def wait_for_stop(self, timeout_s: float) -> bool:
        """Wait so long at most; True once ``stop`` was called. Any thread."""
        return self._stopping.wait(timeout_s)

    def _receive(self, link: Link) -> None:
        connection = _Connection(link, max(1, min(link.open(), self._settings.window)))
        self.counters.is_up = True
        self._backoff.reset()
        log.info("sink.link_up")
        while not self._stopping.is_set():
            batch = self._collect(connection)
            if batch.tokens:
                self._commit(connection, batch)
            for key, first in self._holes.due(monotonic()):
                connection.ask(key, first)
                self.counters.asked_again += 1
                log.warning("sink.hole_asked_for", node=key.node.path, epoch=key.epoch, lane=str(key.lane), first=first)
            self.counters.acks += connection.flush()
        self._drain_acks(connection)

    def _collect(self, connection: _Connection) -> _Batch:
        batch = _Batch()
        deadline_s = monotonic() + _IDLE_S
        while not batch.is_full and (remaining_s := deadline_s - monotonic()) > 0:
            arrived = connection.poll(min(remaining_s, _SILENCE_S) if batch.tokens else remaining_s)
            for event in arrived:
                self._sort(event, batch)
            if self._stopping.is_set() or (connection.has_waiting and not batch.tokens):
                break
            if batch.tokens and not arrived:
                break
            if batch.tokens:
                deadline_s = min(deadline_s, monotonic() + _BATCH_S)
        return batch

    @staticmethod
    def _sort(event: Arrived, batch: _Batch) -> None:
        message = event.message
        batch.tokens.append(event.token)
        try:
            place = parse_topic(message.topic)
            if place.channel is Channel.PRESENCE:
                batch.presences.append(NodePresence(place.node, parse_presence(message.payload)))
            else:
                batch.events.extend(unpack(message))
        except MessageInvalidError as error:
            batch.rejected.append(RejectedMessage(message.topic, str(error), message.payload))

    def _commit(self, connection: _Connection, batch: _Batch) -> None:
        acked = self._store.commit(batch.events, rejected=batch.rejected, presences=batch.presences)
        counters = self.counters
        counters.batches += 1
        counters.committed += len(batch.events)
        counters.rejected += len(batch.rejected)
        for token in batch.tokens:
            connection.link.confirm(token)
        for seen in batch.presences:
            if seen.presence.is_online:
                connection.greet(seen.node, self._greeting)
        last = {(event.node, event.epoch, event.lane): event.seq for event in batch.events}
        for key, upto in acked.items():
            connection.acknowledge(key, upto, last.get((key.node, key.epoch, key.lane)))
            self._holes.note(key, self._store.missing(key), monotonic())

    def _drain_acks(self, connection: _Connection) -> None:
        deadline_s = monotonic() + _FAREWELL_S
        while (connection.has_waiting or connection.has_unanswered) and monotonic() < deadline_s:
            self.counters.acks += connection.flush()
            # What arrives now stays unconfirmed: it was not committed, so its node sends it again.
            connection.poll(_BATCH_S)
