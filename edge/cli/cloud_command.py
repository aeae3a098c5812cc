"""`backroom cloud`: head office's small receiver, and what it knows about completeness."""

import sys
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer
from pydantic import ValidationError

from edge.cli import certificate_command
from edge.cli.output import Json, emit, fail, say, sentences, table, words
from edge.node_key import NodeKey
from sync.cloud.orders import await_result, make_command, next_counter, results_of, send, utc_now
from sync.cloud.sink import run_sink
from sync.cloud.sink_reader_store import LaneReport, SinkReader, StoredEvent
from sync.commands import command_message, encode_command, parse_command
from sync.config import SyncSettings
from sync.link import LinkProfile
from sync.mqtt_link import mqtt_links
from sync.topics import NodeName
from sync.twin import encode_twin, make_twin, twin_message

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
app.add_typer(certificate_command.app, name="certificate")

SinkFile = Annotated[Path, typer.Option("--db", help="The receiver's SQLite file.")]
Broker = Annotated[str, typer.Option(help="mqtts://host:8883 or mqtt://host:1883")]
TlsCa = Annotated[Path | None, typer.Option(help="PEM of the broker's authority.")]
TlsCert = Annotated[Path | None, typer.Option(help="Own certificate, with --tls-key.")]
TlsKey = Annotated[Path | None, typer.Option(help="Own key.")]
User = Annotated[str | None, typer.Option(help="User name at the broker.")]
PasswordFile = Annotated[Path | None, typer.Option(help="File that holds the password.")]
NodeArgument = Annotated[str, typer.Argument(help="tenant/store/node")]
KeyFile = Annotated[Path, typer.Option("--key", help="The key that cloud keys made.")]


@app.command()
def sink(
    broker: Broker,
    db: SinkFile,
    *,
    client_id: Annotated[str, typer.Option(help="Two receivers with one id push each other off.")] = "head-office-sink",
    tls_ca: TlsCa = None,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    username: User = None,
    password_file: PasswordFile = None,
    status_s: Annotated[float, typer.Option(min=0.5, help="Seconds between status lines.")] = 5.0,
    stand_by: Annotated[
        bool, typer.Option("--stand-by", help="Wait while another receiver has the file; take over when it is gone.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Receive facts, commit them, then acknowledge. Ctrl-C or SIGTERM stops it."""
    settings = _broker_settings(broker, tls_ca, tls_cert, tls_key, username=username, password_file=password_file)
    with sentences():
        run_sink(
            settings,
            db,
            client_id=client_id,
            as_json=as_json,
            status_s=status_s,
            out=sys.stdout,
            stands_by=stand_by,
        )


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


@app.command()
def keys(out: Annotated[Path, typer.Option("--out", help="The new key file. Keep it at head office.")]) -> None:
    """Make the key that commands and twins are signed with; the public half goes into every node's settings."""
    if out.exists():
        raise fail(f"{out} is there already and is not replaced; give another --out")
    with sentences():
        public = NodeKey.load(out).public
    say(f"{out} signs for head office. Whoever has it can restart parts and take redacted snapshots.")
    say(f'shop.toml:\n[sync]\ncommand_key = "{public}"')


@app.command()
def command(
    node: NodeArgument,
    do: Annotated[str, typer.Argument(help="restart, drain-rate, snapshot, rotate-key or doctor")],
    about: Annotated[
        str, typer.Argument(help="camera:ID, language or node; bytes a second; a camera's id; a public key; -")
    ] = "-",
    *,
    key: KeyFile,
    db: SinkFile,
    broker: Broker,
    good_for_s: Annotated[int, typer.Option(min=1, max=86_000, help="Seconds of the node's clock.")] = 120,
    wait_s: Annotated[float, typer.Option(min=0.0, help="Seconds to wait for the result.")] = 30.0,
    tls_ca: TlsCa = None,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    username: User = None,
    password_file: PasswordFile = None,
    as_json: Json = False,
) -> None:
    """Sign a command, send it and wait for its result. Exit code 0 only when the node says that it is done."""
    settings = _broker_settings(broker, tls_ca, tls_cert, tls_key, username=username, password_file=password_file)
    with sentences():
        to, signer, reader = _node(node), NodeKey.load(key, make=False), SinkReader(db)
        seen = reader.last_seen(to)
        if seen is None:
            raise fail(f"head office never heard of {node}; its numbering and clock are not known")
        before = results_of(reader, to)
        known = [int(event.data["counter"] or 0) for event in before if event.data.get("do") != "twin"]
        counter = _next_counter(key, max(known, default=0))
        order = make_command(seen, counter, do, about, good_for_s=good_for_s, now=utc_now())
        payload = encode_command(order, signer.sign)
        parse_command(payload)
        heard = send(mqtt_links(_sender(settings))(), command_message(to, payload))
        patience_s = wait_s if heard else 0.0
        result = await_result(reader, to, counter, before=before, is_twin=False, timeout_s=patience_s)
    _tell_result(result, heard=heard, as_json=as_json)


@app.command()
def twin(
    node: NodeArgument,
    version: Annotated[int, typer.Argument(min=1, help="Higher than the last one.")],
    values: Annotated[list[str], typer.Argument(help="All settings, like drain_bytes_per_s=50000")],
    *,
    key: KeyFile,
    db: SinkFile,
    broker: Broker,
    wait_s: Annotated[float, typer.Option(min=0.0, help="Seconds to wait for the result.")] = 30.0,
    tls_ca: TlsCa = None,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    username: User = None,
    password_file: PasswordFile = None,
    as_json: Json = False,
) -> None:
    """Sign a node's settings and leave them at the broker. Exit code 0 only when the node says that it took them."""
    settings = _broker_settings(broker, tls_ca, tls_cert, tls_key, username=username, password_file=password_file)
    with sentences():
        to, signer, reader = _node(node), NodeKey.load(key, make=False), SinkReader(db)
        before = results_of(reader, to)
        payload = encode_twin(make_twin(to, version, dict(_setting(value) for value in values)), signer.sign)
        heard = send(mqtt_links(_sender(settings))(), twin_message(to, payload))
        patience_s = wait_s if heard else 0.0
        result = await_result(reader, to, version, before=before, is_twin=True, timeout_s=patience_s)
    _tell_result(result, heard=heard, as_json=as_json)


def _broker_settings(
    broker: str,
    tls_ca: Path | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    *,
    username: str | None,
    password_file: Path | None,
) -> SyncSettings:
    try:
        return SyncSettings(
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


def _node(path: str) -> NodeName:
    parts = path.split("/")
    if len(parts) != 3:
        raise fail("a node is named like tenant/store/node")
    return NodeName(*parts)


def _setting(text: str) -> tuple[str, int]:
    name, _, value = text.partition("=")
    if not value.isdecimal():
        raise fail(f"{text!r} must look like drain_bytes_per_s=50000")
    return name, int(value)


def _next_counter(key: Path, above: int) -> int:
    path = key.with_name(f"{key.name}.counter")
    try:
        return next_counter(path, above=above)
    except (OSError, ValueError) as error:
        raise fail(f"{path} must be a file that this user may write, with one number in it: {error}") from error


def _sender(settings: SyncSettings) -> LinkProfile:
    client_id = f"head-office-orders-{uuid4().hex[:8]}"
    return LinkProfile(endpoint=settings.endpoint(), client_id=client_id, subscriptions=())


def _tell_result(result: StoredEvent | None, *, heard: bool, as_json: bool) -> None:
    outcome = None if result is None else result.data["outcome"]
    detail = None if result is None else result.data.get("detail")
    if as_json:
        emit({"heard": heard, "outcome": outcome, "detail": detail})
    elif result is not None:
        say(f"The node says: {outcome}{f' ({detail})' if detail else ''}.")
    elif heard:
        say("No result came in time. It may still come; a refused replay or another numbering is not answered.")
    else:
        say("The node is not connected; a command is lost then, a twin waits at the broker.")
    if outcome != "done":
        raise typer.Exit(1)


def _row(lane: LaneReport) -> tuple[object, ...]:
    gaps = sum(last - first + 1 for first, last in lane.gaps)
    holes = sum(last - first + 1 for first, last in lane.holes)
    node = f"{lane.tenant}/{lane.store}/{lane.node}"
    return node, lane.epoch, lane.lane, lane.max, lane.received, gaps, holes, lane.duplicates
