"""Commands from head office: their spelling, what their signature covers, and the rules under which one is refused.

Pure. A command is good for one node, in one numbering of its store (epoch), once (counter, rising), and until a
moment of the node's own clock: seconds since its boot, together with the name of that boot. So it needs no wall
clock, a node that wakes up in 1970 judges it rightly, and a restart of the machine ends every command still under way.

    signed = ["backroom-command-1", "tenant/store/node", epoch, counter, boot, until_s, do, about]
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from sync.errors import MessageInvalidError
from sync.link import Message
from sync.signed import IsSigned, canonical_bytes, name_in, number_in, read_object, signature_in
from sync.topics import Channel, NodeName

_FIELDS = frozenset({"node", "epoch", "counter", "boot", "until_s", "do", "about", "signature"})
LONGEST_S = 86_400
"""A command that would be good for longer is refused: by then nobody knows what it was for."""


class Refusal(StrEnum):
    """Why a command is not carried out."""

    RETAINED = "retained"
    MALFORMED = "malformed"
    SIGNATURE = "signature"
    AUDIENCE = "audience"
    EPOCH = "epoch"
    REPLAYED = "replayed"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Command:
    """One order. ``about`` is what it concerns: a part, a camera, a rate, a key; ``-`` where it needs nothing."""

    node: str
    """``tenant/store/node``."""
    epoch: str
    counter: int
    boot_id: str
    until_s: int
    """Monotonic seconds of the node within ``boot_id``."""
    do: str
    about: str

    @property
    def signed_bytes(self) -> bytes:
        """What the signature covers."""
        return canonical_bytes(
            "backroom-command-1",
            self.node,
            self.epoch,
            self.counter,
            self.boot_id,
            self.until_s,
            self.do,
            self.about,
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """What a node holds against a command: who it is, its numbering, its clock, the last counter it took."""

    node: NodeName
    epoch: str
    counter: int
    boot_id: str
    mono_s: float


def encode_command(command: Command, sign: Callable[[bytes], str]) -> bytes:
    """Payload of a signed command."""
    body = {
        "node": command.node,
        "epoch": command.epoch,
        "counter": command.counter,
        "boot": command.boot_id,
        "until_s": command.until_s,
        "do": command.do,
        "about": command.about,
        "signature": sign(command.signed_bytes),
    }
    return json.dumps(body, separators=(",", ":")).encode()


def command_message(node: NodeName, payload: bytes) -> Message:
    """The message that carries a command: never retained."""
    return Message(node.topic(Channel.COMMAND), payload, content_type="application/json")


def parse_command(payload: bytes) -> tuple[Command, str]:
    """A command and its signature, which is not verified here.

    Raises:
        MessageInvalidError: not exactly a command.
    """
    found = read_object(payload, _FIELDS)
    node = found["node"]
    if not isinstance(node, str) or len(parts := node.split("/")) != 3:
        raise MessageInvalidError("signed document is for no node")
    command = Command(
        NodeName(*parts).path,
        name_in(found["epoch"]),
        number_in(found["counter"], least=1),
        name_in(found["boot"]),
        number_in(found["until_s"]),
        name_in(found["do"]),
        found["about"] if found["about"] == "-" else name_in(found["about"]),
    )
    return command, signature_in(found["signature"])


def judge(
    message: Message, *, key: str, is_signed: IsSigned, standing: Callable[[], Standing]
) -> tuple[Command | None, Refusal | None]:
    """The command in a message, and why it is refused if it is. A command that is given was signed for this node.

    Whose signature does not hold says nothing: no field of it is looked at any further.
    """
    if message.is_retained:
        return None, Refusal.RETAINED
    try:
        command, signature = parse_command(message.payload)
    except MessageInvalidError:
        return None, Refusal.MALFORMED
    if not is_signed(key, signature, command.signed_bytes):
        return None, Refusal.SIGNATURE
    here = standing()
    if command.node != here.node.path:
        return None, Refusal.AUDIENCE
    if command.epoch != here.epoch:
        return None, Refusal.EPOCH
    if command.counter <= here.counter:
        return None, Refusal.REPLAYED
    if command.boot_id != here.boot_id or not here.mono_s <= command.until_s <= here.mono_s + LONGEST_S:
        return command, Refusal.EXPIRED
    return command, None
