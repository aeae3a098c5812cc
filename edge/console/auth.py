"""The console's password: hashed at rest, compared in constant time, written so that a power cut leaves a file.

Owns the password file's format. Refuses a file that others may read or that holds anything but a hash.

File: one line, ``scrypt$N$r$p$salt$hash`` with salt and hash in URL-safe base64.
"""

import base64
import binascii
import hashlib
import hmac
import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

from edge.console.errors import PasswordFileError, PasswordRejectedError

MIN_LENGTH = 10
MAX_LENGTH = 256
_GENERATED_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True)
class PasswordHash:
    """Salted scrypt hash (RFC 7914). The defaults are OWASP's choice for 16 MiB: N = 2^14, r = 8, p = 5."""

    salt: bytes
    digest: bytes
    cost_n: int = 2**14
    block_r: int = 8
    parallel_p: int = 5

    @classmethod
    def of(cls, password: str) -> "PasswordHash":
        """Hash a new password with a fresh salt. Takes about 0.2 s and 16 MiB.

        Raises:
            PasswordRejectedError: shorter than 10 or longer than 256 characters.
        """
        if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
            raise PasswordRejectedError(f"the console's password needs {MIN_LENGTH} to {MAX_LENGTH} characters")
        blank = cls(salt=secrets.token_bytes(16), digest=b"")
        return cls(salt=blank.salt, digest=blank._derive(password))

    def matches(self, password: str) -> bool:
        """Whether this is the password; takes the same time for a right and a wrong one."""
        return hmac.compare_digest(self._derive(password[: MAX_LENGTH + 1]), self.digest)

    def _derive(self, password: str) -> bytes:
        return hashlib.scrypt(
            password.encode(),
            salt=self.salt,
            n=self.cost_n,
            r=self.block_r,
            p=self.parallel_p,
            maxmem=192 * self.cost_n * self.block_r,
            dklen=32,
        )

    def to_line(self) -> str:
        """The password file's one line."""
        salt, digest = (base64.urlsafe_b64encode(part).decode() for part in (self.salt, self.digest))
        return f"scrypt${self.cost_n}${self.block_r}${self.parallel_p}${salt}${digest}"

    @classmethod
    def from_line(cls, line: str) -> "PasswordHash":
        """Read back ``to_line``.

        Raises:
            ValueError: not such a line, or with costs that this program would not have chosen.
        """
        scheme, cost_n, block_r, parallel_p, salt, digest = line.strip().split("$")
        costs = int(cost_n), int(block_r), int(parallel_p)
        within = 2**14 <= costs[0] <= 2**17 and costs[0].bit_count() == 1 and costs[1] == 8 and 1 <= costs[2] <= 10
        if scheme != "scrypt" or not within:
            raise ValueError(f"unknown scheme or costs: {scheme} {costs}")
        try:
            raw_salt, raw_digest = base64.urlsafe_b64decode(salt), base64.urlsafe_b64decode(digest)
        except binascii.Error as error:
            raise ValueError("salt or hash is not base64") from error
        if len(raw_salt) < 16 or len(raw_digest) != 32:
            raise ValueError("salt or hash is too short")
        return cls(raw_salt, raw_digest, *costs)


def read_password(path: Path) -> PasswordHash | None:
    """Hash from the password file, or None where there is no file yet.

    Raises:
        PasswordFileError: unreadable, readable for everybody, or not a hash; the text says which and the cure.
    """
    try:
        if path.stat().st_mode & (stat.S_IRWXO | stat.S_IWGRP):
            raise PasswordFileError(f"{path} is open to other users of this machine; run: chmod 600 {path}")
        line = path.read_text(encoding="ascii")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise PasswordFileError(f"{path} cannot be read ({error}); remove it to have a new password made") from error
    try:
        return PasswordHash.from_line(line)
    except ValueError as error:
        raise PasswordFileError(f"{path} holds no password hash; remove it to have a new password made") from error


def write_password(path: Path, password: str) -> PasswordHash:
    """Hash a password into the file, in place of the former one, for its owner's eyes only.

    Raises:
        PasswordRejectedError: too short or too long; the file is as it was.
        PasswordFileError: cannot be written.
    """
    made = PasswordHash.of(password)
    aside = path.with_name(path.name + ".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside.unlink(missing_ok=True)
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as out:
            out.write(made.to_line() + "\n")
            out.flush()
            os.fsync(out.fileno())
        aside.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise PasswordFileError(f"{path} cannot be written: {error}") from error
    return made


def generate_password() -> str:
    """A first password to print once: 4 groups of 4 letters and digits without look-alikes (79 bits)."""
    return "-".join("".join(secrets.choice(_GENERATED_ALPHABET) for _ in range(4)) for _ in range(4))


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
