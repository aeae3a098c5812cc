"""`backroom bench`: an area measured against the raw library or a peer, both in the same run."""

from collections.abc import Callable
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from edge.bench.results import BenchResult
from edge.cli.output import DataFolder, Json, emit, say, sentences, table
from edge.cli.places import data_folder
from edge.cli.running import quiet_logs

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


class Area(StrEnum):
    """What can be measured."""

    VISION = "vision"
    ONNX = "onnx"
    STORE = "store"
    LLM = "llm"
    KIOSK = "kiosk"
    BOX = "box"
    DAY = "day"
    PRIVACY = "privacy"
    SYNC = "sync"
    FAULTS = "faults"
    SEARCH = "search"


@app.command()
def bench(
    areas: Annotated[list[Area], typer.Argument(metavar="AREA...", help=", ".join(Area))],
    quick: Annotated[bool, typer.Option("--quick", help="Under 45 s an area, less certain.")] = False,
    draw: Annotated[Path | None, typer.Option("--draw", help="Area day: truth and claims, as SVG.")] = None,
    catalogue: Annotated[
        Path | None, typer.Option("--catalogue", help="Area search: a product file with types, instead of our own.")
    ] = None,
    language: Annotated[
        str | None, typer.Option("--language", help="Area kiosk: the question set in this language, such as de.")
    ] = None,
    data: DataFolder = None,
    as_json: Json = False,
) -> None:
    """Measure areas one after the other; with --json one object a line. Exit code 0 when all ran.

    Whether goals hold is in the result.
    """
    quiet_logs()
    if draw is not None and Area.DAY not in areas:
        raise typer.BadParameter("--draw draws the area day; measure it too")
    if catalogue is not None and Area.SEARCH not in areas:
        raise typer.BadParameter("--catalogue is for the area search; measure it too")
    if language is not None and Area.KIOSK not in areas:
        raise typer.BadParameter("--language is for the area kiosk; measure it too")
    for area in dict.fromkeys(areas):
        own: dict[Area, Path | str | None] = {Area.DAY: draw, Area.SEARCH: catalogue, Area.KIOSK: language}
        where = (data_folder(data),) if area is Area.ONNX else (own[area],) if area in own else ()
        _bench(area, quick=quick, where=where, as_json=as_json)


def _bench(area: Area, *, quick: bool, where: tuple[Path | str | None, ...], as_json: bool) -> None:
    run: Callable[..., list[BenchResult]] = import_module(f"edge.bench.{area.value}").run
    if not as_json:
        say(f"measuring {area.value}: {'under 45 s' if quick else 'some minutes'}")
    with sentences():
        results = run(quick, *where)
    if as_json:
        emit({"area": area.value, "results": results})
        return
    marks = {True: "holds", False: "MISSED", None: ""}
    rows = [(r.what, f"{r.value:g} {r.unit}", r.goal, marks[r.holds], r.against) for r in results]
    table(f"Bench: {area.value}", ("what", "value", "goal", "", "against"), rows)
