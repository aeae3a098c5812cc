"""What staff do about a shopper's call is a row of the audit before it is done."""

import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from edge.console.errors import SourceUnavailableError
from edge.console_source import ShopSource, Tickets
from edge.errors import StoreUnavailableError
from edge.facts import KioskHandoffFact
from tests.faults.workload import open_store


def _source(store: Any, moved: list[tuple[str, ...]]) -> ShopSource:
    tickets = Tickets()
    tickets.note(KioskHandoffFact(at=datetime.now(UTC), mono_s=1.0, source="kiosk-1", ticket="A7", state="opened"))
    shop = SimpleNamespace(store=store, tickets=tickets, move_ticket=lambda *what: moved.append(what))
    return ShopSource(shop)  # type: ignore[arg-type]


def test_a_call_taken_and_closed_is_noted_with_who_as_far_as_known(tmp_path: Path) -> None:
    moved: list[tuple[str, ...]] = []
    with open_store(tmp_path) as store:
        source = _source(store, moved)
        assert source.take_ticket("A7")
        assert source.close_ticket("A7")
        assert not source.close_ticket("B1")
        rows = [(row.actor, json.loads(row.body)) for row in store.audited("console.ticket")]
    assert moved == [("A7", "kiosk-1", "coming"), ("A7", "kiosk-1", "closed")]
    assert rows == [("staff at the console", {"ticket": "A7", "state": state}) for state in ("closed", "coming")]


def test_a_call_that_cannot_be_noted_stays_open() -> None:
    moved: list[tuple[str, ...]] = []

    def away(_: object) -> None:
        raise StoreUnavailableError("gone")

    source = _source(SimpleNamespace(audit=away), moved)
    with pytest.raises(SourceUnavailableError, match="gone"):
        source.close_ticket("A7")
    assert moved == []
