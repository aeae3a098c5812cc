"""A request as the engine works on it: read into tokens, cut to what the context holds, its grammar compiled.

Owns what is refused before any work is done, and which earlier messages are left out of a conversation that has grown
too long: the oldest first, and always up to the next message of the user, so that no answer stands without its
question. Knows neither the network nor the order of work.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from models.language.chat import Span, Template, answering, opening, said
from models.language.gbnf import Grammar, GrammarInvalidError, GrammarState
from models.language.json_schema import SchemaInvalidError, schema_grammar
from models.language.prefixes import Tokens
from models.language.requests import Message, Priority
from models.language.wire import Ask

Tokenize = Callable[[Sequence[Span]], Tokens]


class TurnRejectedError(Exception):
    """This request can never be answered; the sentence says why."""


@dataclass(frozen=True, slots=True, eq=False)
class Turn:
    """A request with its tokens."""

    ask: Ask
    prefix: Tokens
    prompt: Tokens
    dropped_messages: int
    grammar: GrammarState | None
    arrived_s: float

    @property
    def own_tokens(self) -> int:
        """What it takes in memory at most, beside its prefix."""
        return len(self.prompt) + self.ask.max_tokens

    @property
    def can_wait(self) -> bool:
        """Whether a shopper's turn goes first."""
        return self.ask.priority is Priority.BACKGROUND

    def is_late(self, now_s: float) -> bool:
        """Whether its deadline passed."""
        return now_s >= self.arrived_s + self.ask.budget_ms / 1000


def read_turn(ask: Ask, template: Template, tokenize: Tokenize, *, context_tokens: int, now_s: float) -> Turn:
    """Make the turn that a request asks for.

    Raises:
        TurnRejectedError: it does not fit the context even without its earlier messages, or its grammar is none.
    """
    if ask.is_chat:
        prefix = tokenize(opening(template, ask.prefix))
        messages = [tokenize(said(template, message)) for message in ask.earlier]
        newest = tokenize((*said(template, Message(ask.prompt_role, ask.prompt)), *answering(template)))
    else:
        prefix, messages, newest = (), [], tokenize((Span(ask.prompt),))
    room = context_tokens - len(prefix) - len(newest) - ask.max_tokens
    if room < 0:
        raise TurnRejectedError(
            f"the turn needs {context_tokens - room} tokens ({len(prefix)} of prefix, {len(newest)} of prompt,"
            f" {ask.max_tokens} to answer) and the context holds {context_tokens}"
        )
    kept_from = _oldest_kept(ask.earlier, [len(tokens) for tokens in messages], room)
    prompt = tuple(token for tokens in (*messages[kept_from:], newest) for token in tokens)
    return Turn(ask, prefix, prompt, kept_from, _grammar(ask), now_s)


def _oldest_kept(earlier: Sequence[Message], sizes: Sequence[int], room: int) -> int:
    """Where the part of the conversation begins that fits; a part begins with a message of the user."""
    kept_from, used = 0, sum(sizes)
    while used > room and kept_from < len(earlier):
        used -= sizes[kept_from]
        kept_from += 1
        while kept_from < len(earlier) and earlier[kept_from].role != "user":
            used -= sizes[kept_from]
            kept_from += 1
    return kept_from


def _grammar(ask: Ask) -> GrammarState | None:
    try:
        text = ask.grammar if ask.json_schema is None else schema_grammar(ask.json_schema)
        return None if text is None else Grammar(text).start
    except (GrammarInvalidError, SchemaInvalidError) as wrong:
        raise TurnRejectedError(str(wrong)) from wrong
