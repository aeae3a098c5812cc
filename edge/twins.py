"""The twin that this node goes by: the newest that head office signed, kept in a file, in force from the start on.

Owns the file and the rule that versions only rise. What is not in a document is as the node's own settings say. A
document that is older, forged or for somebody else changes nothing; the last good one counts for ever.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import structlog

from edge.errors import StoreError
from models.durable import LocalDisk, write_durably
from sync.errors import MessageInvalidError, OutboxUnavailableError
from sync.link import Message
from sync.signed import IsSigned
from sync.topics import NodeName
from sync.twin import Twin, parse_twin

log = structlog.get_logger("edge.twins")


@dataclass(frozen=True, slots=True, kw_only=True)
class TwinPorts:
    """What the book needs from the node. ``note`` says whether a refusal is to be told."""

    is_signed: IsSigned
    key: Callable[[], str]
    apply: Callable[[Mapping[str, int]], None]
    """Puts settings in force, at once and without waiting."""
    tell: Callable[[int, Literal["done", "refused", "failed"], str | None], None]
    note: Callable[[str], bool]


class TwinBook:
    """The last good twin. ``take`` belongs to the uplink's thread and blocks on the disk."""

    def __init__(self, path: Path, node: NodeName, ports: TwinPorts) -> None:
        """Read the file and put it in force. One that cannot be read is told and counts as none."""
        self._path = path
        self._node = node
        self._ports = ports
        self._twin = self._kept()
        ports.apply(dict(self._twin.settings))

    @property
    def version(self) -> int:
        """0: none came yet."""
        return self._twin.version

    def take(self, message: Message) -> None:
        """Take a document in, or refuse it.

        Raises:
            OutboxUnavailableError: what came cannot be noted now; it may come again.
        """
        try:
            found = self._judged(message.payload)
            if isinstance(found, _Refused):
                if self._ports.note(f"twin-{found.reason}"):
                    self._ports.tell(found.version, "refused", found.reason)
            elif found != self._twin:
                self._adopt(found, message.payload)
        except StoreError as error:
            raise OutboxUnavailableError(f"a twin cannot be noted: {error}") from error

    def _judged(self, payload: bytes) -> "Twin | _Refused":
        try:
            twin, signature = parse_twin(payload)
        except MessageInvalidError:
            return _Refused("malformed")
        if not self._ports.is_signed(self._ports.key(), signature, twin.signed_bytes):
            return _Refused("signature")
        if twin.node != self._node.path:
            return _Refused("audience")
        # The broker hands the retained one out at every connection: the same again is no offence.
        if twin.version < self.version or (twin.version == self.version and twin != self._twin):
            return _Refused("older", twin.version)
        return twin

    def _adopt(self, twin: Twin, payload: bytes) -> None:
        try:
            write_durably(LocalDisk(), self._path, [payload])
        except OSError as error:
            log.error("twin.not_kept", reason=str(error))
            self._ports.tell(twin.version, "failed", "disk")
            return
        self._twin = twin
        self._ports.apply(dict(twin.settings))
        self._ports.tell(twin.version, "done", None)

    def _kept(self) -> Twin:
        nothing = Twin(self._node.path, 0)
        if not os.path.lexists(self._path):
            return nothing
        try:
            twin, _ = parse_twin(self._path.read_bytes())
        except (OSError, MessageInvalidError) as error:
            log.error("twin.unreadable", path=str(self._path), reason=str(error))
            return nothing
        return twin if twin.node == self._node.path else nothing


@dataclass(frozen=True, slots=True)
class _Refused:
    reason: str
    version: int = 0
    """0 where the document does not say it, or nobody we know signed that."""
