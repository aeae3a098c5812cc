"""How often somebody may ask: a token bucket for each, shared by the surfaces that programs and screens ask.

Owns the arithmetic alone; who is meant, and how a refusal reads, is each surface's own.
"""

import math
from collections import OrderedDict
from threading import Lock

from edge.clock import Clock


class RateLimiter:
    """A token bucket per screen. Any thread may ask; at most ``limit`` screens are remembered."""

    def __init__(self, clock: Clock, *, per_minute: int, limit: int = 256) -> None:
        self._clock = clock
        self._per_s = per_minute / 60
        self._burst = max(1.0, per_minute / 3)
        self._limit = limit
        self._lock = Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    @property
    def wait_s(self) -> int:
        """Whole seconds after which a screen that was refused may ask again."""
        return math.ceil(1 / self._per_s)

    def admits(self, screen: str) -> bool:
        """Whether one more request of this screen may pass now; takes a token if so."""
        now_s = self._clock.mono_s()
        with self._lock:
            tokens, last_s = self._buckets.pop(screen, (self._burst, now_s))
            tokens = min(self._burst, tokens + (now_s - last_s) * self._per_s)
            is_admitted = tokens >= 1.0
            self._buckets[screen] = (tokens - 1.0 if is_admitted else tokens, now_s)
            while len(self._buckets) > self._limit:
                self._buckets.popitem(last=False)
        return is_admitted
