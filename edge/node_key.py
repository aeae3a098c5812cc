"""The node's own signing key: Ed25519 (RFC 8032), made at the first start, readable by its owner only.

The adapter of the cryptography library for signatures. Knows nothing of what is signed.
"""

import os
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from edge.errors import ConfigError

_KEY_BYTES = 32


class NodeKey:
    """A signing key. Any thread."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
        """The public key, 32 bytes in hexadecimal."""

    @classmethod
    def load(cls, path: Path, *, make: bool = True) -> Self:
        """Read the key; make one when there is none and ``make`` is set.

        Raises:
            ConfigError: the file cannot be read or made, or holds no key.
        """
        try:
            # An empty file never was a key: the power went while one was made.
            if make and (not path.exists() or path.stat().st_size == 0):
                _make(path)
            secret = path.read_bytes()
        except OSError as error:
            raise ConfigError(
                f"node key {path}: {error.strerror}; it must be a file that this user may read"
            ) from error
        if len(secret) != _KEY_BYTES:
            raise ConfigError(
                f"node key {path}: holds {len(secret)} bytes, a key has {_KEY_BYTES}; restore it from a backup, or"
                " remove it to have a new one made (head office then sees another key)"
            )
        return cls(Ed25519PrivateKey.from_private_bytes(secret))

    def sign(self, message: bytes) -> str:
        """Signature, 64 bytes in hexadecimal."""
        return self._private.sign(message).hex()


def is_signed(public: str, signature: str, message: bytes) -> bool:
    """Whether a signature of a public key, both in hexadecimal, is over these bytes."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(bytes.fromhex(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{path.name}.new")
    aside.touch(mode=0o600)
    with aside.open("wb") as file:
        file.write(Ed25519PrivateKey.generate().private_bytes_raw())
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
