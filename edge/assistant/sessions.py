"""What a kiosk session remembers between turns: what was spoken of, the ticket, the language; nothing of the words.

Owns forgetting: on reset, after a short while, and the oldest when there are too many. Lives in memory only.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace

from edge.assistant.talk import NOTHING, Talk


@dataclass(frozen=True, slots=True)
class SessionMemory:
    """One shopper's session."""

    talk: Talk = NOTHING
    ticket: str | None = None
    language: str | None = None
    used_mono_s: float = 0.0


class Sessions:
    """Bounded memory of sessions by the identifier that the screen made up. Any thread may call it."""

    def __init__(self, *, ttl_s: float = 120.0, limit: int = 64) -> None:
        self._ttl_s = ttl_s
        self._limit = limit
        self._lock = threading.Lock()
        self._memories: OrderedDict[str, SessionMemory] = OrderedDict()

    def recall(self, session: str | None, *, mono_s: float) -> SessionMemory:
        """What is remembered, or an empty memory."""
        with self._lock:
            self._drop_old(mono_s)
            return self._memories.get(session or "", SessionMemory())

    def remember(
        self,
        session: str | None,
        *,
        mono_s: float,
        talk: Talk | None = None,
        ticket: str | None = None,
        language: str | None = None,
    ) -> None:
        """Keep what was spoken of, the ticket or the language; without a session nothing is kept."""
        if not session:
            return
        with self._lock:
            memory = self._memories.pop(session, SessionMemory())
            self._memories[session] = replace(
                memory,
                talk=talk or memory.talk,
                ticket=ticket or memory.ticket,
                language=language or memory.language,
                used_mono_s=mono_s,
            )
            self._drop_old(mono_s)
            while len(self._memories) > self._limit:
                self._memories.popitem(last=False)

    def forget(self, session: str | None) -> None:
        """Wipe one session."""
        with self._lock:
            self._memories.pop(session or "", None)

    def __len__(self) -> int:
        with self._lock:
            return len(self._memories)

    def _drop_old(self, mono_s: float) -> None:
        for session, memory in list(self._memories.items()):
            if mono_s - memory.used_mono_s > self._ttl_s:
                del self._memories[session]
