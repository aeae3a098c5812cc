"""How fast the outbox may drain: a token bucket of one second (RFC 2697 calls it committed rate and burst).

Owns the limit, which any thread may set, and the account, which is the session's. Lane p0 is never held back by it,
but what it sends is charged.
"""


class Pace:
    """A limit in bytes a second; 0 is none."""

    def __init__(self, bytes_per_s: int = 0) -> None:
        self.bytes_per_s = bytes_per_s
        """May be set at any time, from any thread."""
        self._debt_bytes = 0.0
        self._seen_s = 0.0

    def held_s(self, now_s: float) -> float:
        """How long the next message has to wait; 0.0: not at all."""
        rate = self.bytes_per_s
        if rate <= 0:
            self._debt_bytes = 0.0
            return 0.0
        self._debt_bytes = max(0.0, self._debt_bytes - (now_s - self._seen_s) * rate)
        self._seen_s = now_s
        return max(0.0, self._debt_bytes - rate) / rate

    def spend(self, size_bytes: int) -> None:
        """A message of this size went out."""
        self._debt_bytes += size_bytes
