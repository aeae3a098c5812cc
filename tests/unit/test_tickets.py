"""Calls for a colleague as staff see them, from the facts that the store keeps."""

from datetime import UTC, datetime, timedelta
from typing import Literal

from edge.console_source import Tickets
from edge.facts import KioskHandoffFact

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def handoff(
    ticket: str, state: Literal["opened", "coming", "closed"], *, minute: int = 0, kiosk: str = "kiosk-1"
) -> KioskHandoffFact:
    return KioskHandoffFact(
        at=NOON + timedelta(minutes=minute), mono_s=60.0 * minute, source=kiosk, ticket=ticket, state=state
    )


def test_a_ticket_is_opened_taken_and_closed() -> None:
    tickets = Tickets()
    tickets.note(handoff("C-001", "opened"))
    assert [(t.ticket_id, t.is_taken) for t in tickets.waiting()] == [("C-001", False)]
    tickets.note(handoff("C-001", "coming", minute=1))
    assert [(t.ticket_id, t.is_taken, t.opened_at) for t in tickets.waiting()] == [("C-001", True, NOON)]
    tickets.note(handoff("C-001", "closed", minute=2))
    assert tickets.waiting() == []


def test_nobody_is_on_the_way_to_a_ticket_that_is_closed() -> None:
    tickets = Tickets()
    tickets.note(handoff("C-001", "closed"))
    tickets.note(handoff("C-001", "coming"))
    assert tickets.waiting() == []
    assert tickets.kiosk_of("C-001") is None
