"""A network without weights for the engine's tests: a token is a byte, and what it says is scripted.

The logits after a computed token depend on what the sequence really holds, so a prefix that was lost, mixed up or
computed at wrong positions changes the answer.
"""

from collections.abc import Callable, Sequence

import numpy as np

from models.language.chat import Span
from models.language.engine import Row
from models.language.prefixes import Tokens
from models.language.vocabulary import Vocabulary
from models.language.wording import Logits

END = 256
MARKUP = 257
VOCABULARY = 258
UNSAYABLE = ord("!")
PIECES = [b"" if byte == UNSAYABLE else bytes([byte]) for byte in range(256)]


class FakeRuntime:
    """``says`` gives the whole answer to what a sequence holds, as text; the end token follows it."""

    def __init__(self, says: Callable[[str], str]) -> None:
        self._says = says
        self._held: dict[int, list[int]] = {}
        self._shared: dict[int, int] = {}
        self._retired_tokens = 0
        self.computed = 0
        self.largest_batch = 0
        self.batches = 0
        self.vocabulary = Vocabulary([*PIECES, b"", b""], {END}, lambda text: text.encode())

    def tokens(self, spans: Sequence[Span]) -> Tokens:
        return tuple(token for span in spans for token in ([MARKUP] if span.is_markup else span.text.encode()))

    @property
    def held_tokens(self) -> int:
        """Tokens in memory, retired ones too; those that a sequence shares with one it was copied from count once."""
        return sum(len(held) for held in self._held.values()) - sum(self._shared.values()) + self._retired_tokens

    def compute(self, rows: Sequence[Row]) -> list[Logits]:
        self.computed += len(rows)
        self.batches += 1
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
        self._shared[target] = len(self._held[source])

    def retire(self, sequence: int) -> None:
        self._retired_tokens += len(self._held.pop(sequence, [])) - self._shared.pop(sequence, 0)

    def reclaim(self) -> None:
        self._retired_tokens = 0

    def rss_mb(self) -> float:
        return 1.0

    def _logits(self, held: list[int]) -> Logits:
        written = bytes(token if token < END else ord("|") for token in held).decode(errors="replace")
        asked, _, said = written.rpartition("assistant\n")
        answer = self._says(asked).encode()
        logits = np.zeros(VOCABULARY, dtype=np.float32)
        logits[answer[len(said)] if len(said) < len(answer) else END] = 9.0
        return logits
