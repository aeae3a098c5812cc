"""Which golden sets there are, which of them judge an artefact, and the running of them.

Owns the table of sets: each is a module beside this one with a `RunSet`, and a table in `bars.toml`. The pictures,
their truth and the bars come with the program. Weights that are wrong in a way that looks healthy end here.
"""

import time
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from edge.golden.boxes import run_faces, run_persons
from edge.golden.figures import GoldenReport, Progress, RunSet, unheard, with_bars
from edge.golden.kiosk import run_kiosk
from edge.golden.products import run_products
from edge.golden.shelf import run_shelf
from edge.golden.texts import run_embeddings
from edge.places import APPLIANCE_ROOT
from models.errors import ArtefactRejectedError
from models.manifest import ActiveArtefact, Manifest, Task

GOLDEN = APPLIANCE_ROOT / "models" / "golden"


SETS: Mapping[str, RunSet] = {
    "persons": run_persons,
    "shelf": run_shelf,
    "faces": run_faces,
    "products": run_products,
    "embeddings": run_embeddings,
    "kiosk": run_kiosk,
}
SETS_OF_TASK: Mapping[Task, tuple[str, ...]] = {
    Task.PERSONS: ("persons", "shelf"),
    Task.FACES: ("faces",),
    Task.PRODUCTS: ("products",),
    Task.EMBEDDINGS: ("embeddings",),
    Task.LANGUAGE: ("kiosk",),
}
"""Weights for persons also tell the shelf who stands in front of it, so that they pass its film as well."""


def sets_of(manifest: Manifest) -> tuple[str, ...]:
    """The golden sets that judge an artefact; none for tasks that are judged elsewhere."""
    return (manifest.golden,) if manifest.golden else SETS_OF_TASK.get(manifest.task, ())


def read_bars(folder: Path = GOLDEN) -> dict[str, dict[str, Any]]:
    """`bars.toml`: what weights must reach, by set."""
    return tomllib.loads((folder / "bars.toml").read_text(encoding="utf-8"))


def run_sets(
    artefact: ActiveArtefact, *, folder: Path = GOLDEN, progress: Progress | None = None
) -> Iterator[GoldenReport]:
    """Run every golden set of an artefact, one after the other; each blocks for seconds.

    Raises:
        ArtefactRejectedError: there is no such set.
        ArtefactInvalidError: the weights do not give what their decoder expects.
    """
    manifest = artefact.manifest
    bars = read_bars(folder)
    for name in sets_of(manifest):
        if name not in SETS or name not in bars:
            raise ArtefactRejectedError(f"{manifest.name}: there is no golden set called {name}")
        began_s = time.perf_counter()
        items, values = SETS[name](artefact, folder, bars[name], progress or unheard)
        yield GoldenReport(
            name=name,
            artefact=manifest.name,
            items=items,
            figures=with_bars(values, bars[name]),
            took_s=time.perf_counter() - began_s,
        )
