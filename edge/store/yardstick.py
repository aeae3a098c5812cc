"""Bare sqlite3 doing the store's insertions: what the bench holds the store against.

Writes the very rows of a finished store file into an empty one with the same tables and the same durability, grouped
the same way, with nothing else to do: no judging, no checksums, no numbering, no queue. The rows that the store
overwrites with every group (numbers, newest count of a slot) are overwritten here too.
"""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from edge.store.connection import open_reader, open_writer
from edge.store.schema import migrations


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows of a finished store; ``slots`` has one for every fact, in the facts' order."""

    facts: list[tuple[Any, ...]]
    outbox: list[tuple[Any, ...]]
    slots: list[tuple[str, str, int]]
    lanes: list[tuple[Any, ...]]


def copied_rows_per_s(finished: Path, target: Path, *, group_rows: int) -> float:
    """Facts written a second, each with its outbox row, ``group_rows`` a commit.

    Raises:
        sqlite3.Error: a file cannot be read or written.
    """
    rows = _read(finished)
    db = open_writer(target)
    migrations().apply(db)
    began_s = time.perf_counter()
    for start in range(0, len(rows.facts), group_rows):
        _write_group(db, rows, slice(start, start + group_rows))
    took_s = time.perf_counter() - began_s
    db.conn.close()
    return len(rows.facts) / took_s


def _read(finished: Path) -> _Rows:
    source = open_reader(finished)
    facts = source.execute("SELECT * FROM facts WHERE kind = 'shelf.count' ORDER BY id").fetchall()
    outbox = source.execute("SELECT * FROM outbox WHERE kind = 'shelf.count' ORDER BY record_no").fetchall()
    lanes = source.execute("SELECT * FROM lanes WHERE lane = 'p1'").fetchall()
    source.close()
    return _Rows(facts, outbox, [(row[2], json.loads(row[8])["slot"], row[0]) for row in facts], lanes)


def _write_group(db: Database, rows: _Rows, group: slice) -> None:
    facts = rows.facts[group]
    with db.atomic():
        db.conn.executemany("INSERT INTO facts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", facts)
        db.conn.executemany("INSERT INTO outbox VALUES (?, ?, ?, ?, ?, ?, ?)", rows.outbox[group])
        db.conn.executemany("INSERT OR REPLACE INTO slots VALUES (?, ?, ?)", rows.slots[group])
        db.conn.executemany("INSERT OR REPLACE INTO lanes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows.lanes)
        db.conn.execute("INSERT OR REPLACE INTO counters VALUES ('next_fact_id', ?)", (facts[-1][0] + 1,))
