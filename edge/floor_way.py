"""The shortest walkable way from a kiosk to a shelf, a till or a desk.

Owns the grid over a floor plan and the search on it. People walk along aisles, so a step goes north, east, south or
west; of equally short ways the one with the fewest turns, away from shelves, is taken. Where no way leads, it says so.
All ways from one kiosk come from one search (Dijkstra 1959) over cells and headings, done when the kiosk starts.
"""

import heapq
import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from edge.errors import ConfigError
from edge.floor_plan import STEP, BayPlace, FloorPlan, Heading, KioskPlace

Turn = Literal["straight", "left", "right", "back"]
Side = Literal["ahead", "left", "right"]

_CELL_M = 0.25
_MOST_CELLS = 24_000
"""A large floor gets larger cells: a search takes half a second at most on a small box."""
_BODY_M = 0.25
"""Nobody's middle comes nearer than this to a shelf or a wall."""
_REACH_M = 0.7
_LOOK_AROUND_M = 1.5
_JOG_M = 0.8
_HEADINGS: tuple[Heading, ...] = ("north", "east", "south", "west")
_STEP_COST, _TURN_COST = 1_000_000, 40  # length first; then turns and nearness to shelves, which never add up to a step

Cell = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Leg:
    """Turn, then walk so far."""

    turn: Turn
    metres: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A way from a kiosk: its corners, its length, and how to tell it in words."""

    points_m: tuple[tuple[float, float], ...]
    goal_m: tuple[float, float]
    """What is gone to: the middle of a bay's front, or a mark."""
    metres: float
    legs: tuple[Leg, ...]
    """The first turn is that of somebody who has the screen at the back."""
    side: Side
    """Where the goal is for who arrives."""


class Ways:
    """Every way from one kiosk. Made once, then only read; any thread may ask.

    Raises:
        ConfigError: nobody could stand before the kiosk.
    """

    def __init__(self, plan: FloorPlan, kiosk: KioskPlace) -> None:
        self._plan = plan
        self._kiosk = kiosk
        self._grid = _Grid(plan)
        dx, dy = STEP[kiosk.faces]
        start = self._grid.free_near(kiosk.at_m[0] + dx * 0.6, kiosk.at_m[1] + dy * 0.6)
        if start is None:
            raise ConfigError(
                f"floor plan: nobody can stand before kiosk {kiosk.id} at {list(kiosk.at_m)}, which faces"
                f" {kiosk.faces}; move it off the shelves or turn it"
            )
        self._start = start
        self._before = self._search(start, kiosk.faces)

    def to_bay(self, aisle: str, bay: str) -> Way | None:
        """The way to the front of a bay; None where the plan shows no such bay or no way leads there."""
        place = self._plan.bay(aisle, bay)
        if place is None:
            return None
        goal = self._grid.before(place)
        return None if goal is None else self._way(goal, goal_m=place.front_m)

    def to_point(self, x_m: float, y_m: float) -> Way | None:
        """The way to a mark; None where no way leads there."""
        goal = self._grid.free_near(x_m, y_m)
        return None if goal is None else self._way(goal, goal_m=(x_m, y_m))

    def _search(self, start: Cell, faces: Heading) -> dict[tuple[Cell, Heading], tuple[int, tuple[Cell, Heading]]]:
        """Cost and predecessor of each reached cell by the heading it is entered with."""
        first = (start, faces)
        reached = {first: (0, first)}
        queue = [(0, first)]
        while queue:
            cost, state = heapq.heappop(queue)
            if cost > reached[state][0]:
                continue
            cell, heading = state
            for towards, neighbour in self._grid.steps(cell):
                turn = 0 if towards == heading or cell == start else _TURN_COST
                price = cost + _STEP_COST + turn + self._grid.narrowness(neighbour)
                following = (neighbour, towards)
                if following not in reached or price < reached[following][0]:
                    reached[following] = (price, state)
                    heapq.heappush(queue, (price, following))
        return reached

    def _way(self, goal: Cell, *, goal_m: tuple[float, float]) -> Way | None:
        arrivals = [(self._before[state][0], state) for h in _HEADINGS if (state := (goal, h)) in self._before]
        if not arrivals:
            return None
        state = min(arrivals)[1]
        cells = [state[0]]
        while state[0] != self._start:
            state = self._before[state][1]
            cells.append(state[0])
        points = _corners([self._grid.middle_m(cell) for cell in reversed(cells)])
        told = _told(points)
        return Way(
            points_m=tuple(points),
            goal_m=goal_m,
            metres=round((len(cells) - 1) * self._grid.cell_m, 1),
            legs=_legs(told, self._kiosk.faces),
            side=_side(told[-1][0] if told else self._kiosk.faces, points[-1], goal_m),
        )


class _Grid:
    """Where one can walk, in square cells."""

    def __init__(self, plan: FloorPlan) -> None:
        self.cell_m = max(_CELL_M, math.sqrt(plan.width_m * plan.depth_m / _MOST_CELLS))
        self._columns = int(plan.width_m / self.cell_m)
        self._rows = int(plan.depth_m / self.cell_m)
        self._one_way = plan.one_way
        solid = (*plan.shelves, *plan.blocked)
        self._free = {
            cell
            for cell in self._cells()
            if self._is_inside(plan, cell) and not any(s.holds(*self.middle_m(cell), margin_m=_BODY_M) for s in solid)
        }

    def middle_m(self, cell: Cell) -> tuple[float, float]:
        return round((cell[0] + 0.5) * self.cell_m, 3), round((cell[1] + 0.5) * self.cell_m, 3)

    def steps(self, cell: Cell) -> Iterable[tuple[Heading, Cell]]:
        """Where one may go from here."""
        for heading in _HEADINGS:
            dx, dy = STEP[heading]
            neighbour = (cell[0] + dx, cell[1] + dy)
            if neighbour in self._free and not self._is_against(heading, cell, neighbour):
                yield heading, neighbour

    def narrowness(self, cell: Cell) -> int:
        """How many of the cells around cannot be walked on."""
        x, y = cell
        return sum((x + dx, y + dy) not in self._free for dx in (-1, 0, 1) for dy in (-1, 0, 1))

    def before(self, place: BayPlace) -> Cell | None:
        """Where one stands to take from a bay: an arm's length before its front, nearer where that is blocked."""
        dx, dy = STEP[place.front]
        x_m, y_m = place.front_m
        reach_m = _REACH_M
        while reach_m > 0:
            cell = self._cell(x_m + dx * reach_m, y_m + dy * reach_m)
            if cell in self._free:
                return cell
            reach_m -= self.cell_m / 2
        return None

    def free_near(self, x_m: float, y_m: float) -> Cell | None:
        """The nearest cell to walk on, or None where there is none within reach."""
        near = [(math.dist(self.middle_m(cell), (x_m, y_m)), cell) for cell in self._free]
        distance_m, cell = min(near, default=(math.inf, (0, 0)))
        return cell if distance_m <= _LOOK_AROUND_M else None

    def _cells(self) -> Iterable[Cell]:
        return ((x, y) for y in range(self._rows) for x in range(self._columns))

    def _cell(self, x_m: float, y_m: float) -> Cell:
        return int(x_m // self.cell_m), int(y_m // self.cell_m)

    def _is_inside(self, plan: FloorPlan, cell: Cell) -> bool:
        x_m, y_m = self.middle_m(cell)
        return _BODY_M <= x_m <= plan.width_m - _BODY_M and _BODY_M <= y_m <= plan.depth_m - _BODY_M

    def _is_against(self, heading: Heading, cell: Cell, neighbour: Cell) -> bool:
        opposite = _HEADINGS[(_HEADINGS.index(heading) + 2) % 4]
        return any(
            strip.towards == opposite and (strip.holds(*self.middle_m(cell)) or strip.holds(*self.middle_m(neighbour)))
            for strip in self._one_way
        )


def _corners(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The ends and the points at which the way turns."""
    inner = (
        here
        for before, here, after in zip(points, points[1:], points[2:], strict=False)
        if _heading_of(before, here) != _heading_of(here, after)
    )
    return points if len(points) < 2 else [points[0], *inner, points[-1]]


def _heading_of(start: tuple[float, float], end: tuple[float, float]) -> Heading:
    dx, dy = end[0] - start[0], end[1] - start[1]
    if abs(dx) > abs(dy):
        return "east" if dx > 0 else "west"
    return "south" if dy > 0 else "north"


def _told(points: list[tuple[float, float]]) -> list[tuple[Heading, float]]:
    """The way as one would tell it; a step aside that leads on in the same direction is not told."""
    walked = [(_heading_of(a, b), math.dist(a, b)) for a, b in pairwise(points)]
    told: list[tuple[Heading, float]] = []
    for number, (heading, metres) in enumerate(walked):
        is_last = number == len(walked) - 1
        is_jog = metres < _JOG_M and told and not is_last and walked[number + 1][0] == told[-1][0]
        if is_jog or (metres < _JOG_M and (is_last or number == 0) and len(walked) > 1):
            continue
        if told and told[-1][0] == heading:
            told[-1] = (heading, told[-1][1] + metres)
        else:
            told.append((heading, metres))
    return told


def _legs(told: list[tuple[Heading, float]], faces: Heading) -> tuple[Leg, ...]:
    legs, before = [], faces
    for heading, metres in told:
        legs.append(Leg(_turn(before, heading), round(metres, 1)))
        before = heading
    return tuple(legs)


def _turn(before: Heading, after: Heading) -> Turn:
    turns: tuple[Turn, ...] = ("straight", "right", "back", "left")
    return turns[(_HEADINGS.index(after) - _HEADINGS.index(before)) % 4]


def _side(heading: Heading, here: tuple[float, float], goal: tuple[float, float]) -> Side:
    turn = _turn(heading, _heading_of(here, goal)) if math.dist(here, goal) > _BODY_M else "straight"
    return turn if turn in ("left", "right") else "ahead"
