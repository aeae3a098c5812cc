"""`backroom audit`: what a person is shown of the chain, and exit codes that a program can trust."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge.audit import AuditNote, Checkpoint
from edge.cli import audit_command
from edge.clock import SystemClock
from edge.egress import EgressGate
from edge.egress_policy import load_policy
from edge.node_key import NodeKey
from edge.places import DEFAULT_POLICY, Places
from edge.store.config import StoreSettings
from edge.store.reading import reading_beside
from edge.store.rows import from_us
from edge.store.store import Store
from sync.cloud.sink_reader_store import StoredEvent

RUNNER = CliRunner()


@pytest.fixture
def places(tmp_path: Path) -> Iterator[Places]:
    places = Places(tmp_path)
    places.make()
    for opened in range(2):
        gate = EgressGate(load_policy(DEFAULT_POLICY), b"k" * 32)
        settings = StoreSettings(path=places.store, ballast_bytes=0)
        with Store(settings, gate=gate, clock=SystemClock(), seal=NodeKey.load(places.node_key)) as store:
            store.audit([AuditNote("vault.opened", "anna", json.dumps({"why": f"case {opened}"}))])
    return places


def told(places: Places, *words: str) -> tuple[int, str]:
    done = RUNNER.invoke(audit_command.app, [*words, "--data", str(places.data)])
    return done.exit_code, done.output


def test_the_newest_rows_are_shown_first(places: Places) -> None:
    code, text = told(places, "show", "--kind", "vault.opened", "--json")
    rows = [json.loads(line) for line in text.splitlines()]
    assert code == 0
    assert [row["what"]["why"] for row in rows] == ["case 1", "case 0"]
    assert {row["actor"] for row in rows} == {"anna"}


def test_a_sound_chain_ends_in_success_and_says_what_it_was_compared_with(places: Places) -> None:
    code, text = told(places, "verify")
    assert code == 0
    assert text.startswith("Sound: 3 rows, sealed up to row 2")
    assert "--against" in text


def test_a_changed_row_ends_in_failure_and_is_named(places: Places) -> None:
    with closing(sqlite3.connect(places.store)) as connection, connection:
        connection.execute("UPDATE audit SET actor = 'nobody' WHERE seq = 2")
    code, text = told(places, "verify", "--json")
    found = json.loads(text)
    assert code == 1
    assert (found["sound"], found["rows"]) == (False, 3)
    assert found["findings"] == [{"seq": 2, "what": "row 2 was changed"}]


def test_seals_at_head_office_are_compared(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    with reading_beside(places.store) as reading:
        seals = reading.audit_seals()

    class Office:
        def __init__(self, path: Path) -> None:
            assert path == Path("office.db")

        def facts(self, *, kind: str, limit: int) -> tuple[StoredEvent, ...]:
            assert kind == "audit.checkpoint"
            return tuple(event(seal, number) for number, seal in enumerate(reversed(seals)))

    monkeypatch.setattr(audit_command, "SinkReader", Office)
    code, text = told(places, "verify", "--against", "office.db", "--json")
    assert (code, json.loads(text)["received_upto"]) == (0, 2)
    with closing(sqlite3.connect(places.store)) as connection, connection:
        connection.execute("DELETE FROM audit")
        connection.execute("DELETE FROM audit_seals")
    places.store.with_name("backroom.db.numbers").unlink()
    assert told(places, "verify")[0] == 0
    code, text = told(places, "verify", "--against", "office.db")
    assert code == 1
    assert "were sealed (head office has) and are not all there" in text


def event(seal: Checkpoint, number: int) -> StoredEvent:
    parts = {"first": seal.first, "last": seal.last, "root": seal.root, "head": seal.head}
    data = {**parts, "key": seal.key, "signature": seal.signature}
    at = datetime.fromisoformat(from_us(seal.at_us).isoformat(timespec="milliseconds"))
    return StoredEvent("t", "s", "n", f"e:p0:{number}", "audit.checkpoint", "store", at.astimezone(UTC), data)


def test_a_folder_without_a_shop_is_told_as_that_and_a_missing_key_as_a_missing_key(
    tmp_path: Path, places: Places
) -> None:
    for command in ("verify", "show"):
        code, text = told(Places(tmp_path / "nowhere"), command)
        assert (code, "no store; start a node first, or give its folder with --data" in text) == (1, True), text
    places.node_key.unlink()
    code, text = told(places, "verify")
    assert (code, "node key" in text) == (1, True)
    assert not places.node_key.exists()
