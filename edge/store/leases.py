"""Which rows the uplink was handed: those are never rewritten or replaced, so that what is sent is what is stored.

The lock makes handing out and rewriting exclude each other until the rewriting transaction is committed. Taken by
the uplink around its reading, by the writer from its first rewrite to its commit.
"""

from threading import RLock

from sync.records import Lane


class Leases:
    """Highest number handed out per epoch and lane in this process."""

    def __init__(self) -> None:
        self.lock = RLock()
        self._upto: dict[tuple[str, Lane], int] = {}

    def upto(self, epoch: str, lane: Lane) -> int:
        """Highest number handed out; 0 when none. Call with the lock held."""
        return self._upto.get((epoch, lane), 0)

    def extend(self, epoch: str, lane: Lane, upto: int) -> None:
        """Remember that rows up to a number were handed out. Call with the lock held."""
        self._upto[epoch, lane] = max(upto, self.upto(epoch, lane))
