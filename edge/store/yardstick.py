"""Bare sqlite3 doing the store's insertions: what the bench holds the store against.

Writes the very rows of a finished store file into an empty one with the same tables and the same durability, grouped
the same way, with nothing else to do: no judging, no numbering, no queue.
"""

import time
from pathlib import Path

from edge.store.connection import open_reader, open_writer
from edge.store.schema import migrations

_TABLES = ("facts", "outbox")


def copied_rows_per_s(finished: Path, target: Path, *, group_rows: int) -> float:
    """Rows of ``facts`` written a second, each with its outbox row, ``group_rows`` a commit.

    Raises:
        sqlite3.Error: a file cannot be read or written.
    """
    source = open_reader(finished)
    tables = [(table, source.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()) for table in _TABLES]  # noqa: S608
    source.close()
    db = open_writer(target)
    migrations().apply(db)
    facts = len(tables[0][1])
    began_s = time.perf_counter()
    for start in range(0, facts, group_rows):
        with db.atomic():
            for table, rows in tables:
                group = rows[start : start + group_rows]
                if group:
                    db.conn.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(group[0]))})", group)  # noqa: S608
    took_s = time.perf_counter() - began_s
    db.conn.close()
    return facts / took_s
