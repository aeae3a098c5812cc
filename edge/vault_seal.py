"""Sealing for the vault: anybody with the public key can put in, only the private key takes out.

The adapter of the cryptography library for encryption. An ephemeral X25519 key (RFC 7748) agrees on a secret with the
vault's public key, HKDF-SHA-256 (RFC 5869) makes an AES-256-GCM key of it (NIST SP 800-38D), used once.

    sealed = 1 byte version | 32 bytes ephemeral public key | ciphertext and tag

The node holds the public key alone: a stolen box, or whoever rules it later, cannot read what was put in before.
"""

import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from edge.errors import ConfigError, VaultError

_VERSION = b"\x01"
_KEY_BYTES = 32
_NONCE = bytes(12)
"""Every key is used for one message, so the nonce may be fixed."""


def seal(public: str, content: bytes, label: bytes) -> bytes:
    """Seal content under a public key in hexadecimal; ``label`` is not secret and has to be the same when opened."""
    ephemeral = X25519PrivateKey.generate()
    mine = ephemeral.public_key().public_bytes_raw()
    theirs = bytes.fromhex(public)
    key = _key(ephemeral.exchange(X25519PublicKey.from_public_bytes(theirs)), mine, theirs)
    return _VERSION + mine + AESGCM(key).encrypt(_NONCE, content, label)


class VaultKey:
    """The private key, which lies with whoever may look, never with the node."""

    def __init__(self, private: X25519PrivateKey) -> None:
        self._private = private
        self.public = private.public_key().public_bytes_raw().hex()
        """What the node's settings take, in hexadecimal."""

    @classmethod
    def load(cls, path: Path) -> "VaultKey":
        """Read a key file.

        Raises:
            ConfigError: it cannot be read, or holds no key.
        """
        try:
            secret = path.read_bytes()
        except OSError as error:
            raise ConfigError(f"vault key {path}: {error.strerror}; give the file that vault make-key wrote") from error
        if len(secret) != _KEY_BYTES:
            raise ConfigError(f"vault key {path}: holds {len(secret)} bytes, a key has {_KEY_BYTES}")
        return cls(X25519PrivateKey.from_private_bytes(secret))

    @classmethod
    def make(cls, path: Path) -> "VaultKey":
        """Make a key and write it to a new file, readable by its owner only.

        Raises:
            ConfigError: there is such a file already, or it cannot be written.
        """
        private = X25519PrivateKey.generate()
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ConfigError(
                f"vault key {path}: {error.strerror}; a key is never written over another file"
            ) from error
        with open(descriptor, "wb") as file:  # noqa: PTH123 - of a descriptor
            file.write(private.private_bytes_raw())
            file.flush()
            os.fsync(file.fileno())
        return cls(private)

    def open(self, sealed: bytes, label: bytes) -> bytes:
        """The content.

        Raises:
            VaultError: it was sealed for another key, is damaged, or its label is another.
        """
        mine = self._private.public_key().public_bytes_raw()
        theirs = sealed[1 : 1 + _KEY_BYTES]
        try:
            if sealed[:1] != _VERSION:
                raise VaultError("this is no sealed picture of a version that is known here")
            key = _key(self._private.exchange(X25519PublicKey.from_public_bytes(theirs)), theirs, mine)
            return AESGCM(key).decrypt(_NONCE, sealed[1 + _KEY_BYTES :], label)
        except (InvalidTag, ValueError) as error:
            raise VaultError("the key does not open it: it was sealed for another key, or is damaged") from error


def is_public_key(public: str) -> bool:
    """Whether a text is a public key in hexadecimal."""
    try:
        X25519PublicKey.from_public_bytes(bytes.fromhex(public))
    except ValueError:
        return False
    return True


def _key(secret: bytes, ephemeral: bytes, receiver: bytes) -> bytes:
    info = b"backroom-vault-1" + ephemeral + receiver
    return HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=info).derive(secret)
