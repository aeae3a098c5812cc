import asyncio
import threading
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from edge.console.errors import SourceUnavailableError
from edge.console.snapshots import Snapshots
from edge.console.source import CameraPanel, FactPage, FactRow, HealthPanel, LinkPanel, Picture, PrivacyPanel, Ticket
from sync.records import Lane
from tests.unit.edge_console.console_clock import HandClock


class CountingSource:
    """Counts its questions; ``gate`` holds every answer back while it is not set."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.gate = threading.Event()
        self.gate.set()
        self.is_away = False
        self.rows: list[FactRow] = []

    def _answer(self, what: str) -> None:
        self.asked.append(what)
        assert self.gate.wait(5.0)
        if self.is_away:
            raise SourceUnavailableError("away")

    def cameras(self) -> list[CameraPanel]:
        self._answer("cameras")
        return []

    def picture(self, camera_id: str) -> Picture | None:
        self._answer("picture")
        return None

    def facts(self, *, after_id: int, limit: int, kinds: tuple[str, ...] = (), source: str = "") -> FactPage:
        self._answer(f"facts after {after_id}")
        rows = [row for row in reversed(self.rows) if row.fact_id > after_id]
        return FactPage(rows=tuple(rows[:limit]), upto_id=self.rows[-1].fact_id if self.rows else 0)

    def link(self) -> LinkPanel:
        self._answer("link")
        raise SourceUnavailableError("no link here")

    def privacy(self, *, limit: int) -> PrivacyPanel:
        raise SourceUnavailableError("none here")

    def health(self) -> HealthPanel:
        raise SourceUnavailableError("none here")

    def tickets(self) -> list[Ticket]:
        self._answer("tickets")
        return []

    def take_ticket(self, ticket_id: str) -> bool:
        return True

    def close_ticket(self, ticket_id: str) -> bool:
        return True


def _fact(fact_id: int) -> FactRow:
    at = datetime(2026, 11, 22, tzinfo=UTC)
    return FactRow(fact_id=fact_id, at=at, kind="shelf.count", source="cam-1", lane=Lane.P1)


def _run(act: Callable[[Snapshots, CountingSource, HandClock], Awaitable[None]], *, deadline_s: float = 3.0) -> None:
    async def inside() -> None:
        source, clock = CountingSource(), HandClock()
        with Snapshots(source, clock=clock, deadline_s=deadline_s) as snapshots:
            await act(snapshots, source, clock)

    asyncio.run(inside())


def test_many_pages_at_once_ask_the_source_once_a_second() -> None:
    async def act(snapshots: Snapshots, source: CountingSource, clock: HandClock) -> None:
        await asyncio.gather(*(snapshots.cameras() for _ in range(20)))
        assert source.asked == ["cameras"]
        clock.forward(1.0)
        await snapshots.cameras()
        assert source.asked == ["cameras", "cameras"]

    _run(act)


def test_an_answer_is_not_kept_when_the_source_goes_away() -> None:
    async def act(snapshots: Snapshots, source: CountingSource, clock: HandClock) -> None:
        await snapshots.cameras()
        source.is_away = True
        clock.forward(1.0)
        with pytest.raises(SourceUnavailableError):
            await snapshots.cameras()
        source.is_away = False
        clock.forward(1.0)
        assert await snapshots.cameras() == []

    _run(act)


def test_a_source_that_hangs_is_unavailable_and_gets_no_endless_queue() -> None:
    async def act(snapshots: Snapshots, source: CountingSource, clock: HandClock) -> None:
        source.gate.clear()
        for _ in range(12):
            with pytest.raises(SourceUnavailableError):
                await snapshots.picture("cam-1")
        assert len(source.asked) == 2
        source.gate.set()

    _run(act, deadline_s=0.02)


def test_after_the_first_time_only_new_facts_are_asked_for() -> None:
    async def act(snapshots: Snapshots, source: CountingSource, clock: HandClock) -> None:
        source.rows = [_fact(1), _fact(2)]
        assert [row.fact_id for row in await snapshots.facts()] == [2, 1]
        source.rows.append(_fact(3))
        clock.forward(1.0)
        assert [row.fact_id for row in await snapshots.facts()] == [3, 2, 1]
        assert source.asked == ["facts after 0", "facts after 2"]

    _run(act)


def test_a_store_that_numbers_anew_is_read_from_its_start() -> None:
    async def act(snapshots: Snapshots, source: CountingSource, clock: HandClock) -> None:
        source.rows = [_fact(700)]
        await snapshots.facts()
        source.rows = [_fact(1)]
        clock.forward(1.0)
        assert await snapshots.facts() == ()
        clock.forward(1.0)
        assert [row.fact_id for row in await snapshots.facts()] == [1]

    _run(act)


def test_the_window_of_facts_is_bounded() -> None:
    async def act(snapshots: Snapshots, source: CountingSource, clock: HandClock) -> None:
        source.rows = [_fact(number) for number in range(1, 1001)]
        await snapshots.facts()
        source.rows += [_fact(number) for number in range(1001, 1101)]
        clock.forward(1.0)
        rows = await snapshots.facts()
        assert (len(rows), rows[0].fact_id) == (120, 1100)

    _run(act)


def test_a_closed_ticket_is_gone_from_the_next_list() -> None:
    async def act(snapshots: Snapshots, source: CountingSource, clock: HandClock) -> None:
        await snapshots.tickets()
        assert await snapshots.close_ticket("t-1")
        await snapshots.tickets()
        assert source.asked == ["tickets", "tickets"]

    _run(act)
