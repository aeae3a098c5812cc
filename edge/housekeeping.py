"""What a node does by the clock: health fact, footfall by the quarter, clock steps, status file, watchdog.

One thread, one tick every few seconds. Decides nothing about the shop; it only asks its ports and passes on.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import structlog

from edge.clock import Clock
from edge.errors import StoreError
from edge.facts import ClockStepFact, Fact

TICK_S = 5.0
HEALTH_EVERY_S = 60.0
CLOCK_STEP_S = 2.0


@dataclass(slots=True)
class ClockWatch:
    """Finds jumps of the wall clock against the monotonic one; slow slewing stays under the bar."""

    _offset_s: float | None = None

    def step_s(self, now: datetime, mono_s: float) -> float | None:
        """Size of a jump since the last look (positive: forward), or None."""
        offset_s = now.timestamp() - mono_s
        before, self._offset_s = self._offset_s, offset_s
        if before is None or abs(offset_s - before) < CLOCK_STEP_S:
            return None
        return offset_s - before


@dataclass(slots=True, kw_only=True)
class Chores:
    """What the tick calls. Each may be called from the house-keeping thread and returns quickly."""

    health: Callable[[], Fact]
    footfall: Callable[[datetime], Sequence[Fact]]
    record: Callable[[Sequence[Fact]], None]
    status: Callable[[], Mapping[str, Any]]
    publish_status: Callable[[Mapping[str, Any]], None]
    alive: Callable[[], object]
    collect_heat: Callable[[datetime], None]
    """Once a minute."""


@dataclass(slots=True)
class Housekeeper:
    """The thread and its rhythm. ``tick`` is public so that tests own time."""

    chores: Chores
    clock: Clock
    node: str
    _watch: ClockWatch = field(default_factory=ClockWatch)
    _health_at_s: float | None = None
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._loop, name="housekeeping", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=TICK_S)

    def tick(self) -> None:
        """One round of chores."""
        now, mono_s = self.clock.now(), self.clock.mono_s()
        facts: list[Fact] = list(self.chores.footfall(now))
        step_s = self._watch.step_s(now, mono_s)
        if step_s is not None:
            facts.append(ClockStepFact(at=now, mono_s=mono_s, source=self.node, step_s=round(step_s, 3)))
        if self._health_at_s is None or mono_s - self._health_at_s >= HEALTH_EVERY_S:
            self._health_at_s = mono_s
            facts.append(self.chores.health())
            self.chores.collect_heat(now)
        if facts:
            self.chores.record(facts)
        self.chores.publish_status(self.chores.status())
        self.chores.alive()

    def _loop(self) -> None:
        log = structlog.get_logger("housekeeping")
        troubled = False
        while not self._stop.is_set():
            try:
                self.tick()
                troubled = False
            except (StoreError, OSError) as error:
                if not troubled:
                    log.warning("housekeeping.trouble", error=str(error))
                troubled = True
            self._stop.wait(TICK_S)
