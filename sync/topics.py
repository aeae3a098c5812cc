"""The topic tree ``br/v1/{tenant}/{store}/{node}/...``: built and taken apart in one place.

Owns the spelling of every topic and refuses names that could climb into another node's branch.
Used by the uplink and by the receiver at head office.

    ev/{p0..p3}  up    events, one lane each          ack  down  acknowledgements and greetings
    st           up    presence, retained, with will  cmd  down  commands          tw  down  twin
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from sync.errors import MessageInvalidError
from sync.records import Lane

_ROOT = "br/v1"
_LEVEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
ALL_EVENTS = f"{_ROOT}/+/+/+/ev/+"
ALL_PRESENCES = f"{_ROOT}/+/+/+/st"


class Channel(StrEnum):
    """What the last part of a topic says."""

    EVENT = "ev"
    ACK = "ack"
    COMMAND = "cmd"
    PRESENCE = "st"
    TWIN = "tw"


@dataclass(frozen=True, slots=True, order=True)
class NodeName:
    """A node's place in the tree; each part is letters, digits, dot, dash and underscore, at most 64.

    Raises:
        MessageInvalidError: a part holds anything else, so that it could reach another node's topics.
    """

    tenant: str
    store: str
    node: str

    def __post_init__(self) -> None:
        for part in (self.tenant, self.store, self.node):
            if not _LEVEL.fullmatch(part):
                raise MessageInvalidError(f"{part[:80]!r} cannot be a tenant, store or node name")

    @property
    def path(self) -> str:
        """``tenant/store/node``."""
        return f"{self.tenant}/{self.store}/{self.node}"

    def events(self, lane: Lane) -> str:
        """Topic of one lane's events."""
        return f"{_ROOT}/{self.path}/{Channel.EVENT}/{lane}"

    def topic(self, channel: Channel) -> str:
        """Topic of a channel other than events, which have one topic a lane."""
        return f"{_ROOT}/{self.path}/{channel}"


@dataclass(frozen=True, slots=True)
class ParsedTopic:
    """A topic taken apart; ``lane`` is set on events only."""

    node: NodeName
    channel: Channel
    lane: Lane | None = None


@lru_cache(maxsize=4096)
def parse_topic(topic: str) -> ParsedTopic:
    """Take a topic apart.

    Raises:
        MessageInvalidError: not one of ours.
    """
    parts = topic.split("/")
    if len(parts) not in (6, 7) or "/".join(parts[:2]) != _ROOT:
        raise MessageInvalidError(f"{topic[:120]!r} is not a topic of this tree")
    node = NodeName(*parts[2:5])
    try:
        channel = Channel(parts[5])
        lane = Lane(parts[6]) if len(parts) == 7 else None
    except ValueError as error:
        raise MessageInvalidError(f"{topic[:120]!r} names no channel or lane of ours") from error
    if (channel is Channel.EVENT) != (lane is not None):
        raise MessageInvalidError(f"{topic[:120]!r} has a lane too many or too few")
    return ParsedTopic(node, channel, lane)
