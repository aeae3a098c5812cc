"""A request as the engine works on it: read into tokens, cut to what the context holds, its grammar compiled.

Owns what is refused before any work is done, and which earlier messages are left out of a conversation that has grown
too long: the oldest first, and always up to the next message of the user, so that no answer stands without its
question, nor a tool's result without what it was called for. Knows neither the network nor the order of work.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from models.language.chat import Span, Template, answering, beginning, conversation, opening
from models.language.gbnf import Grammar, GrammarInvalidError, GrammarState
from models.language.json_schema import SchemaInvalidError, schema_grammar
from models.language.prefixes import Tokens
from models.language.requests import Message, Priority
from models.language.wire import Ask

Tokenize = Callable[[Sequence[Span]], Tokens]


class TurnRejectedError(Exception):
    """This request can never be answered; the sentence says why."""


class TurnTooLongError(TurnRejectedError):
    """It does not fit the context."""


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
        TurnTooLongError: it does not fit the context even without its earlier messages.
        TurnRejectedError: its grammar is none.
    """
    if ask.is_chat:
        prefix = tokenize(opening(template, ask.prefix))
        prompt, dropped = _prompt(ask, template, tokenize, context_tokens - len(prefix) - ask.max_tokens)
    else:
        prefix, prompt, dropped = (), tokenize((*beginning(template), Span(ask.prompt))), 0
    needed = len(prefix) + len(prompt) + ask.max_tokens
    if needed > context_tokens:
        raise TurnTooLongError(
            f"it takes {needed} tokens ({len(prefix) + len(prompt)} to read, {ask.max_tokens} to answer)"
            f" and the context holds {context_tokens}"
        )
    return Turn(ask, prefix, prompt, dropped, _grammar(ask), now_s)


def _prompt(ask: Ask, template: Template, tokenize: Tokenize, room: int) -> tuple[Tokens, int]:
    """The tokens behind the prefix, as much of the conversation as fits ``room``, and how many messages do not.

    The newest exchange is always in, whether it fits or not.
    """

    def written(number: int, *, is_behind_prefix: bool) -> Tokens:
        return tokenize(conversation(template, exchanges[number], is_behind_prefix=is_behind_prefix and has_prefix))

    has_prefix = bool(ask.prefix)
    exchanges = _exchanges((*ask.earlier, Message(ask.prompt_role, ask.prompt)))
    kept_from = len(exchanges) - 1
    answer = tokenize(answering(template))
    kept = [written(kept_from, is_behind_prefix=kept_from == 0)]
    used = len(kept[0]) + len(answer)
    while kept_from:
        exchange = written(kept_from - 1, is_behind_prefix=kept_from == 1)
        used += len(exchange)
        if used > room:
            # What is now the first exchange may be written shorter than it was, never longer.
            kept[0] = written(kept_from, is_behind_prefix=True)
            break
        kept_from -= 1
        kept.insert(0, exchange)
    tokens = tuple(token for exchange in (*kept, answer) for token in exchange)
    return tokens, sum(len(exchange) for exchange in exchanges[:kept_from])


def _exchanges(messages: Sequence[Message]) -> list[list[Message]]:
    """The conversation in parts that each begin with a question of the user and go on to the next one."""
    exchanges: list[list[Message]] = []
    for message in messages:
        if message.role == "user" or not exchanges:
            exchanges.append([])
        exchanges[-1].append(message)
    return exchanges


def _grammar(ask: Ask) -> GrammarState | None:
    try:
        text = ask.grammar if ask.json_schema is None else schema_grammar(ask.json_schema)
        return None if text is None else Grammar(text).start
    except (GrammarInvalidError, SchemaInvalidError) as wrong:
        raise TurnRejectedError(str(wrong)) from wrong
