"""The shop's way up: one thread that carries the outbox to head office and deletes what is acknowledged there.

Owns the life of the connection: back-off, reconnecting, stopping, and what the console may say about it. Deletes
nothing itself: only the receiver's acknowledgement, passed to the outbox, does. Reads the outbox port, writes
to the link port; knows neither SQLite nor MQTT.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from time import monotonic
from types import TracebackType
from typing import Self

import structlog

from sync.backoff import Backoff
from sync.config import SyncSettings
from sync.errors import (
    AckRejectedError,
    LinkSettingsError,
    LinkStalledError,
    LinkUnavailableError,
    MessageInvalidError,
    OutboxUnavailableError,
)
from sync.link import Endpoint, Link, LinkMaker, LinkProfile
from sync.outbox import Outbox
from sync.pace import Pace
from sync.presence import Presence, encode_presence
from sync.records import Lane
from sync.session import Counters, Downlink, SecurityEvent, Session
from sync.topics import Channel, NodeName

_FAREWELL_S = 1.0
_STOP_MARGIN_S = 5.0
_PENDING_EVERY_S = 1.0
_MAX_PACKET_BYTES = 32_768
"""What a node is ever sent fits many times over; a broker drops what is longer (OASIS MQTT 5.0, 3.1.2.11.4)."""

log = structlog.get_logger("sync.uplink")


@dataclass(frozen=True, slots=True)
class UplinkStatus:
    """How the way up is, for people; everything in it is a copy."""

    broker: str
    """Address without credentials."""
    is_up: bool
    since: datetime
    """When it came up or went down."""
    reason: str
    """Why it is down; empty while up."""
    receiver: str | None
    """The receiver that greeted us, None while none is known to listen."""
    last_ack_age_s: float | None
    in_flight: int
    pending: Mapping[Lane, int]
    published: int
    deleted: int
    reconnects: int
    stalls: int
    refused_publications: int
    rejected_answers: int


def _unreported(_error: AckRejectedError | MessageInvalidError) -> None:
    """The event is counted and logged all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UplinkTools:
    """Clocks, chance and who listens.

    ``on_security_event`` is called in the uplink's thread and must not block; so is ``downlink``, with what came on
    another topic than ``/ack``, which may take a commit's time.
    """

    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    mono_s: Callable[[], float] = monotonic
    random: Random = field(default_factory=Random)
    on_security_event: SecurityEvent = _unreported
    downlink: Downlink | None = None
    pace: Pace = field(default_factory=Pace)


def uplink_profile(node: NodeName, endpoint: Endpoint, settings: SyncSettings) -> LinkProfile:
    """What the uplink's connections are opened with: own topics only, and a will that says offline."""
    ordered = () if settings.command_key is None else (node.topic(Channel.COMMAND), node.topic(Channel.TWIN))
    return LinkProfile(
        endpoint=endpoint,
        # A slash in it would be legal MQTT and ends rumqttd's router for good; a colon is in no node's name.
        client_id=node.path.replace("/", ":"),
        subscriptions=(node.topic(Channel.ACK), *ordered),
        max_packet_bytes=_MAX_PACKET_BYTES,
        will=encode_presence(node, Presence(is_online=False)),
        keepalive_s=settings.keepalive_s,
        connect_timeout_s=settings.connect_timeout_s,
    )


class Uplink:
    """Context manager around the uplink's thread.

    Args:
        outbox: read, marked and acknowledged from the uplink's thread only; must outlive the uplink.
        make_link: a new link for each connection.
        broker: address for people.
    """

    def __init__(
        self,
        outbox: Outbox,
        node: NodeName,
        settings: SyncSettings,
        *,
        make_link: LinkMaker,
        broker: str,
        tools: UplinkTools | None = None,
    ) -> None:
        self._outbox = outbox
        self._node = node
        self._settings = settings
        self._make_link = make_link
        self._broker = broker
        self._tools = tools or UplinkTools()
        self._backoff = Backoff(base_s=settings.backoff_base_s, max_s=settings.backoff_max_s, random=self._tools.random)
        self._counters = Counters()
        self._stalls_in_row = 0
        self._stopping = threading.Event()
        self._news = threading.Event()
        self._lock = threading.Lock()
        self._link: Link | None = None
        self._state = (False, self._tools.now(), "not connected yet")
        self._is_down_told = False
        self._in_flight = 0
        self._pending: dict[Lane, int] = dict.fromkeys(Lane, 0)
        self._pending_read_s = float("-inf")
        self._thread = threading.Thread(target=self._run, name="sync-uplink", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self.wake()
        self._thread.join(self._settings.connect_timeout_s + _FAREWELL_S + _STOP_MARGIN_S)
        if self._thread.is_alive():
            log.error("uplink.stop_late", broker=self._broker)

    def wake(self) -> None:
        """There is something new in the outbox. Any thread; never blocks."""
        self._news.set()
        with self._lock:
            if self._link is not None:
                self._link.wake()

    def status(self) -> UplinkStatus:
        """State of a moment ago. Any thread; never blocks on disk or network."""
        with self._lock:
            is_up, since, reason = self._state
            pending, in_flight = dict(self._pending), self._in_flight
        counters = self._counters
        last_ack_s = counters.last_ack_s
        return UplinkStatus(
            broker=self._broker,
            is_up=is_up,
            since=since,
            reason=reason,
            receiver=counters.receiver if is_up else None,
            last_ack_age_s=None if last_ack_s is None else max(0.0, self._tools.mono_s() - last_ack_s),
            in_flight=in_flight if is_up else 0,
            pending=pending,
            published=counters.published,
            deleted=counters.deleted,
            reconnects=max(0, counters.connections - 1),
            stalls=counters.stalls,
            refused_publications=counters.refused_publications,
            rejected_answers=counters.rejected_answers,
        )

    def _run(self) -> None:
        """The supervisor's loop: it starts a connection's life again and again, whatever ended the last one."""
        while not self._stopping.is_set():
            try:
                self._idle(self._live())
            except OutboxUnavailableError as error:
                self._went_down(str(error))
                self._stopping.wait(self._backoff.next_s())
            except Exception as error:
                # A fault of ours. A dead thread would look like a quiet shop, and a restarted process would take
                # cameras and kiosk with it, again and again: so it says why and begins anew.
                log.exception("uplink.failed", broker=self._broker)
                self._went_down(f"failed: {type(error).__name__}")
                self._stopping.wait(self._backoff.next_s())

    def _live(self) -> float:
        """One connection from open to close; returns how long to stay away."""
        try:
            link = self._make_link()
        except LinkSettingsError as error:
            self._went_down(str(error))
            return self._backoff.next_s()
        try:
            self._serve(link)
        except LinkStalledError as error:
            return self._stalled(error)
        except (LinkUnavailableError, LinkSettingsError) as error:
            self._went_down(str(error))
        finally:
            with self._lock:
                self._link = None
            link.close(is_farewell=False)
        return self._backoff.next_s()

    def _serve(self, link: Link) -> None:
        receive_maximum = link.open()
        session = Session(
            link=link,
            outbox=self._outbox,
            node=self._node,
            settings=self._settings,
            window=max(1, min(receive_maximum, self._settings.window)),
            watchdog_s=self._patience_s(),
            mono_s=self._tools.mono_s,
            on_security_event=self._report,
            counters=self._counters,
            news=self._news,
            pace=self._tools.pace,
            downlink=self._tools.downlink,
        )
        session.begin()
        with self._lock:
            self._link = link
        self._came_up()
        while not self._stopping.is_set():
            session.step()
            self._observe(session)
        self._leave(session, link)

    def _leave(self, session: Session, link: Link) -> None:
        deadline_s = self._tools.mono_s() + _FAREWELL_S
        if session.in_flight < session.window:
            session.farewell()
            while session.in_flight and self._tools.mono_s() < deadline_s:
                session.settle(_FAREWELL_S)
            link.close(is_farewell=True)

    def _observe(self, session: Session) -> None:
        if session.has_progress:
            self._backoff.reset()
            if self._stalls_in_row:
                log.info("receiver.back", broker=self._broker, receiver=self._counters.receiver)
            self._stalls_in_row = 0
        with self._lock:
            self._in_flight = session.in_flight
        self._read_pending()

    def _patience_s(self) -> float:
        """Watchdog, doubled after each fruitless connection: probes cost bandwidth, a greeting ends the wait."""
        longest_s = max(self._settings.watchdog_s, self._settings.backoff_max_s)
        return float(min(longest_s, self._settings.watchdog_s * 2 ** min(self._stalls_in_row, 16)))

    def _stalled(self, error: LinkStalledError) -> float:
        if not self._stalls_in_row:
            log.warning("receiver.silent", broker=self._broker, reason=str(error))
        self._stalls_in_row += 1
        self._counters.stalls += 1
        return self._tools.random.uniform(0.0, self._settings.backoff_base_s)

    def _came_up(self) -> None:
        self._counters.connections += 1
        with self._lock:
            was_up = self._state[0]
            if not was_up:
                self._state = (True, self._tools.now(), "")
        if not was_up:
            log.info("link.up", broker=self._broker)

    def _went_down(self, reason: str) -> None:
        with self._lock:
            was_up, since, _ = self._state
            self._state = (False, self._tools.now() if was_up else since, reason)
        if was_up or not self._is_down_told:
            self._is_down_told = True
            log.warning("link.down", broker=self._broker, reason=reason)

    def _report(self, error: AckRejectedError | MessageInvalidError) -> None:
        count = self._counters.rejected_answers
        # Every one is counted and reported; the log takes the 1st, 2nd, 4th, 8th... so that a flood cannot fill it.
        if count & (count - 1) == 0:
            log.error("security.ack_rejected", broker=self._broker, reason=str(error), count=count)
        self._tools.on_security_event(error)

    def _idle(self, delay_s: float) -> None:
        until_s = self._tools.mono_s() + delay_s
        while not self._stopping.is_set() and (remaining_s := until_s - self._tools.mono_s()) > 0:
            self._read_pending()
            self._stopping.wait(min(remaining_s, _PENDING_EVERY_S))

    def _read_pending(self) -> None:
        now_s = self._tools.mono_s()
        if now_s - self._pending_read_s < _PENDING_EVERY_S:
            return
        self._pending_read_s = now_s
        pending = dict.fromkeys(Lane, 0)
        for epoch in self._outbox.epochs():
            for state in self._outbox.lanes(epoch):
                pending[state.lane] += state.pending
        with self._lock:
            self._pending = pending
