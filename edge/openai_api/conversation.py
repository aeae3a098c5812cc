"""From a chat request to the turn that the language model is asked for.

Owns how the interface's messages become prefix, earlier messages and prompt, and what its limits and defaults are
here. Pure, and slow for large schemas: call it in a thread. All turns run behind the kiosk's.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edge.openai_api.answer_rules import grammar_of
from edge.openai_api.errors import PromptTooLongError, RequestInvalidError
from edge.openai_api.requests import ChatMessage, ChatRequest, ResponseFormat, TextRequest
from edge.openai_api.tools import offered, told, written_call, written_result
from models.language.requests import MAX_TEXT_BYTES, CompletionRequest, Message, Priority

UNSAID_TEXT_TOKENS = 16
"""Length of a text completion that names none, as the interface has it."""


@dataclass(frozen=True, slots=True)
class ChatTurn:
    """What to ask the model, and whether its answer may be a call."""

    request: CompletionRequest
    may_call: bool


def chat_turn(asked: ChatRequest, *, max_answer_tokens: int) -> ChatTurn:
    """The turn of a chat request.

    Raises:
        RequestInvalidError: the messages are in no order that can be answered, or parameters do not fit together.
    """
    functions = offered([tool.function for tool in asked.tools or ()], asked.tool_choice)
    must_call = asked.tool_choice is not None and asked.tool_choice.mode == "required"
    grammar = grammar_of(
        functions,
        _schema(asked.response_format),
        must_call=must_call,
        knows_calls=bool(asked.tools) or any(message.tool_calls for message in asked.messages),
    )
    earlier, last = _spoken(asked.messages)
    system = [
        text for message in asked.messages if message.role in ("system", "developer") if (text := message.content)
    ]
    request = _request(
        asked,
        prefix="\n\n".join([*system, told(functions, must_call=must_call)] if functions else system),
        earlier=earlier,
        prompt=last.text,
        max_tokens=min(_wanted_tokens(asked) or max_answer_tokens, max_answer_tokens),
        grammar=grammar,
    )
    return ChatTurn(request, may_call=bool(functions))


def text_turn(asked: TextRequest, *, max_answer_tokens: int) -> CompletionRequest:
    """The turn of a text completion: the prompt goes on as it is, outside any conversation.

    Raises:
        PromptTooLongError: the texts are too long.
    """
    most = min(asked.max_tokens or UNSAID_TEXT_TOKENS, max_answer_tokens)
    return _request(asked, prefix="", prompt=asked.prompt, is_chat=False, max_tokens=most)


def _request(asked: ChatRequest | TextRequest, **turn: Any) -> CompletionRequest:
    """Without a temperature the likeliest answer, unlike OpenAI's 1: a model this small rambles when it is drawn."""
    temperature = asked.temperature or 0.0
    seed = secrets.randbits(32) if asked.seed is None else asked.seed % 2**32
    _require_room(turn, asked.stop or ())
    try:
        return CompletionRequest(
            **turn,
            deadline_s=1.0,  # the real one is set when a thread begins
            stop=tuple(asked.stop or ()),
            temperature=0.0 if asked.top_p == 0.0 else temperature,
            top_p=asked.top_p or 1.0,
            seed=seed,
            priority=Priority.BACKGROUND,
        )
    except ValueError as error:
        raise RequestInvalidError(f"This is more than the model takes: {error}.") from error


def _require_room(turn: Mapping[str, Any], stop: Sequence[str]) -> None:
    """The engine says the same in its own names; who calls knows none of them."""
    told = (message.text for message in turn.get("earlier", ()))
    texts = (turn["prefix"], *told, turn["prompt"], turn.get("grammar") or "", turn.get("json_schema") or "", *stop)
    if sum(len(text.encode(errors="replace")) for text in texts) > MAX_TEXT_BYTES:
        raise PromptTooLongError(f"All texts of a request together must be at most {MAX_TEXT_BYTES} bytes.")


def _wanted_tokens(asked: ChatRequest) -> int | None:
    old, new = asked.max_tokens, asked.max_completion_tokens
    if old is not None and new is not None and old != new:
        text = "max_tokens and max_completion_tokens differ; give one of them."
        raise RequestInvalidError(text, param="max_completion_tokens")
    return new if new is not None else old


def _schema(wanted: ResponseFormat | None) -> Mapping[str, Any] | None:
    """The JSON schema of the answer; None for free text."""
    if wanted is None or wanted.type == "text":
        return None
    if wanted.type == "json_object":
        return {"type": "object"}
    if wanted.json_schema is None:
        raise RequestInvalidError("response_format.json_schema is missing.", param="response_format.json_schema")
    return wanted.json_schema.schema_


def _spoken(messages: Sequence[ChatMessage]) -> tuple[tuple[Message, ...], Message]:
    """Everything said, and the last of it, which the model answers."""
    spoken = [
        _message(place, message)
        for place, message in enumerate(messages)
        if message.role not in ("system", "developer")
    ]
    if not spoken or spoken[-1].role == "assistant":
        text = "The last message must be the user's or a tool's: it is what the model answers."
        raise RequestInvalidError(text, param=f"messages[{len(messages) - 1}].role")
    return tuple(spoken[:-1]), spoken[-1]


def _message(place: int, message: ChatMessage) -> Message:
    calls = [written_call(call) for call in message.tool_calls or ()] if message.role == "assistant" else []
    if message.content is None and not calls:
        raise RequestInvalidError(f"messages[{place}].content is missing.", param=f"messages[{place}].content")
    if message.role == "tool" and message.tool_call_id is None:
        param = f"messages[{place}].tool_call_id"
        raise RequestInvalidError(f"{param} is missing: it says which call this answers.", param=param)
    text = message.content or ""
    match message.role:
        case "assistant":
            return Message("assistant", "\n".join([*([text] if text else []), *calls]))
        case "tool":
            return Message("user", written_result(text))
        case _:
            return Message("user", text)
