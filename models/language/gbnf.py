"""GBNF, llama.cpp's grammar notation, read once and followed byte by byte.

Owns the notation and where in a grammar a text stands; a state is a value, so it can be tried and thrown away. Refuses
what llama.cpp refuses, and references to single tokens. Knows neither tokens nor the network.

    text ──Grammar──► start state ──after(byte)──► state: next_bytes, may_end, forced()
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from models.language.gbnf_reader import END_OF_OPTION, Item, read_rules

MAX_STACKS = 2048
"""Ways in which one text may be read at once; natural grammars need fewer than ten, an enum one for each value."""

Stack: TypeAlias = "tuple[int, Stack] | None"
"""What is still to come: a position in the grammar's items and, behind it, the rest. None is the end of the text."""


class GrammarInvalidError(Exception):
    """The grammar does not compile, or it leaves nothing to go on with."""


class Grammar:
    """The rules of one text, flattened: options of rules are runs of items, each ended by ``END_OF_OPTION``."""

    def __init__(self, text: str) -> None:
        """Read ``text``; its start rule is ``root``.

        Raises:
            GrammarInvalidError: it is no GBNF, has no root, recurses on its left, or is too ambiguous to follow.
        """
        try:
            rules, root = read_rules(text)
        except ValueError as wrong:
            raise GrammarInvalidError(f"the grammar does not compile: {wrong}") from wrong
        self._items: list[Item | None] = []
        self._options: list[list[int]] = []
        for options in rules:
            starts = []
            for option in options:
                starts.append(len(self._items))
                self._items += [*option, END_OF_OPTION]
            self._options.append(starts)
        self.start = GrammarState(self, self.opened((start, None) for start in self._options[root]))

    def item(self, at: int) -> frozenset[int]:
        """The bytes that may stand at a position on top of an opened stack."""
        found = self._items[at]
        return found if isinstance(found, frozenset) else frozenset()

    def opened(self, stacks: Iterable[Stack]) -> frozenset[Stack]:
        """The same places, each with a byte (or the end) on top in place of a rule."""
        todo = list(stacks)
        seen: set[Stack] = set()
        found: set[Stack] = set()
        while todo:
            stack = todo.pop()
            if stack in seen:
                continue
            seen.add(stack)
            if len(seen) > MAX_STACKS:
                raise GrammarInvalidError(
                    f"the grammar leaves more than {MAX_STACKS} ways to go on at one place: it offers too many choices"
                    " there, is too ambiguous to follow, or recurses on its left"
                )
            if stack is None:
                found.add(None)
                continue
            at, below = stack
            item = self._items[at]
            if item is END_OF_OPTION:
                todo.append(below)
            elif isinstance(item, int):
                # Nothing is left behind when the rule comes last, so a rule may recurse on its right for ever.
                rest = below if self._items[at + 1] is END_OF_OPTION else (at + 1, below)
                todo += [(start, rest) for start in self._options[item]]
            else:
                found.add(stack)
        return frozenset(found)


@dataclass(frozen=True)
class GrammarState:
    """Where a text stands; without stacks it has left the grammar."""

    grammar: Grammar
    stacks: frozenset[Stack]

    @property
    def may_end(self) -> bool:
        """Whether the text may end here."""
        return None in self.stacks

    @property
    def is_dead(self) -> bool:
        """Whether the text is not in the grammar, however it goes on."""
        return not self.stacks

    @cached_property
    def next_bytes(self) -> frozenset[int]:
        """The bytes with which the text may go on."""
        return frozenset().union(*(self.grammar.item(stack[0]) for stack in self.stacks if stack is not None))

    def after(self, text: bytes) -> "GrammarState":
        """The state when the text goes on with ``text``.

        Raises:
            GrammarInvalidError: the grammar is too ambiguous to follow.
        """
        grammar, stacks = self.grammar, self.stacks
        for byte in text:
            stacks = grammar.opened(
                (stack[0] + 1, stack[1]) for stack in stacks if stack is not None and byte in grammar.item(stack[0])
            )
            if not stacks:
                break
        return GrammarState(grammar, stacks)

    def forced(self, max_bytes: int) -> tuple[bytes, "GrammarState"]:
        """The text that must come next, and the state behind it: where there is a choice, or the end."""
        state, text = self, bytearray()
        while not state.may_end and len(state.next_bytes) == 1 and len(text) < max_bytes:
            (byte,) = state.next_bytes
            text.append(byte)
            state = state.after(bytes([byte]))
        return bytes(text), state
