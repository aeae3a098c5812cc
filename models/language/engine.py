"""The order of work inside the model's process: one small step at a time, so that it can always be interrupted.

Owns the waiting line, the deadlines, the prefix cache and the turns under way. It reaches the network itself only
through the `Runtime` port (`models.language.llama` is the real one) and neither reads pipes nor knows processes.
Each step computes one batch for all turns under way: the shortest pieces first, so that answers go on while a long
prompt is read in what is left of the batch.

    waiting ─► prefix (chunks; none if cached) ─► prompt (chunks) ─► answer (a choice a step) ─► answered
       └───────────────┴───────────────────────────────┴────────────────────┴── deadline, cancel ─► failure
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, Protocol

from models.language.chat import Span, Template, opening
from models.language.gbnf import GrammarInvalidError
from models.language.prefixes import CachedPrefix, PrefixCache, Tokens
from models.language.turns import Turn, TurnRejectedError, TurnTooLongError, read_turn
from models.language.vocabulary import Vocabulary
from models.language.wire import Answer, Ask, Cancel, Failure, Piece, Ping, Pong, Reply, Warm, Work
from models.language.wording import Finish, Logits, Wording

_NOWHERE = -1
"""The sequence of a prefix without tokens."""
_HELD_BACK_STEPS = 8
"""Beside shoppers, work that can wait has rows in one batch of so many: it goes on, and they hardly notice."""


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

    def retire(self, sequence: int) -> None:
        """Forget a sequence, but keep its room taken until ``reclaim``."""
        ...

    def reclaim(self) -> None:
        """Free the room of all retired sequences."""
        ...

    def rss_mb(self) -> float:
        """Memory of this process."""
        ...


@dataclass(slots=True, eq=False)
class _Answering:
    """A turn under way; ``position`` is how many of its tokens are in memory, the prefix included."""

    turn: Turn
    wording: Wording
    cached: CachedPrefix
    cached_tokens: int
    sequence: int
    started_s: float
    first_token_s: float = 0.0
    position: int = 0

    @property
    def unread(self) -> Tokens:
        """The tokens that the network has not read yet."""
        known = self.turn.prompt + tuple(self.wording.tokens)
        return known[max(0, self.position - len(self.turn.prefix)) :]


@dataclass(frozen=True, slots=True)
class _Share:
    """What one turn, or one prefix, puts into a batch."""

    owner: _Answering | CachedPrefix
    position: int
    tokens: Tokens
    wants_logits: bool = False

    def rows(self) -> list[Row]:
        last = len(self.tokens) - 1
        return [
            Row(self.owner.sequence, self.position + i, token, wants_logits=self.wants_logits and i == last)
            for i, token in enumerate(self.tokens)
        ]


class Engine:
    """Answers up to ``parallel_turns`` requests side by side, by priority, then by arrival.

    Not thread-safe; ``step`` never waits. A request is taken out of the line only when all it may need is free
    in memory, so no turn ever runs out of room. Where a shopper's turn lacks room or a place, work that can wait is
    set aside: it keeps its wording, loses its memory, and reads itself again when there is room.

    Memory of what ended is retired and reclaimed when nothing is under way or room runs short, so that a turn's cells
    stay in order and its numbers do not depend on the turns beside it.
    """

    def __init__(
        self,
        runtime: Runtime,
        template: Template,
        *,
        context_tokens: int,
        chunk_tokens: int,
        cached_prefixes: int,
        parallel_turns: int,
        mono_s: Callable[[], float],
    ) -> None:
        self._runtime = runtime
        self._template = template
        self._context_tokens = context_tokens
        self._chunk_tokens = chunk_tokens
        self._mono_s = mono_s
        self._free = list(range(parallel_turns))
        self._prefixes = PrefixCache(range(parallel_turns, parallel_turns + cached_prefixes))
        self._waiting: list[Turn] = []
        self._warmings: list[Tokens] = []
        self._answering: list[_Answering] = []
        self._set_aside: dict[Turn, _Answering] = {}
        self._retired_tokens = 0
        self._held_back_steps = 0

    @property
    def is_idle(self) -> bool:
        """Whether a step would do nothing."""
        return not self._answering and not self._waiting and not self._warmings

    def take(self, command: Work) -> list[Reply]:
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
        """Do one piece of work: one batch for the turns under way, or a chunk of a prefix to warm."""
        now_s = self._mono_s()
        late = [turn for turn in self._turns() if turn.is_late(now_s)]
        replies: list[Reply] = [self._give_up(turn, "late", "its deadline passed") for turn in late]
        self._waiting.sort(key=lambda turn: turn.can_wait)
        while self._waiting and (cached := self._admitted(self._waiting[0])) is not None:
            replies += self._begin(self._waiting.pop(0), cached)
        if self._answering:
            replies += self._advance()
        elif self._warmings:
            self._warm(self._warmings[0])
        return replies

    def _admit(self, ask: Ask) -> list[Reply]:
        try:
            turn = read_turn(
                ask,
                self._template,
                self._runtime.tokens,
                context_tokens=self._context_tokens,
                now_s=self._mono_s(),
            )
        except TurnTooLongError as wrong:
            return [Failure(id=ask.id, reason="too long", message=str(wrong))]
        except TurnRejectedError as wrong:
            return [Failure(id=ask.id, reason="rejected", message=str(wrong))]
        self._waiting.append(turn)
        return []

    def _turns(self) -> list[Turn]:
        return [*self._waiting, *(answering.turn for answering in self._answering)]

    def _give_up(self, given_up: Turn, reason: Literal["rejected", "late", "cancelled"], message: str) -> Failure:
        if given_up in self._waiting:
            self._waiting.remove(given_up)
            self._set_aside.pop(given_up, None)
        for answering in [one for one in self._answering if one.turn is given_up]:
            self._end(answering)
        return Failure(id=given_up.ask.id, reason=reason, message=message)

    def _admitted(self, waiting: Turn) -> CachedPrefix | None:
        """The place of a turn's prefix in the cache; None while there is no room for the turn."""
        while True:
            cached = self._kept(waiting) if self._free else None
            can_wait = [answering for answering in self._answering if answering.turn.can_wait]
            if cached is not None or waiting.can_wait or not can_wait:
                return cached
            self._interrupt(can_wait[-1])

    def _interrupt(self, answering: _Answering) -> None:
        """Put a turn under way back in the line."""
        self._end(answering)
        answering.position = 0
        self._set_aside[answering.turn] = answering
        self._waiting.append(answering.turn)

    def _kept(self, waiting: Turn) -> CachedPrefix | None:
        under_way = sum(answering.turn.own_tokens for answering in self._answering)
        beside_tokens = under_way + waiting.own_tokens
        return self._prefix(waiting.prefix, beside_tokens=beside_tokens, takes_pinned=not self._answering)

    def _prefix(self, prefix: Tokens, *, beside_tokens: int, takes_pinned: bool) -> CachedPrefix | None:
        cached = self._prefixes.find(prefix)
        if cached is not None:
            cached.users += 1
        forgotten = self._prefixes.make_room(
            needed_tokens=beside_tokens + (0 if cached else len(prefix)),
            most_tokens=self._context_tokens,
            needs_place=cached is None and bool(prefix),
            takes_pinned=takes_pinned,
        )
        if cached is not None:
            cached.users -= 1
        if forgotten is None:
            return None
        for gone in forgotten:
            self._retire(gone.sequence, gone.computed)
            if gone.is_pinned:
                self._warmings.append(gone.tokens)
        if prefix and cached is None:
            cached = self._prefixes.add(prefix)
        if self._prefixes.held_tokens + beside_tokens + self._retired_tokens > self._context_tokens:
            self._reclaim()
        return cached or CachedPrefix(tokens=(), sequence=_NOWHERE)

    def _retire(self, sequence: int, tokens: int) -> None:
        self._runtime.retire(sequence)
        self._retired_tokens += tokens
        if not self._answering:
            self._reclaim()

    def _reclaim(self) -> None:
        self._runtime.reclaim()
        self._retired_tokens = 0

    def _begin(self, chosen: Turn, cached: CachedPrefix) -> list[Reply]:
        cached.users += 1
        interrupted = self._set_aside.pop(chosen, None)
        if interrupted is not None:
            interrupted.cached, interrupted.sequence = cached, self._free.pop(0)
            self._answering.append(interrupted)
            return []
        ask = chosen.ask
        wording = Wording(
            self._runtime.vocabulary,
            chosen.grammar,
            stop=ask.stop,
            max_tokens=ask.max_tokens,
            temperature=ask.temperature,
            top_p=ask.top_p,
            seed=ask.seed,
        )
        answering = _Answering(chosen, wording, cached, cached.computed, self._free.pop(0), self._mono_s())
        self._answering.append(answering)
        return self._said(answering, wording.open)

    def _warm(self, prefix: Tokens) -> None:
        cached = self._prefix(prefix, beside_tokens=0, takes_pinned=False)
        if cached is not None:
            cached.is_pinned = True
        if cached is not None and not cached.is_whole:
            self._compute([self._prefix_piece(cached)])
        if cached is None or cached.is_whole:
            self._warmings.remove(prefix)

    def _advance(self) -> list[Reply]:
        """Compute one batch and let every answer grow whose text the network has read to its end."""
        for answering in self._answering:
            if answering.position == 0 and answering.turn.prefix and answering.cached.is_whole:
                self._runtime.copy(answering.cached.sequence, answering.sequence)
                answering.position = len(answering.turn.prefix)
        pieces = self._batch()
        replies: list[Reply] = []
        heard = iter(self._compute(pieces))
        for piece in pieces:
            if piece.wants_logits and isinstance(piece.owner, _Answering):
                replies += self._said(piece.owner, partial(piece.owner.wording.go_on, next(heard)))
        return replies

    def _batch(self) -> list[_Share]:
        """Pieces of at most a chunk in all: shoppers before work that can wait, then the shortest first."""
        left, pieces = self._chunk_tokens, []
        begun: set[int] = set()
        for answering in sorted(self._on_turn(), key=lambda one: (one.turn.can_wait, self._work(one))):
            if left == 0:
                break
            if not answering.cached.is_whole:
                if answering.cached.sequence in begun:
                    continue
                begun.add(answering.cached.sequence)
                piece = self._prefix_piece(answering.cached, left)
            else:
                tokens = answering.unread
                piece = _Share(answering, answering.position, tokens[:left], wants_logits=len(tokens) <= left)
            pieces.append(piece)
            left -= len(piece.tokens)
        return pieces

    def _on_turn(self) -> list[_Answering]:
        """Who may have rows: shoppers alone, but for one batch of so many."""
        shoppers = [answering for answering in self._answering if not answering.turn.can_wait]
        is_shared = bool(shoppers) and len(shoppers) < len(self._answering)
        self._held_back_steps = self._held_back_steps + 1 if is_shared else 0
        return shoppers if self._held_back_steps % _HELD_BACK_STEPS else self._answering

    def _work(self, answering: _Answering) -> int:
        cached = answering.cached
        return len(answering.unread) + len(cached.tokens) - cached.computed

    def _prefix_piece(self, cached: CachedPrefix, most: int | None = None) -> _Share:
        until = cached.computed + (self._chunk_tokens if most is None else most)
        return _Share(cached, cached.computed, cached.tokens[cached.computed : until])

    def _compute(self, pieces: Sequence[_Share]) -> list[Logits]:
        logits = self._runtime.compute([row for piece in pieces for row in piece.rows()])
        for piece in pieces:
            match piece.owner:
                case CachedPrefix() as cached:
                    cached.computed += len(piece.tokens)
                case _Answering() as answering:
                    answering.position += len(piece.tokens)
        return logits

    def _said(self, answering: _Answering, say: Callable[[], Finish | None]) -> list[Reply]:
        """Let the wording grow; the new text where it is wanted, and the answer when it finished with that."""
        try:
            finish = say()
        except GrammarInvalidError as stuck:
            return [self._give_up(answering.turn, "rejected", str(stuck))]
        if answering.first_token_s == 0.0 and answering.wording.tokens:
            answering.first_token_s = self._mono_s()
        replies: list[Reply] = []
        if answering.turn.ask.wants_pieces and (text := answering.wording.piece(finish)):
            replies.append(Piece(id=answering.turn.ask.id, text=text))
        if finish is not None:
            self._end(answering)
            replies.append(self._answer(answering, finish))
        return replies

    def _end(self, answering: _Answering) -> None:
        self._answering.remove(answering)
        self._retire(answering.sequence, max(0, answering.position - len(answering.turn.prefix)))
        self._free.append(answering.sequence)
        answering.cached.users -= 1

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
            dropped_messages=answering.turn.dropped_messages,
        )
