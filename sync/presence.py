"""A node's retained presence on ``/st``: online with what was acknowledged so far, or offline.

The acknowledged numbers let a receiver that lost its database go on from there instead of waiting for ever
for rows that no longer exist; its report still shows them as missing. Owns the spelling, refuses the rest.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from sync.envelope import MAX_SEQ
from sync.errors import MessageInvalidError
from sync.link import Message
from sync.records import Lane
from sync.topics import Channel, NodeName

_MAX_BYTES = 16 * 1024
_MAX_CLAIMS = 64
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")


@dataclass(frozen=True, slots=True)
class Claim:
    """The node deleted rows ``1..upto`` because a receiver had acknowledged them."""

    epoch: str
    lane: Lane
    upto: int


@dataclass(frozen=True, slots=True)
class Presence:
    """Whether a node is connected."""

    is_online: bool
    claims: tuple[Claim, ...] = ()


def encode_presence(node: NodeName, presence: Presence) -> Message:
    """Retained message of a presence; the offline one is also the connection's will."""
    body: dict[str, object] = {"state": "online" if presence.is_online else "offline"}
    if presence.is_online:
        body["acked"] = [[claim.epoch, claim.lane, claim.upto] for claim in presence.claims[-_MAX_CLAIMS:]]
    payload = json.dumps(body, separators=(",", ":")).encode()
    return Message(node.topic(Channel.PRESENCE), payload, content_type="application/json", is_retained=True)


def parse_presence(payload: bytes) -> Presence:
    """Read a presence.

    Raises:
        MessageInvalidError: not exactly a presence.
    """
    if len(payload) > _MAX_BYTES:
        raise MessageInvalidError("presence is too long")
    try:
        found = json.loads(payload.decode())
    except (ValueError, RecursionError) as error:
        raise MessageInvalidError("presence is not JSON") from error
    match found:
        case {"state": "offline"} if len(found) == 1:
            return Presence(is_online=False)
        case {"state": "online", "acked": list(claims)} if len(found) == 2 and len(claims) <= _MAX_CLAIMS:
            return Presence(is_online=True, claims=_claims(claims))
    raise MessageInvalidError("presence is neither online nor offline")


def _claims(found: Sequence[object]) -> tuple[Claim, ...]:
    claims = []
    for claim in found:
        match claim:
            case [str(epoch), str(lane), int(upto)] if (
                _NAME.fullmatch(epoch) and lane in tuple(Lane) and not isinstance(upto, bool) and 0 <= upto <= MAX_SEQ
            ):
                claims.append(Claim(epoch, Lane(lane), upto))
            case _:
                raise MessageInvalidError("presence claims something malformed")
    return tuple(claims)
