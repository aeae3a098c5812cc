"""A copy of the store on a second medium, made beside the running node and checked before it replaces the last one.

Owns the thread that makes one by the clock. Reads through a connection of its own that cannot write; the writer goes
on meanwhile. A copy that was put back is told from the store by the watch file, and begins a new epoch.
"""

import os
import sqlite3
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import structlog

from edge.errors import StoreError, StoreFullError, StoreUnavailableError
from edge.store.connection import means_no_room, quick_check

_LOOK_S = 600.0
_STOP_S = 5.0
NAME = "backroom-backup.db"


@dataclass(frozen=True, slots=True)
class Backup:
    """One copy."""

    path: Path
    at: datetime
    size_bytes: int
    took_s: float
    is_same_disk: bool
    """The copy lies on the store's own disk: it helps against a damaged file, not against a dead disk."""


def back_up(store: Path, folder: Path) -> Backup:
    """Copy the store into ``folder``, which has to be there (a medium that is not mounted is no folder of ours).

    Raises:
        StoreUnavailableError: there is no store or no such folder, or the copy is not whole; the last copy stays.
        StoreFullError: the medium has no room; the last copy stays.
    """
    if not store.exists():
        raise StoreUnavailableError(f"{store}: there is no store to copy")
    if not folder.is_dir():
        raise StoreUnavailableError(f"{folder} is no folder; mount the medium and make the folder first")
    began_s, aside = time.perf_counter(), folder / f".{NAME}.new"
    try:
        aside.unlink(missing_ok=True)
        copy_store(store, aside)
        check_copy(aside)
        aside.replace(folder / NAME)
        sync_path(folder)
    except OSError as error:
        raise StoreUnavailableError(f"{folder}: the copy cannot be written: {error.strerror}") from error
    finally:
        aside.unlink(missing_ok=True)
    status = (folder / NAME).stat()
    is_same_disk = status.st_dev == store.stat().st_dev
    return Backup(folder / NAME, datetime.now(UTC), status.st_size, time.perf_counter() - began_s, is_same_disk)


def copy_store(store: Path, target: Path) -> None:
    """Write what ``store`` and its log hold into the new file ``target``, on the disk when it returns.

    Raises:
        StoreUnavailableError: it cannot be read or written.
        StoreFullError: there is no room beside ``target``.
    """
    # Not `open_reader`: SQLite refuses VACUUM INTO under query_only, though the source is only read.
    connection = sqlite3.connect(f"file:{quote(str(store.absolute()))}?mode=ro", uri=True, timeout=5.0)
    try:
        connection.execute("VACUUM INTO ?", (str(target),))
    except sqlite3.Error as error:
        if means_no_room(error):
            raise StoreFullError(f"{target.parent}: no room for a copy of {store}") from error
        raise StoreUnavailableError(f"{store} cannot be copied: {error}") from error
    finally:
        connection.close()
    sync_path(target)


def check_copy(copy: Path) -> None:
    """Read the whole file; raises StoreUnavailableError when SQLite finds anything wrong."""
    connection = sqlite3.connect(f"file:{quote(str(copy.absolute()))}?mode=ro", uri=True)
    try:
        finding = quick_check(connection)
    finally:
        connection.close()
    if finding != "ok":
        raise StoreUnavailableError(f"the copy is not whole: {finding}")


def sync_path(path: Path) -> None:
    """Have a file's content, or a folder's names, on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Backups:
    """Makes a copy whenever the last one is older than ``every_h``; a context manager around its thread."""

    def __init__(self, store: Path, folder: Path, *, every_h: float) -> None:
        self._store = store
        self._folder = folder
        self._every_s = every_h * 3600
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="store-backup", daemon=True)
        self._log = structlog.get_logger("edge.store.backup")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join(_STOP_S)

    def _run(self) -> None:
        while not self._stopping.is_set():
            if self._is_due():
                self._make()
            self._stopping.wait(min(_LOOK_S, self._every_s))

    def _is_due(self) -> bool:
        try:
            age_s = time.time() - (self._folder / NAME).stat().st_mtime
        except OSError:
            return True
        return not 0 <= age_s < self._every_s

    def _make(self) -> None:
        try:
            made = back_up(self._store, self._folder)
        except StoreError as error:
            self._log.warning("backup.failed", reason=str(error))
        else:
            self._log.info("backup.made", path=str(made.path), bytes=made.size_bytes, took_s=round(made.took_s, 1))
