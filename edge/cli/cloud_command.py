"""`backroom cloud`: head office's small receiver, and what it knows about completeness."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from edge.cli.output import Json, emit, fail, say, sentences, table, words
from sync.cloud.sink import run_sink
from sync.cloud.sink_reader_store import LaneReport, SinkReader
from sync.config import SyncSettings

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

SinkFile = Annotated[Path, typer.Option("--db", help="The receiver's SQLite file.")]


@app.command()
def sink(
    broker: Annotated[str, typer.Option(help="mqtts://host:8883 or mqtt://host:1883")],
    db: SinkFile,
    *,
    client_id: Annotated[str, typer.Option(help="Two receivers with one id push each other off.")] = "head-office-sink",
    tls_ca: Annotated[Path | None, typer.Option(help="PEM of the broker's authority.")] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="Own certificate, with --tls-key.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Own key.")] = None,
    username: Annotated[str | None, typer.Option(help="User name at the broker.")] = None,
    password_file: Annotated[Path | None, typer.Option(help="File that holds the password.")] = None,
    status_s: Annotated[float, typer.Option(min=0.5, help="Seconds between status lines.")] = 5.0,
    as_json: Json = False,
) -> None:
    """Receive facts, commit them, then acknowledge. Ctrl-C or SIGTERM stops it."""
    try:
        settings = SyncSettings(
            broker=broker,
            tls_ca_file=tls_ca,
            tls_cert_file=tls_cert,
            tls_key_file=tls_key,
            username=username,
            password_file=password_file,
            backoff_max_s=5.0,
        )
    except ValidationError as error:
        raise fail("\n".join(e["msg"].removeprefix("Value error, ") for e in error.errors())) from error
    with sentences():
        run_sink(settings, db, client_id=client_id, as_json=as_json, status_s=status_s, out=sys.stdout)


@app.command()
def report(db: SinkFile, as_json: Json = False) -> None:
    """Say for every lane what came, what was declared missing and what is missing undeclared.

    Exit code 0 only when received and declared gaps together are exactly 1..max everywhere.
    """
    with sentences():
        found = SinkReader(db).report()
    if as_json:
        emit({"whole": found.is_whole, "lanes": found.lanes, "facts": found.stored, "rejected": found.rejected})
    else:
        columns = ("node", "epoch", "lane", "max", "received", "declared gaps", "undeclared holes", "doubles")
        table("Received", columns, [_row(lane) for lane in found.lanes])
        say("Whole: received and declared gaps are exactly 1..max." if found.is_whole else "NOT whole.")
    if not found.is_whole:
        raise typer.Exit(1)


@app.command()
def facts(
    db: SinkFile,
    kind: Annotated[str | None, typer.Option(help="Only this kind, e.g. shelf.count")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000)] = 20,
    as_json: Json = False,
) -> None:
    """Show what head office received, newest first."""
    with sentences():
        found = SinkReader(db).facts(kind=kind, limit=limit)
    if as_json:
        for event in found:
            emit(event)
        return
    rows = [
        (
            f"{e.occurred_at:%Y-%m-%d %H:%M:%S}",
            e.node,
            e.kind,
            e.source,
            words(e.data),
        )
        for e in found
    ]
    table("Facts at head office", ("time (UTC)", "node", "kind", "source", "what"), rows)


def _row(lane: LaneReport) -> tuple[object, ...]:
    gaps = sum(last - first + 1 for first, last in lane.gaps)
    holes = sum(last - first + 1 for first, last in lane.holes)
    node = f"{lane.tenant}/{lane.store}/{lane.node}"
    return node, lane.epoch, lane.lane, lane.max, lane.received, gaps, holes, lane.duplicates
