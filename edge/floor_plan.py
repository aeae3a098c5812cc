"""The shop's floor plan: shelves with their bays, what stands in the way, one-way strips, marks and kiosks.

Owns reading `floor-plan.toml` and what makes a plan a plan: everything lies on the floor, no bay stands twice. Refuses
a file with one wrong value, naming it. Metres from the upper left corner of the drawing; north is up. The way from a
kiosk to a bay is `edge.floor_way`'s.

    x ─►            [[shelves]] box_m = [1, 0, 4, 1], front = "south", bays = ["1", "2", "3"]
    y  ┌──────────────┐        ┌───┬───┬───┐
    │  │              │        │ 1 │ 2 │ 3 │   bays from west to east, or from north to south
    ▼  └──────────────┘        └───┴───┴───┘   shoppers stand at the front
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from edge.errors import ConfigError

Heading = Literal["north", "east", "south", "west"]
MarkKind = Literal["entrance", "exit", "till", "service_desk", "toilet", "bottle_return", "parcels", "cash"]
MOST_M = 300.0
_TOUCHING_M = 0.05  # a screen may be mounted on a shelf
STEP: dict[Heading, tuple[int, int]] = {"north": (0, -1), "east": (1, 0), "south": (0, 1), "west": (-1, 0)}
"""One step of each heading as (x, y)."""

Metres = Annotated[float, Field(ge=0.0, le=MOST_M)]
PointM = tuple[Metres, Metres]
BoxM = tuple[Metres, Metres, Metres, Metres]
"""Left, top, right, bottom."""
Label = Annotated[str, Field(min_length=1, max_length=40)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class _Boxed(_Section):
    box_m: BoxM

    @model_validator(mode="after")
    def _has_area(self) -> Self:
        left, top, right, bottom = self.box_m
        if left >= right or top >= bottom:
            raise ValueError("box_m must be [left, top, right, bottom] with left < right and top < bottom")
        return self

    def holds(self, x_m: float, y_m: float, *, margin_m: float = 0.0) -> bool:
        """Whether a point lies in the box, or nearer to it than ``margin_m``."""
        left, top, right, bottom = self.box_m
        return left - margin_m <= x_m <= right + margin_m and top - margin_m <= y_m <= bottom + margin_m


class Shelf(_Boxed):
    """A run of bays of one aisle, taken from at its front."""

    aisle: Label
    bays: Annotated[tuple[Label, ...], Field(min_length=1, max_length=60)]
    front: Heading

    def bay_boxes(self) -> Iterator[tuple[str, BoxM]]:
        """Each bay with its part of the box, in equal parts along the front."""
        left, top, right, bottom = self.box_m
        count = len(self.bays)
        for number, bay in enumerate(self.bays):
            if self.front in ("north", "south"):
                width = (right - left) / count
                yield bay, (left + number * width, top, left + (number + 1) * width, bottom)
            else:
                height = (bottom - top) / count
                yield bay, (left, top + number * height, right, top + (number + 1) * height)


class Blocked(_Boxed):
    """A counter, a pillar, a wall: nobody walks here."""


class OneWay(_Boxed):
    """A strip that nobody walks against ``towards``: tills, entrance gates."""

    towards: Heading


class Mark(_Section):
    """A place that everybody looks for; ``service`` is the name of a service in `shop-info.toml`."""

    kind: MarkKind
    at_m: PointM
    service: Annotated[str, Field(min_length=1, max_length=160)] | None = None


class KioskPlace(_Section):
    """Where a screen stands and where it looks to; who uses it has it at the back and then looks the same way."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$")]
    at_m: PointM
    faces: Heading


class FloorPlan(_Section):
    """`floor-plan.toml`."""

    width_m: Annotated[float, Field(ge=2.0, le=MOST_M)]
    depth_m: Annotated[float, Field(ge=2.0, le=MOST_M)]
    shelves: Annotated[tuple[Shelf, ...], Field(min_length=1, max_length=400)]
    blocked: Annotated[tuple[Blocked, ...], Field(max_length=400)] = ()
    one_way: Annotated[tuple[OneWay, ...], Field(max_length=100)] = ()
    marks: Annotated[tuple[Mark, ...], Field(max_length=60)] = ()
    kiosks: Annotated[tuple[KioskPlace, ...], Field(max_length=32)] = ()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for one in (*self.shelves, *self.blocked, *self.one_way):
            if one.box_m[2] > self.width_m or one.box_m[3] > self.depth_m:
                raise ValueError(f"box_m {list(one.box_m)} must lie on the floor of {self.width_m} x {self.depth_m} m")
        for x_m, y_m in (*(mark.at_m for mark in self.marks), *(kiosk.at_m for kiosk in self.kiosks)):
            if x_m > self.width_m or y_m > self.depth_m:
                raise ValueError(f"at_m {[x_m, y_m]} must lie on the floor of {self.width_m} x {self.depth_m} m")
        places = [(shelf.aisle, bay) for shelf in self.shelves for bay in shelf.bays]
        twice = {place for place in places if places.count(place) > 1}
        if twice:
            aisle, bay = min(twice)
            raise ValueError(f"aisle {aisle}, bay {bay} stands on the plan twice; a bay has one place")
        if len({kiosk.id for kiosk in self.kiosks}) < len(self.kiosks):
            raise ValueError("two kiosks have the same id; each screen needs its own")
        return self

    def bay(self, aisle: str, bay: str) -> "BayPlace | None":
        """Where a bay stands, or None where the plan does not show it."""
        for shelf in self.shelves:
            if shelf.aisle == aisle:
                for name, box_m in shelf.bay_boxes():
                    if name == bay:
                        return BayPlace(box_m=box_m, front=shelf.front)
        return None

    def kiosk(self, kiosk_id: str) -> KioskPlace | None:
        """Where a screen stands, or None where the plan does not show it."""
        return next((kiosk for kiosk in self.kiosks if kiosk.id == kiosk_id), None)


@dataclass(frozen=True, slots=True)
class BayPlace:
    """The box of one bay and the side that it is taken from."""

    box_m: BoxM
    front: Heading

    @property
    def front_m(self) -> tuple[float, float]:
        """The middle of its front."""
        left, top, right, bottom = self.box_m
        dx, dy = STEP[self.front]
        return (left + right) / 2 + dx * (right - left) / 2, (top + bottom) / 2 + dy * (bottom - top) / 2


def load_floor_plan(path: Path) -> FloorPlan:
    """Read and check `floor-plan.toml`.

    Raises:
        ConfigError: unreadable or a wrong value; names the field and what would be right.
    """
    try:
        plan = FloorPlan.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as TOML: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise ConfigError(
            f"{path}{', ' if field else ''}{field}: {str(first['msg']).removeprefix('Value error, ')}"
        ) from error
    _require_on_the_floor(plan, path)
    return plan


def _require_on_the_floor(plan: FloorPlan, path: Path) -> None:
    for number, kiosk in enumerate(plan.kiosks):
        for shelf in plan.shelves:
            if shelf.holds(*kiosk.at_m, margin_m=-_TOUCHING_M):
                raise ConfigError(
                    f"{path}, kiosks.{number}.at_m: {list(kiosk.at_m)} lies inside a shelf of aisle {shelf.aisle};"
                    " give a place on the floor"
                )
