"""Tools of the client: how they are told to the model, and how calls in the conversation are written down.

Owns the written form of a call and of its result, which small models were trained on (Hermes function calling, also
Qwen's). `answer_rules` holds the model to it and `deltas` reads it back.

    assistant: <tool_call>
               {"name": "find_product", "arguments": {"text": "milk"}}
               </tool_call>
    user:      <tool_response>
               aisle 4
               </tool_response>
"""

import json
from collections.abc import Sequence

from edge.openai_api.errors import RequestInvalidError
from edge.openai_api.requests import Function, ToolCall, ToolChoice

CALL_OPENS = '<tool_call>\n{"name": "'
ARGUMENTS_OPEN = '", "arguments": '
CALL_ENDS = "}\n</tool_call>"


def offered(functions: Sequence[Function], choice: ToolChoice | None) -> tuple[Function, ...]:
    """The functions that may be called in this turn.

    Raises:
        RequestInvalidError: two have one name, or one is chosen that is not there.
    """
    names = [function.name for function in functions]
    if len(set(names)) < len(names):
        raise RequestInvalidError("Two tools have one name; give each its own.", param="tools")
    if choice is None:
        return tuple(functions)
    if choice.mode == "required" and not functions:
        raise RequestInvalidError("tool_choice asks for a call, and there are no tools.", param="tool_choice")
    if choice.name is not None and choice.name not in names:
        raise RequestInvalidError("tool_choice names a function that is not among the tools.", param="tool_choice")
    if choice.mode == "none":
        return ()
    return tuple(function for function in functions if choice.name in (None, function.name))


def told(functions: Sequence[Function], *, must_call: bool) -> str:
    """What the system message says about them."""
    written = "\n".join(
        json.dumps(function.model_dump(exclude_none=True), ensure_ascii=False) for function in functions
    )
    when = (
        "Answer with a call of one of these functions" if must_call else "Where one of these functions helps, call it"
    )
    how = f"{CALL_OPENS}NAME{ARGUMENTS_OPEN}{{...}}{CALL_ENDS}"
    return f"{when}, written as\n{how}\n<tools>\n{written}\n</tools>"


def written_call(call: ToolCall) -> str:
    """A call of an earlier message, as the model writes them; arguments that are no JSON stay the text they are."""
    return f"{CALL_OPENS}{call.function.name}{ARGUMENTS_OPEN}{call.function.arguments}{CALL_ENDS}"


def written_result(text: str) -> str:
    """What a tool returned, as the next thing said to the model."""
    return f"<tool_response>\n{text}\n</tool_response>"
