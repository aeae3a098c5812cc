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
    users: int = 0
    """Turns under way that begin with it; while there are any it stays."""
    is_pinned: bool = False
    """Whether it was configured: it makes room only where the turn would never fit beside it."""

    @property
    def is_whole(self) -> bool:
        """Whether all of it is computed."""
        return self.computed == len(self.tokens)


class PrefixCache:
    """At most one prefix per given sequence; the least recently used one that no turn uses makes room.

    Those that are pinned make room last, and only when asked to.
    """

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
        """Keep a new prefix; ``make_room`` first."""
        prefix = CachedPrefix(tokens=tokens, sequence=self._free.pop())
        self._kept.append(prefix)
        return prefix

    def make_room(
        self, *, needed_tokens: int, most_tokens: int, needs_place: bool, takes_pinned: bool
    ) -> list[CachedPrefix] | None:
        """Forget unused prefixes, the least recently used first, until there is room.

        Args:
            needed_tokens: what must fit beside all prefixes that stay.
            most_tokens: how much fits in all.
            needs_place: whether a free sequence is needed too.
            takes_pinned: whether pinned prefixes may go too, after all others.

        Returns:
            What was forgotten, or None, with nothing forgotten, when those that stay leave no room.
        """
        unused = [prefix for prefix in self._kept if not prefix.users and (takes_pinned or not prefix.is_pinned)]
        unused.sort(key=lambda prefix: prefix.is_pinned)
        held, places, dropped = self.held_tokens, len(self._free), 0
        while held + needed_tokens > most_tokens or (needs_place and not places):
            if dropped == len(unused):
                return None
            held, places, dropped = held - len(unused[dropped].tokens), places + 1, dropped + 1
        for prefix in unused[:dropped]:
            self._kept.remove(prefix)
            self._free.append(prefix.sequence)
        return unused[:dropped]
