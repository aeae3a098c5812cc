"""`backroom models`: which weights there are, whether they are what they claim, and which are in use."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

from edge.cli.output import DataFolder, Json, emit, say, sentences, table
from edge.cli.places import data_folder
from edge.places import DEFAULT_ARTEFACTS, Places
from models.manifest import Manifest, Task, read_manifest
from models.registry import ArtefactEntry, Registry
from models.verification import Progress as Report

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

Name = Annotated[str, typer.Argument(help="Name of an artefact, as `backroom models list` shows it.")]


@app.command("list")
def list_artefacts(data: DataFolder = None, as_json: Json = False) -> None:
    """List every artefact with its task, slot and size."""
    with sentences():
        entries = _registry(data).list()
    if as_json:
        emit({"artefacts": [_entry(e) for e in entries]})
        return
    rows = [
        (
            e.manifest.task,
            e.manifest.name,
            e.manifest.version,
            e.slot or ("default" if e.is_default else ""),
            _size(e),
            e.problem,
        )
        for e in entries
    ]
    table("Artefacts", ("task", "name", "version", "slot", "size", "problem"), rows)


@app.command()
def show(name: Name, data: DataFolder = None, as_json: Json = False) -> None:
    """Show an artefact's manifest."""
    with sentences():
        entry = _registry(data).show(name)
    if as_json:
        emit(_entry(entry))
        return
    for key, value in _entry(entry).items():
        say(f"{key:<12} {value}")


@app.command()
def verify(
    name: Annotated[str | None, typer.Argument(help="Nothing: all of them.")] = None,
    *,
    data: DataFolder = None,
    as_json: Json = False,
) -> None:
    """Read the weights again and compare them with the manifest's hash."""
    with sentences():
        registry = _registry(data)
        names = [name] if name else [e.manifest.name for e in registry.list()]
        for each in names:
            with _progress(f"verifying {each}", quiet=as_json) as report:
                entry = registry.verify(each, progress=report)
            if as_json:
                emit({"name": each, "verified": True, "sha256": entry.manifest.sha256})
            else:
                say(f"{each}: as its manifest says ({entry.manifest.sha256[:12]}…)")


@app.command()
def add(weights: Path, manifest: Path, *, data: DataFolder = None, as_json: Json = False) -> None:
    """Add a weights file with its manifest; it is copied, verified and not yet used."""
    with sentences(), _progress(f"adding {weights.name}", quiet=as_json) as report:
        entry = _registry(data).add(weights, read_manifest(manifest), progress=report)
    _told(entry.manifest, "added", as_json)


@app.command()
def activate(name: Name, data: DataFolder = None, as_json: Json = False) -> None:
    """Use an artefact for its task from the next start on; the one in use becomes the previous one."""
    with sentences(), _progress(f"verifying {name}", quiet=as_json) as report:
        manifest = _registry(data).activate(name, progress=report)
    _told(manifest, "active", as_json)


@app.command("roll-back")
def roll_back(
    task: Annotated[Task, typer.Argument(help="Task whose previous artefact returns.")],
    data: DataFolder = None,
    as_json: Json = False,
) -> None:
    """Return to the artefact that was in use before."""
    with sentences():
        manifest = _registry(data).roll_back(task)
    _told(manifest, "active", as_json)


@app.command()
def remove(name: Name, data: DataFolder = None, as_json: Json = False) -> None:
    """Remove an added artefact that is in no slot."""
    with sentences():
        _registry(data).remove(name)
    if as_json:
        emit({"name": name, "removed": True})
    else:
        say(f"{name}: removed")


def _registry(data: Path | None) -> Registry:
    return Registry(Places(data_folder(data)).models, DEFAULT_ARTEFACTS)


def _told(manifest: Manifest, what: str, as_json: bool) -> None:
    if as_json:
        emit({"name": manifest.name, "task": manifest.task, "state": what})
    else:
        say(f"{manifest.name}: {what} for {manifest.task}")


def _entry(entry: ArtefactEntry) -> dict[str, Any]:
    manifest = entry.manifest
    return {
        "name": manifest.name,
        "version": manifest.version,
        "task": manifest.task,
        "format": manifest.format,
        "slot": entry.slot,
        "default": entry.is_default,
        "size_bytes": manifest.size_bytes,
        "sha256": manifest.sha256,
        "licence": manifest.licence,
        "origin": manifest.origin,
        "path": None if entry.path is None else str(entry.path),
        "problem": entry.problem,
    }


def _size(entry: ArtefactEntry) -> str:
    return f"{entry.manifest.size_bytes / 1e6:.1f} MB"


@contextmanager
def _progress(title: str, *, quiet: bool) -> Iterator[Report | None]:
    """A bar for the bytes read, unless a program is listening."""
    if quiet:
        yield None
        return
    with Progress(
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn(), transient=True
    ) as bar:
        task = bar.add_task(title, total=None)

        def report(done_bytes: int, total_bytes: int) -> None:
            bar.update(task, completed=done_bytes, total=total_bytes)

        yield report
