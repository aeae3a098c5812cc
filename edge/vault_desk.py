"""What people may do with the vault, each time with a reason and a row in the audit chain before it is done.

Owns the order: a still is asked for, noted, taken, sealed in memory and only then written; an item is noted as opened
before its bytes are handed out, as to be erased before it goes, and as erased, with its hash, when it is gone. Never
sees a key that opens.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from edge.audit import AuditNote
from edge.clock import Clock
from edge.detectors import scan
from edge.errors import VaultError
from edge.vault import Vault, VaultItem, VaultSettings, label_of
from edge.vault_seal import seal
from vision.drawing import encode_jpeg
from vision.frames import Frame

_QUALITY = 92
_SHORTEST_REASON, _LONGEST_REASON = 8, 300
_LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks and why: ``name`` as they say it, ``uid`` as the system says it."""

    name: str
    why: str
    uid: int


class Audit(Protocol):
    """The part of the store that keeps the chain."""

    def audit(self, notes: Sequence[AuditNote], timeout_s: float = ...) -> list[int]:
        """Chain rows and wait for the commit."""
        ...


class VaultDesk:
    """The vault's one counter. Any thread; blocks for a camera's turn.

    ``newest`` gives a camera's newest frame, None while there is none, and raises KeyError for an unknown camera.
    """

    def __init__(
        self,
        vault: Vault,
        settings: VaultSettings,
        *,
        newest: Callable[[str], Frame | None],
        audit: Audit,
        clock: Clock,
    ) -> None:
        self._vault = vault
        self._settings = settings
        self._newest = newest
        self._audit = audit
        self._clock = clock

    def keep(self, camera: str, asker: Asker, *, opened_by: str = "") -> VaultItem:
        """Seal a camera's newest picture, unredacted, into the vault.

        ``opened_by`` is the public half of the key that is to open it at once; none: whoever comes later.

        Raises:
            VaultError: no reason was given, the key is another, there is no such camera or no picture, or the vault
                takes none. No picture was taken then.
        """
        _require_reason(asker)
        public = self._settings.public_key
        if public is None:
            raise VaultError("no vault is set up: put the public key of vault make-key into [vault] of shop.toml")
        if opened_by not in ("", public):
            raise VaultError("that key does not open this vault: [vault] public_key in shop.toml is another's")
        frame = self._frame(camera)
        taken_at = frame.captured_at.astimezone(UTC)
        until = self._clock.now() + timedelta(minutes=self._settings.keep_minutes)
        self._note("vault.asked", asker, {"camera": camera, "taken_at": taken_at.isoformat()})
        sealed = seal(public, encode_jpeg(frame.image_bgr, quality=_QUALITY), label_of(camera, taken_at))
        return self._vault.put(camera, taken_at, until, sealed)

    def items(self) -> list[VaultItem]:
        """What lies in the vault; no pictures, so nothing is noted."""
        return self._vault.items()

    def hand_out(self, number: int, asker: Asker) -> tuple[VaultItem, bytes]:
        """An item's sealed bytes; noted as opened before they are given.

        Raises:
            VaultError: no reason was given, or there is no such item.
        """
        _require_reason(asker)
        item, sealed = self._vault.sealed(number)
        self._note("vault.opened", asker, _named(item))
        return item, sealed

    def erase(self, numbers: Sequence[int], asker: Asker) -> list[VaultItem]:
        """Erase items, or all when none is named, and note each with its hash: the proof that it is gone.

        Raises:
            VaultError: no reason was given, or an item named is not there.
        """
        _require_reason(asker)
        items = [item for item in self._vault.items() if item.id in numbers or not numbers]
        missing = sorted(set(numbers) - {item.id for item in items})
        if missing:
            raise VaultError(f"there is no still {missing[0]} in the vault; nothing was erased")
        for item in items:
            self._note("vault.erasing", asker, _named(item))
        self._vault.erase([item.id for item in items])
        for item in items:
            self._note("vault.erased", asker, _named(item))
        return items

    def expire(self, now: datetime) -> int:
        """Erase what has lain its time; returns how many."""
        over = [item for item in self._vault.items() if item.until <= now]
        if over:
            self._vault.erase([item.id for item in over])
            notes = [AuditNote("vault.expired", "node", json.dumps(_named(item))) for item in over]
            self._audit.audit(notes)
        return len(over)

    def _frame(self, camera: str) -> Frame:
        try:
            frame = self._newest(camera)
        except KeyError as error:
            raise VaultError(f"there is no camera {camera}") from error
        except TimeoutError as error:
            raise VaultError("the cameras do not answer now; try again") from error
        if frame is None:
            raise VaultError(f"camera {camera} gives no picture now")
        return frame

    def _note(self, kind: str, asker: Asker, about: dict[str, object]) -> None:
        actor = f"{asker.name} (uid {asker.uid})"
        self._audit.audit([AuditNote(kind, actor, json.dumps({**about, "why": asker.why}, ensure_ascii=False))])


def _named(item: VaultItem) -> dict[str, object]:
    return {"item": item.id, "camera": item.camera, "taken_at": item.taken_at.isoformat(), "sha256": item.sha256}


def _require_reason(asker: Asker) -> None:
    if not 1 <= len(asker.name.strip()) <= _LONGEST_NAME:
        raise VaultError("say who asks, in at most 80 letters")
    if not _SHORTEST_REASON <= len(asker.why.strip()) <= _LONGEST_REASON:
        raise VaultError("say why, in 8 to 300 letters: the reason is written into the audit")
    if found := scan(asker.why):
        kind = found[0].detector.value
        raise VaultError(
            f"the reason looks like it holds personal data ({kind}), and the audit is kept: say it without"
        )
