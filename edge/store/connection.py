"""Connections to the store's file, and what SQLite's errors mean to the store.

One connection writes and checkpoints; it belongs to the writer's thread. Readers get read-only connections, which
neither write nor checkpoint: SQLite 3.7.0 to 3.51.2 can corrupt a write-ahead log when two connections write or
checkpoint at the same moment, and a read-only one can do neither.
"""

import queue
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlite_utils import Database

from edge.errors import StoreClosedError, StoreUnavailableError

_NO_ROOM = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE})
_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR_SHORT_READ})
_PRIMARY_CODE = 0xFF
_LOG_PAGES = 1000
_READER_WAIT_S = 10.0


def means_no_room(error: sqlite3.Error) -> bool:
    """Whether the disk (or a quota) refused to take more."""
    return _code(error) in _NO_ROOM


def means_damage(error: sqlite3.Error) -> bool:
    """Whether the file is not what SQLite wrote."""
    code = _code(error)
    return code in _DAMAGE or code & _PRIMARY_CODE in _DAMAGE


def open_writer(path: Path, *, log_pages: int = _LOG_PAGES) -> Database:
    """Open the one writing connection: WAL, every commit on the disk before it returns.

    The log is moved into the file after ``log_pages`` pages.

    Raises:
        sqlite3.Error: the file cannot be opened or is damaged.
    """
    connection = sqlite3.connect(path, check_same_thread=False, cached_statements=256, timeout=5.0)
    try:
        connection.execute("PRAGMA journal_mode = WAL").fetchone()
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {log_pages:d}").fetchone()
        connection.execute("PRAGMA cell_size_check = ON")
        connection.execute("PRAGMA cache_size = -8192")
        connection.execute("PRAGMA temp_store = MEMORY")
        return Database(connection, execute_plugins=False)
    except BaseException:
        connection.close()
        raise


def open_reader(path: Path) -> sqlite3.Connection:
    """Open a connection that can neither write nor checkpoint."""
    uri = f"file:{quote(str(path.absolute()))}?mode=ro"
    connection = sqlite3.connect(uri, uri=True, check_same_thread=False, timeout=5.0)
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA cell_size_check = ON")
    return connection


def quick_check(connection: sqlite3.Connection) -> str:
    """``ok``, or the first thing that SQLite found wrong. Reads the whole file."""
    try:
        return str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.DatabaseError as error:
        return f"{error.sqlite_errorname}: {error}"


class Readers:
    """A bounded pool of read-only connections; any thread may query, and waits while all are in use.

    A connection opened before a salvage still reads the file that was put aside: ``renew`` retires it.
    """

    def __init__(self, path: Path, size: int, *, on_damage: Callable[[], None]) -> None:
        self._path = path
        self._size = size
        self._on_damage = on_damage
        self._generation = 0
        self._free: queue.LifoQueue[tuple[int, sqlite3.Connection | None]] = queue.LifoQueue(size)
        self._closed = False
        for _ in range(size):
            self._free.put_nowait((0, None))

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """Run one short reading statement and return all its rows; blocks on disk.

        Raises:
            StoreClosedError: the store is closed.
            StoreUnavailableError: no connection came free, or a page cannot be read.
        """
        with self._borrowed() as connection:
            try:
                return connection.execute(sql, parameters).fetchall()
            except sqlite3.DatabaseError as error:
                if means_damage(error):
                    self._on_damage()
                raise StoreUnavailableError(f"the store cannot be read now: {error.sqlite_errorname}") from error

    def renew(self) -> None:
        """Retire every connection opened so far, each when it is next asked for."""
        self._generation += 1

    def close(self) -> None:
        """Wait for running queries and close every connection; later queries are refused."""
        self._closed = True
        for _ in range(self._size):
            _, connection = self._free.get(timeout=_READER_WAIT_S)
            if connection is not None:
                connection.close()

    @contextmanager
    def _borrowed(self) -> Iterator[sqlite3.Connection]:
        if self._closed:
            raise StoreClosedError("the store is closed")
        try:
            generation, connection = self._free.get(timeout=_READER_WAIT_S)
        except queue.Empty as error:
            raise StoreUnavailableError("all reading connections are in use") from error
        try:
            if connection is not None and generation != self._generation:
                connection.close()
                connection = None
            if connection is None:
                generation = self._generation
                connection = self._opened()
            yield connection
        finally:
            self._free.put_nowait((generation, connection))

    def _opened(self) -> sqlite3.Connection:
        try:
            return open_reader(self._path)
        except sqlite3.Error as error:
            raise StoreUnavailableError(f"the store cannot be read now: {error.sqlite_errorname}") from error


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0)
