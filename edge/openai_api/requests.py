"""What clients may send: the bodies of the three kinds of request, as OpenAI's reference names their fields.

Owns types and bounds. Other spellings of one thing (a text or a list of parts, one stop string or several) are brought
into one form here, so that nothing behind it has to know them. `reading` makes these from bytes.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

MAX_MESSAGES = 200
MAX_TOOLS = 16
MAX_STOPS = 4
MAX_INPUTS = 128
MAX_INPUT_CHARS = 8192


def _one_text(value: Any) -> Any:
    """The text of a message that came as a list of parts."""
    if not isinstance(value, list):
        return value
    texts = [part["text"] for part in value if _is_text(part)]
    if len(texts) < len(value):
        raise PydanticCustomError("not_text", "This model reads text only: each part must be of type text")
    return "\n".join(texts)


def _is_text(part: Any) -> bool:
    return isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str)


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _only_one(value: Any) -> Any:
    if isinstance(value, list) and len(value) == 1:
        return value[0]
    if isinstance(value, list):
        raise PydanticCustomError("not_one", "Give one prompt, as text; token numbers and several prompts do not work")
    return value


def _choice(value: Any) -> Any:
    """A named function is a call that is required, of that one."""
    match value:
        case None | ToolChoice():
            return value
        case "none" | "auto" | "required":
            return {"mode": value}
        case {"type": "function", "function": {"name": str(name)}}:
            return {"mode": "required", "name": name}
    raise PydanticCustomError(
        "not_a_choice", 'Give "none", "auto", "required" or {"type": "function", "function": {"name": ...}}'
    )


Text = Annotated[str | None, BeforeValidator(_one_text)]
FunctionName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
StopText = Annotated[str, Field(min_length=1, max_length=256)]
StopTexts = Annotated[list[StopText], Field(max_length=MAX_STOPS)]
InputText = Annotated[str, Field(min_length=1, max_length=MAX_INPUT_CHARS)]


class _Part(BaseModel):
    """Parts ignore what they do not know: clients send back what they got, with fields of other servers in it."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, allow_inf_nan=False)


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    model: Annotated[str, Field(min_length=1, max_length=256)]


class CalledFunction(_Part):
    """Which function the model called, and its arguments as JSON text."""

    name: FunctionName
    arguments: str


class ToolCall(_Part):
    """A call that the model made earlier."""

    id: str
    type: Literal["function"] = "function"
    function: CalledFunction


class ChatMessage(_Part):
    """One message; what a role needs beside its text is checked where the conversation is written down."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: Text = None
    tool_calls: Annotated[list[ToolCall], Field(max_length=MAX_TOOLS)] | None = None
    tool_call_id: str | None = None


class Function(_Part):
    """A function of the client that the model may call."""

    name: FunctionName
    description: Annotated[str, Field(max_length=4096)] | None = None
    parameters: dict[str, Any] | None = None


class Tool(_Part):
    """A tool; only functions are."""

    type: Literal["function"]
    function: Function


class ToolChoice(_Part):
    """Whether a function must be called, and which."""

    mode: Literal["none", "auto", "required"]
    name: FunctionName | None = None


class NamedSchema(_Part):
    """The JSON schema of the answer."""

    name: FunctionName
    schema_: dict[str, Any] = Field(alias="schema")


class ResponseFormat(_Part):
    """Text, any JSON object, or JSON after a schema."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: NamedSchema | None = None


class StreamOptions(_Part):
    """What the end of a stream tells."""

    include_usage: bool | None = None


class _SampledBody(_Body):
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    temperature: Annotated[float, Field(ge=0.0, le=2.0)] | None = None
    top_p: Annotated[float, Field(ge=0.0, le=1.0)] | None = None
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = None
    stop: Annotated[StopTexts | None, BeforeValidator(_listed)] = None


class ChatRequest(_SampledBody):
    """``POST /v1/chat/completions``."""

    messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=MAX_MESSAGES)]
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    tools: Annotated[list[Tool], Field(max_length=MAX_TOOLS)] | None = None
    tool_choice: Annotated[ToolChoice | None, BeforeValidator(_choice)] = None
    parallel_tool_calls: bool | None = None
    """Whether several calls at once are welcome; there is never more than one."""
    response_format: ResponseFormat | None = None


class TextRequest(_SampledBody):
    """``POST /v1/completions``."""

    prompt: Annotated[str, BeforeValidator(_only_one), Field(min_length=1)]


class EmbeddingsRequest(_Body):
    """``POST /v1/embeddings``."""

    input: Annotated[list[InputText], BeforeValidator(_listed), Field(min_length=1, max_length=MAX_INPUTS)]
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: Annotated[int, Field(ge=1)] | None = None
