"""`backroom facts`: what the store holds, beside a running node or without one."""

from typing import Annotated

import typer

from edge.cli.output import DataFolder, Json, emit, fail, sentences, table, words
from edge.cli.places import data_folder
from edge.facts import FACT_TYPES
from edge.places import Places
from edge.store.reading import reading_beside
from edge.store.rows import StoredFact

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

_LARGEST = 2**63 - 1  # what SQLite takes as a number
_SHOWN_APART = frozenset({"at", "mono_s", "source"})


@app.command()
def facts(
    kind: Annotated[str | None, typer.Option(help="Only this kind, e.g. shelf.count")] = None,
    source: Annotated[str | None, typer.Option(help="Only this camera or kiosk.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000)] = 20,
    after: Annotated[
        int | None, typer.Option(min=0, max=_LARGEST, help="Only facts above this number, oldest first.")
    ] = None,
    *,
    data: DataFolder = None,
    as_json: Json = False,
) -> None:
    """Show the facts in the store, newest first (oldest first with --after)."""
    known = sorted(fact_type.kind for fact_type in FACT_TYPES)
    if kind is not None and kind not in known:
        raise fail(f"There is no fact kind {kind}. Known are {', '.join(known)}.")
    with sentences(), reading_beside(Places(data_folder(data)).store) as reading:
        found = reading.facts(kind=kind, source=source, after_id=after, limit=limit, newest_first=after is None)
    if as_json:
        for fact in found:
            emit(_plain(fact))
        return
    rows = [(f.id, f"{f.at:%Y-%m-%d %H:%M:%S}", f.kind, f.source, _words(f), f.disposition.value) for f in found]
    table("Facts", ("number", "time (UTC)", "kind", "source", "what", "gate"), rows)


def _plain(fact: StoredFact) -> dict[str, object]:
    return {
        "id": fact.id,
        "kind": fact.kind,
        **fact.body,
        "gate": fact.disposition.value,
        "record": fact.record_id,
    }


def _words(fact: StoredFact) -> str:
    return words({k: v for k, v in fact.body.items() if k not in _SHOWN_APART})
