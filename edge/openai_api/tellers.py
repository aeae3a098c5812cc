"""How an answer is told while it grows: which pieces of a stream each item of a turn becomes, and the whole at once.

Owns the order of a stream's pieces: who speaks, what is said, why it ended. Pure; `answering` sends them.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from edge.openai_api.deltas import AnswerReader, Called, Delta
from edge.openai_api.responses import Answer, delta_of, finish_reason
from models.language.requests import Completion

Chunk = dict[str, Any]


class Teller(Protocol):
    """One answer's telling."""

    @property
    def answer(self) -> Answer:
        """Whose pieces these are."""
        ...

    def more(self, text: str) -> list[Chunk]:
        """Pieces for text that the answer goes on with."""
        ...

    def end(self, completion: Completion) -> list[Chunk]:
        """The pieces behind the last text."""
        ...

    def whole(self, completion: Completion) -> Mapping[str, Any]:
        """The answer in one object, in place of all pieces."""
        ...


class TextTeller:
    """Tells a text completion."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def more(self, text: str) -> list[Chunk]:
        return [self.answer.text_chunk(text)]

    def end(self, completion: Completion) -> list[Chunk]:
        return [self.answer.text_chunk("", completion.finish)]

    def whole(self, completion: Completion) -> Mapping[str, Any]:
        return self.answer.whole_text(completion)


class ChatTeller:
    """Tells a chat completion: the role before the first piece, a call's name before its arguments."""

    def __init__(self, answer: Answer, *, may_call: bool) -> None:
        self.answer = answer
        self._reader = AnswerReader(may_call=may_call)
        self._is_opened = self._has_call = False

    def more(self, text: str) -> list[Chunk]:
        return [chunk for delta in self._reader.read(text) for chunk in self._told(delta)]

    def end(self, completion: Completion) -> list[Chunk]:
        last = self.answer.chat_chunk({}, finish_reason(completion, has_call=self._has_call))
        return [*self._opening(None), last]

    def whole(self, completion: Completion) -> Mapping[str, Any]:
        return self.answer.whole_chat(completion, self._reader.read(completion.text))

    def _told(self, delta: Delta) -> list[Chunk]:
        self._has_call |= isinstance(delta, Called)
        return [*self._opening(delta), self.answer.chat_chunk(delta_of(delta))]

    def _opening(self, first: Delta | None) -> list[Chunk]:
        if self._is_opened:
            return []
        self._is_opened = True
        return [self.answer.chat_chunk({"role": "assistant", "content": None if isinstance(first, Called) else ""})]
