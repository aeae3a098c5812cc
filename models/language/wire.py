"""The lines between the client and the model's process: one JSON object each way per line, matched by id.

Owns the vocabulary of the two pipes. Any number of requests may be under way and answers come in any order, so
the process may work on several at once without the client knowing.

    client ── ask, cancel, warm, ping, allow ──► process
    client ◄── ready, piece, answer, failure, pong ── process
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from models.language.requests import Message, Priority

MAX_LINE_BYTES = 1 << 20


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Ask(_Line):
    """One turn to answer within ``budget_ms``; the other fields are those of ``CompletionRequest``."""

    kind: Literal["ask"] = "ask"
    id: int
    prefix: str
    prompt: str
    earlier: tuple[Message, ...] = ()
    prompt_role: Literal["user", "tool"] = "user"
    is_chat: bool = True
    grammar: str | None
    json_schema: str | None = None
    stop: tuple[str, ...]
    max_tokens: int
    temperature: float
    top_p: float = 1.0
    seed: int
    priority: Priority
    budget_ms: float
    wants_pieces: bool = False
    """Whether text is sent as it comes, before the answer."""


class Cancel(_Line):
    """Nobody waits for this answer any more."""

    kind: Literal["cancel"] = "cancel"
    id: int


class Warm(_Line):
    """Compute this prefix when there is nothing better to do."""

    kind: Literal["warm"] = "warm"
    prefix: str


class Ping(_Line):
    """Answered between two pieces of work, so it shows that the work goes on."""

    kind: Literal["ping"] = "ping"
    id: int


class Allow(_Line):
    """So many cores may be kept busy from now on; under one, the process rests between two pieces of work."""

    kind: Literal["allow"] = "allow"
    cores: float = Field(gt=0.0)


class Ready(_Line):
    """The weights are loaded; sent once, first."""

    kind: Literal["ready"] = "ready"
    context_tokens: int
    rss_mb: float


class Piece(_Line):
    """Text that the answer goes on with; it will not be taken back."""

    kind: Literal["piece"] = "piece"
    id: int
    text: str


class Answer(_Line):
    """The whole wording; times count from the arrival of the request in the process."""

    kind: Literal["answer"] = "answer"
    id: int
    text: str
    finish: Literal["stop", "length"]
    prompt_tokens: int
    cached_tokens: int
    answer_tokens: int
    queued_ms: float
    first_token_ms: float
    total_ms: float
    rss_mb: float
    dropped_messages: int = 0


class Failure(_Line):
    """No answer: ``rejected`` and ``too long`` can never be answered, ``late`` and ``cancelled`` say given up."""

    kind: Literal["failure"] = "failure"
    id: int
    reason: Literal["rejected", "too long", "late", "cancelled"]
    message: str


class Pong(_Line):
    """The answer to a ping."""

    kind: Literal["pong"] = "pong"
    id: int


Work = Ask | Cancel | Warm | Ping
"""What the engine takes."""
Command = Work | Allow
Reply = Ready | Piece | Answer | Failure | Pong

_COMMANDS: TypeAdapter[Command] = TypeAdapter(Annotated[Command, Field(discriminator="kind")])
_REPLIES: TypeAdapter[Reply] = TypeAdapter(Annotated[Reply, Field(discriminator="kind")])


def to_line(message: Command | Reply) -> bytes:
    """One line, newline included."""
    return message.model_dump_json().encode() + b"\n"


def read_command(line: bytes) -> Command:
    """Read what the client sent.

    Raises:
        pydantic.ValidationError: it is no command.
    """
    return _COMMANDS.validate_json(line)


def read_reply(line: bytes) -> Reply:
    """Read what the process sent.

    Raises:
        pydantic.ValidationError: it is no reply.
    """
    return _REPLIES.validate_json(line)
