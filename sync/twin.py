"""The twin: settings that head office may change from afar, as one whole, versioned, signed document on ``/tw``.

Owns its spelling, what its signature covers, and which settings there are: those that can harm nobody. Unlike a
command it is retained and without expiry: the last good copy counts for ever, also without a network.

    signed = ["backroom-twin-1", "tenant/store/node", version, name, value, name, value, ...] in the order of the names
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sync.errors import MessageInvalidError
from sync.link import Message
from sync.signed import canonical_bytes, number_in, read_object, signature_in
from sync.topics import Channel, NodeName

_FIELDS = frozenset({"node", "version", "settings", "signature"})
BOUNDS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        # 0 sends as fast as the link takes it.
        "drain_bytes_per_s": (0, 1_000_000_000),
        "snapshots_kept": (1, 100),
    }
)
"""Least and greatest value of every setting that a twin may hold."""


@dataclass(frozen=True, slots=True)
class Twin:
    """A document. What it does not name is as the node's own settings say."""

    node: str
    version: int
    settings: tuple[tuple[str, int], ...] = ()
    """In the order of the names."""

    @property
    def signed_bytes(self) -> bytes:
        """What the signature covers."""
        flat: list[int | str] = []
        for name, value in self.settings:
            flat += [name, value]
        return canonical_bytes("backroom-twin-1", self.node, self.version, *flat)


def make_twin(node: NodeName, version: int, settings: Mapping[str, int]) -> Twin:
    """A document for a node.

    Raises:
        MessageInvalidError: a setting that does not exist, or a value out of its bounds; the text says which.
    """
    for name, value in settings.items():
        if name not in BOUNDS:
            raise MessageInvalidError(f"a twin has no setting of that name; there are {', '.join(BOUNDS)}")
        least, most = BOUNDS[name]
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise MessageInvalidError(f"{name} must be a whole number from {least} to {most}")
    return Twin(node.path, number_in(version, least=1), tuple(sorted(settings.items())))


def encode_twin(twin: Twin, sign: Callable[[bytes], str]) -> bytes:
    """Payload of a signed document."""
    body = {
        "node": twin.node,
        "version": twin.version,
        "settings": dict(twin.settings),
        "signature": sign(twin.signed_bytes),
    }
    return json.dumps(body, separators=(",", ":")).encode()


def twin_message(node: NodeName, payload: bytes) -> Message:
    """The message that carries a twin: retained, so that a node finds it whenever it connects."""
    return Message(node.topic(Channel.TWIN), payload, content_type="application/json", is_retained=True)


def parse_twin(payload: bytes) -> tuple[Twin, str]:
    """A document and its signature, which is not verified here.

    Raises:
        MessageInvalidError: not exactly a twin of settings that there are.
    """
    found = read_object(payload, _FIELDS)
    node, settings = found["node"], found["settings"]
    if not isinstance(node, str) or len(parts := node.split("/")) != 3 or not isinstance(settings, dict):
        raise MessageInvalidError("signed document is no twin")
    return make_twin(NodeName(*parts), number_in(found["version"], least=1), settings), signature_in(found["signature"])
