"""What clients get: the objects of OpenAI's reference, whole or as the events of a stream.

Owns their form. Knows nothing of HTTP but how an event is framed.
"""

import base64
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from edge.openai_api.deltas import Argued, Called, Delta, Said
from edge.openai_api.vectors import Embedded
from models.language.requests import Completion

DONE = b"data: [DONE]\n\n"
OWNER = "backroom"

Kind = Literal["chat.completion", "text_completion"]
_IDS: Mapping[Kind, str] = {"chat.completion": "chatcmpl", "text_completion": "cmpl"}


def event(value: Mapping[str, Any]) -> bytes:
    """One server-sent event."""
    return b"data: " + json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"


def usage(completion: Completion) -> dict[str, Any]:
    """What the answer cost; cached tokens did not have to be computed."""
    return {
        "prompt_tokens": completion.prompt_tokens,
        "completion_tokens": completion.answer_tokens,
        "total_tokens": completion.prompt_tokens + completion.answer_tokens,
        "prompt_tokens_details": {"cached_tokens": completion.cached_tokens},
    }


def models_list(names: Sequence[str], *, created: int) -> dict[str, Any]:
    """The list of models."""
    return {"object": "list", "data": [model_card(name, created=created) for name in names]}


def model_card(name: str, *, created: int) -> dict[str, Any]:
    """One model."""
    return {"id": name, "object": "model", "created": created, "owned_by": OWNER}


def embeddings(embedded: Embedded, *, name: str, as_base64: bool) -> dict[str, Any]:
    """Vectors as numbers, or as base64 of little-endian float32."""
    rows = embedded.vectors.astype("<f4", copy=False)
    shown = [base64.b64encode(row.tobytes()).decode() if as_base64 else _numbers(row) for row in rows]
    return {
        "object": "list",
        "model": name,
        "data": [{"object": "embedding", "index": place, "embedding": vector} for place, vector in enumerate(shown)],
        "usage": {"prompt_tokens": embedded.tokens, "total_tokens": embedded.tokens},
    }


def _numbers(row: Any) -> list[float]:
    return [float(number) for number in np.asarray(row, np.float64)]


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer's identity, and its objects."""

    kind: Kind
    id: str
    name: str
    created: int

    @classmethod
    def new(cls, kind: Kind, *, name: str, created: int) -> "Answer":
        """An answer with an id of its own; ``created`` are seconds since 1970."""
        return cls(kind, f"{_IDS[kind]}-{secrets.token_hex(12)}", name, created)

    def whole_text(self, completion: Completion) -> dict[str, Any]:
        """A text completion."""
        choice = {"index": 0, "text": completion.text, "logprobs": None, "finish_reason": completion.finish}
        return {**self._head(self.kind), "choices": [choice], "usage": usage(completion)}

    def whole_chat(self, completion: Completion, deltas: Sequence[Delta]) -> dict[str, Any]:
        """A chat completion."""
        message: dict[str, Any] = {"role": "assistant", "content": _joined(deltas, Said), "refusal": None}
        called = [delta.name for delta in deltas if isinstance(delta, Called)]
        if called:
            function = {"name": called[0], "arguments": _joined(deltas, Argued) or ""}
            message["tool_calls"] = [{"id": _call_id(), "type": "function", "function": function}]
        elif message["content"] is None:
            message["content"] = ""
        finish = finish_reason(completion, has_call=bool(called))
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
        return {**self._head(self.kind), "choices": [choice], "usage": usage(completion)}

    def text_chunk(self, text: str, finish: str | None = None) -> dict[str, Any]:
        """A piece of a text completion."""
        choice = {"index": 0, "text": text, "logprobs": None, "finish_reason": finish}
        return {**self._head(self.kind), "choices": [choice]}

    def chat_chunk(self, delta: Mapping[str, Any], finish: str | None = None) -> dict[str, Any]:
        """A piece of a chat completion."""
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return {**self._head("chat.completion.chunk"), "choices": [choice]}

    def usage_chunk(self, completion: Completion) -> dict[str, Any]:
        """The last piece of a stream that asked for it: no choices, what it cost."""
        kind = "chat.completion.chunk" if self.kind == "chat.completion" else self.kind
        return {**self._head(kind), "choices": [], "usage": usage(completion)}

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.name}


def delta_of(delta: Delta) -> dict[str, Any]:
    """A piece of the message as a stream tells it; the beginning of a call carries its id and name."""
    match delta:
        case Said(text=text):
            return {"content": text}
        case Called(name=name):
            function: dict[str, Any] = {"name": name, "arguments": ""}
            return {"tool_calls": [{"index": 0, "id": _call_id(), "type": "function", "function": function}]}
        case Argued(text=text):
            return {"tool_calls": [{"index": 0, "function": {"arguments": text}}]}


def finish_reason(completion: Completion, *, has_call: bool) -> str:
    """``length`` when the answer was cut off, else ``tool_calls`` or ``stop``."""
    return "tool_calls" if has_call and completion.finish == "stop" else completion.finish


def _joined(deltas: Sequence[Delta], kind: type[Said] | type[Argued]) -> str | None:
    texts = [delta.text for delta in deltas if isinstance(delta, kind)]
    return "".join(texts) if texts else None


def _call_id() -> str:
    return f"call_{secrets.token_hex(12)}"
