"""A language model that lies on purpose, behind the port of the real one: nothing of it may reach the screen.

Owns the lies: every number changed, every statement negated, every brand swapped, in turn. A kiosk that shows one of
its sentences has a verifier that does not work.
"""

import itertools
import re
import threading
from collections.abc import Callable, Generator, Sequence

from models.language.requests import Completion, CompletionRequest, LanguageStats

_VERB = re.compile(r"\b(is|are|have|sell|find|costs|was|go|look)\b", re.IGNORECASE)


class LyingLanguage:
    """Takes the facts of each turn and turns them into a lie; any thread may call it."""

    is_up = True

    def __init__(self, brands: Sequence[str]) -> None:
        """Lie with these ``brands``, each put in the place of the next."""
        self._brands = tuple(brand for brand in brands if brand)
        self._lies: tuple[Callable[[str], str], ...] = (self._with_other_numbers, _negated, self._with_other_brands)
        self._turn = itertools.count()
        self._lock = threading.Lock()

    def complete(self, request: CompletionRequest) -> Completion:
        """A lie about the request's facts, at once."""
        facts = request.prompt.partition("Facts: ")[2].partition("\nQuestion:")[0]
        with self._lock:
            lie = self._lies[next(self._turn) % len(self._lies)]
        text = lie(facts)
        return Completion(
            text=text if text != facts else f"{facts} It is free.",
            finish="stop",
            prompt_tokens=0,
            cached_tokens=0,
            answer_tokens=0,
            queued_ms=0.0,
            first_token_ms=0.0,
            total_ms=0.0,
        )

    def stream(self, request: CompletionRequest) -> Generator[str | Completion, None, None]:
        """The same lie in one piece."""
        completion = self.complete(request)
        yield completion.text
        yield completion

    def stats(self) -> LanguageStats:
        """Nothing is counted."""
        return LanguageStats(
            is_up=True, requests=0, answered=0, late=0, turned_away=0, cancelled=0, restarts=0, queue_length=0,
            prefill_tokens_cached=0, first_token_ms=None, tokens_per_s=None, rss_mb=None,
        )  # fmt: skip

    @staticmethod
    def _with_other_numbers(text: str) -> str:
        return re.sub(r"\d+", lambda match: str(int(match[0]) + 1), text)

    def _with_other_brands(self, text: str) -> str:
        for brand, other in zip(self._brands, (*self._brands[1:], *self._brands[:1]), strict=True):
            if brand in text:
                return text.replace(brand, other)
        return f"{text} Or take {self._brands[0]}." if self._brands else f"{text} Or take another."


def _negated(text: str) -> str:
    return _VERB.sub(r"\1 not", text)
