"""What one connection has on its way: per lane how far it went, and in all how much is not yet committed.

Owns numbers only; the session decides by them when to send and when to give up. One thread at a time.
"""

from collections import deque
from dataclasses import dataclass, field

from sync.records import Lane

LaneName = tuple[str, Lane]
"""Epoch and lane."""


@dataclass(slots=True)
class LaneProgress:
    """How far a lane went on this connection."""

    acked_upto: int
    sent_upto: int
    moved_s: float
    """Monotonic time of the last progress, or of the first row sent after everything was acknowledged."""
    uncommitted: deque[tuple[int, int]] = field(default_factory=deque)
    """Messages not known to be committed at the other end, in sending order: last number and rows of each."""


@dataclass(slots=True)
class OnTheWay:
    """All lanes of one connection, and the messages and rows of them that the receiver has not committed."""

    lanes: dict[LaneName, LaneProgress] = field(default_factory=dict)
    messages: int = 0
    rows: int = 0

    def restart(self, lane: LaneName, acked_upto: int, now_s: float) -> None:
        """Read a lane again from behind ``acked_upto``; what was on its way in it is forgotten."""
        before = self.lanes.get(lane)
        if before is not None:
            self._forget(before, len(before.uncommitted))
        self.lanes[lane] = LaneProgress(acked_upto, acked_upto, now_s)

    def send(self, lane: LaneName, last: int, rows: int, now_s: float) -> None:
        """A message with so many rows, ``last`` being its last number, went out."""
        progress = self.lanes[lane]
        progress.uncommitted.append((last, rows))
        self.messages += 1
        self.rows += rows
        if progress.sent_upto <= progress.acked_upto:
            progress.moved_s = now_s
        progress.sent_upto = max(progress.sent_upto, last)

    def commit(self, lane: LaneName, last: int) -> None:
        """The message that ends with ``last`` is committed, and what was sent before it: a broker keeps the order."""
        progress = self.lanes[lane]
        for place, (number, _) in enumerate(progress.uncommitted):
            if number == last:
                self._forget(progress, place + 1)
                return

    def acknowledge(self, lane: LaneName, upto: int, now_s: float) -> None:
        """Everything up to a number is committed. Live rows may stand before older ones, so all are looked at."""
        progress = self.lanes[lane]
        progress.acked_upto, progress.moved_s = upto, now_s
        kept = deque(message for message in progress.uncommitted if message[0] > upto)
        self.messages -= len(progress.uncommitted) - len(kept)
        self.rows -= sum(rows for last, rows in progress.uncommitted if last <= upto)
        progress.uncommitted = kept

    def has_unacked(self) -> bool:
        """Whether anything was sent that is not acknowledged."""
        return any(lane.sent_upto > lane.acked_upto for lane in self.lanes.values())

    def _forget(self, progress: LaneProgress, messages: int) -> None:
        for _ in range(messages):
            _, rows = progress.uncommitted.popleft()
            self.messages -= 1
            self.rows -= rows
