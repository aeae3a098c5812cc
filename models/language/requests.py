"""What one asks of the language model and what it answers; the port that callers code against.

Holds plain values only. `models.language.client.LanguageModel` implements the port over a child process;
a caller that gets `LanguageUnavailableError` goes on without wording, it never waits for the model.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol

MAX_TEXT_BYTES = 1 << 16
"""Far more than the model can attend to; keeps one request small against the pipe it goes through."""


class Priority(StrEnum):
    """Who goes first when several wait; a shopper in front of the screen before anything that can wait."""

    INTERACTIVE = "interactive"
    BACKGROUND = "background"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionRequest:
    """One turn.

    ``prefix`` becomes the system message and ``prompt`` the user's. Requests that share a prefix share its
    work: it is computed once and kept, so keep what changes (facts, the question) out of it.
    """

    prefix: str
    prompt: str
    deadline_s: float
    """Seconds from now in which the whole answer must be there; later it is worth nothing."""
    grammar: str | None = None
    """GBNF text whose start rule is ``root``; None leaves the wording free."""
    stop: tuple[str, ...] = ()
    """The answer ends before the first of these; the end of the model's turn always ends it."""
    max_tokens: int = 64
    temperature: float = 0.0
    """0 takes the likeliest token, so the same request gives the same answer."""
    seed: int = 0
    """Matters only where temperature is over 0."""
    priority: Priority = Priority.INTERACTIVE

    def __post_init__(self) -> None:
        """Refuse values that can never be answered.

        Raises:
            ValueError: a number is out of its range, or the texts are too long or no Unicode.
        """
        texts = (self.prefix, self.prompt, self.grammar or "", *self.stop)
        if sum(len(text.encode()) for text in texts) > MAX_TEXT_BYTES:
            raise ValueError(f"prefix, prompt, grammar and stop together must be at most {MAX_TEXT_BYTES} bytes")
        if not 0.0 < self.deadline_s <= 600.0:
            raise ValueError(f"deadline_s must be over 0 and at most 600, got {self.deadline_s}")
        if not 1 <= self.max_tokens <= 4096:
            raise ValueError(f"max_tokens must be 1 to 4096, got {self.max_tokens}")
        if not 0.0 <= self.temperature <= 2.0:
            raise ValueError(f"temperature must be 0 to 2, got {self.temperature}")
        if not 0 <= self.seed < 2**32:
            raise ValueError(f"seed must fit 32 bits, got {self.seed}")
        if len(self.stop) > 8 or "" in self.stop:
            raise ValueError("stop takes at most 8 strings, none of them empty")


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """The model's wording and what it cost. It is a claim, not a fact: prove it before showing it."""

    text: str
    finish: Literal["stop", "length"]
    """``stop``: the turn, grammar or a stop string ended it; ``length``: ``max_tokens`` did."""
    prompt_tokens: int
    cached_tokens: int
    """How many of the prompt's tokens were already computed (the shared prefix)."""
    answer_tokens: int
    queued_ms: float
    first_token_ms: float
    """From the call to the first token of the answer, waiting included."""
    total_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageStats:
    """Counters since the client started and the latest speeds; the speeds are None before the first answer."""

    is_up: bool
    requests: int
    answered: int
    late: int
    """Requests whose deadline passed."""
    turned_away: int
    """Requests refused at once: queue full or process down."""
    restarts: int
    queue_length: int
    prefill_tokens_cached: int
    """Prompt tokens that did not have to be computed, in all."""
    first_token_ms: float | None
    tokens_per_s: float | None
    rss_mb: float | None
    """Memory of the model's process at its last answer; the weights are mapped, so shared pages count too."""
    down_because: str | None = None
    """Why there is no process to ask, in words; None while it is up."""


class LanguagePort(Protocol):
    """A language model that answers one turn at a time per call, from any thread."""

    @property
    def is_up(self) -> bool:
        """Whether a request now has a chance; False while the process starts again."""
        ...

    def complete(self, request: CompletionRequest) -> Completion:
        """Answer one turn. Blocks, at most until the deadline.

        Raises:
            LanguageUnavailableError: down, full, or late: go on without, try again later.
            LanguageRejectedError: this request can never be answered (grammar, length): mend it.
        """
        ...

    def stats(self) -> LanguageStats:
        """Figures for the console and for health."""
        ...
