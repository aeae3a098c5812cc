"""How every command speaks: text or JSON on standard output, one sentence and exit code 1 when it failed.

The only place that prints. Refuses nothing; knows nothing about what it prints.
"""

import dataclasses
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import takewhile
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from edge.errors import EdgeError
from models.errors import ModelsError
from sync.errors import SyncError
from vision.errors import VisionError

_PIPE_WIDTH = 200
_MAX_LINE = 1000

Json = Annotated[bool, typer.Option("--json", help="One JSON object (or one a line) instead of text.")]
ShopFolder = Annotated[
    Path | None,
    typer.Option("--shop", help="Folder with shop.toml and its data.", envvar="BACKROOM_SHOP_DIR", show_default=False),
]


def _folder(given: Path | None) -> Path | None:
    """A data folder is a folder, or is not there yet."""
    if given is None:
        return None
    if str(given) in ("", "."):
        raise typer.BadParameter("give the folder's name; the current folder is not taken by accident")
    try:
        is_file = any(part.exists() and not part.is_dir() for part in (given, *given.parents))
    except OSError as failed:
        raise typer.BadParameter(f"it cannot be a folder: {failed.strerror}") from failed
    if is_file:
        raise typer.BadParameter(f"{given} is, or lies in, a file; give a folder")
    return given


DataFolder = Annotated[
    Path | None,
    typer.Option(
        "--data",
        help="Folder for the store, models and clips.",
        envvar="BACKROOM_DATA",
        show_default=False,
        callback=_folder,
    ),
]


def console() -> Console:
    """A console as wide as the terminal; wide enough for whole rows when its output is a file or a pipe."""
    return Console(width=None if sys.stdout.isatty() else _PIPE_WIDTH, highlight=False)


def say(text: str = "") -> None:
    """One line for a person."""
    print(text, flush=True)


def emit(value: object) -> None:
    """One JSON object on one line."""
    print(json.dumps(plain(value), ensure_ascii=False, allow_nan=False), flush=True)


def plain(value: object) -> Any:
    """Dataclasses, times, paths and tuples as JSON knows them."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(v) for v in value]
    return value


def words(fields: Mapping[str, object]) -> str:
    """Fields as ``name value``, numbers short, empty ones left out."""
    shown = ((k, f"{v:.4g}" if isinstance(v, float) else v) for k, v in fields.items() if v is not None)
    return ", ".join(f"{name} {value}" for name, value in shown)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table for a person; says so when there is nothing to show."""
    if not rows:
        say(f"{title}: nothing yet")
        return
    drawn = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for row in rows:
        drawn.add_row(*("" if cell is None else str(cell) for cell in row))
    console().print(drawn)


def fail(sentence: str, also: Mapping[str, object] | None = None) -> typer.Exit:
    """Say on standard error what went wrong, to programs also as an object, and return the exit to raise.

    ``also`` is what programs are told besides. Names given by others are in the sentence: what a terminal would obey
    is shown as its code, and a line has its limit.
    """
    if _wants_json():
        emit({**(also or {}), "error": sentence})
    print("\n".join(_visible(line) for line in sentence.split("\n")), file=sys.stderr, flush=True)
    return typer.Exit(1)


@contextmanager
def usage_told() -> Iterator[None]:
    """To programs a wrong command line is an object as well; to people the library has said it on standard error."""
    try:
        yield
    except SystemExit as end:
        # The library ends the process while it handles its own error, whose type is private to it.
        sentence = getattr(end.__context__, "format_message", None)
        if sentence is not None and _wants_json():
            emit({"error": str(sentence())})
        raise


def _wants_json() -> bool:
    """Whether this process's command was given --json; the library keeps its current command to itself."""
    return "--json" in takewhile(lambda word: word != "--", sys.argv[1:])


def _visible(line: str) -> str:
    shown = line if len(line) <= _MAX_LINE else line[:_MAX_LINE] + "…"
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in shown)


@contextmanager
def sentences() -> Iterator[None]:
    """Our own errors end a command with their sentence, not with a traceback."""
    try:
        yield
    except EdgeError as error:
        raise fail(str(error)) from error
    except (VisionError, ModelsError, SyncError) as error:
        raise fail(str(error).replace("\n", "\\n")) from error
    except KeyboardInterrupt as error:
        raise typer.Exit(130) from error
    except BrokenPipeError as error:
        sys.stderr.close()
        raise typer.Exit(1) from error
