"""Who is logged in and who must wait: pure tables over the node's monotonic clock.

Owns sessions and the lock-out after wrong passwords, in memory only: a restart logs everybody out. Refuses to
grow: both tables are bounded.
"""

import asyncio
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass, field

from edge.clock import Clock

_MAX_SESSIONS = 64
_MAX_ADDRESSES = 1024


@dataclass(slots=True)
class _Session:
    ends_mono_s: float
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class SessionRegistry:
    """Live sessions by random token. Used from the console's event loop only."""

    def __init__(self, *, clock: Clock, lifetime_s: float) -> None:
        self._clock = clock
        self._lifetime_s = lifetime_s
        self._live: OrderedDict[str, _Session] = OrderedDict()

    def open(self) -> str:
        """Begin a session and return its token; the oldest one ends when there are too many."""
        while len(self._live) >= _MAX_SESSIONS:
            self.close(next(iter(self._live)))
        token = secrets.token_urlsafe(32)
        self._live[token] = _Session(self._clock.mono_s() + self._lifetime_s)
        return token

    def close(self, token: str | None) -> None:
        """End a session and everything that hangs on it; an unknown one is already ended."""
        session = self._live.pop(token or "", None)
        if session is not None:
            session.ended.set()

    def is_live(self, token: str | None) -> bool:
        """Whether the token names a session that has neither ended nor expired."""
        return self.remaining_s(token) > 0.0

    def remaining_s(self, token: str | None) -> float:
        """Seconds until the session expires; 0 for one that is not live."""
        session = self._live.get(token or "")
        if session is None:
            return 0.0
        remaining = session.ends_mono_s - self._clock.mono_s()
        if remaining <= 0.0:
            self.close(token)
            return 0.0
        return remaining

    def ended(self, token: str) -> asyncio.Event:
        """Set when the session is closed; already set for one that is not live."""
        session = self._live.get(token)
        if session is not None:
            return session.ended
        gone = asyncio.Event()
        gone.set()
        return gone


@dataclass(slots=True)
class _Tries:
    wrong: int = 0
    free_at_mono_s: float = 0.0


class LoginThrottle:
    """Wrong passwords per address. Any thread may call it.

    =========  ===========================================
    wrong      next try
    =========  ===========================================
    1 to 4     at once
    5          after 30 s
    6, 7, ...  after 60 s, 120 s, ... at most 15 min
    =========  ===========================================
    """

    def __init__(self, *, clock: Clock, free_tries: int = 5, first_wait_s: float = 30.0, max_wait_s: float = 900.0):
        self._clock = clock
        self._free_tries = free_tries
        self._first_wait_s = first_wait_s
        self._max_wait_s = max_wait_s
        self._lock = threading.Lock()
        self._by_address: OrderedDict[str, _Tries] = OrderedDict()

    def wait_s(self, address: str) -> float:
        """Seconds until this address may try again; 0 when it may now."""
        with self._lock:
            tries = self._by_address.get(address)
            return max(0.0, tries.free_at_mono_s - self._clock.mono_s()) if tries else 0.0

    def begin(self, address: str) -> float:
        """Count a try as wrong until ``succeed`` says otherwise, so that tries side by side are all counted.

        Returns:
            0 when the try may go on, else the seconds to wait; a refused try is not counted.
        """
        with self._lock:
            now = self._clock.mono_s()
            tries = self._by_address.setdefault(address, _Tries())
            self._by_address.move_to_end(address)
            if tries.free_at_mono_s > now:
                return tries.free_at_mono_s - now
            tries.wrong += 1
            over = tries.wrong - self._free_tries
            if over >= 0:
                tries.free_at_mono_s = now + min(self._max_wait_s, self._first_wait_s * 2.0 ** min(over, 16))
            while len(self._by_address) > _MAX_ADDRESSES:
                self._by_address.popitem(last=False)
            return 0.0

    def succeed(self, address: str) -> None:
        """Forget the wrong tries of an address that has given the right password."""
        with self._lock:
            self._by_address.pop(address, None)
