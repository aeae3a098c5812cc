"""A language model that answers when the test says so; `LanguagePort` like the real one."""

from collections.abc import Generator
from threading import Event, Semaphore

from models.errors import LanguageUnavailableError
from models.language.requests import Completion, CompletionRequest, LanguageStats
from tests.unit.models.fake_language import FakeLanguageModel


class HeldLanguage:
    """Says one word, then waits for ``go``, at most until the deadline. ``begun`` counts turns that said it."""

    is_up = True

    def __init__(self) -> None:
        self.begun = Semaphore(0)
        self.closed = Semaphore(0)
        self.go = Event()
        self.requests: list[CompletionRequest] = []
        self._answers = FakeLanguageModel(lambda _asked: "One two three.")

    def complete(self, request: CompletionRequest) -> Completion:
        raise NotImplementedError

    def stream(self, request: CompletionRequest) -> Generator[str | Completion, None, None]:
        self.requests.append(request)
        try:
            for item in self._answers.stream(request):
                yield item
                self.begun.release()
                if not self.go.wait(request.deadline_s):
                    raise LanguageUnavailableError("late")
        finally:
            self.closed.release()

    def stats(self) -> LanguageStats:
        return self._answers.stats()
