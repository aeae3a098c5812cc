"""One measured figure, as `backroom bench` prints it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BenchResult:
    """``goal`` and ``holds`` are None for a figure that is information only."""

    what: str
    value: float
    unit: str
    goal: float | None = None
    holds: bool | None = None
    against: str | None = None
    """What it was measured against, in the same run."""


def at_least(what: str, value: float, unit: str, *, goal: float, against: str) -> BenchResult:
    """A figure that holds when it reaches its goal."""
    return BenchResult(what, value, unit, goal, value >= goal, against)
