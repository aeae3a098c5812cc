"""What the receiver says to a node on its ``/ack`` topic: acknowledgements, greetings and requests to send again.

An acknowledgement claims that everything of a lane up to a number is committed there. A greeting says that a
receiver listens, and carries a new name after each of its starts, so that a node knows to send again what a
dead receiver had not committed. Owns both spellings; refuses anything else, whatever it holds.
"""

import json
import re
from dataclasses import dataclass

from sync.envelope import MAX_SEQ
from sync.errors import MessageInvalidError
from sync.records import Lane

_MAX_BYTES = 1024
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")


@dataclass(frozen=True, slots=True)
class Ack:
    """Rows ``1..upto`` of a lane are committed or declared gaps at the other end."""

    epoch: str
    lane: Lane
    upto: int
    last: int | None = None
    """Last row of the lane in the batch that was committed; paces the sender, deletes nothing."""


@dataclass(frozen=True, slots=True)
class Greeting:
    """A receiver listens; ``receiver`` is new after each of its starts."""

    receiver: str


@dataclass(frozen=True, slots=True)
class Resend:
    """Row ``first`` of a lane is missing here, though later ones came: send again what is not acknowledged."""

    epoch: str
    lane: Lane
    first: int


def encode_ack(ack: Ack) -> bytes:
    """Payload of an acknowledgement."""
    body: dict[str, str | int] = {"epoch": ack.epoch, "lane": ack.lane, "upto": ack.upto}
    if ack.last is not None:
        body["last"] = ack.last
    return json.dumps(body, separators=(",", ":")).encode()


def encode_greeting(greeting: Greeting) -> bytes:
    """Payload of a greeting."""
    return json.dumps({"receiver": greeting.receiver}, separators=(",", ":")).encode()


def encode_resend(resend: Resend) -> bytes:
    """Payload of a request to send again."""
    body = {"epoch": resend.epoch, "lane": resend.lane, "resend": resend.first}
    return json.dumps(body, separators=(",", ":")).encode()


def parse_answer(payload: bytes) -> Ack | Greeting | Resend:
    """Read what came on ``/ack``.

    Raises:
        MessageInvalidError: not exactly one of the three; the content is not repeated in the text.
    """
    if len(payload) > _MAX_BYTES:
        raise MessageInvalidError("acknowledgement is too long")
    try:
        found = json.loads(payload.decode())
    except (ValueError, RecursionError) as error:
        raise MessageInvalidError("acknowledgement is not JSON") from error
    match found:
        case {"receiver": str(receiver)} if len(found) == 1 and _NAME.fullmatch(receiver):
            return Greeting(receiver)
        case {"epoch": str(epoch), "lane": str(lane), "resend": int(first)} if (
            len(found) == 3 and _NAME.fullmatch(epoch) and lane in tuple(Lane) and _is_within(first, 1)
        ):
            return Resend(epoch, Lane(lane), first)
        case {"epoch": str(epoch), "lane": str(lane), "upto": int(upto), **rest} if (
            _NAME.fullmatch(epoch) and lane in tuple(Lane) and _is_within(upto, 0)
        ):
            match rest:
                case {"last": int(last)} if len(rest) == 1 and _is_within(last, 1):
                    return Ack(epoch, Lane(lane), upto, last)
                case _ if not rest:
                    return Ack(epoch, Lane(lane), upto)
    raise MessageInvalidError("neither an acknowledgement nor a greeting nor a request")


def _is_within(number: int, least: int) -> bool:
    # JSON's true and false are whole numbers to Python.
    return not isinstance(number, bool) and least <= number <= MAX_SEQ
