"""The tables of head office's database, how an older file becomes one of today, and what its writer and readers share.

Owns the schema and the spelling of its keys. The schema has a version; a file of a later one is refused.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database

from sync.cloud.coverage import Coverage, LaneKey
from sync.cloud.intervals import IntervalSet
from sync.errors import SinkStoreError
from sync.records import Lane
from sync.topics import NodeName

_VERSION = 2
_TABLES = """
CREATE TABLE events (
    id INTEGER PRIMARY KEY, tenant TEXT NOT NULL, store TEXT NOT NULL, node TEXT NOT NULL, epoch TEXT NOT NULL,
    lane TEXT NOT NULL, seq INTEGER NOT NULL, kind TEXT NOT NULL, source TEXT NOT NULL, occurred_at TEXT NOT NULL,
    received_at TEXT NOT NULL, mono_s REAL NOT NULL, boot_id TEXT NOT NULL, time_quality TEXT NOT NULL,
    data_class TEXT NOT NULL, policy_version TEXT NOT NULL, traceparent TEXT, data TEXT NOT NULL,
    UNIQUE (tenant, store, node, epoch, lane, seq)
) STRICT;
CREATE INDEX events_by_kind ON events (kind, id);
CREATE TABLE tallies (
    tenant TEXT NOT NULL, store TEXT NOT NULL, node TEXT NOT NULL, kind TEXT NOT NULL, events INTEGER NOT NULL,
    PRIMARY KEY (tenant, store, node, kind)
) STRICT;
CREATE TABLE coverage (
    tenant TEXT NOT NULL, store TEXT NOT NULL, node TEXT NOT NULL, epoch TEXT NOT NULL, lane TEXT NOT NULL,
    received TEXT NOT NULL, gaps TEXT NOT NULL, claimed_upto INTEGER NOT NULL, duplicates INTEGER NOT NULL,
    mismatches INTEGER NOT NULL, PRIMARY KEY (tenant, store, node, epoch, lane)
) STRICT;
CREATE TABLE nodes (
    tenant TEXT NOT NULL, store TEXT NOT NULL, node TEXT NOT NULL, is_online INTEGER NOT NULL, since TEXT NOT NULL,
    PRIMARY KEY (tenant, store, node)
) STRICT;
CREATE TABLE rejected (
    id INTEGER PRIMARY KEY, received_at TEXT NOT NULL, topic TEXT NOT NULL, reason TEXT NOT NULL, payload BLOB NOT NULL
) STRICT;
CREATE TABLE mismatches (
    id INTEGER PRIMARY KEY, received_at TEXT NOT NULL, event TEXT NOT NULL, kind TEXT NOT NULL, payload BLOB NOT NULL
) STRICT;
"""
_STEPS = {0: _TABLES, 1: "ALTER TABLE events DROP COLUMN digest;"}
"""What makes a file of a version one of today."""


def open_for_writing(path: Path) -> Database:
    """Open the file, made or brought up to date where needed; what was committed survives a power cut.

    Raises:
        SinkStoreError: the file cannot be used, or is of a later version.
    """
    with usable(path):
        database = Database(path, execute_plugins=False)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        version = int(database.execute("PRAGMA user_version").fetchone()[0])
        if version != _VERSION and version not in _STEPS:
            raise SinkStoreError(f"{path} has version {version}; this program knows {_VERSION}")
        if version in _STEPS:
            database.executescript(f"BEGIN; {_STEPS[version]} PRAGMA user_version = {_VERSION}; COMMIT;")
        return database


@contextmanager
def usable(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours.

    Raises:
        SinkStoreError: what SQLite said, with the file's name.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise SinkStoreError(f"{path} cannot be used: {error}") from error


def key_columns(key: LaneKey) -> tuple[str, str, str, str, str]:
    """Values of the columns tenant, store, node, epoch and lane."""
    return key.node.tenant, key.node.store, key.node.node, key.epoch, str(key.lane)


def read_coverage(
    database: Database, where: str = "", values: Sequence[str] = ()
) -> Iterator[tuple[LaneKey, Coverage]]:
    """Stored numbers of all lanes, or of those that ``where`` names, in order."""
    rows = database.execute(f"SELECT * FROM coverage {where} ORDER BY 1, 2, 3, 4, 5", values)  # noqa: S608 - own text
    for tenant, store, node, epoch, lane, received, gaps, claimed_upto, duplicates, mismatches in rows.fetchall():
        yield (
            LaneKey(NodeName(tenant, store, node), epoch, Lane(lane)),
            Coverage(
                IntervalSet(json.loads(received)), IntervalSet(json.loads(gaps)), claimed_upto, duplicates, mismatches
            ),
        )
