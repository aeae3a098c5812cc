"""The answer as it grows: choosing the next token under a grammar, and knowing when to end.

Owns sampling and the end of an answer (end token, stop string, token limit). Pure but for the grammar, which is
the runtime's. A stop string may span tokens, a character may span tokens too: both are judged on bytes.
"""

from collections.abc import Sequence
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Logits = NDArray[np.float32]
Finish = Literal["stop", "length"]

MIN_SHARE = 0.05
"""Sampled tokens have at least this share of the likeliest one's probability (min-p sampling, Nguyen et al. 2024)."""


class GrammarInvalidError(Exception):
    """The grammar does not compile, or it leaves no token to go on with."""


class Grammar(Protocol):
    """A compiled grammar and how far into it the answer is."""

    def allows(self, token: int) -> bool:
        """Whether the answer may go on with this token."""
        ...

    def masked(self, logits: Logits) -> Logits:
        """The logits with minus infinity where the answer may not go on."""
        ...

    def take(self, token: int) -> None:
        """Go on with an allowed token."""
        ...

    def close(self) -> None:
        """Free it."""
        ...


class Wording:
    """One answer; ``choose`` a token, then ``take`` it, until ``take`` says how it finished."""

    def __init__(
        self, grammar: Grammar | None, *, stop: Sequence[str], max_tokens: int, temperature: float, seed: int
    ) -> None:
        self._grammar = grammar
        self._stop = [text.encode() for text in stop]
        self._max_tokens = max_tokens
        self._temperature = temperature
        self._random = np.random.default_rng(seed)
        self._bytes = b""
        self.tokens: list[int] = []

    @property
    def text(self) -> str:
        """The answer without a character that the token limit cut in two."""
        return self._bytes.decode(errors="ignore")

    def choose(self, logits: Logits) -> int:
        """The next token. The grammar is asked about one token first: asking about all costs milliseconds.

        Asking again with all others masked leaves the allowed tokens in their right proportion, because a
        refused draw is simply drawn again among them.

        Raises:
            GrammarInvalidError: the grammar allows nothing more, not even the end.
        """
        token = self._draw(logits)
        if self._grammar is None:
            return token
        if not self._grammar.allows(token):
            masked = self._grammar.masked(logits)
            token = self._draw(masked)
            if not np.isfinite(masked[token]):
                raise GrammarInvalidError("the grammar leaves no way to go on")
        self._grammar.take(token)
        return token

    def take(self, token: int, piece: bytes, *, is_end: bool) -> Finish | None:
        """Add a chosen token; how the answer finished with it, or None while it goes on."""
        if is_end:
            return "stop"
        self.tokens.append(token)
        searched_from = max(0, len(self._bytes) - max((len(text) for text in self._stop), default=0))
        self._bytes += piece
        found = [at for text in self._stop if (at := self._bytes.find(text, searched_from)) >= 0]
        if found:
            self._bytes = self._bytes[: min(found)]
            return "stop"
        return "length" if len(self.tokens) >= self._max_tokens else None

    def close(self) -> None:
        """Free the grammar."""
        if self._grammar is not None:
            self._grammar.close()
            self._grammar = None

    def _draw(self, logits: Logits) -> int:
        likeliest = int(np.argmax(logits))
        if self._temperature == 0.0 or not np.isfinite(logits[likeliest]):
            return likeliest
        shares = np.exp((logits - logits[likeliest]).astype(np.float64))
        shares[shares < MIN_SHARE] = 0.0
        weights = np.power(shares, 1.0 / self._temperature)
        return int(np.searchsorted(np.cumsum(weights), self._random.random() * weights.sum(), side="right"))
