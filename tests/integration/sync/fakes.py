"""The outbox and the link in memory: the same rules as the real ones, without disk or network."""

from collections import deque
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from threading import Condition, Lock

from sync.errors import AckRejectedError, LinkUnavailableError
from sync.link import Arrived, LinkEvent, LinkProfile, Message, Settled
from sync.outbox import LaneState
from sync.records import Lane, OutgoingRecord, QueuedRecord, Scalar

EPOCH = "epoch-1"


def record(lane: Lane, number: int, *, kind: str = "shelf.count", data: Mapping[str, Scalar] | None = None):
    return OutgoingRecord(
        lane=lane,
        kind=kind,
        source="cam-dairy",
        occurred_at=datetime(2026, 11, 2, 10, 2, 3, 456789, tzinfo=UTC),
        mono_s=1234.5678 + number,
        boot_id="b1946ac9-2f3e-4c2a-9c0e-8a4f3b1d2c55",
        time_quality="synced",
        data_class="internal",
        policy_version="1.0.0",
        data=data if data is not None else {"slot": "dairy-1", "sku": "BR-0001", "units": number, "delta": -1},
        key=None,
    )


class MemoryOutbox:
    """The port's rules without a disk; any thread."""

    def __init__(self, epoch: str = EPOCH) -> None:
        self._lock = Lock()
        self._epochs = [epoch]
        self._rows: dict[tuple[str, Lane], dict[int, QueuedRecord]] = {(epoch, lane): {} for lane in Lane}
        self._drawn = {(epoch, lane): 0 for lane in Lane}
        self._sent = {(epoch, lane): 0 for lane in Lane}
        self._acked = {(epoch, lane): 0 for lane in Lane}
        self.ledger: list[tuple[str, int]] = []

    def put(self, *records: OutgoingRecord) -> None:
        with self._lock:
            for new in records:
                key = (self._epochs[-1], new.lane)
                self._drawn[key] += 1
                self._rows[key][self._drawn[key]] = QueuedRecord(key[0], new.lane, self._drawn[key], new)

    def put_many(self, lane: Lane, count: int) -> None:
        self.put(*(record(lane, number) for number in range(count)))

    def begin_epoch(self, epoch: str) -> None:
        with self._lock:
            self._epochs.append(epoch)
            for lane in Lane:
                self._rows[epoch, lane] = {}
                self._drawn[epoch, lane] = self._sent[epoch, lane] = self._acked[epoch, lane] = 0

    def evict(self, lane: Lane, first: int, last: int) -> None:
        """Drop rows and declare them, as the store does when it is full."""
        epoch = self._epochs[-1]
        with self._lock:
            for seq in range(first, last + 1):
                self._rows[epoch, lane].pop(seq, None)
        gap = {"epoch": epoch, "gap_lane": str(lane), "first": first, "last": last, "reason": "evicted"}
        self.put(record(Lane.P0, 0, kind="gap", data=gap))

    def epochs(self) -> Sequence[str]:
        with self._lock:
            old = [e for e in self._epochs[:-1] if any(self._rows[e, lane] for lane in Lane)]
            return [*old, self._epochs[-1]]

    def take(self, epoch: str, lane: Lane, *, after_seq: int, limit: int) -> Sequence[QueuedRecord]:
        with self._lock:
            rows = self._rows.get((epoch, lane), {})
            return [rows[seq] for seq in sorted(rows) if seq > after_seq][:limit]

    def mark_sent(self, rows: Sequence[QueuedRecord], sizes_bytes: Sequence[int]) -> None:
        with self._lock:
            for row, size in zip(rows, sizes_bytes, strict=True):
                self._sent[row.epoch, row.lane] = max(self._sent[row.epoch, row.lane], row.seq)
                self.ledger.append((row.id, size))

    def acknowledge(self, epoch: str, lane: Lane, upto: int) -> int:
        with self._lock:
            sent_upto = self._sent.get((epoch, lane), 0)
            if upto > sent_upto:
                raise AckRejectedError(epoch, lane, upto, sent_upto)
            rows = self._rows[epoch, lane]
            gone = [seq for seq in rows if seq <= upto]
            for seq in gone:
                del rows[seq]
            self._acked[epoch, lane] = max(self._acked[epoch, lane], upto)
            return len(gone)

    def lanes(self, epoch: str) -> Sequence[LaneState]:
        with self._lock:
            return [
                LaneState(
                    lane,
                    drawn_upto=self._drawn.get((epoch, lane), 0),
                    sent_upto=self._sent.get((epoch, lane), 0),
                    acked_upto=self._acked.get((epoch, lane), 0),
                    pending=len(self._rows.get((epoch, lane), ())),
                )
                for lane in Lane
            ]

    @property
    def pending(self) -> int:
        with self._lock:
            return sum(len(rows) for rows in self._rows.values())


class MemoryBroker:
    """Routes between links in one process; retained messages and wills included."""

    def __init__(self) -> None:
        self.changed = Condition()
        self.links: list[MemoryLink] = []
        self.retained: dict[str, Message] = {}
        self.is_down = False

    def route(self, message: Message) -> bool:
        """Hand a message on; True when somebody subscribes to its topic."""
        with self.changed:
            if message.is_retained:
                self.retained[message.topic] = message
            heard = [link for link in self.links if link.wants(message.topic)]
            for link in heard:
                link.deliver(Message(message.topic, message.payload, message.properties, message.content_type))
            self.changed.notify_all()
            return bool(heard)

    def kill(self) -> None:
        with self.changed:
            self.is_down = True
            self.retained.clear()
            for link in self.links:
                link.lost = "the broker died"
            self.links.clear()
            self.changed.notify_all()


class MemoryLink:
    """The link port over a `MemoryBroker`."""

    def __init__(self, broker: MemoryBroker, profile: LinkProfile) -> None:
        self._broker = broker
        self._profile = profile
        self._events: deque[LinkEvent] = deque()
        self._tokens = 0
        self._is_woken = False
        self.lost: str | None = None

    def open(self) -> int:
        with self._broker.changed:
            if self._broker.is_down:
                raise LinkUnavailableError("the broker is down")
            self._broker.links.append(self)
            for message in self._broker.retained.values():
                if self.wants(message.topic):
                    self.deliver(message)
        return 65_535

    def wants(self, topic: str) -> bool:
        levels = topic.split("/")
        wanted = [subscription.split("/") for subscription in self._profile.subscriptions]
        return any(
            len(parts) == len(levels) and all(a in ("+", b) for a, b in zip(parts, levels, strict=True))
            for parts in wanted
        )

    def deliver(self, message: Message) -> None:
        self._tokens += 1
        self._events.append(Arrived(self._tokens, message))

    def publish(self, message: Message) -> int:
        if self.lost is not None:
            raise LinkUnavailableError(self.lost)
        is_heard = self._broker.route(message)
        with self._broker.changed:
            self._tokens += 1
            self._events.append(Settled(self._tokens, 0 if is_heard else 0x10))
            return self._tokens

    def confirm(self, token: int) -> None:
        """Nothing is sent twice in memory."""

    def poll(self, timeout_s: float) -> Sequence[LinkEvent]:
        with self._broker.changed:
            self._broker.changed.wait_for(lambda: self._events or self.lost or self._is_woken, timeout_s)
            self._is_woken = False
            if not self._events and self.lost is not None:
                raise LinkUnavailableError(self.lost)
            events = tuple(self._events)
            self._events.clear()
            return events

    def wake(self) -> None:
        with self._broker.changed:
            self._is_woken = True
            self._broker.changed.notify_all()

    def close(self, *, is_farewell: bool) -> None:
        with self._broker.changed:
            was_open = self in self._broker.links
            if was_open:
                self._broker.links.remove(self)
            self.lost = self.lost or "the link was closed"
        if was_open and not is_farewell and self._profile.will is not None:
            self._broker.route(self._profile.will)
