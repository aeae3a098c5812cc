"""How a conversation is written down for the model: text and markup kept apart.

Owns the chat templates by name, each after the documented format of its makers. The template that a weights file
carries is a program (Jinja) by whoever made the file, so it is never run. What a shopper types never becomes markup:
only spans marked as such may turn into control tokens, so a typed `<|im_end|>` is just characters.

    chatml  SmolLM2, and whatever names it     qwen   Qwen2.5, Qwen3: ChatML, tool results inside the user's turn
    llama3  Llama 3 to 3.3                     gemma  Gemma 2 and 3: no system role, its text opens the first turn
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Literal

from models.language.requests import Message, Role

Template = Literal["chatml", "qwen", "llama3", "gemma"]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the written conversation."""

    text: str
    is_markup: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Format:
    """The markup around a message: ``start`` name ``named`` ``gap`` text ``end`` ``behind``."""

    start: str
    end: str
    begin: str = ""
    """Stands once, before everything."""
    named: str = ""
    gap: str = "\n"
    behind: str = "\n"
    names: Mapping[Role, str] = field(default_factory=dict)
    """What a role is called where it is not called by its own name."""
    trims: bool = False
    has_system: bool = True
    wraps_tools: bool = False


_FORMATS: Mapping[Template, _Format] = {
    "chatml": _Format(start="<|im_start|>", end="<|im_end|>"),
    "qwen": _Format(start="<|im_start|>", end="<|im_end|>", names={"tool": "user"}, wraps_tools=True),
    "llama3": _Format(
        begin="<|begin_of_text|>",
        start="<|start_header_id|>",
        named="<|end_header_id|>",
        gap="\n\n",
        end="<|eot_id|>",
        behind="",
        names={"tool": "ipython"},
        trims=True,
    ),
    "gemma": _Format(
        begin="<bos>",
        start="<start_of_turn>",
        end="<end_of_turn>",
        names={"assistant": "model", "tool": "user"},
        trims=True,
        has_system=False,
    ),
}


def beginning(template: Template) -> tuple[Span, ...]:
    """What stands before any text, also before one outside a conversation."""
    return _markup(_FORMATS[template].begin)


def opening(template: Template, prefix: str) -> tuple[Span, ...]:
    """The shared part: the beginning and the system message, so that any turn can follow; no message if it is empty."""
    form = _FORMATS[template]
    if not prefix:
        return beginning(template)
    if form.has_system:
        return (*beginning(template), *_head(form, "system", prefix), *_tail(form))
    return (*beginning(template), *_head(form, _name(form, "user"), f"{prefix}\n\n"))


def conversation(template: Template, messages: Sequence[Message], *, is_behind_prefix: bool) -> tuple[Span, ...]:
    """Messages one after the other.

    Args:
        template: whose markup.
        messages: what was said; at least one.
        is_behind_prefix: whether the first of them directly follows the opening with a prefix.
    """
    form = _FORMATS[template]
    spans: list[Span] = []
    is_open = is_behind_prefix and not form.has_system
    for role, text in _said(form, messages):
        if is_open and role == _name(form, "user"):
            spans += (Span(text), *_tail(form))
        else:
            spans += (*(_tail(form) if is_open else ()), *_head(form, role, text), *_tail(form))
        is_open = False
    return tuple(spans)


def answering(template: Template) -> tuple[Span, ...]:
    """The opening of the model's answer, behind the last message."""
    form = _FORMATS[template]
    return _head(form, _name(form, "assistant"), "")


def _said(form: _Format, messages: Sequence[Message]) -> list[tuple[str, str]]:
    """Names and texts as they are written; results of several tools share a turn where they are wrapped."""
    written: list[tuple[str, str]] = []
    for is_tool, run in groupby(messages, lambda message: message.role == "tool"):
        said = [(_name(form, one.role), one.text.strip() if form.trims else one.text) for one in run]
        if is_tool and form.wraps_tools:
            results = (f"<tool_response>\n{text}\n</tool_response>" for _, text in said)
            said = [(_name(form, "user"), "\n".join(results))]
        written += said
    return written


def _name(form: _Format, role: Role) -> str:
    return form.names.get(role, role)


def _head(form: _Format, name: str, text: str) -> tuple[Span, ...]:
    if form.named:
        return (*_markup(form.start), Span(name), *_markup(form.named), Span(f"{form.gap}{text}"))
    return (*_markup(form.start), Span(f"{name}{form.gap}{text}"))


def _tail(form: _Format) -> tuple[Span, ...]:
    return (*_markup(form.end), *((Span(form.behind),) if form.behind else ()))


def _markup(text: str) -> tuple[Span, ...]:
    return (Span(text, is_markup=True),) if text else ()
