"""One connection's worth of sending: window, acknowledgements, watchdog.

Owns what is unanswered on one link and decides when to send, when to read again and when to give up; it has no
thread and waits nowhere but in ``link.poll``. The uplink makes a new one for each connection.

    opened -> waiting for a greeting -> sending <-> waiting for acknowledgements -> (stalled | lost) -> closed
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from sync.acks import Ack, Greeting, Resend, parse_answer
from sync.batches import Parcel, pack
from sync.config import SyncSettings
from sync.drain import Drain
from sync.errors import AckRejectedError, LinkStalledError, LinkUnavailableError, MessageInvalidError
from sync.link import Arrived, Link, Message, Settled
from sync.outbox import Outbox
from sync.pace import Pace
from sync.presence import Claim, Presence, encode_presence
from sync.progress import LaneName, OnTheWay
from sync.records import Lane
from sync.topics import Channel, NodeName

SecurityEvent = Callable[[AckRejectedError | MessageInvalidError], None]
Downlink = Callable[[Message], None]
"""Takes what came on another topic than ``/ack`` and returns once it is kept; then the broker is told that it came."""

_DRAWN_ROWS = 200
_DRAWN_BATCHES = 10
"""Rows or full batches read and marked at once, whichever is more."""
_UNCOMMITTED = 200
"""Messages sent that the receiver has not committed; far under the 1,000 that a broker queues before it drops."""
_UNCOMMITTED_BATCHES = 20
"""The same in full batches: what is sent again when a receiver dies."""
_OWED_S = 0.1
"""Acknowledged rows are deleted together: each deletion is a disk flush, and a row that stays is only sent again."""
_GREETERS = 100
_REWIND_EVERY_S = 1.0


@dataclass(slots=True)
class Counters:
    """What the uplink tells about itself; outlives a connection."""

    published: int = 0
    deleted: int = 0
    refused_publications: int = 0
    rejected_answers: int = 0
    connections: int = 0
    stalls: int = 0
    last_ack_s: float | None = None
    """Monotonic time of the last acknowledgement that moved a lane."""
    receiver: str | None = None
    """Name of the receiver that greeted last, None while none is known to listen."""


@dataclass(slots=True)
class Session:
    """Sends one outbox over one open link; all methods belong to the uplink's thread."""

    link: Link
    outbox: Outbox
    node: NodeName
    settings: SyncSettings
    window: int
    watchdog_s: float
    mono_s: Callable[[], float]
    on_security_event: SecurityEvent
    counters: Counters
    news: threading.Event
    """Set by whoever put rows into the outbox; cleared here."""
    pace: Pace
    downlink: Downlink | None = None
    has_progress: bool = False
    _drain: Drain = field(init=False)
    _ready: deque[Parcel] = field(default_factory=deque)
    _unanswered: set[int] = field(default_factory=set)
    _on_the_way: OnTheWay = field(default_factory=OnTheWay)
    _owed: dict[LaneName, int] = field(default_factory=dict)
    _owed_since_s: float = 0.0
    _began_s: float = field(init=False)
    _rewound_s: float = field(init=False)
    _looked_s: float = field(init=False)
    _is_dry: bool = False
    _is_rewind_due: bool = False
    _greeted_by: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._drain = Drain(self.outbox)
        self._began_s = self._rewound_s = self._looked_s = self.mono_s()

    @property
    def in_flight(self) -> int:
        """Publications that the broker has not answered."""
        return len(self._unanswered)

    def begin(self) -> None:
        """Take the outbox's state and say that we are here.

        Raises:
            LinkUnavailableError: the connection is gone.
        """
        self.counters.receiver = None
        self._rewind()
        claims = tuple(
            Claim(epoch, state.lane, state.acked_upto)
            for epoch in self._drain.epochs
            for state in self.outbox.lanes(epoch)
            if state.acked_upto > 0
        )
        self._publish(encode_presence(self.node, Presence(is_online=True, claims=claims)))

    def step(self) -> None:
        """Deal with what came, send what may go, look at the watchdog; waits at most one idle period.

        Raises:
            LinkUnavailableError: the connection is gone, or the broker refused a publication.
            LinkStalledError: nothing was acknowledged for too long.
        """
        self.settle(self._wait_s())
        self._fill()
        if self._owed and (not self._ready or self.mono_s() - self._owed_since_s >= _OWED_S):
            self._delete_owed()
        self._watch()

    def farewell(self) -> None:
        """Say that we leave, so that nobody takes the silence for a fault.

        Raises:
            LinkUnavailableError: the connection is gone.
        """
        self._delete_owed()
        self._publish(encode_presence(self.node, Presence(is_online=False)))

    def settle(self, timeout_s: float) -> None:
        """Deal with what came and send nothing; waits at most ``timeout_s``.

        Raises:
            LinkUnavailableError: the connection is gone, or the broker refused a publication.
            OutboxUnavailableError: something that came cannot be kept now.
        """
        for event in self.link.poll(timeout_s):
            if isinstance(event, Settled):
                self._settle(event)
            else:
                self._hear(event)

    def _rewind(self) -> None:
        self._delete_owed()
        now_s = self.mono_s()
        self._ready.clear()
        self._is_dry = False
        self._rewound_s = now_s
        self._drain.rewind()
        for epoch in self._drain.epochs:
            for state in self.outbox.lanes(epoch):
                self._on_the_way.restart((epoch, state.lane), state.acked_upto, now_s)

    def _wait_s(self) -> float:
        longest_s = _OWED_S if self._owed else self.settings.idle_poll_s
        if self._ready and self._may_send():
            return min(longest_s, self._held_s())
        if not self._greeted_by and not self._is_patience_over():
            return min(longest_s, self.settings.greeting_wait_s)
        return min(longest_s, self.watchdog_s / 2)

    def _is_patience_over(self) -> bool:
        return self.mono_s() - self._began_s >= self.settings.greeting_wait_s

    @property
    def _is_heard(self) -> bool:
        return bool(self._greeted_by) or self.has_progress

    def _may_send(self) -> bool:
        if not self._is_heard and not self._is_patience_over():
            return False
        return len(self._unanswered) < self.window and self._allowance_rows() > 0

    def _allowance_rows(self) -> int:
        """How many more rows may be on their way.

        Until a receiver shows that it listens, one window of rows is sent as a probe and no more: a broker takes
        everything over, subscribers or not, and a month's backlog would go nowhere again and again.
        """
        way = self._on_the_way
        if not self._is_heard:
            return self.window - way.rows
        most = max(_UNCOMMITTED, _UNCOMMITTED_BATCHES * self.settings.batch_rows)
        return most - way.rows if way.messages < _UNCOMMITTED else 0

    def _fill(self) -> None:
        if self._is_rewind_due and self.mono_s() - self._rewound_s >= _REWIND_EVERY_S:
            self._is_rewind_due = False
            if self._on_the_way.has_unacked():
                self._rewind()
        while self._may_send():
            if not self._ready and not self._draw():
                return
            if self._held_s() > 0.0:
                self._send_urgent()
                return
            self._send(self._ready.popleft())

    def _send_urgent(self) -> None:
        """Alarms overtake what was drawn before them and is held back by the drain rate."""
        if not self.news.is_set():
            return
        self.news.clear()
        rows = self._drain.next_urgent(self.window - len(self._unanswered))
        parcels = pack(self.node, rows, batch_rows=self.settings.batch_rows)
        if rows:
            self.outbox.mark_sent(rows, [size for parcel in parcels for size in parcel.sizes_bytes])
        for parcel in parcels:
            self._send(parcel)

    def _held_s(self) -> float:
        """How long the drain rate holds back what is next; alarms wait for nothing."""
        is_urgent = self._ready[0].rows[-1].lane is Lane.P0
        return 0.0 if is_urgent else self.pace.held_s(self.mono_s())

    def _draw(self) -> bool:
        if self._is_dry and not self.news.is_set() and self.mono_s() - self._looked_s < self.settings.idle_poll_s:
            return False
        self.news.clear()
        self._looked_s = self.mono_s()
        # Rows are marked in batches ahead of the window: the ledger's commit is a disk flush, and one for
        # each row would be the whole throughput. A link that breaks in between leaves rows marked twice.
        most = max(_DRAWN_ROWS, _DRAWN_BATCHES * self.settings.batch_rows)
        rows = self._drain.next_rows(most if self._is_heard else self._allowance_rows())
        self._is_dry = not rows
        if not rows:
            if self._drain.is_stale():
                self._rewind()
            return False
        parcels = pack(self.node, rows, batch_rows=self.settings.batch_rows)
        self.outbox.mark_sent(rows, [size for parcel in parcels for size in parcel.sizes_bytes])
        self._ready.extend(parcels)
        return True

    def _send(self, parcel: Parcel) -> None:
        self._publish(parcel.message)
        self.pace.spend(parcel.message.size_bytes)
        self.counters.published += len(parcel.rows)
        last = parcel.rows[-1]
        self._on_the_way.send((last.epoch, last.lane), last.seq, len(parcel.rows), self.mono_s())

    def _publish(self, message: Message) -> None:
        self._unanswered.add(self.link.publish(message))

    def _settle(self, event: Settled) -> None:
        self._unanswered.discard(event.token)
        if event.is_refused:
            self.counters.refused_publications += 1
            raise LinkUnavailableError(f"the broker refused a publication with reason {event.reason_code:#04x}")
        if event.is_unheard:
            self.counters.receiver = None

    def _hear(self, event: Arrived) -> None:
        if event.message.topic == self.node.topic(Channel.ACK):
            try:
                answer = parse_answer(event.message.payload)
                if isinstance(answer, Ack):
                    self._acknowledge(answer)
                elif isinstance(answer, Resend):
                    self._send_again(answer)
                else:
                    self._greet(answer)
            except (AckRejectedError, MessageInvalidError) as error:
                self.counters.rejected_answers += 1
                self.on_security_event(error)
        elif self.downlink is not None:
            self.downlink(event.message)
        self.link.confirm(event.token)

    def _acknowledge(self, ack: Ack) -> None:
        name = (ack.epoch, ack.lane)
        lane = self._on_the_way.lanes.get(name)
        if lane is None:
            self._check_unread(ack)
            return
        if ack.last is not None:
            self._on_the_way.commit(name, ack.last)
        if ack.upto <= lane.acked_upto:
            return
        if ack.upto > lane.sent_upto:
            # Beyond what this connection sent: a declared gap, an earlier connection's rows, or a lie.
            self.counters.deleted += self.outbox.acknowledge(ack.epoch, ack.lane, ack.upto)
        elif not self._owed:
            self._owed_since_s = self.mono_s()
        self._owed[name] = ack.upto
        self._on_the_way.acknowledge(name, ack.upto, self.mono_s())
        self.counters.last_ack_s = self.mono_s()
        self.has_progress = True

    def _delete_owed(self) -> None:
        owed, self._owed = self._owed, {}
        for (epoch, lane), upto in owed.items():
            self.counters.deleted += self.outbox.acknowledge(epoch, lane, upto)

    def _check_unread(self, ack: Ack) -> None:
        """An epoch that was drained may be acknowledged again; one that never sent so much may not."""
        sent_upto = next((state.sent_upto for state in self.outbox.lanes(ack.epoch) if state.lane is ack.lane), 0)
        if ack.upto > sent_upto:
            raise AckRejectedError(ack.epoch, ack.lane, ack.upto, sent_upto)

    def _greet(self, greeting: Greeting) -> None:
        is_new = greeting.receiver not in self._greeted_by
        self.counters.receiver = greeting.receiver
        # A receiver that started after rows went out has not seen them. Names are drawn anew at each start, so
        # one that floods us with names gets one re-reading a second and costs bandwidth, never rows.
        if is_new and len(self._greeted_by) < _GREETERS:
            self._greeted_by.add(greeting.receiver)
            self._is_rewind_due = self._on_the_way.has_unacked()

    def _send_again(self, asked: Resend) -> None:
        """Lost on its way, as the receiver says: read again, at most once a second, what is not acknowledged."""
        lane = self._on_the_way.lanes.get((asked.epoch, asked.lane))
        if lane is not None and lane.acked_upto < asked.first <= lane.sent_upto:
            self._is_rewind_due = True

    def _watch(self) -> None:
        now_s = self.mono_s()
        for (epoch, name), lane in self._on_the_way.lanes.items():
            if lane.sent_upto > lane.acked_upto and now_s - lane.moved_s >= self.watchdog_s:
                raise LinkStalledError(f"nothing of {epoch}:{name} acknowledged for {self.watchdog_s:g} s")
