"""The judge: the port that `models.registry` calls between the first load and the switch.

Owns the verdict on weights by their golden sets: no figure under its bar, and int8 weights no more worse than the
float ones they were made of than `max_loss` in `bars.toml` allows. The figures are measured here, on this machine,
in a child process under limits; of the float weights too where they lie here, else their recorded figures stand.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.golden.bounded import run_bounded
from edge.golden.figures import GoldenReport, Progress
from edge.golden.loss import Loss, figures_of, losses
from edge.golden.sets import GOLDEN, read_bars
from models.errors import ArtefactRejectedError
from models.manifest import ActiveArtefact


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What was measured before weights were let in use."""

    reports: tuple[GoldenReport, ...]
    losses: tuple[Loss, ...] = ()
    """Against the float weights; empty for weights that were not quantized from any."""
    is_float_measured: bool = False
    """Whether the float weights' figures were measured here, and not only recorded."""


def judge(
    artefact: ActiveArtefact,
    *,
    float_weights: ActiveArtefact | None = None,
    folder: Path = GOLDEN,
    progress: Progress | None = None,
) -> Judgement:
    """Refuse weights that are under a bar of one of their sets, or lost too much by quantization. Blocks for seconds.

    Args:
        artefact: verified weights.
        float_weights: what they were quantized from, verified, where it lies on this machine.
        folder: the golden sets.
        progress: pictures looked at so far and in all, set by set.

    Raises:
        ArtefactRejectedError: a figure is under its bar, or lost too much; figures and bars are in the sentence.
        ArtefactInvalidError: the weights do not give what their decoder expects, crash, hang, or want too much.
    """
    reports = []
    for report in run_bounded(artefact, folder=folder, progress=progress):
        _require_bars(report)
        reports.append(report)
    record = artefact.manifest.quantized_from
    if record is None:
        return Judgement(reports=tuple(reports))
    before = record.before
    if float_weights is not None:
        before = figures_of(run_bounded(float_weights, folder=folder, progress=progress))
    lost = losses(before, figures_of(reports), read_bars(folder))
    _require_losses(artefact.manifest.name, record.name, lost)
    return Judgement(reports=tuple(reports), losses=lost, is_float_measured=float_weights is not None)


def _require_bars(report: GoldenReport) -> None:
    missed = [f"{f.name} {f.value:.3f} ({f.bar})" for f in report.figures if not f.holds]
    if missed:
        raise ArtefactRejectedError(
            f"{report.artefact} is under the bar of the golden set {report.name}: {', '.join(missed)}"
        )


def _require_losses(name: str, float_name: str, lost: Sequence[Loss]) -> None:
    over = [f"{x.name} {x.before:.3f} -> {x.after:.3f} (may lose {x.at_most:g})" for x in lost if not x.holds]
    if over:
        raise ArtefactRejectedError(f"{name} lost too much of {float_name} by quantization: {', '.join(over)}")
