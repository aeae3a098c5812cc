"""What the receiver says to a node on its ``/ack`` topic: acknowledgements and greetings.

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


@dataclass(frozen=True, slots=True)
class Greeting:
    """A receiver listens; ``receiver`` is new after each of its starts."""

    receiver: str


def encode_ack(ack: Ack) -> bytes:
    """Payload of an acknowledgement."""
    return json.dumps({"epoch": ack.epoch, "lane": ack.lane, "upto": ack.upto}, separators=(",", ":")).encode()


def encode_greeting(greeting: Greeting) -> bytes:
    """Payload of a greeting."""
    return json.dumps({"receiver": greeting.receiver}, separators=(",", ":")).encode()


def parse_answer(payload: bytes) -> Ack | Greeting:
    """Read what came on ``/ack``.

    Raises:
        MessageInvalidError: not exactly one of the two; the content is not repeated in the text.
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
        case {"epoch": str(epoch), "lane": str(lane), "upto": int(upto)} if (
            len(found) == 3 and not isinstance(upto, bool) and 0 <= upto <= MAX_SEQ and lane in tuple(Lane)
        ):
            if _NAME.fullmatch(epoch):
                return Ack(epoch, Lane(lane), upto)
    raise MessageInvalidError("neither an acknowledgement nor a greeting")
