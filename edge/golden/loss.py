"""What quantization cost on the golden sets, and whether that is more than the task may lose. Plain values, no I/O."""

from collections.abc import Iterable, Mapping

from pydantic import BaseModel, ConfigDict

from edge.golden.figures import Bars, GoldenReport
from models.manifest import GoldenFigures


class Loss(BaseModel):
    """One figure before and after; ``loss`` is positive where it got worse, whichever way worse is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    """As ``set.figure``."""
    before: float
    after: float
    loss: float
    at_most: float | None = None

    @property
    def holds(self) -> bool:
        """Whether no more was lost than may be."""
        return self.at_most is None or self.loss <= self.at_most


def figures_of(reports: Iterable[GoldenReport]) -> dict[str, dict[str, float]]:
    """The bare figures by set, as a manifest records them."""
    return {report.name: {figure.name: figure.value for figure in report.figures} for report in reports}


def losses(before: GoldenFigures, after: GoldenFigures, bars: Mapping[str, Bars]) -> tuple[Loss, ...]:
    """Every figure that both have and that has a direction, with what may be lost of it."""
    found = []
    for name, figures in after.items():
        table = bars.get(name, {})
        for figure, value in figures.items():
            was = before.get(name, {}).get(figure)
            is_bad_high = figure in table.get("at_most", {})
            if was is None or not (is_bad_high or figure in table.get("at_least", {})):
                continue
            lost = round(value - was if is_bad_high else was - value, 4)
            most = table.get("max_loss", {}).get(figure)
            found.append(Loss(name=f"{name}.{figure}", before=was, after=value, loss=lost, at_most=most))
    return tuple(found)
