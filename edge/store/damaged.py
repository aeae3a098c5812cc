"""Reading what can be read from a table whose pages are partly damaged.

Walks a table by its integer key. Where reading forward fails, reads backward from the end; the piece between is cut
in half and tried again, coarse pieces first, so that one broken leaf costs its own rows and some tens of probes.

    |#### read forward ####|  ? cut in half ?  |#### read backward ####|
"""

import sqlite3
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

_LOWEST, _HIGHEST = 0, 2**62
_MOST_PROBES = 50_000


@dataclass(slots=True)
class Walk:
    """The rows of one table as ``(key, *columns)``, as far as they can be read."""

    connection: sqlite3.Connection
    table: str
    key: str
    failures: int = 0
    """Pieces that could not be read."""
    _intact: bool = True
    _pieces: deque[tuple[int, int]] = field(default_factory=lambda: deque([(_LOWEST, _HIGHEST)]))

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Readable rows, each once, not in order."""
        while self._pieces and self.failures < _MOST_PROBES:
            low, high = self._pieces.popleft()
            reached = low - 1
            for row in self._read("ASC", low, high):
                reached = row[0]
                yield row
            if self._intact:
                continue
            turned = high + 1
            for row in self._read("DESC", reached + 1, high):
                turned = row[0]
                yield row
            if not self._intact:
                self._cut(reached + 1, turned - 1)

    def _read(self, order: str, low: int, high: int) -> Iterator[tuple[Any, ...]]:
        self._intact = True
        sql = (
            f"SELECT {self.key}, * FROM {self.table} "  # noqa: S608
            f"WHERE {self.key} BETWEEN ? AND ? ORDER BY {self.key} {order}"
        )
        try:
            yield from self.connection.execute(sql, (low, high))
        except sqlite3.DatabaseError:
            self._intact = False
            self.failures += 1

    def _cut(self, low: int, high: int) -> None:
        if low < high:
            middle = (low + high) // 2
            self._pieces.append((low, middle))
            self._pieces.append((middle + 1, high))
