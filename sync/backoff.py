"""How long to wait before the next try: full jitter, doubling, capped.

Pure but for the random source it is given. Source: Brooker, "Exponential Backoff and Jitter", AWS Architecture
Blog, 2015: full jitter spreads a thousand shops that lost one broker better than any fixed schedule.
"""

from random import Random

_MAX_DOUBLINGS = 32


class Backoff:
    """Counts failures in a row and draws the wait after each."""

    def __init__(self, *, base_s: float, max_s: float, random: Random) -> None:
        self._base_s = base_s
        self._max_s = max_s
        self._random = random
        self._failures = 0

    @property
    def ceiling_s(self) -> float:
        """Longest wait that the next failure may cost."""
        return float(min(self._max_s, self._base_s * 2**self._failures))

    def next_s(self) -> float:
        """Count a failure and draw the wait, uniform between 0 and the ceiling."""
        delay_s = self._random.uniform(0.0, self.ceiling_s)
        self._failures = min(self._failures + 1, _MAX_DOUBLINGS)
        return delay_s

    def reset(self) -> None:
        """Something went right."""
        self._failures = 0
