"""The tokens as bytes: which may stand where a grammar is, and where a text may be cut without hurting a token.

Owns a sorted table of all pieces. Control tokens have no bytes and are never allowed by a grammar, the end of the turn
apart. Knows nothing of the network.
"""

from bisect import bisect_left
from collections.abc import Callable, Collection, Sequence
from itertools import pairwise

from models.language.gbnf import GrammarState

_AFTER_ALL = b"\xff" * 8
"""Sorts behind every byte string that is UTF-8 or a part of it."""


class Vocabulary:
    """Pieces by token number, and the tokens that end the model's turn."""

    def __init__(self, pieces: Sequence[bytes], ends: Collection[int], split: Callable[[str], Sequence[int]]) -> None:
        """Sort the pieces.

        Args:
            pieces: the bytes of each token, none for a control token.
            ends: the tokens that end the model's turn.
            split: the natural tokens of a text, none of them a control token.
        """
        self._pieces = pieces
        self._split = split
        self.ends = frozenset(ends)
        table = sorted((piece, token) for token, piece in enumerate(pieces) if piece and token not in self.ends)
        self._sorted = [piece for piece, _ in table]
        self._tokens = [token for _, token in table]
        self._longest = max(map(len, self._sorted), default=0)

    def __len__(self) -> int:
        return len(self._pieces)

    def piece(self, token: int) -> bytes:
        """The bytes that a token stands for."""
        return self._pieces[token]

    def natural(self, text: bytes) -> list[int] | None:
        """The tokens that the model was trained to see for a text; None where they do not stand for just its bytes."""
        try:
            tokens = list(self._split(text.decode()))
        except UnicodeDecodeError:
            return None
        return tokens if b"".join(self._pieces[token] for token in tokens) == text else None

    def may_follow(self, state: GrammarState, token: int) -> bool:
        """Whether the grammar lets the text go on with this token."""
        if token in self.ends:
            return state.may_end
        piece = self._pieces[token]
        return bool(piece) and piece[0] in state.next_bytes and not state.after(piece).is_dead

    def followers(self, state: GrammarState, most_states: int) -> list[int] | None:
        """All tokens that the grammar allows; None when finding them takes more than ``most_states`` tries."""
        found = list(self.ends) if state.may_end else []
        todo = [(state, b"")]
        tried = 0
        while todo:
            here, text = todo.pop()
            tried += len(here.next_bytes)
            if tried > most_states:
                return None
            for byte in here.next_bytes:
                longer = text + bytes([byte])
                begin, end = self._range(longer)
                if begin == end:
                    continue
                exact = bisect_left(self._sorted, longer + b"\0", begin, end)
                found += self._tokens[begin:exact]
                if exact < end:
                    todo.append((here.after(bytes([byte])), longer))
        return found

    def safe_cut(self, text: bytes, following: Collection[int]) -> int:
        """How much of ``text`` stays as it is, whichever of the ``following`` bytes comes next.

        Behind the cut a token may begin that reaches over the end of the text; a cut never parts a character.
        """
        whole = _whole_characters(text)
        for begin in range(max(0, len(text) - self._longest + 1), whole):
            rest = text[begin:]
            low, high = self._range(rest)
            if low < high and any(self._begins(rest + bytes([byte])) for byte in following):
                return begin
        return whole

    def _range(self, text: bytes) -> tuple[int, int]:
        """Where the pieces that begin with ``text`` stand in the sorted table."""
        begin = bisect_left(self._sorted, text)
        return begin, bisect_left(self._sorted, text + _AFTER_ALL, begin)

    def _begins(self, text: bytes) -> bool:
        at = bisect_left(self._sorted, text)
        return at < len(self._sorted) and self._sorted[at].startswith(text)


class GrammarPath:
    """How far an answer is into its grammar, and the text that it cannot but go on with.

    A span that the grammar forces is not decoded token by token: it is split into its natural tokens at once, so
    the network reads it like a prompt. Its end is held back where a token may reach over it.
    """

    MOST_FORCED_BYTES = 4096
    MOST_STATES = 1024
    MOST_BRANCHES = 8

    def __init__(self, state: GrammarState, vocabulary: Vocabulary) -> None:
        self._state = state
        self._vocabulary = vocabulary

    @property
    def is_ended(self) -> bool:
        """Whether nothing but the end may follow."""
        return self._state.may_end and not self._state.next_bytes

    def open(self) -> list[int]:
        """The tokens with which every answer begins, perhaps none."""
        return self._settled(b"", [])

    def take(self, token: int) -> list[int]:
        """The tokens to go on with after choosing an allowed one: itself, and what the grammar forces behind it.

        Where the choice is only the beginning of a word that the grammar then forces, they are the word's tokens.
        """
        return self._settled(self._vocabulary.piece(token), [token])

    def allows(self, token: int) -> bool:
        """Whether the answer may go on with this token."""
        return self._vocabulary.may_follow(self._state, token)

    def allowed(self) -> list[int] | None:
        """All tokens with which the answer may go on; None where they are too many to list."""
        return self._vocabulary.followers(self._state, self.MOST_STATES)

    def _settled(self, chosen: bytes, tokens: list[int]) -> list[int]:
        began = self._state
        self._state = began.after(chosen)
        forced, ahead = self._state.forced(self.MOST_FORCED_BYTES)
        if not forced and tokens:
            forced, ahead = self._only_natural(chosen, tokens)
        text = chosen + forced
        natural = self._vocabulary.natural(text[: _whole_characters(text)]) if forced else None
        if natural is None:
            return tokens
        cut = len(text) if not ahead.next_bytes else self._vocabulary.safe_cut(text, ahead.next_bytes)
        kept, covered = self._until(natural, cut)
        if covered < len(chosen):
            return tokens
        self._state = began.after(text[:covered])
        return kept

    def _only_natural(self, chosen: bytes, tokens: list[int]) -> tuple[bytes, GrammarState]:
        """What follows a chosen token when all ways but one would have begun with another token; else nothing.

        A model that meant "There" does not begin with a space of its own, as it does before the digits of a number.
        """
        state = self._state
        if state.may_end or len(state.next_bytes) > self.MOST_BRANCHES:
            return b"", state
        ways = []
        for byte in state.next_bytes:
            rest, ahead = state.after(bytes([byte])).forced(self.MOST_FORCED_BYTES)
            way = bytes([byte]) + rest
            natural = self._vocabulary.natural(chosen + way)
            is_decided = self._vocabulary.safe_cut(chosen + way, ahead.next_bytes) >= len(chosen)
            if natural is None or not is_decided or natural[:1] == tokens:
                ways.append((way, ahead))
        return ways[0] if len(ways) == 1 else (b"", state)

    def _until(self, natural: list[int], cut: int) -> tuple[list[int], int]:
        """The leading tokens that end at or before ``cut``, and where the last of them ends."""
        ends = [0]
        for token in natural:
            ends.append(ends[-1] + len(self._vocabulary.piece(token)))
        count = sum(1 for _, end in pairwise(ends) if end <= cut)
        return natural[:count], ends[count]


def _whole_characters(text: bytes) -> int:
    """The length of ``text`` without a last character that is not all there."""
    for back in range(1, min(3, len(text)) + 1):
        byte = text[-back]
        if byte >= 0xC0:
            length = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return len(text) - back if back < length else len(text)
        if byte < 0x80:
            break
    return len(text)
