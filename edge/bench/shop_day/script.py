"""The script of the rendered day: who does what before the shelf and what befalls the camera, drawn from one seed.

Owns the order of things and the truth that follows from it. Pure: no picture, no clock. Motion runs at the pace of
life, twelve hours of light and trade pass between its first second and its last.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

State = dict[str, tuple[int, ...]]

OPEN_H, CLOSE_H = 8.0, 20.0
REACH_S = 0.8
WALK_S = 2.4
_REST_S = 0.4
_CALM_S = 40.0  # before the first fault: a view has to be known before it can be missed
_AFTER_FAULT_S = 4.5


class Trouble(StrEnum):
    """What befalls the camera."""

    COVERED = "covered"
    DARK = "dark"
    FROZEN = "frozen"
    LOST = "lost"
    DEFOCUSED = "defocused"
    NUDGED_1 = "nudged by 1 %"
    NUDGED_2 = "nudged by 2 %"
    NUDGED_3 = "nudged by 3 %"
    NUDGED_5 = "knocked aside by 5 %"
    NUDGED_10 = "knocked aside by 10 %"
    TURNED_HALF = "turned by half a degree"
    TURNED_2 = "turned by 2 degrees"
    TURNED_6 = "turned by 6 degrees"
    ZOOMED = "zoomed by 5 %"
    AWAY = "turned to the wall"


SLIGHT = (Trouble.NUDGED_1, Trouble.NUDGED_2, Trouble.NUDGED_3, Trouble.TURNED_HALF)
"""To be put right, not told."""
_SLIGHT_S, _TOLD_S = 14.0, 7.5


@dataclass(frozen=True, slots=True)
class Span:
    """From ``from_s`` to ``to_s``, seconds of the film."""

    from_s: float
    to_s: float

    def has(self, time_s: float) -> bool:
        """Whether the moment lies in it."""
        return self.from_s <= time_s < self.to_s


@dataclass(frozen=True, slots=True)
class Fault(Span):
    """The camera is not as it was."""

    trouble: Trouble
    sign: int
    """Which way it was knocked: 1 or -1."""


@dataclass(frozen=True, slots=True)
class Reach(Span):
    """A hand takes or puts packs of one slot; they change hands in the middle of it."""

    slot_id: str
    columns: tuple[int, ...]
    is_put: bool
    side: int

    @property
    def touch_s(self) -> float:
        """When the shelf changes."""
        return (self.from_s + self.to_s) / 2


@dataclass(frozen=True, slots=True)
class Stand(Span):
    """A shopper walks in, stands (or walks by, when there is hardly time to stand) and walks on."""

    at: float
    """Where he stands, as a share of the canvas's width."""
    width: float
    """How much of the canvas's width he hides."""
    look: int


@dataclass(slots=True)
class Day:
    """Everything that happens, and what stands on the shelf meanwhile."""

    first: State
    end_s: float = 0.0
    faults: list[Fault] = field(default_factory=list)
    reaches: list[Reach] = field(default_factory=list)
    stands: list[Stand] = field(default_factory=list)
    lamps: list[tuple[float, int, float]] = field(default_factory=list)
    """(when, which tube, its light from then on)."""
    states: list[tuple[float, State]] = field(default_factory=list)

    def state_at(self, time_s: float) -> State:
        """What stands on the shelf."""
        at = bisect_right(self.states, time_s, key=lambda entry: entry[0])
        return self.states[at - 1][1] if at else self.first

    def fault_at(self, time_s: float) -> Fault | None:
        """What ails the camera."""
        return next((fault for fault in self.faults if fault.has(time_s)), None)

    def hour(self, time_s: float) -> float:
        """The shop's own time of day."""
        return OPEN_H + (CLOSE_H - OPEN_H) * min(time_s / max(self.end_s, 1e-6), 1.0)


class Playwright:
    """Writes a day scene by scene, so that nothing is taken that is not there."""

    def __init__(self, facings: Mapping[str, int], seed: int) -> None:
        self._rng = np.random.default_rng([seed, 2])
        self._now: State = {slot: (1,) * count for slot, count in facings.items()}
        self._day = Day(dict(self._now))
        self._packs = 1

    def write(self, *, rounds: int, visits: int, troubles: Sequence[Trouble] = tuple(Trouble)) -> Day:
        """A day in which every trouble happens ``rounds`` times and ``visits`` people come in between.

        A visit lasts some ten seconds, a trouble fifteen to 25 with what follows it.
        """
        day, time_s = self._day, 15.0
        ills = [Trouble(t) for _ in range(rounds) for t in self._rng.permutation([*troubles])]
        scenes = [*ills, *[None] * visits]
        order = [scenes[i] for i in self._rng.permutation(len(scenes))]
        for trouble in order:
            while trouble is not None and time_s < _CALM_S:
                time_s = self._visit(time_s) + self._rng.uniform(1.5, 4.0)
            time_s = self._visit(time_s) if trouble is None else self._befall(trouble, time_s)
            time_s += self._rng.uniform(1.5, 4.0)
        day.end_s = time_s + 5.0
        self._switch_lamps(day)
        return day

    def _visit(self, time_s: float) -> float:
        low = [slot for slot, row in self._now.items() if sum(map(bool, row)) <= 1]
        if len(low) >= 3 or sum(not any(row) for row in self._now.values()) >= 2:
            return self._restock(time_s, low)
        what = self._rng.choice(["reach", "reach", "two hands", "stand", "close", "pass by"])
        if what == "reach":
            return self._reach(time_s, self._wish())
        if what == "two hands":
            self._reach(time_s, self._wish())
            return self._reach(time_s + 0.5, self._wish())
        at, look = self._rng.uniform(0.25, 0.75), int(self._rng.integers(6))
        if what == "pass by":
            return self._stand(Stand(time_s, time_s + 2 * WALK_S + 0.3, at, 0.3, look))
        holds_s, width = self._rng.uniform(3, 9), 0.55 if what == "close" else 0.32
        stand = Stand(time_s, time_s + 2 * WALK_S + holds_s, at, width, look)
        self._reach(time_s + WALK_S + 0.3 * holds_s, self._wish())
        return self._stand(stand)

    def _stand(self, stand: Stand) -> float:
        self._day.stands.append(stand)
        return stand.to_s

    def _wish(self) -> tuple[str, tuple[int, ...], bool]:
        """What somebody does: mostly takes one or two, now and then puts one back."""
        slot = str(self._rng.choice(sorted(self._now)))
        row = self._now[slot]
        free, taken = [n for n, pack in enumerate(row) if not pack], [n for n, pack in enumerate(row) if pack]
        if not taken or (free and self._rng.random() < 0.2):
            return slot, (free[0],), True
        return slot, tuple(taken[: 2 if self._rng.random() < 0.25 else 1]), False

    def _reach(self, time_s: float, wish: tuple[str, tuple[int, ...], bool]) -> float:
        slot, columns, is_put = wish
        end_s = time_s + 2 * REACH_S + _REST_S + self._rng.uniform(0, 1.0)
        reach = Reach(time_s, end_s, slot, columns, is_put, int(self._rng.choice([-1, 1])))
        self._day.reaches.append(reach)
        self._packs += 1
        row = tuple((self._packs if is_put else 0) if n in columns else pack for n, pack in enumerate(self._now[slot]))
        self._now = {**self._now, slot: row}
        self._day.states.append((reach.touch_s, self._now))
        return end_s

    def _restock(self, time_s: float, slots: list[str]) -> float:
        """A clerk stands there and fills up slot after slot, two packs at a time."""
        begun_s, time_s = time_s, time_s + WALK_S
        for slot in slots[:4]:
            free = [n for n, pack in enumerate(self._now[slot]) if not pack]
            for first in range(0, len(free), 2):
                time_s = self._reach(time_s, (slot, tuple(free[first : first + 2]), True)) + 0.2
        return self._stand(Stand(begun_s, time_s + WALK_S, float(self._rng.uniform(0.3, 0.7)), 0.36, 6))

    def _befall(self, trouble: Trouble, time_s: float) -> float:
        is_slight = trouble in SLIGHT
        fault = Fault(time_s, time_s + (_SLIGHT_S if is_slight else _TOLD_S), trouble, int(self._rng.choice([-1, 1])))
        self._day.faults.append(fault)
        if is_slight or trouble is Trouble.COVERED:
            self._reach(time_s + 4.0, self._wish())
        if is_slight:
            self._reach(time_s + 8.5, self._wish())
        return fault.to_s + _AFTER_FAULT_S

    def _switch_lamps(self, day: Day) -> None:
        for _ in range(8):
            begun_s, tube = float(self._rng.uniform(20, day.end_s - 20)), int(self._rng.integers(3))
            day.lamps += [(begun_s, tube, float(self._rng.choice([0.0, 0.4]))), (begun_s + 12.0, tube, 1.0)]
        day.lamps.sort()
        day.states.sort(key=lambda entry: entry[0])
