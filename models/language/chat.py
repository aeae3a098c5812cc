"""How a conversation is written down for the model: text and markup kept apart.

Owns the chat templates by name. What a shopper types never becomes markup: only spans marked as such may turn
into control tokens, so a typed `<|im_end|>` is just characters.
"""

from dataclasses import dataclass
from typing import Literal

from models.language.requests import Message

Template = Literal["chatml"]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the written conversation."""

    text: str
    is_markup: bool = False


_START = Span("<|im_start|>", is_markup=True)
_END = Span("<|im_end|>", is_markup=True)


def opening(template: Template, prefix: str) -> tuple[Span, ...]:
    """The shared part: the system message, closed, so that any turn can follow it; nothing for an empty prefix."""
    match template:
        case "chatml":
            return (_START, Span(f"system\n{prefix}"), _END, Span("\n")) if prefix else ()


def said(template: Template, message: Message) -> tuple[Span, ...]:
    """One message of the conversation."""
    match template:
        case "chatml":
            return (_START, Span(f"{message.role}\n{message.text}"), _END, Span("\n"))


def answering(template: Template) -> tuple[Span, ...]:
    """The opening of the model's answer, behind the last message."""
    match template:
        case "chatml":
            return (_START, Span("assistant\n"))
