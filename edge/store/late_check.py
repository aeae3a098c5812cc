"""The whole check of a large store, made beside the running node: a start may not wait for half a minute of reading.

Owns its thread and a reading connection. SQLite finds damage in a page that it uses at once; this finds the rest.
"""

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

from edge.store.connection import open_reader, quick_check

UNDER_WAY = "being checked"
AT_START_BYTES = 96 * 1024 * 1024
"""A file up to this size is checked before it is used, in half a second."""
_STOP_S = 10.0


class LateCheck:
    """Checks once. ``on_finding`` is called in the check's thread with ``ok`` or what is wrong."""

    def __init__(self, path: Path, on_finding: Callable[[str], None]) -> None:
        self._path = path
        self._on_finding = on_finding
        self._connection: sqlite3.Connection | None = None
        self._is_stopped = False
        self._thread = threading.Thread(target=self._run, name="store-check", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._connection = open_reader(self._path)
        self._thread.start()

    def stop(self) -> None:
        """End, finished or not."""
        self._is_stopped = True
        if self._connection is not None:
            self._connection.interrupt()
            self._thread.join(_STOP_S)
            self._connection.close()

    def _run(self) -> None:
        if self._connection is None:
            return
        finding = quick_check(self._connection)
        if not self._is_stopped:
            self._on_finding(finding)
