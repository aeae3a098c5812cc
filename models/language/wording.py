"""The answer as it grows: choosing the next token under a grammar, going on as far as it forces, knowing the end.

Owns sampling and the end of an answer (end token, end of the grammar, stop string, token limit). A stop string may
span tokens, a character may span tokens too: both are judged on bytes.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from models.language.gbnf import GrammarInvalidError, GrammarState
from models.language.pieces import Pieces
from models.language.vocabulary import GrammarPath, Vocabulary

Logits = NDArray[np.float32]
Finish = Literal["stop", "length"]

MIN_SHARE = 0.05
"""Sampled tokens have at least this share of the likeliest one's probability (min-p sampling, Nguyen et al. 2024)."""


class Wording:
    """One answer: ``open`` it, then ``go_on`` with the logits behind ``tokens``, until either says how it finished.

    ``tokens`` may grow by many at once, where the grammar leaves no choice; the network has yet to read them.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        grammar: GrammarState | None,
        *,
        stop: Sequence[str],
        max_tokens: int,
        temperature: float,
        top_p: float = 1.0,
        seed: int,
    ) -> None:
        self._vocabulary = vocabulary
        self._path = None if grammar is None else GrammarPath(grammar, vocabulary)
        self._stop = [text.encode() for text in stop]
        self._max_tokens = max_tokens
        self._temperature = temperature
        self._top_p = top_p
        self._random = np.random.default_rng(seed)
        self._bytes = b""
        self._pieces = Pieces(self._stop)
        self.tokens: list[int] = []

    @property
    def text(self) -> str:
        """The answer without a character that the token limit cut in two."""
        return self._bytes.decode(errors="ignore")

    def piece(self, finish: Finish | None) -> str:
        """The text since the last call that will stay as it is; all that is left once the answer is finished."""
        return self._pieces.more_of(self._bytes, is_whole=finish is not None)

    def open(self) -> Finish | None:
        """Begin with what the grammar forces; how the answer finished already with it.

        Raises:
            GrammarInvalidError: the grammar is too ambiguous to follow.
        """
        return None if self._path is None else self._add(self._path.open())

    def go_on(self, logits: Logits) -> Finish | None:
        """Choose a token, add it and what it forces; how the answer finished with it, None while it goes on.

        Raises:
            GrammarInvalidError: the grammar allows nothing more, not even the end, or is too ambiguous to follow.
        """
        token = self._chosen(logits)
        if token in self._vocabulary.ends:
            return "stop"
        return self._add([token] if self._path is None else self._path.take(token))

    def _chosen(self, logits: Logits) -> int:
        """The next token. The grammar is asked about one token first: asking about all costs milliseconds.

        Asking again with all others masked leaves the allowed tokens in their right proportion, because a
        refused draw is simply drawn again among them.
        """
        token = self._draw(logits)
        if self._path is None or self._path.allows(token):
            return token
        masked = self._masked(logits, self._path)
        token = self._draw(masked)
        if not np.isfinite(masked[token]):
            raise GrammarInvalidError("the grammar leaves no way to go on")
        return token

    def _masked(self, logits: Logits, path: GrammarPath) -> Logits:
        """The logits with minus infinity where the answer may not go on, or where it is too unlikely to do so."""
        masked = np.full_like(logits, -np.inf)
        allowed = path.allowed()
        if allowed is not None:
            masked[allowed] = logits[allowed]
            return masked
        least = -np.inf
        for token in np.argsort(-logits).tolist():
            if logits[token] < least:
                break
            if path.allows(token):
                masked[token] = logits[token]
                least = max(least, float(logits[token]) + (np.log(MIN_SHARE) if self._temperature else 0.0))
        return masked

    def _add(self, tokens: Sequence[int]) -> Finish | None:
        finish: Finish | None = None
        for number, token in enumerate(tokens, start=1):
            is_last = number == len(tokens) and self._path is not None and self._path.is_ended
            finish = self._take(token, is_last=is_last)
            if finish:
                break
        return finish

    def _take(self, token: int, *, is_last: bool) -> Finish | None:
        self.tokens.append(token)
        searched_from = max(0, len(self._bytes) - max((len(text) for text in self._stop), default=0))
        self._bytes += self._vocabulary.piece(token)
        found = [at for text in self._stop if (at := self._bytes.find(text, searched_from)) >= 0]
        if found:
            self._bytes = self._bytes[: min(found)]
            return "stop"
        if is_last:
            return "stop"
        return "length" if len(self.tokens) >= self._max_tokens else None

    def _draw(self, logits: Logits) -> int:
        likeliest = int(np.argmax(logits))
        if self._temperature == 0.0 or not np.isfinite(logits[likeliest]):
            return likeliest
        shares = np.exp((logits - logits[likeliest]).astype(np.float64))
        shares[shares < MIN_SHARE] = 0.0
        weights = _nucleus(np.power(shares, 1.0 / self._temperature), self._top_p)
        return int(np.searchsorted(np.cumsum(weights), self._random.random() * weights.sum(), side="right"))


def _nucleus(weights: NDArray[np.float64], top_p: float) -> NDArray[np.float64]:
    """The weights with zero for all but the largest that together reach the share (Holtzman et al. 2020)."""
    if top_p == 1.0:
        return weights
    order = np.argsort(-weights, kind="stable")
    count = int(np.searchsorted(np.cumsum(weights[order]), top_p * weights.sum())) + 1
    kept = np.zeros_like(weights)
    kept[order[:count]] = weights[order[:count]]
    return kept
