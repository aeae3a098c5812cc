"""Port to the shop's outbox: what the uplink needs from whoever keeps the rows.

The outbox, not the broker's session, is the session: a row lives until the application at the other end says
that it committed it. Implemented by `edge.store` on SQLite; `sync` never sees the database.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sync.records import Lane, QueuedRecord


@dataclass(frozen=True, slots=True)
class LaneState:
    """Numbers of one lane in the current epoch; ``drawn_upto`` 0 means that it never held a row."""

    lane: Lane
    drawn_upto: int
    """Highest sequence number ever drawn."""
    sent_upto: int
    """Highest sequence number ever handed to the link."""
    acked_upto: int
    """Everything up to here is committed (or declared a gap) at the other end."""
    pending: int
    """Rows still in the outbox."""


class Outbox(Protocol):
    """Rows waiting for the cloud. Every method may be called from the uplink's thread and blocks on disk.

    Each raises `sync.errors.OutboxUnavailableError` when it cannot be done now.
    """

    def epochs(self) -> Sequence[str]:
        """Epochs that still hold rows, oldest first; the last one is the current epoch and always present."""
        ...

    def take(self, epoch: str, lane: Lane, *, after_seq: int, limit: int) -> Sequence[QueuedRecord]:
        """Pending rows of a lane with ``seq > after_seq``, ascending, at most ``limit``."""
        ...

    def mark_sent(self, rows: Sequence[QueuedRecord], sizes_bytes: Sequence[int]) -> None:
        """Write the egress ledger for rows about to be published. Durable when it returns, before any byte leaves."""
        ...

    def acknowledge(self, epoch: str, lane: Lane, upto: int) -> int:
        """Delete the rows of a lane up to ``upto`` and return how many went.

        Raises:
            AckRejectedError: ``upto`` is above the highest number sent; nothing is deleted.
        """
        ...

    def lanes(self, epoch: str) -> Sequence[LaneState]:
        """State of the four lanes of an epoch."""
        ...
