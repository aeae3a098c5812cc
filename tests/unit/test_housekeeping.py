"""The node's chores by the clock, with time owned by the test."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge.facts import Fact, GapFact
from edge.housekeeping import HEALTH_EVERY_S, Chores, ClockWatch, Housekeeper
from edge.status import STALE_AFTER_S, read_status, write_status

START = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)


@dataclass
class HandClock:
    wall: datetime = START
    mono: float = 50.0
    boot_id: str = "boot"

    def now(self) -> datetime:
        return self.wall

    def mono_s(self) -> float:
        return self.mono

    def time_quality(self) -> str:
        return "synced"

    def run(self, seconds: float, *, wall_seconds: float | None = None) -> None:
        self.mono += seconds
        self.wall += timedelta(seconds=seconds if wall_seconds is None else wall_seconds)


@dataclass
class Shop:
    clock: HandClock = field(default_factory=HandClock)
    recorded: list[str] = field(default_factory=list)
    statuses: list[dict[str, object]] = field(default_factory=list)
    alive: int = 0

    def keeper(self) -> Housekeeper:
        return Housekeeper(
            Chores(
                health=lambda: GapFact(
                    at=self.clock.wall,
                    mono_s=0,
                    source="n",
                    epoch="e",
                    gap_lane="p3",
                    first=1,
                    last=1,
                    reason="evicted",
                ),
                footfall=lambda _now: [],
                record=self._record,
                status=lambda: {"ok": True},
                publish_status=lambda body: self.statuses.append(dict(body)),
                alive=self._beat,
                collect_heat=lambda _now: None,
            ),
            self.clock,
            "box-1",
        )

    def _record(self, facts: Sequence[Fact]) -> None:
        self.recorded.extend(f.kind for f in facts)

    def _beat(self) -> None:
        self.alive += 1


@pytest.mark.parametrize(
    ("wall_seconds", "step"),
    [(5.0, None), (5.5, None), (3605.0, 3600.0), (-3595.0, -3600.0)],
    ids=["steady", "slewed", "an hour forward", "an hour back"],
)
def test_a_jump_of_the_wall_clock_is_found(wall_seconds: float, step: float | None) -> None:
    watch = ClockWatch()
    assert watch.step_s(START, 50.0) is None
    assert watch.step_s(START + timedelta(seconds=wall_seconds), 55.0) == pytest.approx(step)


def test_health_is_told_once_a_minute_and_status_at_every_tick() -> None:
    shop = Shop()
    keeper = shop.keeper()
    for _ in range(3):
        keeper.tick()
        shop.clock.run(HEALTH_EVERY_S / 2)
    assert shop.recorded == ["gap", "gap"]
    assert (len(shop.statuses), shop.alive) == (3, 3)


def test_a_clock_step_becomes_a_fact() -> None:
    shop = Shop()
    keeper = shop.keeper()
    keeper.tick()
    shop.clock.run(5, wall_seconds=7200)
    keeper.tick()
    assert shop.recorded == ["gap", "clock.step"]


@pytest.mark.parametrize(
    ("age_s", "pid", "running"),
    [(1.0, "own", True), (STALE_AFTER_S + 1, "own", False), (1.0, "dead", False)],
    ids=["fresh", "stale", "its process is gone"],
)
def test_status_is_believed_only_while_it_can_be_true(tmp_path: Path, age_s: float, pid: str, running: bool) -> None:
    import os

    path = tmp_path / "status.json"
    write_status(path, {"written_at": START.isoformat(), "pid": os.getpid() if pid == "own" else 2**22 + 1})
    assert read_status(path, START + timedelta(seconds=age_s)).running is running


def test_a_broken_status_file_reads_as_not_running(tmp_path: Path) -> None:
    path = tmp_path / "status.json"
    path.write_text("{half")
    assert read_status(path, START).running is False
    assert read_status(tmp_path / "none.json", START).running is False
