"""What the endpoint did since the start, in numbers: all that is ever kept of a request.

Changed on the endpoint's event loop alone; any thread may look.
"""

from dataclasses import dataclass, replace

from models.language.requests import Completion

CLIENT_LEFT = 499
"""The status of an answer to nobody, as web servers write it down; no client ever reads it."""


@dataclass(frozen=True, slots=True)
class Counts:
    """``refused`` were the client's mistake or too many (4xx), ``failed`` ours (5xx), ``given_up`` the client left."""

    requests: int = 0
    refused: int = 0
    failed: int = 0
    given_up: int = 0
    answers: int = 0
    prompt_tokens: int = 0
    answer_tokens: int = 0
    texts_embedded: int = 0
    masked: int = 0
    """Personal things in requests that the model saw a mark of instead."""
    attacks: int = 0
    """Requests refused because a text in them was aimed at the model; among ``refused``."""
    first_token_ms: float | None = None
    """Of the latest answer, from when the model got it."""


class Counter:
    """The current counts."""

    def __init__(self) -> None:
        self.counts = Counts()

    def add(self, **more: int) -> None:
        """Add to the named counts."""
        self.counts = replace(self.counts, **{name: getattr(self.counts, name) + by for name, by in more.items()})

    def note_status(self, status: int) -> None:
        """A request was answered with this HTTP status."""
        left = status == CLIENT_LEFT
        self.add(
            requests=1, given_up=int(left), refused=int(400 <= status < 500 and not left), failed=int(status >= 500)
        )

    def note_answer(self, completion: Completion) -> None:
        """The model answered."""
        self.add(answers=1, prompt_tokens=completion.prompt_tokens, answer_tokens=completion.answer_tokens)
        self.counts = replace(self.counts, first_token_ms=round(completion.first_token_ms, 1))
