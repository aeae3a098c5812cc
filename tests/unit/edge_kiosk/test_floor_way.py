"""Ways over the demo's floor and over an odd one: as short as can be, walkable, never against a one-way strip."""

from collections import deque
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from edge.catalogue import load_catalogue
from edge.errors import ConfigError
from edge.floor_plan import FloorPlan, load_floor_plan
from edge.floor_way import Leg, Way, Ways

DEMO = Path("firmware-config/shops/demo")

# Metres, one letter each; K kiosk in its corner facing east, S shelf (bay 1 to 4 from the left, taken from the south),
# # blocked, v one-way strip towards the south.
#
#   K . . v . .        The strip may only be walked down, so that bay 4 is reached around below ...
#   # # . v . .
#   . . . # . .        ... and bay 1 is behind the wall on the left.
#   S S S S . .
#   . . . . . .
ODD: dict[str, Any] = {
    "width_m": 6,
    "depth_m": 5,
    "shelves": [{"aisle": "A", "bays": ["1", "2", "3", "4"], "box_m": [0, 3, 4, 4], "front": "south"}],
    "blocked": [{"box_m": [0, 1, 2, 2]}, {"box_m": [3, 2, 4, 3]}],
    "one_way": [{"box_m": [3.01, 0, 3.99, 2], "towards": "south"}],
    "kiosks": [{"id": "k", "at_m": [0.2, 0.5], "faces": "east"}],
}


def odd(**changes: Any) -> FloorPlan:
    return FloorPlan.model_validate({**ODD, **changes})


def ways_of(plan: FloorPlan) -> Ways:
    return Ways(plan, plan.kiosks[0])


def length_m(way: Way) -> float:
    return sum(abs(ax - bx) + abs(ay - by) for (ax, ay), (bx, by) in pairwise(way.points_m))


def shortest_m(plan: FloorPlan, start: tuple[float, float], goal: tuple[float, float]) -> float:
    """Breadth first, written anew, over quarters of a metre; ignores one-way strips."""
    solid = [one.box_m for one in (*plan.shelves, *plan.blocked)]

    def is_free(x: float, y: float) -> bool:
        inside = 0.25 <= x <= plan.width_m - 0.25 and 0.25 <= y <= plan.depth_m - 0.25
        return inside and not any(a - 0.25 <= x <= c + 0.25 and b - 0.25 <= y <= d + 0.25 for a, b, c, d in solid)

    found, queue = {start: 0}, deque([start])
    while queue:
        x, y = here = queue.popleft()
        if here == goal:
            return found[here] * 0.25
        for there in ((x + 0.25, y), (x - 0.25, y), (x, y + 0.25), (x, y - 0.25)):
            if there not in found and is_free(*there):
                found[there] = found[here] + 1
                queue.append(there)
    raise AssertionError("no way")


def test_every_product_of_the_demo_is_reached_on_the_shortest_way() -> None:
    plan = load_floor_plan(DEMO / "floor-plan.toml")
    ways = ways_of(plan)
    places = {(product.aisle, product.bay) for product in load_catalogue(DEMO / "catalogue.csv")}
    assert len(places) > 40
    for aisle, bay in places:
        way = ways.to_bay(aisle, bay)
        assert way is not None, (aisle, bay)
        assert way.metres == pytest.approx(length_m(way), abs=0.06)
        assert way.metres == pytest.approx(shortest_m(plan, way.points_m[0], way.points_m[-1]), abs=0.06)
        place = plan.bay(aisle, bay)
        assert place is not None
        assert abs(way.points_m[-1][0] - place.front_m[0]) + abs(way.points_m[-1][1] - place.front_m[1]) < 1.1


def test_every_mark_of_the_demo_is_reached_and_the_gate_is_not_walked_against() -> None:
    plan = load_floor_plan(DEMO / "floor-plan.toml")
    ways = ways_of(plan)
    for mark in plan.marks:
        assert ways.to_point(*mark.at_m) is not None, mark
    entrance = ways.to_point(3.2, 13.6)
    assert entrance is not None
    assert any(13.8 < x < 17.8 and y > 11.4 for x, y in entrance.points_m), "out by the tills, not by the gate"


def test_a_way_is_told_as_legs_from_the_screen_at_ones_back() -> None:
    way = ways_of(load_floor_plan(DEMO / "floor-plan.toml")).to_bay("2", "4")
    assert way is not None
    assert way.legs == (Leg("straight", 9.2), Leg("right", 1.0))
    assert way.side == "left"


def test_a_kiosk_in_a_corner_finds_its_way_around_the_wall() -> None:
    way = ways_of(odd()).to_bay("A", "1")
    assert way is not None
    assert way.points_m[0][1] < 1
    assert max(x for x, _ in way.points_m) > 4, "around the right end of the shelf"
    assert way.points_m[-1][1] > 4
    assert [leg.turn for leg in way.legs] == ["straight", "right", "right"]
    assert way.side == "right"


def test_a_strip_towards_the_shopper_is_walked_around_or_not_at_all() -> None:
    against = odd(one_way=[{"box_m": [3, 0, 6, 2], "towards": "west"}])
    assert ways_of(against).to_bay("A", "1") is None
    along = odd(one_way=[{"box_m": [3, 0, 6, 2], "towards": "east"}])
    assert ways_of(along).to_bay("A", "1") is not None


def test_a_blocked_aisle_has_no_way_and_an_unknown_bay_neither() -> None:
    walled = odd(blocked=[*ODD["blocked"], {"box_m": [4, 3, 6, 4]}])
    assert ways_of(walled).to_bay("A", "1") is None
    assert ways_of(odd()).to_bay("A", "9") is None
    assert ways_of(odd()).to_bay("Z", "1") is None


def test_a_kiosk_inside_a_shelf_is_refused_with_what_to_do() -> None:
    plan = odd(
        kiosks=[{"id": "k", "at_m": [2, 3.5], "faces": "north"}], blocked=[*ODD["blocked"], {"box_m": [0, 0, 6, 5]}]
    )
    with pytest.raises(ConfigError, match="move it off the shelves or turn it"):
        ways_of(plan)


def test_a_large_floor_is_searched_in_larger_cells() -> None:
    ways = ways_of(odd(width_m=200, depth_m=150))
    assert len(ways._grid._free) <= 24_000
    far = ways.to_point(190, 140)
    assert far is not None
    assert far.metres == pytest.approx(330, abs=5)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"width_m": 1}, "width_m"),
        ({"shelves": []}, "shelves"),
        ({"shelves": [{"aisle": "A", "bays": ["1"], "box_m": [3, 0, 1, 1], "front": "south"}]}, "left < right"),
        (
            {"shelves": [{"aisle": "A", "bays": ["1"], "box_m": [3, 0, 9, 1], "front": "south"}]},
            "must lie on the floor",
        ),
        ({"shelves": [ODD["shelves"][0], {**ODD["shelves"][0], "box_m": [0, 0, 4, 1]}]}, "stands on the plan twice"),
        ({"kiosks": [{"id": "k", "at_m": [9, 1], "faces": "north"}]}, "must lie on the floor"),
        ({"kiosks": [ODD["kiosks"][0], ODD["kiosks"][0]]}, "two kiosks have the same id"),
        ({"kiosks": [{"id": "k", "at_m": [1, 1], "faces": "up"}]}, "kiosks.0.faces"),
        ({"kiosks": [{"id": "k", "at_m": [1, 3.5], "faces": "north"}]}, "kiosks.0.at_m: .* inside a shelf of aisle A"),
    ],
)
def test_a_wrong_plan_is_refused_with_its_field(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    file = tmp_path / "floor-plan.toml"
    file.write_text(toml_of({**ODD, **changes}))
    with pytest.raises(ConfigError, match=said):
        load_floor_plan(file)


def toml_of(plan: dict[str, Any]) -> str:
    lines = [f"{key} = {value}" for key, value in plan.items() if not isinstance(value, list)]
    empty = [f"{key} = []" for key, value in plan.items() if value == []]
    for key, tables in plan.items():
        for table in tables if isinstance(tables, list) else ():
            lines += [f"[[{key}]]", *(f"{name} = {value!r}" for name, value in table.items())]
    return "\n".join([*empty, *lines])
