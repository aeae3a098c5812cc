"""The order of work inside the model's process: one small step at a time, so that it can always be interrupted.

Owns the waiting line, the deadlines, the prefix cache and the turn under way. It reaches the network itself only
through the `Runtime` port (`models.language.llama` is the real one) and neither reads pipes nor knows processes.

    waiting ─► prefix (chunks, skipped when cached) ─► prompt (chunks) ─► answer (a token a step) ─► answered
       └──────────────┴───────────────┴──────────────────┴── deadline or cancel ─► failure
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from models.language.chat import Span, Template, opening, turn
from models.language.prefixes import CachedPrefix, PrefixCache, Tokens
from models.language.requests import Priority
from models.language.wire import Answer, Ask, Cancel, Command, Failure, Ping, Pong, Reply, Warm
from models.language.wording import Grammar, GrammarInvalidError, Logits, Wording

TURN_SEQUENCE = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One token to compute: in which sequence, at which position, and whether its logits are wanted."""

    sequence: int
    position: int
    token: int
    wants_logits: bool = False


class Runtime(Protocol):
    """What the engine needs of the network and its memory."""

    def tokens(self, spans: Sequence[Span]) -> Tokens:
        """Tokens of a written conversation; only markup spans may yield control tokens."""
        ...

    def piece(self, token: int) -> bytes:
        """The bytes that a token stands for."""
        ...

    def is_end(self, token: int) -> bool:
        """Whether the token ends the model's turn."""
        ...

    def compute(self, rows: Sequence[Row]) -> list[Logits]:
        """Compute the rows; logits of those that want them, in order, valid until the next call."""
        ...

    def copy(self, source: int, target: int) -> None:
        """Let a sequence begin with all that another holds, without computing it again."""
        ...

    def clear(self, sequence: int) -> None:
        """Forget a sequence."""
        ...

    def grammar(self, text: str) -> Grammar:
        """Compile a grammar.

        Raises:
            GrammarInvalidError: it does not compile.
        """
        ...

    def rss_mb(self) -> float:
        """Memory of this process."""
        ...


@dataclass(slots=True, eq=False)
class _Job:
    """A request on its way; ``ask`` is None for a warming, which ends with its prefix."""

    ask: Ask | None
    prefix: Tokens
    prompt: Tokens
    arrived_s: float
    started_s: float = 0.0
    first_token_s: float = 0.0
    cached: CachedPrefix | None = None
    cached_tokens: int = 0
    position: int = 0
    wording: Wording | None = None

    @property
    def rank(self) -> tuple[bool, bool]:
        return (self.ask is None, self.ask is not None and self.ask.priority is Priority.BACKGROUND)

    def is_late(self, now_s: float) -> bool:
        return self.ask is not None and now_s >= self.arrived_s + self.ask.budget_ms / 1000

    @property
    def room_tokens(self) -> int:
        return len(self.prompt) + (self.ask.max_tokens if self.ask else 0)


class Engine:
    """Answers requests one at a time, by priority, then by arrival. Not thread-safe; ``step`` never waits.

    The answers do not depend on what ran before: a cached prefix holds the same numbers that computing it again
    in the same chunks would give.
    """

    def __init__(
        self,
        runtime: Runtime,
        template: Template,
        *,
        context_tokens: int,
        chunk_tokens: int,
        cached_prefixes: int,
        mono_s: Callable[[], float],
    ) -> None:
        self._runtime = runtime
        self._template = template
        self._context_tokens = context_tokens
        self._chunk_tokens = chunk_tokens
        self._mono_s = mono_s
        self._prefixes = PrefixCache(range(TURN_SEQUENCE + 1, TURN_SEQUENCE + 1 + cached_prefixes))
        self._waiting: list[_Job] = []
        self._job: _Job | None = None

    @property
    def is_idle(self) -> bool:
        return self._job is None and not self._waiting

    def take(self, command: Command) -> list[Reply]:
        """Accept a command; what can be said at once comes back."""
        match command:
            case Ping(id=ping):
                return [Pong(id=ping)]
            case Cancel(id=ask):
                return self._cancel(ask)
            case Warm(prefix=prefix):
                tokens = self._runtime.tokens(opening(self._template, prefix))
                if len(tokens) < self._context_tokens:
                    self._waiting.append(_Job(None, tokens, (), self._mono_s()))
                return []
            case Ask():
                return self._admit(command)

    def step(self) -> list[Reply]:
        """Do one piece of work: a chunk of a prompt or one token of an answer."""
        replies = self._give_up_late()
        if self._job is None and self._waiting:
            self._job = min(self._waiting, key=lambda job: job.rank)
            self._waiting.remove(self._job)
            replies += self._begin(self._job)
        if self._job is not None:
            replies += self._advance(self._job)
        return replies

    def _admit(self, ask: Ask) -> list[Reply]:
        prefix = self._runtime.tokens(opening(self._template, ask.prefix))
        prompt = self._runtime.tokens(turn(self._template, ask.prompt))
        needed = len(prefix) + len(prompt) + ask.max_tokens
        if needed > self._context_tokens:
            message = f"the turn needs {needed} tokens and the context holds {self._context_tokens}"
            return [Failure(id=ask.id, reason="rejected", message=message)]
        self._waiting.append(_Job(ask, prefix, prompt, self._mono_s()))
        return []

    def _cancel(self, ask_id: int) -> list[Reply]:
        for job in self._all_jobs():
            if job.ask is not None and job.ask.id == ask_id:
                return [self._give_up(job, "cancelled", "nobody waits for it")]
        return []

    def _give_up_late(self) -> list[Reply]:
        now_s = self._mono_s()
        return [self._give_up(job, "late", "its deadline passed") for job in self._all_jobs() if job.is_late(now_s)]

    def _all_jobs(self) -> list[_Job]:
        return [*self._waiting, *([self._job] if self._job else [])]

    def _give_up(self, job: _Job, reason: str, message: str) -> Failure:
        if job is self._job:
            self._end(job)
        else:
            self._waiting.remove(job)
        assert job.ask is not None
        return Failure.model_validate({"id": job.ask.id, "reason": reason, "message": message})

    def _begin(self, job: _Job) -> list[Reply]:
        job.started_s = self._mono_s()
        if job.ask is not None:
            try:
                grammar = self._runtime.grammar(job.ask.grammar) if job.ask.grammar is not None else None
            except GrammarInvalidError as wrong:
                return [self._give_up(job, "rejected", str(wrong))]
            job.wording = Wording(
                grammar,
                stop=job.ask.stop,
                max_tokens=job.ask.max_tokens,
                temperature=job.ask.temperature,
                seed=job.ask.seed,
            )
        job.cached = self._prefixes.find(job.prefix) or self._keep(job)
        self._make_room(job)
        job.cached_tokens = job.cached.computed
        return []

    def _keep(self, job: _Job) -> CachedPrefix:
        while self._prefixes.is_full:
            self._drop_oldest()
        return self._prefixes.add(job.prefix)

    def _make_room(self, job: _Job) -> None:
        while self._prefixes.held_tokens + job.room_tokens > self._context_tokens:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        oldest = self._prefixes.oldest()
        assert oldest is not None
        self._runtime.clear(oldest.sequence)
        self._prefixes.drop(oldest)

    def _advance(self, job: _Job) -> list[Reply]:
        assert job.cached is not None
        if not job.cached.is_whole:
            self._compute_prefix(job.cached)
            return []
        if job.wording is None:
            self._end(job)
            return []
        if job.position == 0:
            self._runtime.copy(job.cached.sequence, TURN_SEQUENCE)
            job.position = len(job.prefix)
        logits = self._compute_turn(job)
        return [] if logits is None else self._say(job, job.wording, logits)

    def _compute_prefix(self, cached: CachedPrefix) -> None:
        chunk = cached.tokens[cached.computed : cached.computed + self._chunk_tokens]
        self._runtime.compute([Row(cached.sequence, cached.computed + i, token) for i, token in enumerate(chunk)])
        cached.computed += len(chunk)

    def _compute_turn(self, job: _Job) -> Logits | None:
        """Next chunk of the prompt or the answer's last token; logits once the prompt is through."""
        assert job.wording is not None
        known = job.prompt + tuple(job.wording.tokens)
        done = job.position - len(job.prefix)
        chunk = known[done : done + self._chunk_tokens]
        is_last = done + len(chunk) == len(known)
        rows = [
            Row(TURN_SEQUENCE, job.position + i, token, wants_logits=is_last and i == len(chunk) - 1)
            for i, token in enumerate(chunk)
        ]
        logits = self._runtime.compute(rows)
        job.position += len(chunk)
        return logits[0] if is_last else None

    def _say(self, job: _Job, wording: Wording, logits: Logits) -> list[Reply]:
        assert job.ask is not None
        try:
            token = wording.choose(logits)
        except GrammarInvalidError as stuck:
            return [self._give_up(job, "rejected", str(stuck))]
        if not wording.tokens:
            job.first_token_s = self._mono_s()
        wording.take(token, self._runtime.piece(token), is_end=self._runtime.is_end(token))
        if wording.finish is None:
            return []
        self._end(job)
        return [self._answer(job, job.ask, wording)]

    def _end(self, job: _Job) -> None:
        if job.wording is not None:
            job.wording.close()
            self._runtime.clear(TURN_SEQUENCE)
        self._job = None

    def _answer(self, job: _Job, ask: Ask, wording: Wording) -> Answer:
        assert wording.finish is not None
        return Answer(
            id=ask.id,
            text=wording.text,
            finish=wording.finish,
            prompt_tokens=len(job.prefix) + len(job.prompt),
            cached_tokens=job.cached_tokens,
            answer_tokens=len(wording.tokens),
            queued_ms=(job.started_s - job.arrived_s) * 1000,
            first_token_ms=(job.first_token_s - job.arrived_s) * 1000,
            total_ms=(self._mono_s() - job.arrived_s) * 1000,
            rss_mb=self._runtime.rss_mb(),
        )
