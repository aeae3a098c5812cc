"""The model's answer, read while it grows: text, or a call with its name first and its arguments as they come.

Owns the reading of a call in the form that `tools` defines. A pure state machine; the grammar behind the answer
guarantees the form, so whatever is no call is text.
"""

from dataclasses import dataclass
from typing import Literal

from edge.openai_api.tools import ARGUMENTS_OPEN, CALL_OPENS


@dataclass(frozen=True, slots=True)
class Said:
    """Text of the answer goes on."""

    text: str


@dataclass(frozen=True, slots=True)
class Called:
    """A function is called; its arguments follow."""

    name: str


@dataclass(frozen=True, slots=True)
class Argued:
    """The JSON text of the arguments goes on."""

    text: str


Delta = Said | Called | Argued


class AnswerReader:
    """Reads one answer. Without ``may_call`` all of it is text.

    ::

        opening ──"<tool_call>…"name""──► name ──"arguments"──► arguments ──brackets closed──► over
           └──anything else──► text
    """

    def __init__(self, *, may_call: bool) -> None:
        self._state: Literal["opening", "name", "arguments", "over", "text"] = "opening" if may_call else "text"
        self._unread = ""
        self._depth = 0
        self._is_in_string = self._is_escaped = False

    def read(self, piece: str) -> list[Delta]:
        """What a further piece of the answer says."""
        self._unread += piece
        deltas: list[Delta] = []
        if self._state == "opening":
            self._open()
        if self._state == "name":
            deltas += self._name()
        if self._state == "arguments":
            deltas += self._arguments()
        if self._state == "text" and self._unread:
            deltas.append(Said(self._unread))
            self._unread = ""
        return deltas

    def _open(self) -> None:
        if self._unread.startswith(CALL_OPENS):
            self._unread = self._unread[len(CALL_OPENS) :]
            self._state = "name"
        elif not CALL_OPENS.startswith(self._unread):
            self._state = "text"

    def _name(self) -> list[Delta]:
        name, opening, rest = self._unread.partition(ARGUMENTS_OPEN)
        if not opening:
            return []
        self._unread, self._state = rest, "arguments"
        return [Called(name)]

    def _arguments(self) -> list[Delta]:
        until = next((place for place, char in enumerate(self._unread, 1) if self._closes(char)), None)
        text, self._unread = self._unread[:until], ""
        if until is not None:
            self._state = "over"
        return [Argued(text)] if text else []

    def _closes(self, char: str) -> bool:
        """Whether the arguments' outermost bracket closes with this character."""
        if self._is_in_string:
            self._is_in_string = self._is_escaped or char != '"'
            self._is_escaped = char == "\\" and not self._is_escaped
            return False
        match char:
            case '"':
                self._is_in_string = True
            case "{" | "[":
                self._depth += 1
            case "}" | "]":
                self._depth -= 1
                return self._depth == 0
        return False
