"""What one asks of the language model and what it answers; the port that callers code against.

Holds plain values only. `models.language.client.LanguageModel` implements the port over a child process;
a caller that gets `LanguageUnavailableError` goes on without wording, it never waits for the model.
"""

from collections.abc import Generator
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol

MAX_TEXT_BYTES = 1 << 16
"""Far more than the model can attend to; keeps one request small against the pipe it goes through."""
MAX_EARLIER = 256

Role = Literal["user", "assistant", "tool"]


class Priority(StrEnum):
    """Who goes first when several wait; a shopper in front of the screen before anything that can wait."""

    INTERACTIVE = "interactive"
    BACKGROUND = "background"


@dataclass(frozen=True, slots=True)
class Message:
    """Something said earlier; ``tool`` is what a tool returned, written down as the template has it."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionRequest:
    """One turn.

    ``prefix`` becomes the system message (none where it is empty) and ``prompt`` the newest one. Requests that share
    a prefix share its work: it is computed once and kept, so keep what changes (facts, the question) out of it.
    """

    prefix: str
    prompt: str
    deadline_s: float
    """Seconds from now in which the whole answer must be there; later it is worth nothing."""
    first_within_s: float | None = None
    """Seconds from now in which a stream's first piece must be there; None leaves it to ``deadline_s``."""
    earlier: tuple[Message, ...] = ()
    """What was said between prefix and prompt. Where it does not fit the oldest is left out, and counted."""
    prompt_role: Literal["user", "tool"] = "user"
    """Who says the prompt: a person, or a tool that the model called in the last of ``earlier``."""
    is_chat: bool = True
    """False feeds the prompt as it is, outside any conversation; it then takes neither prefix nor ``earlier``."""
    grammar: str | None = None
    """GBNF text whose start rule is ``root``; None leaves the wording free."""
    json_schema: str | None = None
    """JSON Schema text that the answer satisfies; what of it is understood: `models.language.json_schema`."""
    stop: tuple[str, ...] = ()
    """The answer ends before the first of these; the end of the model's turn always ends it."""
    max_tokens: int = 64
    temperature: float = 0.0
    """0 takes the likeliest token, and the answer does not depend on the turns beside it."""
    top_p: float = 1.0
    """Draw from the likeliest tokens that together have this share; 1 from all. Matters only where temperature does."""
    seed: int = 0
    """Matters only where temperature is over 0."""
    priority: Priority = Priority.INTERACTIVE

    def __post_init__(self) -> None:
        """Refuse values that can never be answered.

        Raises:
            ValueError: a number is out of its range, or the texts are too long or no Unicode.
        """
        self._check_texts()
        if not 0.0 < self.deadline_s <= 600.0:
            raise ValueError(f"deadline_s must be over 0 and at most 600, got {self.deadline_s}")
        if self.first_within_s is not None and not 0.0 < self.first_within_s <= self.deadline_s:
            raise ValueError(f"first_within_s must be over 0 and at most deadline_s, got {self.first_within_s}")
        if not 1 <= self.max_tokens <= 4096:
            raise ValueError(f"max_tokens must be 1 to 4096, got {self.max_tokens}")
        if not 0.0 <= self.temperature <= 2.0:
            raise ValueError(f"temperature must be 0 to 2, got {self.temperature}")
        if not 0.0 < self.top_p <= 1.0:
            raise ValueError(f"top_p must be over 0 and at most 1, got {self.top_p}")
        if not 0 <= self.seed < 2**32:
            raise ValueError(f"seed must fit 32 bits, got {self.seed}")
        if len(self.stop) > 8 or "" in self.stop:
            raise ValueError("stop takes at most 8 strings, none of them empty")

    def _check_texts(self) -> None:
        rules = (self.grammar or "", self.json_schema or "", *self.stop)
        texts = (self.prefix, *(message.text for message in self.earlier), self.prompt, *rules)
        if sum(len(text.encode()) for text in texts) > MAX_TEXT_BYTES:
            together = "prefix, earlier, prompt, grammar, json_schema and stop together"
            raise ValueError(f"{together} must be at most {MAX_TEXT_BYTES} bytes")
        if len(self.earlier) > MAX_EARLIER:
            raise ValueError(f"earlier takes at most {MAX_EARLIER} messages")
        if self.grammar is not None and self.json_schema is not None:
            raise ValueError("give grammar or json_schema, not both")
        if not self.is_chat and (self.prefix or self.earlier or not self.prompt):
            raise ValueError("is_chat false takes a prompt, and neither prefix nor earlier")


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
    dropped_messages: int = 0
    """How many of the request's ``earlier`` messages were left out because the context does not hold them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageStats:
    """Counters since the client started and the latest speeds; the speeds are None before the first answer."""

    is_up: bool
    requests: int
    answered: int
    late: int
    """Requests whose deadline passed."""
    cancelled: int
    """Streams that their reader closed before the end."""
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
    cache_hits: int = 0
    """Answered requests whose prefix was, at least in part, already computed."""
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

    def stream(self, request: CompletionRequest) -> Generator[str | Completion, None, None]:
        """Answer one turn piece by piece: text as it comes, and as the last item the whole completion.

        Nothing is asked before the first ``next``. A piece holds whole characters and nothing that a stop string
        would cut away; what a grammar forces comes as one piece, and what a slow reader has not taken yet is joined
        into one. All pieces together are the completion's text. Each ``next`` blocks, at most until the deadline;
        closing the generator early cancels the turn.

        Raises:
            LanguageUnavailableError: as ``complete``, perhaps after some pieces.
            LanguageRejectedError: as ``complete``.
        """
        ...

    def stats(self) -> LanguageStats:
        """Figures for the console and for health."""
        ...
