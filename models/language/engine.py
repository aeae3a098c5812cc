"""The order of work inside the model's process: one small step at a time, so that it can always be interrupted.

Owns the waiting line, the deadlines, the prefix cache and the turn under way. It reaches the network itself only
through the `Runtime` port (`models.language.llama` is the real one) and neither reads pipes nor knows processes.

    waiting ─► prefix (chunks; none if cached) ─► prompt (chunks) ─► answer (a choice a step) ─► answered
       └───────────────┴───────────────────────────────┴────────────────────┴── deadline, cancel ─► failure
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from models.language.chat import Span, Template, opening, turn
from models.language.gbnf import Grammar, GrammarInvalidError, GrammarState
from models.language.prefixes import CachedPrefix, PrefixCache, Tokens
from models.language.requests import Priority
from models.language.vocabulary import Vocabulary
from models.language.wire import Answer, Ask, Cancel, Command, Failure, Ping, Pong, Reply, Warm
from models.language.wording import Finish, Logits, Wording

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

    @property
    def vocabulary(self) -> Vocabulary:
        """The tokens as bytes."""
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

    def rss_mb(self) -> float:
        """Memory of this process."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class _Turn:
    """A request with its tokens."""

    ask: Ask
    prefix: Tokens
    prompt: Tokens
    grammar: GrammarState | None
    arrived_s: float

    def is_late(self, now_s: float) -> bool:
        return now_s >= self.arrived_s + self.ask.budget_ms / 1000


@dataclass(slots=True, eq=False)
class _Answering:
    """The turn under way; ``position`` is how many of its tokens are in memory, the prefix included."""

    turn: _Turn
    wording: Wording
    cached: CachedPrefix
    cached_tokens: int
    started_s: float
    first_token_s: float = 0.0
    position: int = 0


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
        self._waiting: list[_Turn] = []
        self._warmings: list[Tokens] = []
        self._answering: _Answering | None = None

    @property
    def is_idle(self) -> bool:
        """Whether a step would do nothing."""
        return self._answering is None and not self._waiting and not self._warmings

    def take(self, command: Command) -> list[Reply]:
        """Accept a command; what can be said at once comes back."""
        match command:
            case Ping(id=ping):
                return [Pong(id=ping)]
            case Cancel(id=ask):
                return [
                    self._give_up(turn, "cancelled", "nobody waits") for turn in self._turns() if turn.ask.id == ask
                ]
            case Warm(prefix=prefix):
                tokens = self._runtime.tokens(opening(self._template, prefix))
                if len(tokens) < self._context_tokens:
                    self._warmings.append(tokens)
                return []
            case Ask():
                return self._admit(command)

    def step(self) -> list[Reply]:
        """Do one piece of work: a chunk of a prompt, one token of an answer, or a chunk of a prefix to warm."""
        now_s = self._mono_s()
        late = [turn for turn in self._turns() if turn.is_late(now_s)]
        replies: list[Reply] = [self._give_up(turn, "late", "its deadline passed") for turn in late]
        if self._answering is None and self._waiting:
            replies += self._begin(min(self._waiting, key=lambda turn: turn.ask.priority is Priority.BACKGROUND))
        if self._answering is not None:
            replies += self._advance(self._answering)
        elif self._warmings:
            self._warm(self._warmings[0])
        return replies

    def _admit(self, ask: Ask) -> list[Reply]:
        prefix = self._runtime.tokens(opening(self._template, ask.prefix))
        prompt = self._runtime.tokens(turn(self._template, ask.prompt))
        needed = len(prefix) + len(prompt) + ask.max_tokens
        if needed > self._context_tokens:
            message = f"the turn needs {needed} tokens and the context holds {self._context_tokens}"
            return [Failure(id=ask.id, reason="rejected", message=message)]
        try:
            grammar = None if ask.grammar is None else Grammar(ask.grammar).start
        except GrammarInvalidError as wrong:
            return [Failure(id=ask.id, reason="rejected", message=str(wrong))]
        self._waiting.append(_Turn(ask, prefix, prompt, grammar, self._mono_s()))
        return []

    def _turns(self) -> list[_Turn]:
        return [*self._waiting, *([self._answering.turn] if self._answering else [])]

    def _give_up(self, given_up: _Turn, reason: Literal["rejected", "late", "cancelled"], message: str) -> Failure:
        if self._answering is not None and self._answering.turn is given_up:
            self._end()
        else:
            self._waiting.remove(given_up)
        return Failure(id=given_up.ask.id, reason=reason, message=message)

    def _begin(self, chosen: _Turn) -> list[Reply]:
        ask = chosen.ask
        wording = Wording(
            self._runtime.vocabulary,
            chosen.grammar,
            stop=ask.stop,
            max_tokens=ask.max_tokens,
            temperature=ask.temperature,
            seed=ask.seed,
        )
        cached = self._kept(chosen.prefix, room_tokens=len(chosen.prompt) + ask.max_tokens)
        self._waiting.remove(chosen)
        self._answering = _Answering(chosen, wording, cached, cached.computed, self._mono_s())
        return self._said(self._answering, wording.open)

    def _kept(self, prefix: Tokens, *, room_tokens: int) -> CachedPrefix:
        """The prefix's place in the cache, with ``room_tokens`` left beside all kept prefixes."""
        cached = self._prefixes.find(prefix)
        if cached is None:
            while self._prefixes.is_full:
                self._drop_oldest()
            cached = self._prefixes.add(prefix)
        while self._prefixes.held_tokens + room_tokens > self._context_tokens:
            self._drop_oldest()
        return cached

    def _drop_oldest(self) -> None:
        self._runtime.clear(self._prefixes.drop_oldest())

    def _warm(self, prefix: Tokens) -> None:
        cached = self._kept(prefix, room_tokens=0)
        if not cached.is_whole:
            self._compute_prefix(cached)
        if cached.is_whole:
            self._warmings.remove(prefix)

    def _advance(self, answering: _Answering) -> list[Reply]:
        if not answering.cached.is_whole:
            self._compute_prefix(answering.cached)
            return []
        if answering.position == 0:
            self._runtime.copy(answering.cached.sequence, TURN_SEQUENCE)
            answering.position = len(answering.turn.prefix)
        logits = self._compute_turn(answering)
        return [] if logits is None else self._said(answering, lambda: answering.wording.go_on(logits))

    def _compute_prefix(self, cached: CachedPrefix) -> None:
        chunk = cached.tokens[cached.computed : cached.computed + self._chunk_tokens]
        self._runtime.compute([Row(cached.sequence, cached.computed + i, token) for i, token in enumerate(chunk)])
        cached.computed += len(chunk)

    def _compute_turn(self, answering: _Answering) -> Logits | None:
        """Compute the next chunk of the prompt or of what the answer grew by; logits once the prompt is through."""
        known = answering.turn.prompt + tuple(answering.wording.tokens)
        done = answering.position - len(answering.turn.prefix)
        chunk = known[done : done + self._chunk_tokens]
        is_last = done + len(chunk) == len(known)
        rows = [
            Row(TURN_SEQUENCE, answering.position + i, token, wants_logits=is_last and i == len(chunk) - 1)
            for i, token in enumerate(chunk)
        ]
        logits = self._runtime.compute(rows)
        answering.position += len(chunk)
        return logits[0] if is_last else None

    def _said(self, answering: _Answering, say: Callable[[], Finish | None]) -> list[Reply]:
        """Let the wording grow; the answer when it finished with that."""
        try:
            finish = say()
        except GrammarInvalidError as stuck:
            return [self._give_up(answering.turn, "rejected", str(stuck))]
        if answering.first_token_s == 0.0 and answering.wording.tokens:
            answering.first_token_s = self._mono_s()
        if finish is None:
            return []
        self._end()
        return [self._answer(answering, finish)]

    def _end(self) -> None:
        self._runtime.clear(TURN_SEQUENCE)
        self._answering = None

    def _answer(self, answering: _Answering, finish: Finish) -> Answer:
        began_s = answering.turn.arrived_s
        return Answer(
            id=answering.turn.ask.id,
            text=answering.wording.text,
            finish=finish,
            prompt_tokens=len(answering.turn.prefix) + len(answering.turn.prompt),
            cached_tokens=answering.cached_tokens,
            answer_tokens=len(answering.wording.tokens),
            queued_ms=(answering.started_s - began_s) * 1000,
            first_token_ms=(answering.first_token_s - began_s) * 1000,
            total_ms=(self._mono_s() - began_s) * 1000,
            rss_mb=self._runtime.rss_mb(),
        )
