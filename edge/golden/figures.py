"""What a golden set gives: named figures with their bars, and the report that holds them. Plain values, no I/O."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from models.manifest import ActiveArtefact

Progress = Callable[[int, int], None]
"""Called with pictures looked at, or questions asked, so far and in all."""
Bars = Mapping[str, Any]
"""One set's table of `bars.toml`."""
Measured = tuple[int, dict[str, float]]
"""Pictures looked at, or questions asked, and the figures by name."""
RunSet = Callable[[ActiveArtefact, Path, Bars, Progress], Measured]
"""Runs one set: the weights, the folder of all sets, the set's bars. Blocks for seconds."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Figure(_Part):
    """One measured number and the bar it has to reach, if it has one."""

    name: str
    value: float
    at_least: float | None = None
    at_most: float | None = None

    @property
    def holds(self) -> bool:
        """Whether it reaches its bar."""
        over = self.at_least is None or self.value >= self.at_least
        return over and (self.at_most is None or self.value <= self.at_most)

    @property
    def bar(self) -> str:
        """The bar in words; empty without one."""
        if self.at_least is not None:
            return f"at least {self.at_least:g}"
        return "" if self.at_most is None else f"at most {self.at_most:g}"


class GoldenReport(_Part):
    """How weights did on one set."""

    name: str
    artefact: str
    items: int
    """Pictures looked at, or questions asked."""
    figures: tuple[Figure, ...]
    took_s: float

    @property
    def holds(self) -> bool:
        """Whether every figure reaches its bar."""
        return all(figure.holds for figure in self.figures)


def with_bars(values: Mapping[str, float], bars: Bars) -> tuple[Figure, ...]:
    """The figures of a set beside their bars."""
    least, most = bars.get("at_least", {}), bars.get("at_most", {})
    return tuple(
        Figure(name=name, value=round(value, 4), at_least=least.get(name), at_most=most.get(name))
        for name, value in values.items()
    )


def unheard(_done: int, _total: int) -> None:
    """Progress for which nobody asked."""
