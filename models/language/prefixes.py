"""Which shared prefixes are computed, where, and which goes when room runs out.

Owns the book-keeping of the cached sequences, not the memory itself: the engine copies and clears. A prefix
whose computing was broken off keeps what was done, and the next turn goes on from there.
"""

from collections.abc import Sequence
from dataclasses import dataclass

Tokens = tuple[int, ...]


@dataclass(slots=True, eq=False)
class CachedPrefix:
    """A prefix in its own sequence; its first ``computed`` tokens are in memory."""

    tokens: Tokens
    sequence: int
    computed: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether all of it is computed."""
        return self.computed == len(self.tokens)


class PrefixCache:
    """At most one prefix per given sequence; the least recently used one makes room."""

    def __init__(self, sequences: Sequence[int]) -> None:
        self._free = list(sequences)
        self._kept: list[CachedPrefix] = []

    @property
    def held_tokens(self) -> int:
        """Tokens that all kept prefixes will take once they are whole."""
        return sum(len(prefix.tokens) for prefix in self._kept)

    def find(self, tokens: Tokens) -> CachedPrefix | None:
        """The kept prefix with these tokens, now the most recently used."""
        for prefix in self._kept:
            if prefix.tokens == tokens:
                self._kept.remove(prefix)
                self._kept.append(prefix)
                return prefix
        return None

    def add(self, tokens: Tokens) -> CachedPrefix:
        """Keep a new prefix; not while ``is_full``."""
        prefix = CachedPrefix(tokens=tokens, sequence=self._free.pop())
        self._kept.append(prefix)
        return prefix

    @property
    def is_full(self) -> bool:
        """Whether one must go before another comes."""
        return not self._free

    def drop_oldest(self) -> int:
        """Forget the least recently used prefix; the sequence to clear, which is free from now on."""
        prefix = self._kept.pop(0)
        self._free.append(prefix.sequence)
        return prefix.sequence
