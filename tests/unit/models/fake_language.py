"""A language model without a network, for tests of those who ask one; `LanguagePort` like the real one.

``answer`` words each request; it may return text, or raise what the real one raises. ``is_up`` may be set.
"""

import re
from collections.abc import Callable, Generator

from models.errors import LanguageUnavailableError
from models.language.requests import Completion, CompletionRequest, LanguageStats


class FakeLanguageModel:
    """Answers at once from a function and keeps what it was asked."""

    def __init__(
        self, answer: Callable[[CompletionRequest], str] = lambda _request: "Yes.", *, is_up: bool = True
    ) -> None:
        self._answer = answer
        self._is_up = is_up
        self._answered = self._late = self._turned_away = self._cancelled = 0
        self.requests: list[CompletionRequest] = []

    @property
    def is_up(self) -> bool:
        return self._is_up

    @is_up.setter
    def is_up(self, is_up: bool) -> None:
        self._is_up = is_up

    def complete(self, request: CompletionRequest) -> Completion:
        completion = self._completion(request)
        self._answered += 1
        return completion

    def stream(self, request: CompletionRequest) -> Generator[str | Completion, None, None]:
        completion = self._completion(request)
        try:
            yield from re.findall(r"\s*\S+\s*$|\s*\S+", completion.text)
        except GeneratorExit:
            self._cancelled += 1
            raise
        self._answered += 1
        yield completion

    def _completion(self, request: CompletionRequest) -> Completion:
        self.requests.append(request)
        if not self._is_up:
            self._turned_away += 1
            raise LanguageUnavailableError("the language model is down: the test says so")
        try:
            text = self._answer(request)
        except LanguageUnavailableError:
            self._late += 1
            raise
        for stop in request.stop:
            text = text.partition(stop)[0]
        words = text.split(" ")
        said = words[: request.max_tokens]
        return Completion(
            text=" ".join(said),
            finish="length" if len(said) < len(words) else "stop",
            prompt_tokens=len(request.prefix.split()) + len(request.prompt.split()),
            cached_tokens=len(request.prefix.split()) if len(self.requests) > 1 else 0,
            answer_tokens=len(said),
            queued_ms=0.0,
            first_token_ms=1.0,
            total_ms=2.0,
        )

    def stats(self) -> LanguageStats:
        return LanguageStats(
            is_up=self._is_up,
            down_because=None if self._is_up else "the test says so",
            requests=len(self.requests),
            answered=self._answered,
            late=self._late,
            cancelled=self._cancelled,
            turned_away=self._turned_away,
            restarts=0,
            queue_length=0,
            prefill_tokens_cached=0,
            first_token_ms=1.0 if self._answered else None,
            tokens_per_s=None,
            rss_mb=None,
        )
