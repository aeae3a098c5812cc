"""`backroom replay`: a recording through a camera's settings, one fact a line, as fast as the machine goes."""

import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from edge.cli.output import DataFolder, Json, emit, say, sentences, words
from edge.cli.places import data_folder
from edge.config import load_camera
from edge.facts import Fact, ShelfCountFact
from edge.places import DEFAULT_ARTEFACTS, Places
from edge.replay import replay_facts
from models.registry import Registry

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

_UNDATED = datetime(2000, 1, 1, tzinfo=UTC)
_TIMES = frozenset({"at", "mono_s", "media_s", "source"})


@app.command()
def replay(
    video: Annotated[Path, typer.Argument(help="A recording: mp4, avi, gif, ...")],
    config: Annotated[Path, typer.Option(help="A camera's file: its slots, zones and lines (TOML).")],
    started_at: Annotated[
        datetime | None, typer.Option(help="When the recording began (UTC); dates the facts.", show_default=False)
    ] = None,
    every_frame: Annotated[bool, typer.Option(help="Look at more than the camera's analyse_fps.")] = False,
    *,
    data: DataFolder = None,
    as_json: Json = False,
) -> None:
    """Read a video and print its facts with the video's own time in seconds (video_s)."""
    began = None if started_at is None else started_at.replace(tzinfo=started_at.tzinfo or UTC)
    steady: list[int] = []
    with sentences():
        camera = load_camera(config)
        places = Places(data_folder(data))
        registry = Registry(places.models, DEFAULT_ARTEFACTS)
        with _progress() as bar:
            task = bar.add_task(f"replaying {video.name}", total=1.0)
            batches = replay_facts(
                video,
                camera,
                registry=registry,
                places=places,
                started_at=began or _UNDATED,
                every_frame=every_frame,
                on_progress=lambda share: bar.update(task, completed=share),
            )
            for facts in batches:
                _note_steady(facts, steady)
                for fact in facts:
                    _print(fact, is_dated=began is not None, as_json=as_json)
    if not as_json and steady:
        say(f"Steady units on the shelf: {'-'.join(map(str, steady))}")


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TimeRemainingColumn(),
        console=Console(file=sys.stderr),
        transient=True,
        disable=not sys.stderr.isatty(),
    )


def _note_steady(facts: Iterable[Fact], steady: list[int]) -> None:
    for fact in facts:
        if isinstance(fact, ShelfCountFact) and steady[-1:] != [fact.shelf_units]:
            steady.append(fact.shelf_units)


def _print(fact: Fact, *, is_dated: bool, as_json: bool) -> None:
    body = fact.model_dump(mode="json", exclude_none=True)
    own = {k: v for k, v in body.items() if k not in _TIMES and not (k.endswith("_at") and not is_dated)}
    if as_json:
        dated = {"at": body["at"]} if is_dated else {}
        emit({"video_s": body["media_s"], **dated, "kind": fact.kind, "camera": fact.source, **own})
    else:
        say(f"{body['media_s']:8.2f} s  {fact.kind:<20} {words(own)}")
