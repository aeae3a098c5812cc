"""A key that others show to be let in: made once, kept in a file for its owner's eyes, compared in constant time.

Owns the key file. The program keeps only the key's hash in memory; whoever needs the key reads the file. Refuses a
file that others may read.
"""

import hashlib
import hmac
import os
import secrets
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from edge.errors import KeyFileError
from models.durable import LocalDisk, write_durably

MIN_LENGTH = 20
_OPEN_TO_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class KeyHash:
    """SHA-256 of the key: its 256 random bits need no slow hash."""

    digest: bytes

    @classmethod
    def of(cls, key: str) -> "KeyHash":
        return cls(hashlib.sha256(key.encode()).digest())

    def matches(self, authorization: bytes) -> bool:
        """Whether an ``Authorization`` header carries the key; as long for a near miss as for any other."""
        scheme, _, given = authorization.partition(b" ")
        digest = hashlib.sha256(given.strip()).digest()
        return hmac.compare_digest(digest, self.digest) and scheme.lower() == b"bearer"


def load_key(path: Path) -> KeyHash:
    """Hash of the key in the file; makes a key when there is no file, or an empty one.

    Raises:
        KeyFileError: unreadable, open to others, or too short; the text says which and the cure.
    """
    try:
        # An empty file never was a key: the disk was full while one was made.
        if not path.exists() or path.stat().st_size == 0:
            write_durably(_PrivateDisk(), path, [f"br-{secrets.token_urlsafe(32)}\n".encode()])
        if path.stat().st_mode & _OPEN_TO_OTHERS:
            raise KeyFileError(f"{path} is open to other users of this machine; run: chmod 600 {path}")
        key = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileError(f"{path} cannot be read or made ({error}); it must be a file of this user") from error
    if len(key) < MIN_LENGTH or any(c.isspace() for c in key):
        raise KeyFileError(f"{path} holds no key of {MIN_LENGTH} characters or more; remove it to have one made")
    return KeyHash.of(key)


class _PrivateDisk(LocalDisk):
    """Files that nobody but their owner ever could open."""

    def write(self, path: Path, chunks: Iterable[bytes]) -> None:
        path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            for chunk in chunks:
                file.write(chunk)
