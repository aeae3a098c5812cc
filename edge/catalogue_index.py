"""Full-text index over the catalogue: an in-memory SQLite table with FTS5, and the only place that knows of it.

Takes words that `catalogue_words` has brought to one form and ranks products by BM25. Refuses nothing and decides
nothing; whether a rank is good enough is `catalogue_search`'s business.
"""

import sqlite3
import threading
from collections.abc import Iterable, Sequence
from typing import Self

_WEIGHTS = "0.0, 8.0, 4.0, 2.0, 5.0, 1.0"  # sku, name, brand, size, keywords, department


class FullTextIndex:
    """BM25 over name, brand, size, keywords and department. Any thread may ask; questions wait for each other."""

    def __init__(self, rows: Iterable[tuple[str, str, str, str, str, str]]) -> None:
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self._connection.execute(
            "CREATE VIRTUAL TABLE product USING fts5(sku UNINDEXED, name, brand, size, keywords, department,"
            " tokenize=\"unicode61 tokenchars '.%'\")"
        )
        self._connection.executemany("INSERT INTO product VALUES (?, ?, ?, ?, ?, ?)", rows)

    def rank(self, words: Sequence[str], *, limit: int) -> list[str]:
        """SKUs of the products that hold any of ``words``, best first."""
        if not words:
            return []
        match = " OR ".join('"' + word.replace('"', "") + '"' for word in words)
        with self._lock:
            rows = self._connection.execute(
                f"SELECT sku FROM product WHERE product MATCH ? ORDER BY bm25(product, {_WEIGHTS}), sku LIMIT ?",  # noqa: S608 - constants
                (match, limit),
            ).fetchall()
        return [str(sku) for (sku,) in rows]

    def close(self) -> None:
        """Give the memory back; the index answers nothing afterwards."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
