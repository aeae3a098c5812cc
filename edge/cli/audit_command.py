"""`backroom audit`: the chain of decisions, and whether it is what was written."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from edge.audit import AuditRow, Checkpoint
from edge.audit_check import Anchors, Finding, check
from edge.cli.output import DataFolder, Json, emit, say, sentences, table
from edge.cli.places import data_folder
from edge.errors import ConfigError
from edge.facts import AuditCheckpointFact
from edge.node_key import NodeKey, is_signed, known_public
from edge.places import Places
from edge.store.numbers import noted_audit_tip
from edge.store.reading import reading_beside
from edge.store.rows import from_us, to_us
from sync.cloud.sink_reader_store import SinkReader, StoredEvent

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

_MOST_SEALS = 1_000_000


@app.command()
def show(
    kind: Annotated[str | None, typer.Option(help="Only this kind, e.g. vault.opened")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000)] = 20,
    *,
    data: DataFolder = None,
    as_json: Json = False,
) -> None:
    """Show the newest rows of the audit chain."""
    with sentences(), reading_beside(Places(data_folder(data)).store) as reading:
        rows = reading.newest_audit_rows(kind=kind, limit=limit)
    if as_json:
        for row in rows:
            emit({**_plain(row), "hash": row.hash})
        return
    cells = [(r.seq, f"{from_us(r.at_us):%Y-%m-%d %H:%M:%S}", r.kind, r.actor, r.body) for r in rows]
    table("Audit", ("row", "time (UTC)", "kind", "who", "what"), cells)


@app.command()
def verify(
    against: Annotated[Path | None, typer.Option(help="Head office's database: the seals that it received.")] = None,
    node: Annotated[str | None, typer.Option(help="tenant/store/node in it, where it holds several nodes.")] = None,
    key: Annotated[str | None, typer.Option(help="The node's public key, as noted when the box was set up.")] = None,
    *,
    data: DataFolder = None,
    as_json: Json = False,
) -> None:
    """Check every row, seal and anchor. Exit code 0 only when nothing was changed, deleted, cut off or put back."""
    places = Places(data_folder(data))
    with sentences():
        received = () if against is None else _received(against, node)
        with reading_beside(places.store) as reading:
            own_key = known_public(places.node_key) or NodeKey.load(places.node_key, make=False).public
            tip = noted_audit_tip(places.store)
            anchors = Anchors(own=reading.audit_seals(), received=received, tip=tip, key=key or own_key)
            findings, rows = _checked(reading.audit_rows(), anchors)
    if against is not None and not received:
        findings = [*findings, Finding(0, "head office has received no seal of this node")]
    sealed_upto = max((seal.last for seal in anchors.own), default=0)
    received_upto = max((seal.last for seal in received), default=0)
    result = {"rows": rows, "sealed_upto": sealed_upto, "received_upto": received_upto, "key": own_key}
    if as_json:
        emit({"sound": not findings, **result, "findings": findings})
    else:
        _tell(findings, rows, sealed_upto, None if against is None else received_upto)
    if findings:
        raise typer.Exit(1)


def _checked(rows: Iterator[AuditRow], anchors: Anchors) -> tuple[list[Finding], int]:
    count = 0

    def counted() -> Iterator[AuditRow]:
        nonlocal count
        for row in rows:
            count += 1
            yield row

    return check(counted(), anchors, is_signed), count


def _received(path: Path, node: str | None) -> tuple[Checkpoint, ...]:
    """Seals of one node at head office, oldest first.

    Raises:
        ConfigError: it has to be said which node is meant.
    """
    events = SinkReader(path).facts(kind=AuditCheckpointFact.kind, limit=_MOST_SEALS)
    nodes = sorted({f"{event.tenant}/{event.store}/{event.node}" for event in events})
    if node is None and len(nodes) > 1:
        raise ConfigError(f"{path} holds several nodes; say which with --node: {', '.join(nodes)}")
    wanted = node or (nodes[0] if nodes else "")
    mine = (event for event in reversed(events) if f"{event.tenant}/{event.store}/{event.node}" == wanted)
    return tuple(_seal(event) for event in mine)


def _seal(event: StoredEvent) -> Checkpoint:
    told = event.data
    return Checkpoint(
        first=int(told["first"] or 0),
        last=int(told["last"] or 0),
        root=str(told["root"]),
        head=str(told["head"]),
        at_us=to_us(event.occurred_at),
        key=str(told["key"]),
        signature=str(told["signature"]),
    )


def _plain(row: AuditRow) -> dict[str, object]:
    return {
        "row": row.seq,
        "at": from_us(row.at_us),
        "kind": row.kind,
        "actor": row.actor,
        "what": json.loads(row.body),
    }


def _tell(findings: Sequence[Finding], rows: int, sealed_upto: int, received_upto: int | None) -> None:
    for finding in findings:
        say(f"  {finding.what}")
    compared = "" if received_upto is None else f", head office has seals up to row {received_upto}"
    verdict = "Sound" if not findings else "NOT sound"
    say(f"{verdict}: {rows} rows, sealed up to row {sealed_upto}{compared}.")
    if received_upto is None and not findings:
        say("Compared with this box alone: --against head office's database finds also what the whole box would hide.")
