"""From the bytes of a request to its checked body, or to a sentence that says which parameter is wrong.

Owns which of the interface's many parameters are taken, ignored or refused: what only labels a request is ignored,
what would change the answer and cannot be done here is refused. A sentence names parameters, never their values.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from edge.openai_api.errors import RequestInvalidError

Body = TypeVar("Body", bound=BaseModel)

IGNORED = frozenset(
    {
        "metadata",
        "prediction",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "safety_identifier",
        "service_tier",
        "store",
        "user",
    }
)
"""Labels, and hints on speed: the answer is the same without them."""
REFUSED: Mapping[str, Sequence[Any]] = {
    "audio": (),
    "best_of": (1,),
    "echo": (False,),
    "frequency_penalty": (0,),
    "function_call": (),
    "functions": (),
    "logit_bias": ({},),
    "logprobs": (False,),
    "modalities": (["text"],),
    "moderation": (),
    "n": (1,),
    "presence_penalty": (0,),
    "reasoning_effort": ("none",),
    "suffix": ("",),
    "top_logprobs": (0,),
    "verbosity": ("medium",),
    "web_search_options": (),
}
"""Parameters that would change the answer, with the values that do not (nor does null)."""
_MORE = {
    "n": "one answer is made to each request; send the request again for another",
    "best_of": "one answer is made to each request",
    "functions": "give the functions as tools",
    "function_call": "give tool_choice",
    "audio": "this model reads and writes text only",
    "modalities": "this model reads and writes text only",
}
_SHOWN_CHARS = 64
_TAGS = frozenset({"function-before", "constrained-str", "list", "str", "bool", "int", "float", "dict"})


def read_body(body: bytes, shape: type[Body]) -> Body:
    """The checked request.

    Raises:
        RequestInvalidError: not JSON in UTF-8, nested too deep, or a parameter is wrong; the error names it.
    """
    try:
        raw = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise RequestInvalidError("The request must be JSON in UTF-8, nested at most 200 deep.") from error
    if not isinstance(raw, dict):
        raise RequestInvalidError("The request must be a JSON object.")
    try:
        return shape.model_validate(_taken(raw, shape))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise _refusal(first) from error


def _taken(raw: Mapping[str, Any], shape: type[BaseModel]) -> dict[str, Any]:
    taken = {}
    for name, value in raw.items():
        if name in shape.model_fields:
            taken[name] = value
        elif name in REFUSED:
            if value is not None and value not in REFUSED[name]:
                why = _MORE.get(name, "this model cannot do that, and the answer would be another")
                raise RequestInvalidError(f"{name} is not supported here: {why}.", param=name)
        elif name not in IGNORED:
            shown = name[:_SHOWN_CHARS]
            raise RequestInvalidError(f"{shown} is no parameter of this request; leave it out.", param=shown)
    return taken


def _refusal(first: Mapping[str, Any]) -> RequestInvalidError:
    param = param_of(first["loc"])
    if first["type"] == "missing":
        return RequestInvalidError(f"{param} is missing.", param=param)
    message = str(first["msg"])
    return RequestInvalidError(f"{param}: {message[:1].lower()}{message[1:]}.", param=param)


def param_of(location: Sequence[str | int]) -> str:
    """How clients write a place in a body: ``messages[0].content``."""
    written = ""
    for part in location:
        if isinstance(part, int):
            written += f"[{part}]"
        elif part.split("[")[0] not in _TAGS:
            written += f".{part[:_SHOWN_CHARS]}" if written else part[:_SHOWN_CHARS]
    return written.replace("schema_", "schema")
