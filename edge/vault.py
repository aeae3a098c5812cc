"""The vault: what must not lie open on the disk, sealed, in a file of its own, for a short time.

Owns the rows of `vault.db`. It takes sealed bytes only and cannot open them. Nothing of it has a way to the outbox or
the network (import contracts). Deleted rows are overwritten in the file (SQLite's secure_delete); what a flash disk
keeps of them in its spare blocks is sealed still.
"""

import hashlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from edge.errors import VaultError
from edge.vault_seal import is_public_key

_TABLE = """
    CREATE TABLE IF NOT EXISTS items (
        id INTEGER PRIMARY KEY AUTOINCREMENT, camera TEXT NOT NULL, taken_at TEXT NOT NULL, until TEXT NOT NULL,
        sha256 TEXT NOT NULL, sealed BLOB NOT NULL)
"""
_COLUMNS = "id, camera, taken_at, until, sha256, length(sealed)"


def _known_key(text: str) -> str:
    if not is_public_key(text):
        raise ValueError("must be the public key that `backroom vault make-key` printed, 64 hexadecimal digits")
    return text


class VaultSettings(BaseModel):
    """Section ``[vault]``: who may see unredacted stills. Without a key nothing unredacted is ever kept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    public_key: Annotated[str, AfterValidator(_known_key)] | None = None
    """What `backroom vault make-key` printed; the private half stays with whoever may look."""
    keep_minutes: Annotated[int, Field(ge=1, le=43_200)] = 1440
    """After so long a still is erased, looked at or not."""
    most_items: Annotated[int, Field(ge=1, le=10_000)] = 100
    """Stills that may lie in the vault; more are refused until some are erased."""


@dataclass(frozen=True, slots=True)
class VaultItem:
    """One sealed still, without its bytes."""

    id: int
    camera: str
    taken_at: datetime
    until: datetime
    sha256: str
    """Of the sealed bytes: what the audit names, so that an erasure can be proved."""
    size_bytes: int

    @property
    def label(self) -> bytes:
        """What was bound to the content when it was sealed."""
        return label_of(self.camera, self.taken_at)


def label_of(camera: str, taken_at: datetime) -> bytes:
    """Camera and time, bound to the content."""
    return f"{camera} {taken_at.isoformat()}".encode()


class Vault:
    """The file. Any thread; each call opens and closes it.

    Raises:
        VaultError: it cannot be opened or written.
    """

    def __init__(self, path: Path, settings: VaultSettings) -> None:
        self._path = path
        self._settings = settings
        self._lock = Lock()
        with self._opened() as connection:
            connection.execute(_TABLE)

    def put(self, camera: str, taken_at: datetime, until: datetime, sealed: bytes) -> VaultItem:
        """Keep sealed bytes.

        Raises:
            VaultError: the vault is full or cannot be written.
        """
        digest = hashlib.sha256(sealed).hexdigest()
        with self._opened() as connection:
            (count,) = connection.execute("SELECT count(*) FROM items").fetchone()
            if count >= self._settings.most_items:
                raise VaultError(f"the vault holds {count} stills, no more are taken: erase some with vault erase")
            values = (camera, taken_at.isoformat(), until.isoformat(), digest, sealed)
            sql = "INSERT INTO items (camera, taken_at, until, sha256, sealed) VALUES (?, ?, ?, ?, ?)"
            number = connection.execute(sql, values).lastrowid
        return VaultItem(number or 0, camera, taken_at, until, digest, len(sealed))

    def items(self) -> list[VaultItem]:
        """What there is, oldest first."""
        with self._opened() as connection:
            rows = connection.execute(f"SELECT {_COLUMNS} FROM items ORDER BY id").fetchall()  # noqa: S608
        return [_item(row) for row in rows]

    def sealed(self, number: int) -> tuple[VaultItem, bytes]:
        """One item with its bytes.

        Raises:
            VaultError: there is no such item.
        """
        with self._opened() as connection:
            row = connection.execute(f"SELECT {_COLUMNS}, sealed FROM items WHERE id = ?", (number,)).fetchone()  # noqa: S608
        if row is None:
            raise VaultError(f"there is no still {number} in the vault: erased, expired or never kept")
        return _item(row[:-1]), row[-1]

    def erase(self, numbers: Sequence[int]) -> None:
        """Overwrite and forget items; numbers that are not there are no error."""
        with self._opened() as connection:
            connection.executemany("DELETE FROM items WHERE id = ?", [(number,) for number in numbers])

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                self._make_private()
                with closing(sqlite3.connect(self._path, timeout=5.0)) as connection:
                    connection.execute("PRAGMA secure_delete = ON").fetchone()
                    connection.execute("PRAGMA synchronous = FULL")
                    with connection:
                        yield connection
            except (sqlite3.Error, OSError) as error:
                raise VaultError(f"the vault {self._path} cannot be used: {error}") from error

    def _make_private(self) -> None:
        """For this user alone."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))


def _item(row: tuple[int, str, str, str, str, int]) -> VaultItem:
    number, camera, taken_at, until, digest, size = row
    return VaultItem(number, camera, datetime.fromisoformat(taken_at), datetime.fromisoformat(until), digest, size)
