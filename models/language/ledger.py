"""The requests under way in the model's process, and what became of all others.

Owns the bounded table of requests and the counters; thread-safe. A request that its caller gave up keeps its place
until the process has let go of it too, so the queue's bound is a bound on the process's work.
"""

from dataclasses import dataclass, field
from threading import Event, Lock

from models.errors import LanguageUnavailableError
from models.language.requests import LanguageStats
from models.language.wire import Answer, Failure, Piece

_SHORTEST_MS = 10.0  # below this the clock tells of the queue between two processes, not of the model


@dataclass(slots=True, eq=False)
class Waiting:
    """One request under way; ``news`` is set when there is text, a reply, or the process is gone.

    What the reader of a stream has not taken yet is kept as one text: it never grows beyond the answer, which
    ``max_tokens`` bounds, so a slow reader makes nobody wait.
    """

    id: int
    deadline_s: float
    news: Event = field(default_factory=Event)
    unread: str = ""
    reply: Answer | Failure | None = None
    gone: str | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        return self.reply is not None or self.gone is not None


class Ledger:
    """What is under way, at most ``limit`` requests, and the counters."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = Lock()
        self._under_way: dict[int, Waiting] = {}
        self._last: Answer | None = None
        self._rss_mb: float | None = None
        self._down_because: str | None = "not started"
        self._requests = self._answered = self._late = self._turned_away = self._cancelled = 0
        self._restarts = self._cached_tokens = self._cache_hits = 0

    def enrol(self, deadline_s: float) -> Waiting:
        """Give a new request its place.

        Raises:
            LanguageUnavailableError: the process is down, or all places are taken.
        """
        with self._lock:
            self._requests += 1
            if self._down_because is not None:
                self._turned_away += 1
                raise LanguageUnavailableError(f"the language model is down: {self._down_because}")
            if len(self._under_way) >= self._limit:
                self._turned_away += 1
                raise LanguageUnavailableError(f"{self._limit} requests are already under way")
            waiting = Waiting(id=self._requests, deadline_s=deadline_s)
            self._under_way[waiting.id] = waiting
            return waiting

    def lose(self, waiting: Waiting, why: str) -> None:
        """The process never got the request."""
        with self._lock:
            self._under_way.pop(waiting.id, None)
            waiting.gone = why
            waiting.news.set()

    def enter(self, reply: Answer | Failure) -> None:
        """What the process said about a request; unknown ids are of callers long gone."""
        with self._lock:
            waiting = self._under_way.pop(reply.id, None)
            if isinstance(reply, Answer):
                self._rss_mb = reply.rss_mb
                self._cached_tokens += reply.cached_tokens
                self._cache_hits += reply.cached_tokens > 0
            if waiting is not None:
                waiting.reply = reply
                waiting.news.set()

    def add(self, piece: Piece) -> None:
        """Text that a request's answer goes on with."""
        with self._lock:
            waiting = self._under_way.get(piece.id)
            if waiting is not None:
                waiting.unread += piece.text
                waiting.news.set()

    def take_text(self, waiting: Waiting) -> tuple[str, bool]:
        """The text since the last call, and whether all is said; ``news`` is set again when there is more."""
        with self._lock:
            text, waiting.unread = waiting.unread, ""
            if not waiting.is_over:
                waiting.news.clear()
            return text, waiting.is_over

    def note_cancelled(self) -> None:
        """A reader closed its stream before the end."""
        with self._lock:
            self._cancelled += 1

    def settle(self, waiting: Waiting) -> Answer | Failure | None:
        """What the caller gets, and count it; None when its time is up.

        Raises:
            LanguageUnavailableError: the process went down under the request.
        """
        with self._lock:
            if waiting.gone is not None:
                raise LanguageUnavailableError(f"the language model went down: {waiting.gone}")
            if isinstance(waiting.reply, Answer):
                self._answered += 1
                self._last = waiting.reply
            elif waiting.reply is None or waiting.reply.reason == "late":
                self._late += 1
            return waiting.reply

    def clear(self, why: str) -> None:
        """The process is down: nobody needs to wait any more."""
        with self._lock:
            self._down_because = why
            for waiting in self._under_way.values():
                waiting.gone = why
                waiting.news.set()
            self._under_way.clear()

    def note_up(self, rss_mb: float) -> None:
        """The process is ready."""
        with self._lock:
            self._down_because = None
            self._rss_mb = rss_mb

    def note_restart(self) -> None:
        """The process is about to be started again."""
        with self._lock:
            self._restarts += 1

    def overdue_s(self, now_s: float) -> float:
        """For how long the process has held a request past its deadline; 0 when it holds none."""
        with self._lock:
            return max((now_s - waiting.deadline_s for waiting in self._under_way.values()), default=0.0)

    @property
    def answered(self) -> int:
        return self._answered

    def stats(self) -> LanguageStats:
        """The figures."""
        with self._lock:
            return LanguageStats(
                is_up=self._down_because is None,
                down_because=self._down_because,
                requests=self._requests,
                answered=self._answered,
                late=self._late,
                cancelled=self._cancelled,
                turned_away=self._turned_away,
                restarts=self._restarts,
                queue_length=len(self._under_way),
                prefill_tokens_cached=self._cached_tokens,
                cache_hits=self._cache_hits,
                first_token_ms=self._last.first_token_ms if self._last else None,
                tokens_per_s=_tokens_per_s(self._last) if self._last else None,
                rss_mb=self._rss_mb,
            )


def _tokens_per_s(answer: Answer) -> float | None:
    """Speed after the first token; None for an answer too short to tell."""
    if answer.answer_tokens < 2 or answer.total_ms - answer.first_token_ms < _SHORTEST_MS:
        return None
    return (answer.answer_tokens - 1) * 1000 / (answer.total_ms - answer.first_token_ms)
