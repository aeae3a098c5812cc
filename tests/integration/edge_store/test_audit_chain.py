"""The store chains every decision in the transaction that stores it, seals the rows, and continues after a restart."""

import json
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.audit import AUDITED_KINDS, AuditNote
from edge.audit_check import Anchors, check
from edge.egress import EgressGate
from edge.facts import FACT_TYPES, AuditCheckpointFact
from edge.node_key import NodeKey, is_signed
from edge.store.book import Book
from edge.store.config import StoreSettings
from edge.store.numbers import noted_audit_tip
from edge.store.reading import reading_beside
from edge.store.store import Store

KEY = NodeKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audited" / "backroom.db"


@pytest.fixture
def opened(path: Path, gate: EgressGate, clock: Any) -> Callable[[], Store]:
    return lambda: Store(StoreSettings(path=path, ballast_bytes=0), gate=gate, clock=clock, seal=KEY)


def findings(path: Path) -> list[str]:
    with reading_beside(path) as reading:
        anchors = Anchors(own=reading.audit_seals(), tip=noted_audit_tip(path), key=KEY.public)
        return [finding.what for finding in check(reading.audit_rows(), anchors, is_signed)]


def rows(path: Path) -> list[tuple[str, str]]:
    with reading_beside(path) as reading:
        return [(row.kind, row.actor) for row in reading.audit_rows()]


def test_every_audited_kind_is_a_fact_that_exists() -> None:
    assert {kind.kind for kind in FACT_TYPES} >= AUDITED_KINDS


def test_decisions_are_chained_and_what_is_none_is_not(path: Path, opened: Callable[[], Store], make: Any) -> None:
    with opened() as store:
        store.append_wait([make.count(), make.handoff("t-7"), make.leak()])
        assert store.audit([AuditNote("vault.opened", "anna", '{"why":"x"}')]) == [4]
        assert next(store.audited("kiosk.handoff"), None).actor == "kiosk-1"  # type: ignore[union-attr]
    assert rows(path) == [
        ("store.epoch", "store"),
        ("kiosk.handoff", "kiosk-1"),
        ("egress.denied", "egress"),
        ("vault.opened", "anna"),
    ]
    assert findings(path) == []


def test_refusals_that_are_added_up_in_one_record_are_rows_of_their_own(
    path: Path, opened: Callable[[], Store], make: Any
) -> None:
    with opened() as store:
        for _ in range(3):
            store.append_wait([make.leak()])
        assert len(store.facts(kind="egress.denied")) == 1
    assert [kind for kind, _ in rows(path)].count("egress.denied") == 3


def test_rows_are_sealed_at_the_start_each_hour_and_each_thousand(
    path: Path, opened: Callable[[], Store], make: Any, clock: Any
) -> None:
    with opened() as store:
        store.append_wait([make.handoff()])
        clock.passed_s += 3599
        store.housekeep()
        clock.passed_s += 1
        store.housekeep()
        store.append_wait([make.handoff(f"t-{number}") for number in range(1003)])
        told = [fact.body for fact in store.facts(kind="audit.checkpoint")]
    assert [(seal["first"], seal["last"]) for seal in told] == [(1, 1), (2, 2), (3, 1005)]
    with opened() as store:
        store.append_wait([make.handoff()])
    with opened() as store:
        assert store.facts(kind="audit.checkpoint")[-1].body["last"] == 1006
    with reading_beside(path) as reading:
        assert [seal.signature for seal in reading.audit_seals()][:3] == [seal["signature"] for seal in told]
    assert findings(path) == []


def test_a_seal_leaves_the_shop_whole(opened: Callable[[], Store], gate: EgressGate) -> None:
    with opened() as store:
        (stored,) = store.facts(kind="audit.checkpoint")
    assert stored.record_id is not None
    record = gate.judge(AuditCheckpointFact(**stored.body)).record
    assert record is not None
    assert set(record.data) >= {"first", "last", "root", "head", "key", "signature"}


def test_a_store_without_a_key_chains_and_seals_nothing(path: Path, gate: EgressGate, clock: Any, make: Any) -> None:
    with Store(StoreSettings(path=path, ballast_bytes=0), gate=gate, clock=clock) as store:
        store.append_wait([make.handoff(f"t-{number}") for number in range(1200)])
        assert store.facts(kind="audit.checkpoint") == []
    assert len(rows(path)) == 1201
    assert findings(path) == []


def test_a_transaction_that_fails_leaves_no_row_and_no_hole(
    path: Path, opened: Callable[[], Store], make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened() as store:
        store.append_wait([make.handoff("t-1")])
        whole = Book._flush

        def broken(book: Book) -> None:
            monkeypatch.setattr(Book, "_flush", whole)
            book.audit.flush()
            raise sqlite3.OperationalError("the disk hiccups")

        monkeypatch.setattr(Book, "_flush", broken)
        store.append_wait([make.handoff("t-2")])
    assert [kind for kind, _ in rows(path)] == ["store.epoch", "kiosk.handoff", "kiosk.handoff"]
    assert findings(path) == []


def test_what_a_salvage_lost_is_named_and_the_chain_goes_on(path: Path, opened: Callable[[], Store], make: Any) -> None:
    with opened() as store:
        store.append_wait([make.handoff(f"t-{number}") for number in range(400)])
    octets = bytearray(path.read_bytes())
    chained = re.search(rb'"ticket":"t-200"[^}]*}[0-9a-f]{128}', octets)
    assert chained is not None
    page = chained.start() // 4096 * 4096
    octets[page : page + 4096] = bytes(4096)
    path.write_bytes(octets)
    with opened() as store:
        assert next(store.audited("store.epoch"), None).seq == 402  # type: ignore[union-attr]
        assert json.loads(next(store.audited("store.epoch"), None).body)["reason"] == "salvaged"  # type: ignore[union-attr]
    found = findings(path)
    assert found
    assert all("missing" in what or "does not follow" in what for what in found)
