"""The audit chain's rules: what a row's hash covers, how rows are sealed into a checkpoint, what is audited.

Pure. Owns the bytes: everything that is hashed or signed is one JSON array of whole numbers and strings as RFC 8785
writes it (UTF-8, no spaces, shortest escapes), so that any language can check it.

    row n      hash = SHA-256 of ["backroom-audit-1", n, hash of n-1, time in us, kind, actor, body]
    sealed     root = Merkle tree (RFC 6962, section 2.1) over the hashes of rows first..last
    signature  Ed25519 of ["backroom-audit-checkpoint-1", first, last, root, head, time in us]

A row's body is the text that was stored; it is hashed as that text, whatever it says.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

ROWS_A_CHECKPOINT = 1000
SEAL_EVERY_S = 3600.0
START = "0" * 64
"""What the first row takes for the hash before it."""
AUDITED_KINDS = frozenset(
    {
        "shelf.low",
        "shelf.out_of_stock",
        "shelf.restocked",
        "kiosk.handoff",
        "artefact.activated",
        "command.result",
        "egress.denied",
        "store.epoch",
    }
)
"""Facts that are decisions: the store writes an audit row of each in the same transaction."""


@dataclass(frozen=True, slots=True)
class AuditNote:
    """Something decided or done that is no fact: who did what. ``body`` is JSON without anything personal."""

    kind: str
    actor: str
    body: str


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One row of the chain; hashes are lower-case hexadecimal."""

    seq: int
    at_us: int
    kind: str
    actor: str
    body: str
    before: str
    """Hash of the row before."""
    hash: str


@dataclass(frozen=True, slots=True)
class Tip:
    """The chain's end: number and hash of its last row."""

    seq: int = 0
    hash: str = START


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Rows ``first``..``last`` as sealed by the key whose public half is ``key``."""

    first: int
    last: int
    root: str
    head: str
    """Hash of row ``last``, which stands for all rows before it too."""
    at_us: int
    key: str
    signature: str


class Seal(Protocol):
    """The node's signing key."""

    @property
    def public(self) -> str:
        """The public key, 32 bytes in hexadecimal."""
        ...

    def sign(self, message: bytes) -> str:
        """Ed25519 signature, 64 bytes in hexadecimal."""
        ...


def row_hash(seq: int, before: str, *, at_us: int, kind: str, actor: str, body: str) -> str:
    """Hash of a row."""
    return hashlib.sha256(_canonical("backroom-audit-1", seq, before, at_us, kind, actor, body)).hexdigest()


def next_row(seq: int, before: str, note: AuditNote, at_us: int) -> AuditRow:
    """The row of a note under the given number, after the row whose hash is ``before``."""
    found = row_hash(seq, before, at_us=at_us, kind=note.kind, actor=note.actor, body=note.body)
    return AuditRow(seq, at_us, note.kind, note.actor, note.body, before, found)


def merkle_root(hashes: Sequence[str]) -> str:
    """Root of the tree over some rows' hashes: RFC 6962, section 2.1.

    Raises:
        ValueError: there are no rows.
    """
    if not hashes:
        raise ValueError("a tree has at least one row")
    return _root([hashlib.sha256(b"\x00" + bytes.fromhex(found)).digest() for found in hashes]).hex()


def sealed(seal: Seal, first: int, hashes: Sequence[str], at_us: int) -> Checkpoint:
    """Seal the rows from ``first`` on, whose hashes are given in order."""
    last, root = first + len(hashes) - 1, merkle_root(hashes)
    signature = seal.sign(checkpoint_bytes(first, last, root=root, head=hashes[-1], at_us=at_us))
    return Checkpoint(first, last, root, hashes[-1], at_us, seal.public, signature)


def checkpoint_bytes(first: int, last: int, *, root: str, head: str, at_us: int) -> bytes:
    """What a checkpoint's signature covers."""
    return _canonical("backroom-audit-checkpoint-1", first, last, root, head, at_us)


def _root(leaves: Sequence[bytes]) -> bytes:
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + _root(leaves[:split]) + _root(leaves[split:])).digest()


def _canonical(*parts: int | str) -> bytes:
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode()
