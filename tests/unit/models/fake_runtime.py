"""A network without weights for the engine's tests: a token is a byte, and what it says is scripted.

The logits after a computed token depend on what the sequence really holds, so a prefix that was lost, mixed up or
computed at wrong positions changes the answer.
"""

from collections.abc import Callable, Sequence

import numpy as np

from models.language.chat import Span
from models.language.engine import Row
from models.language.prefixes import Tokens
from models.language.wording import GrammarInvalidError, Logits

END = 256
MARKUP = 257
VOCABULARY = 258


class FakeRuntime:
    """``says`` gives the whole answer to what a sequence holds, as text; the end token follows it."""

    def __init__(self, says: Callable[[str], str]) -> None:
        self._says = says
        self._held: dict[int, list[int]] = {}
        self._turn_began: dict[int, int] = {}
        self.computed = 0
        self.largest_batch = 0
        self.open_grammars = 0

    def tokens(self, spans: Sequence[Span]) -> Tokens:
        return tuple(token for span in spans for token in ([MARKUP] if span.is_markup else span.text.encode()))

    def piece(self, token: int) -> bytes:
        return bytes([token]) if token < END else b""

    def is_end(self, token: int) -> bool:
        return token == END

    def compute(self, rows: Sequence[Row]) -> list[Logits]:
        self.computed += len(rows)
        self.largest_batch = max(self.largest_batch, len(rows))
        wanted: list[Logits] = []
        for row in rows:
            held = self._held.setdefault(row.sequence, [])
            assert row.position == len(held), "a token was computed at the wrong position"
            held.append(row.token)
            if row.wants_logits:
                wanted.append(self._logits(held))
        return wanted

    def copy(self, source: int, target: int) -> None:
        self._held[target] = list(self._held[source])

    def clear(self, sequence: int) -> None:
        self._held.pop(sequence, None)

    def grammar(self, text: str) -> "FakeGrammar":
        if text == "wrong":
            raise GrammarInvalidError("the grammar does not compile")
        self.open_grammars += 1
        return FakeGrammar(self, text)

    def rss_mb(self) -> float:
        return 1.0

    def _logits(self, held: list[int]) -> Logits:
        written = bytes(token if token < END else ord("|") for token in held).decode(errors="replace")
        asked, _, said = written.rpartition("assistant\n")
        answer = self._says(asked).encode()
        logits = np.zeros(VOCABULARY, dtype=np.float32)
        logits[answer[len(said)] if len(said) < len(answer) else END] = 9.0
        return logits


class FakeGrammar:
    """Allows exactly its own text, then the end; with a ``!`` in it, nothing from there on."""

    def __init__(self, runtime: FakeRuntime, text: str) -> None:
        self._runtime = runtime
        self._left = [*text.encode(), END]

    def allows(self, token: int) -> bool:
        return self._left[0] == token != ord("!")

    def masked(self, logits: Logits) -> Logits:
        masked = np.full_like(logits, -np.inf)
        if self._left[0] != ord("!"):
            masked[self._left[0]] = logits[self._left[0]]
        return masked

    def take(self, token: int) -> None:
        assert self._left.pop(0) == token

    def close(self) -> None:
        self._runtime.open_grammars -= 1
