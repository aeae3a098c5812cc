"""The node's own signing key: Ed25519 (RFC 8032), from a systemd credential, else from a file made at the first start.

A credential that is sealed to the machine's TPM (systemd-creds) never lies on the disk in the clear, and only the
service itself can read it; the public key is put beside for everybody else. The adapter of the cryptography library
for signatures. Knows nothing of what is signed.
"""

import os
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from edge.errors import ConfigError
from models.durable import LocalDisk, write_durably

CREDENTIAL = "backroom.node-key"
"""Name under which systemd passes the key on, as a file in the folder of the service's credentials."""
_KEY_BYTES = 32


class NodeKey:
    """A signing key. Any thread."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
        """The public key, 32 bytes in hexadecimal."""

    @classmethod
    def load(cls, path: Path, *, make: bool = True, credentials: Path | None = None) -> Self:
        """Read the key; make one when there is none and ``make`` is set.

        Args:
            path: the key's file, where no credential is passed.
            make: whether a key is made where there is none.
            credentials: systemd's folder of what it passes to this service.

        Raises:
            ConfigError: the key cannot be read or made, or is none, or was a credential and is not passed now.
        """
        passed = None if credentials is None else credentials / CREDENTIAL
        if passed is not None and passed.exists():
            key = cls._read(passed)
            _keep_public(path, key.public)
            return key
        if not _is_there(path) and public_path(path).exists():
            raise ConfigError(
                f"node key {path}: was passed by systemd as the credential {CREDENTIAL} and is not passed here; only"
                f" the service itself gets it. If it is lost, remove {public_path(path)} to have a new key made (head"
                " office then sees another key)"
            )
        if make and not _is_there(path):
            try:
                _make(path)
            except OSError as error:
                raise _unreadable(path, error) from error
        return cls._read(path)

    @classmethod
    def _read(cls, path: Path) -> Self:
        try:
            secret = path.read_bytes()
        except OSError as error:
            raise _unreadable(path, error) from error
        if len(secret) != _KEY_BYTES:
            raise ConfigError(
                f"node key {path}: holds {len(secret)} bytes, a key has {_KEY_BYTES}; restore it from a backup, or"
                " remove it to have a new one made (head office then sees another key)"
            )
        return cls(Ed25519PrivateKey.from_private_bytes(secret))

    def sign(self, message: bytes) -> str:
        """Signature, 64 bytes in hexadecimal."""
        return self._private.sign(message).hex()


def known_public(path: Path) -> str | None:
    """The node's public key for whoever only checks: from the key's file, or from beside it; None before there is one.

    Raises:
        ConfigError: there is one and it cannot be read.
    """
    if _is_there(path):
        return NodeKey.load(path, make=False).public
    try:
        text = public_path(path).read_text("ascii").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"node key {public_path(path)}: cannot be read ({error})") from error
    return text


def public_path(path: Path) -> Path:
    """Where the public key lies, once the key itself is a credential."""
    return path.with_name(f"{path.name}.pub")


def is_signed(public: str, signature: str, message: bytes) -> bool:
    """Whether a signature of a public key, both in hexadecimal, is over these bytes."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(bytes.fromhex(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _is_there(path: Path) -> bool:
    """An empty file never was a key: the power went while one was made."""
    try:
        return path.stat().st_size > 0
    except OSError:
        return False


def _unreadable(path: Path, error: OSError) -> ConfigError:
    return ConfigError(f"node key {path}: {error.strerror}; it must be a file that this user may read")


def _keep_public(path: Path, public: str) -> None:
    kept = public_path(path)
    try:
        if not kept.exists() or kept.read_bytes() != f"{public}\n".encode():
            write_durably(LocalDisk(), kept, [f"{public}\n".encode()])
    except OSError as error:
        raise _unreadable(kept, error) from error


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{path.name}.new")
    aside.touch(mode=0o600)
    with aside.open("wb") as file:
        file.write(Ed25519PrivateKey.generate().private_bytes_raw())
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
