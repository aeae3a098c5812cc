"""Putting a copy of the store in its place: checked first, and what lay there is set aside, never deleted.

The write-ahead log goes aside with its file. Left beside the copy it would be played into it at the next opening:
SQLite cannot tell that a log which a crash left belongs to another file. The copy is taken under the name that a
salvage uses, so a restore that dies between two renames is finished by the next start.
"""

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from edge.errors import StoreUnavailableError
from edge.store.backup import check_copy, copy_store, sync_path
from edge.store.config import StoreSettings
from edge.store.connection import open_reader
from edge.store.lock import StoreLock

_TABLES = frozenset({"facts", "outbox", "lanes", "ledger"})


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put in place."""

    path: Path
    facts: int
    newest_at: datetime | None
    """Time of the newest fact in it."""
    set_aside: Path | None
    """The store that lay there, openable with its own log; None where there was none."""


def restore(store: Path, copy: Path, *, now: datetime) -> Restored:
    """Put ``copy`` in the place of the store at ``store``; blocks while it is copied and checked.

    Raises:
        StoreBusyError: a node runs with the store.
        StoreUnavailableError: the copy is not there, not whole or no store of ours, or cannot be put there; the
            store is as it was.
        StoreFullError: there is no room for it; the store is as it was.
    """
    settings = StoreSettings(path=store)
    fresh = settings.beside("salvaging")
    _require(store, copy)
    lock = StoreLock(settings.beside("lock"))
    lock.acquire()
    try:
        facts, newest_at = _taken(copy, fresh)
        aside = _swap(settings, fresh, now)
    except OSError as error:
        raise StoreUnavailableError(f"{store.parent}: the copy cannot be put there: {error.strerror}") from error
    finally:
        lock.release()
    return Restored(store, facts, newest_at, aside)


def _require(store: Path, copy: Path) -> None:
    if not store.parent.is_dir():
        raise StoreUnavailableError(
            f"{store.parent} is no folder; name the node's data folder with --data, or start the node once"
        )
    if not copy.is_file():
        raise StoreUnavailableError(f"{copy}: there is no such file; name a copy that backroom backup made")
    if store.exists() and copy.samefile(store):
        raise StoreUnavailableError(f"{copy} is the store itself; name a copy that backroom backup made")


def _taken(copy: Path, fresh: Path) -> tuple[int, datetime | None]:
    """The copy under ``fresh``, on the disk and checked: its facts and the newest one's time."""
    fresh.unlink(missing_ok=True)
    try:
        copy_store(copy, fresh)
        check_copy(fresh)
        found = _counted(copy, fresh)
        _give_to_node(fresh)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    return found


def _counted(copy: Path, fresh: Path) -> tuple[int, datetime | None]:
    try:
        with closing(open_reader(fresh)) as reader:
            tables = {row[0] for row in reader.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if missing := sorted(_TABLES - tables):
                raise StoreUnavailableError(f"{copy} is no copy of a store: it has no table {missing[0]}")
            count, newest = reader.execute("SELECT count(*), max(at_us) FROM facts").fetchone()
    except sqlite3.Error as error:
        raise StoreUnavailableError(f"{copy} cannot be read: {error}") from error
    return count, None if newest is None else datetime.fromtimestamp(newest / 1e6, UTC)


def _give_to_node(fresh: Path) -> None:
    """Root restores for the node's user: the file belongs to whom the data folder belongs to."""
    if os.geteuid() == 0:
        owner = fresh.parent.stat()
        os.chown(fresh, owner.st_uid, owner.st_gid)


def _swap(settings: StoreSettings, fresh: Path, now: datetime) -> Path | None:
    store, aside = settings.path, _free_name(settings, now)
    for suffix in ("-wal", "-shm", ""):
        part = store.with_name(store.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    fresh.rename(store)
    sync_path(store.parent)
    return aside if aside.exists() else None


def _free_name(settings: StoreSettings, now: datetime) -> Path:
    stamp = f"replaced-{now:%Y%m%dT%H%M%SZ}"
    aside, number = settings.beside(stamp), 1
    while aside.exists():
        number += 1
        aside = settings.beside(f"{stamp}-{number}")
    return aside
