"""Which golden sets there are, which of them judge an artefact, and the running of them.

Owns the table of sets: each is a module beside this one with a `RunSet`, and a table in `bars.toml`. The pictures,
their truth and the bars come with the program. Weights that are wrong in a way that looks healthy end here.
"""

import time
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from edge.golden.boxes import run_faces, run_persons
from edge.golden.figures import GoldenReport, Progress, RunSet, unheard, with_bars
from edge.golden.kiosk import run_kiosk
from edge.golden.shelf import run_shelf
from edge.golden.texts import run_embeddings
from edge.places import APPLIANCE_ROOT
from models.errors import ArtefactInvalidError, ArtefactRejectedError
from models.manifest import ActiveArtefact, Manifest, Task

GOLDEN = APPLIANCE_ROOT / "models" / "golden"


@dataclass(frozen=True, slots=True)
class GoldenSet:
    """A set, and the kind of outputs that its code can read; None for networks that have but one kind."""

    run: RunSet
    decoder: str | None


SETS: Mapping[str, GoldenSet] = {
    "persons": GoldenSet(run_persons, "nanodet"),
    "shelf": GoldenSet(run_shelf, "nanodet"),
    "faces": GoldenSet(run_faces, "centerface"),
    "embeddings": GoldenSet(run_embeddings, None),
    "kiosk": GoldenSet(run_kiosk, None),
}
SETS_OF_TASK: Mapping[Task, tuple[str, ...]] = {
    Task.PERSONS: ("persons", "shelf"),
    Task.FACES: ("faces",),
    Task.EMBEDDINGS: ("embeddings",),
    Task.LANGUAGE: ("kiosk",),
}
"""Weights for persons also tell the shelf who stands in front of it, so that they pass its film as well."""


def sets_of(manifest: Manifest) -> tuple[str, ...]:
    """The golden sets that judge an artefact; none for tasks that are judged elsewhere."""
    return (manifest.golden,) if manifest.golden else SETS_OF_TASK.get(manifest.task, ())


def judge(artefact: ActiveArtefact, *, folder: Path = GOLDEN, progress: Progress | None = None) -> None:
    """Refuse weights that are under a bar of one of their sets. Blocks for seconds.

    Raises:
        ArtefactRejectedError: a figure is under its bar; both are in the sentence.
        ArtefactInvalidError: the weights do not give what their decoder expects.
    """
    for report in run_sets(artefact, folder=folder, progress=progress):
        missed = [f"{f.name} {f.value:.3f} ({f.bar})" for f in report.figures if not f.holds]
        if missed:
            raise ArtefactRejectedError(
                f"{artefact.manifest.name} is under the bar of the golden set {report.name}: {', '.join(missed)}"
            )


def run_sets(
    artefact: ActiveArtefact, *, folder: Path = GOLDEN, progress: Progress | None = None
) -> Iterator[GoldenReport]:
    """Run every golden set of an artefact, one after the other; each blocks for seconds.

    Raises:
        ArtefactRejectedError: there is no such set, or nothing here reads the outputs of these weights.
        ArtefactInvalidError: the weights do not give what their decoder expects.
    """
    manifest = artefact.manifest
    bars = tomllib.loads((folder / "bars.toml").read_text(encoding="utf-8"))
    for name in sets_of(manifest):
        if name not in SETS or name not in bars:
            raise ArtefactRejectedError(f"{manifest.name}: there is no golden set called {name}")
        if manifest.decoder != SETS[name].decoder:
            raise ArtefactRejectedError(f"{manifest.name}: nothing here reads outputs of the kind {manifest.decoder}")
        began_s = time.perf_counter()
        try:
            items, values = SETS[name].run(artefact, folder, bars[name], progress or unheard)
        except KeyError as missing:
            raise ArtefactInvalidError(f"{manifest.name}: has no output {missing}") from missing
        yield GoldenReport(
            name=name,
            artefact=manifest.name,
            items=items,
            figures=with_bars(values, bars[name]),
            took_s=time.perf_counter() - began_s,
        )
