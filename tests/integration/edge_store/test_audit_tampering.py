"""Whoever changes the audit in the file is found: edits, deletions, cut tails and older copies, at random."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.audit import START, AuditNote, Checkpoint, next_row, row_hash, sealed
from edge.audit_check import Anchors, check
from edge.egress import EgressGate
from edge.node_key import NodeKey, is_signed
from edge.store.audit_log import SEAL_COLUMNS
from edge.store.config import StoreSettings
from edge.store.numbers import noted_audit_tip
from edge.store.reading import reading_beside
from edge.store.store import Store

KEY = NodeKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
TRIALS = 60
ROWS = 90
SEALS = (20, 45, 70)
"""Rows at which an hour had passed; head office has these seals."""


class Box:
    """A store as somebody with rights on the box finds it: closed, with its audit in three seals and a tail."""

    def __init__(self, folder: Path, gate: EgressGate, clock: Any) -> None:
        self.path = folder / "backroom.db"
        self.older = folder.with_name(f"{folder.name}-older")
        settings = StoreSettings(path=self.path, ballast_bytes=0)
        with Store(settings, gate=gate, clock=clock, seal=KEY) as store:
            for number in range(2, ROWS + 1):
                store.audit([AuditNote("test.decided", "anna", f'{{"number":{number}}}')])
                if number in SEALS:
                    clock.passed_s += 3600
                    store.housekeep()
                if number == SEALS[1] + 5:
                    shutil.copytree(folder, self.older)
        with reading_beside(self.path) as reading:
            self.received = tuple(reading.audit_seals())

    def findings(self, received: tuple[Checkpoint, ...] = ()) -> list[str]:
        with reading_beside(self.path) as reading:
            anchors = Anchors(
                own=reading.audit_seals(), received=received, tip=noted_audit_tip(self.path), key=KEY.public
            )
            return [finding.what for finding in check(reading.audit_rows(), anchors, is_signed)]

    def change(self, sql: str, *values: Any) -> None:
        with closing(sqlite3.connect(self.path)) as connection, connection:
            connection.execute(sql, values)

    def chain_anew(self, *, key: NodeKey | None = None) -> None:
        """What one does who knows how rows are chained; with a key the seals are made anew too."""
        with closing(sqlite3.connect(self.path)) as connection, connection:
            rows = connection.execute("SELECT at_us, kind, actor, body FROM audit ORDER BY seq").fetchall()
            seals = connection.execute("SELECT first, last, at_us FROM audit_seals ORDER BY last").fetchall()
            connection.execute("DELETE FROM audit")
            before, hashes = START, []
            for seq, (at_us, kind, actor, body) in enumerate(rows, 1):
                row = next_row(seq, before, AuditNote(kind, actor, body), at_us)
                before = row.hash
                hashes.append(before)
                connection.execute(
                    "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (seq, at_us, kind, actor, body, row.before, row.hash),
                )
            if key is not None:
                connection.execute("DELETE FROM audit_seals")
                for first, last, at_us in (seal for seal in seals if seal[0] <= len(hashes)):
                    s = sealed(key, first, hashes[first - 1 : last], at_us)
                    connection.execute(
                        f"INSERT INTO audit_seals ({SEAL_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
                        (s.first, s.last, s.root, s.head, s.at_us, s.key, s.signature),
                    )


@pytest.fixture
def box(tmp_path: Path, gate: EgressGate, clock: Any) -> Box:
    return Box(tmp_path / "store", gate, clock)


def edited(box: Box, random: Random) -> None:
    column, value = random.choice(
        [("actor", "nobody"), ("kind", "test.other"), ("body", '{"number":0}'), ("at_us", 1), ("hash", "f" * 64)]
    )
    box.change(f"UPDATE audit SET {column} = ? WHERE seq = ?", value, random.randint(1, ROWS))  # noqa: S608


def edited_with_its_hash(box: Box, random: Random) -> None:
    seq = random.randint(1, ROWS)
    with closing(sqlite3.connect(box.path)) as connection:
        at_us, kind, body, before = connection.execute(
            "SELECT at_us, kind, body, before FROM audit WHERE seq = ?", (seq,)
        ).fetchone()
    anew = row_hash(seq, before, at_us=at_us, kind=kind, actor="nobody", body=body)
    box.change("UPDATE audit SET actor = 'nobody', hash = ? WHERE seq = ?", anew, seq)


def edited_and_chained_anew(box: Box, random: Random) -> None:
    box.change("UPDATE audit SET actor = 'nobody' WHERE seq = ?", random.randint(1, ROWS))
    box.chain_anew()


def edited_and_sealed_by_another_key(box: Box, random: Random) -> None:
    box.change("UPDATE audit SET actor = 'nobody' WHERE seq = ?", random.randint(1, ROWS))
    box.chain_anew(key=NodeKey(Ed25519PrivateKey.from_private_bytes(random.randbytes(32))))


def deleted(box: Box, random: Random) -> None:
    first = random.randint(1, ROWS - 1)
    box.change("DELETE FROM audit WHERE seq BETWEEN ? AND ?", first, random.randint(first, ROWS - 1))


def deleted_and_chained_anew(box: Box, random: Random) -> None:
    deleted(box, random)
    box.chain_anew()


def exchanged(box: Box, random: Random) -> None:
    one, other = random.sample(range(1, ROWS + 1), 2)
    for before, after in ((one, -1), (other, one), (-1, other)):
        box.change("UPDATE audit SET seq = ? WHERE seq = ?", after, before)


def cut(box: Box, random: Random) -> None:
    last = random.randint(0, ROWS - 1)
    box.change("DELETE FROM audit WHERE seq > ?", last)
    if random.random() < 0.5:
        box.change("DELETE FROM audit_seals WHERE last > ?", last)


def put_back(box: Box, random: Random) -> None:
    """An older copy of the database alone; what the node noted beside it stays."""
    shutil.copyfile(box.older / box.path.name, box.path)


@pytest.mark.parametrize(
    "attack",
    [
        edited,
        edited_with_its_hash,
        edited_and_chained_anew,
        edited_and_sealed_by_another_key,
        deleted,
        deleted_and_chained_anew,
        exchanged,
        cut,
        put_back,
    ],
)
def test_whatever_is_done_to_the_database_is_found_by_the_box_alone(
    box: Box, attack: Callable[[Box, Random], None]
) -> None:
    assert box.findings() == []
    pristine = box.path.read_bytes()
    unseen = []
    for trial in range(TRIALS):
        box.path.write_bytes(pristine)
        attack(box, Random(trial))
        if not box.findings():
            unseen.append(trial)
    assert unseen == []


@pytest.mark.parametrize("attack", [edited_and_chained_anew, deleted_and_chained_anew, cut, put_back])
def test_whoever_has_the_whole_box_and_its_key_is_found_by_the_seals_that_head_office_has(
    box: Box, attack: Callable[[Box, Random], None]
) -> None:
    """The rows that head office knows of are changed, everything is sealed anew, and the node's note goes."""
    assert box.findings(box.received) == []
    pristine = box.path.read_bytes()
    note = box.path.with_name(f"{box.path.name}.numbers")
    note.unlink()
    unseen, hidden = [], 0
    for trial in range(TRIALS):
        box.path.write_bytes(pristine)
        attack(box, Random(trial))
        box.chain_anew(key=KEY)
        if not box.findings(box.received) and _touched_sealed_rows(box, pristine):
            unseen.append(trial)
        hidden += not box.findings()
    assert unseen == []
    assert hidden > 0, "head office's seals were not needed: the test shows nothing"


def _touched_sealed_rows(box: Box, pristine: bytes) -> bool:
    sql = "SELECT seq, at_us, kind, actor, body FROM audit WHERE seq <= ? ORDER BY seq"
    with closing(sqlite3.connect(box.path)) as connection:
        now = connection.execute(sql, (SEALS[-1],)).fetchall()
    aside = box.path.with_name("pristine.db")
    aside.write_bytes(pristine)
    with closing(sqlite3.connect(aside)) as connection:
        return bool(now != connection.execute(sql, (SEALS[-1],)).fetchall())
