"""The guard in front of the endpoint: personal data is masked, attacks on the model are refused by name of the text.

Everything that reaches the model goes through here, system texts and earlier messages included; what is refused is
only what somebody else may have typed: user's and tools' messages, and prompts. A program may have the model play a
part or write code, so only `ON_THE_MODEL` attacks count. Pure, and slow for long texts: call it in a thread.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from edge.assistant.attacks import ON_THE_MODEL, attack_in
from edge.assistant.guard import masked_text
from edge.openai_api.conversation import ChatTurn, chat_turn, text_turn
from edge.openai_api.errors import HostileTextError
from edge.openai_api.requests import ChatRequest, TextRequest
from models.language.requests import CompletionRequest, Message

_TYPED = frozenset({"user", "tool"})


@dataclass(slots=True)
class _Masking:
    """Masks texts and counts what it masked."""

    masked: int = 0

    def of(self, text: str) -> str:
        text, found = masked_text(text)
        self.masked += len(found)
        return text


def guarded_chat(asked: ChatRequest, *, max_answer_tokens: int) -> tuple[ChatTurn, int]:
    """The turn of a chat request, safe to go on with, and how many personal things were masked in it.

    Raises:
        RequestInvalidError: the request cannot be answered; see `chat_turn`.
        HostileTextError: a message is aimed at the model; the error names it.
    """
    turn = chat_turn(asked, max_answer_tokens=max_answer_tokens)
    for place, message in enumerate(asked.messages):
        if message.role in _TYPED:
            _judge(message.content or "", param=f"messages[{place}].content")
    request, masked = _masked(turn.request)
    return replace(turn, request=request), masked


def guarded_text(asked: TextRequest, *, max_answer_tokens: int) -> tuple[CompletionRequest, int]:
    """The turn of a text completion, as `guarded_chat`.

    Raises:
        RequestInvalidError: the request cannot be answered; see `text_turn`.
        HostileTextError: the prompt is aimed at the model.
    """
    turn = text_turn(asked, max_answer_tokens=max_answer_tokens)
    _judge(asked.prompt, param="prompt")
    return _masked(turn)


def guarded_inputs(texts: Sequence[str]) -> tuple[list[str], int]:
    """Texts for vectors, masked; no vector obeys anybody, so none is refused."""
    masking = _Masking()
    return [masking.of(text) for text in texts], masking.masked


def _judge(text: str, *, param: str) -> None:
    attack = attack_in(text, among=ON_THE_MODEL)
    if attack is not None:
        raise HostileTextError(
            f"{param} reads as an attack on the model ({attack}), which is not answered.", param=param
        )


def _masked(request: CompletionRequest) -> tuple[CompletionRequest, int]:
    masking = _Masking()
    masked = replace(
        request,
        prefix=masking.of(request.prefix),
        earlier=tuple(Message(said.role, masking.of(said.text)) for said in request.earlier),
        prompt=masking.of(request.prompt),
    )
    return masked, masking.masked
