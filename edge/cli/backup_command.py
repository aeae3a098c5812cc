"""`backroom backup`: a checked copy of the store on another medium, beside a running node, and the way back."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from edge.cli.output import DataFolder, Json, emit, fail, say, sentences
from edge.cli.places import data_folder
from edge.places import Places
from edge.store.backup import back_up
from edge.store.restore import restore

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def backup(
    to: Annotated[
        Path | None, typer.Option("--to", help="Folder on the second medium; it has to be there.", show_default=False)
    ] = None,
    restore_from: Annotated[
        Path | None,
        typer.Option("--restore", help="Put this copy in place; the node has to be stopped.", show_default=False),
    ] = None,
    *,
    data: DataFolder = None,
    as_json: Json = False,
) -> None:
    """Copy the store, check the copy, and only then let it replace the last one; or put a copy back."""
    store = Places(data_folder(data)).store
    if to is not None and restore_from is None:
        _back_up(store, to, as_json=as_json)
    elif restore_from is not None and to is None:
        _restore(store, restore_from, as_json=as_json)
    else:
        raise fail("Say which: --to FOLDER makes a copy, --restore FILE puts one back")


def _back_up(store: Path, folder: Path, *, as_json: bool) -> None:
    with sentences():
        made = back_up(store, folder)
    if as_json:
        emit(made)
        return
    say(f"{made.path}: {made.size_bytes / 1e6:.1f} MB, checked, in {made.took_s:.1f} s.")
    if made.is_same_disk:
        say("It lies on the store's own disk: that helps against a damaged file, not against a dead disk.")


def _restore(store: Path, copy: Path, *, as_json: bool) -> None:
    with sentences():
        restored = restore(store, copy, now=datetime.now(UTC))
    if as_json:
        emit(restored)
        return
    upto = "" if restored.newest_at is None else f", the newest of {restored.newest_at:%Y-%m-%d %H:%M:%S} UTC"
    say(f"{restored.path}: {restored.facts} facts{upto}, checked.")
    if restored.set_aside is not None:
        say(f"What lay there is {restored.set_aside} (and -wal, if there was one); erase it when nothing is missed.")
    say("Start the node: it begins a new numbering and tells head office so.")
