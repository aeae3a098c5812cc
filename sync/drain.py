"""Which rows leave next: p0 before all else, the other lanes by weight, live rows beside the backlog 70/30.

Owns the reading positions of one connection, nothing durable: a new connection reads again from the first row
that is still pending. Stands between the outbox port and the session.

    lane p1   |#### backlog ####|=== live ===>     boundary: the highest number drawn when the connection began
                ^ position        ^ position
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sync.outbox import LaneState, Outbox
from sync.records import Lane, QueuedRecord

_LIVE_SHARE = 70
_BACKLOG_SHARE = 30
_NO_MORE = 2**63 - 1
"""End of a lane that will never grow: the first empty answer finishes its reader."""
_LANE_WEIGHTS = {Lane.P1: 6, Lane.P2: 3, Lane.P3: 1}


@dataclass(slots=True)
class Reader:
    """A reading position in one lane of one epoch, up to ``last`` where it has an end."""

    epoch: str
    lane: Lane
    weight: int
    position: int
    last: int | None = None

    def take(self, outbox: Outbox, limit: int) -> list[QueuedRecord]:
        """Next rows, at most ``limit``; moves the position."""
        if self.last is not None and self.position >= self.last:
            return []
        rows = outbox.take(self.epoch, self.lane, after_seq=self.position, limit=limit)
        mine = [row for row in rows if self.last is None or row.seq <= self.last]
        if mine:
            self.position = mine[-1].seq
        elif self.last is not None:
            self.position = self.last
        return mine


@dataclass(slots=True)
class Drain:
    """Draws batches from an outbox for one connection; every call blocks on the outbox."""

    outbox: Outbox
    epochs: tuple[str, ...] = ()
    _urgent: list[Reader] = field(default_factory=list)
    _weighted: list[Reader] = field(default_factory=list)

    def rewind(self) -> tuple[LaneState, ...]:
        """Read again from the first pending row; returns the state of the current epoch's lanes."""
        self.epochs = tuple(self.outbox.epochs())
        self._urgent, self._weighted = [], []
        for epoch in self.epochs[:-1]:
            for lane in Lane:
                self._add(Reader(epoch, lane, self._weight(lane, _BACKLOG_SHARE), 0, _NO_MORE))
        current = self.epochs[-1]
        states = tuple(self.outbox.lanes(current))
        for state in states:
            boundary = state.drawn_upto
            backlog = Reader(current, state.lane, self._weight(state.lane, _BACKLOG_SHARE), state.acked_upto, boundary)
            self._add(Reader(current, state.lane, self._weight(state.lane, _LIVE_SHARE), boundary))
            self._add(backlog)
        return states

    def is_stale(self) -> bool:
        """A new epoch began, or an old one ran dry, since the last ``rewind``."""
        return tuple(self.outbox.epochs()) != self.epochs

    def next_rows(self, limit: int) -> list[QueuedRecord]:
        """Rows to send next, at most ``limit``, in sending order."""
        rows = self.next_urgent(limit)
        return rows + share_out(limit - len(rows), self._weighted, lambda reader, n: reader.take(self.outbox, n))

    def next_urgent(self, limit: int) -> list[QueuedRecord]:
        """Rows of lane p0 alone, for when the others are held back."""
        return share_out(limit, self._urgent, lambda reader, n: reader.take(self.outbox, n))

    def _add(self, reader: Reader) -> None:
        (self._urgent if reader.lane is Lane.P0 else self._weighted).append(reader)

    @staticmethod
    def _weight(lane: Lane, share: int) -> int:
        return _LANE_WEIGHTS.get(lane, 1) * share


def share_out(
    limit: int, readers: Sequence[Reader], take: Callable[[Reader, int], list[QueuedRecord]]
) -> list[QueuedRecord]:
    """Fill up to ``limit`` places by weight; what one reader cannot use goes to the others.

    Every reader that has rows gets at least one place, so none starves beside a heavy one.
    """
    rows: list[QueuedRecord] = []
    active = list(readers)
    while active and len(rows) < limit:
        free, total = limit - len(rows), sum(reader.weight for reader in active)
        thirsty = []
        for reader in active:
            quota = min(max(1, free * reader.weight // total), limit - len(rows))
            taken = take(reader, quota) if quota else []
            rows += taken
            if quota and len(taken) == quota:
                thirsty.append(reader)
        active = thirsty
    return rows
