"""`backroom backup`: a checked copy of the store on another medium, beside a running node."""

from pathlib import Path
from typing import Annotated

import typer

from edge.cli.output import DataFolder, Json, emit, say, sentences
from edge.cli.places import data_folder
from edge.places import Places
from edge.store.backup import back_up

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def backup(
    to: Annotated[Path, typer.Option("--to", help="Folder on the second medium; it has to be there.")],
    *,
    data: DataFolder = None,
    as_json: Json = False,
) -> None:
    """Copy the store, check the copy, and only then let it replace the last one."""
    with sentences():
        made = back_up(Places(data_folder(data)).store, to)
    if as_json:
        emit(made)
        return
    say(f"{made.path}: {made.size_bytes / 1e6:.1f} MB, checked, in {made.took_s:.1f} s.")
    if made.is_same_disk:
        say("It lies on the store's own disk: that helps against a damaged file, not against a dead disk.")
