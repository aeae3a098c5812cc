"""What holds the model's answer to the form that a request asks for: calls of tools, JSON after a schema, or neither.

Owns how both come together in one grammar: the first character decides between a call and the rest. How a JSON
schema becomes a grammar is the language engine's. Pure, and slow for large schemas: call it in a thread.

    root ::= call | answer        answer is free text that does not begin as a call, or JSON after the schema
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from edge.openai_api.errors import RequestInvalidError
from edge.openai_api.requests import Function
from edge.openai_api.tools import ARGUMENTS_OPEN, CALL_ENDS, CALL_OPENS
from models.language.json_schema import SchemaInvalidError, schema_grammar

MAX_SCHEMA_BYTES = 8192
"""Bounds the work of turning a schema into a grammar."""
_FREE = "([^<] [^\\x00]*)?"
_NO_PARAMETERS: Mapping[str, Any] = {"type": "object", "properties": {}}
_QUOTED_OR_NAME = re.compile(r'"(?:\\.|[^"\\])*"|\[(?:\\.|[^\]\\])*\]|[A-Za-z][A-Za-z0-9-]*')


def grammar_of(
    functions: Sequence[Function], schema: Mapping[str, Any] | None, *, must_call: bool, knows_calls: bool
) -> str | None:
    """GBNF for the answer; None leaves it free.

    Args:
        functions: those that may be called.
        schema: the JSON schema of an answer that is no call.
        must_call: whether only a call will do.
        knows_calls: whether the model has seen calls, so that it must be kept from writing one as text.

    Raises:
        RequestInvalidError: a schema is none, too long, or asks for more than the engine can hold the model to.
    """
    answer = None if schema is None else _grammar(schema, "response_format.json_schema.schema")
    if not functions:
        return answer or (f"root ::= {_FREE}\n" if knows_calls else None)
    calls = "".join(_call(place, function) for place, function in enumerate(functions))
    options = " | ".join(f"call{place}" for place in range(len(functions)))
    if must_call:
        return f"root ::= {options}\n{calls}"
    rest = f"answer-root ::= {_FREE}\n" if answer is None else _renamed(answer, "answer-")
    return f"root ::= {options} | answer-root\n{calls}{rest}"


def _call(place: int, function: Function) -> str:
    parameters = function.parameters or _NO_PARAMETERS
    if parameters.get("type") != "object":
        text = f'The parameters of {function.name} must be a JSON schema of type "object".'
        raise RequestInvalidError(text, param="tools")
    opening, ending = _literal(f"{CALL_OPENS}{function.name}{ARGUMENTS_OPEN}"), _literal(CALL_ENDS)
    prefix = f"args{place}-"
    return f"call{place} ::= {opening} {prefix}root {ending}\n" + _renamed(_grammar(parameters, "tools"), prefix)


def _grammar(schema: Mapping[str, Any], param: str) -> str:
    try:
        text = json.dumps(schema, ensure_ascii=False, allow_nan=False)
    except ValueError as error:
        raise RequestInvalidError(f"{param}: holds a number that is none.", param=param) from error
    if len(text.encode()) > MAX_SCHEMA_BYTES:
        raise RequestInvalidError(f"{param} is too long; at most {MAX_SCHEMA_BYTES} bytes fit.", param=param)
    try:
        return schema_grammar(text)
    except SchemaInvalidError as error:
        raise RequestInvalidError(f"{param}: {error}.", param=param) from error


def _renamed(grammar: str, prefix: str) -> str:
    """The same rules under other names, so that grammars can stand side by side."""
    return _QUOTED_OR_NAME.sub(
        lambda found: found.group() if found.group()[0] in '"[' else prefix + found.group(), grammar
    )


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
