"""`backroom privacy`: what may leave the shop and why, what the second net finds in a text, who signs the policy."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO, Annotated, Any

import typer
from pydantic import ValidationError

from edge.audit_notes import noted_policies
from edge.cli.output import DataFolder, Json, ShopFolder, emit, say, sentences, table
from edge.cli.places import data_folder, shop_folder
from edge.config import load_shop, sentence_of
from edge.detectors import scan as find_spans
from edge.egress import EgressGate, FieldFate
from edge.egress_policy import EgressPolicy, load_policy, load_store_key
from edge.errors import ConfigError
from edge.facts import FACT_TYPES, Fact
from edge.node_key import NodeKey, known_public
from edge.node_store import policy_path
from edge.places import Places
from edge.policy_trust import BY_PROGRAM, VouchedPolicy, refuse_older, sign_policy, vouched_policy
from edge.store.reading import reading_beside

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

PolicyFile = Annotated[
    Path | None, typer.Option("--policy", help="Explain under this file, signed or not; else under the shop's own.")
]
_MOST_DIGITS = 18  # within what SQLite takes as a number
_KINDS = {fact_type.kind: fact_type for fact_type in FACT_TYPES}


@app.command()
def explain(
    fact: Annotated[
        str, typer.Argument(help="A kind (shelf.count), a fact's number in the store, or JSON; - reads it.")
    ],
    policy: PolicyFile = None,
    *,
    shop: ShopFolder = None,
    data: DataFolder = None,
    as_json: Json = False,
) -> None:
    """Tell for every field of a fact whether it leaves the shop, in what shape, and why."""
    places = Places(data_folder(data))
    with sentences():
        chosen = _chosen_policy(policy, shop_folder(shop), places)
        gate = EgressGate(chosen, _store_key(places))
        if fact in _KINDS:
            kind, fates, has_value = fact, gate.explain_kind(_KINDS[fact]), False
        else:
            given = _fact(fact, places)
            kind, fates, has_value = given.kind, gate.explain(given), True
    if as_json:
        emit({"kind": kind, "policy": chosen.version, "fields": [_plain(fate, has_value) for fate in fates]})
        return
    rows = [(f.field, f.data_class.value, f.action, f.leaves_as if has_value else None, f.why) for f in fates]
    table(f"{kind} under policy {chosen.version}", ("field", "class", "action", "leaves as", "why"), rows)
    say("Every string that leaves also passes the second net; a hit keeps the whole record in the shop.")


@app.command()
def scan(
    file: Annotated[Path | None, typer.Argument(help="Text, UTF-8; standard input where none is named.")] = None,
    *,
    as_json: Json = False,
) -> None:
    """Find what looks personal in lines of text. Tells places, never the words; with --json one span a line."""
    lines, found = 0, 0
    with sentences(), _text(file) as text:
        for lines, line in enumerate(text, start=1):
            for span in find_spans(line.rstrip("\r\n")):
                found += 1
                if as_json:
                    emit({"line": lines, "start": span.start, "end": span.end, "detector": span.detector.value})
                else:
                    say(f"line {lines}, characters {span.start} to {span.end}: {span.detector.value}")
    if not as_json:
        say(f"{found} found in {lines} lines.")


@app.command()
def sign(
    policy: Annotated[Path, typer.Argument(help="Policy file to sign, after you have read it.")],
    key: Annotated[
        Path | None, typer.Option(help="Head office's key file, made where there is none; else this box's own key.")
    ] = None,
    *,
    data: DataFolder = None,
    as_json: Json = False,
) -> None:
    """Sign a shop's own policy; the signature is put beside it."""
    places = Places(data_folder(data))
    with sentences():
        signer = NodeKey.load(key or places.node_key)
        signature = sign_policy(policy, signer)
    if as_json:
        emit({"policy": policy, "signature": signature, "key": signer.public})
        return
    say(f"Signed: {signature}")
    if key is None:
        say("With this box's key. It counts on this box, while egress.signers in shop.toml is empty.")
    else:
        say(f'With the key of head office. In shop.toml: [egress] signers = ["{signer.public}"]')


@app.command()
def policy(*, shop: ShopFolder = None, data: DataFolder = None, as_json: Json = False) -> None:
    """Tell which policy the shop works under and who vouches for it; fails where nobody does."""
    with sentences():
        path, vouched = _vouched(shop_folder(shop), Places(data_folder(data)))
    if as_json:
        emit({"policy": path, **asdict(vouched.note), "kinds": sorted(vouched.policy.kinds)})
        return
    by = "it came with the program" if vouched.vouched_by == BY_PROGRAM else f"signed with the key {vouched.vouched_by}"
    say(f"Policy {vouched.policy.version}: {path}")
    say(f"{by}; {len(vouched.policy.kinds)} kinds of facts may leave. sha256 {vouched.sha256}")


def _chosen_policy(named: Path | None, shop: Path, places: Places) -> EgressPolicy:
    return load_policy(named) if named is not None else _vouched(shop, places)[1].policy


def _vouched(shop: Path, places: Places) -> tuple[Path, VouchedPolicy]:
    files = load_shop(shop)
    path = policy_path(files)
    signers = files.settings.egress.signers
    vouched = vouched_policy(path, signers=signers, own_key=known_public(places.node_key))
    if places.store.exists():
        with reading_beside(places.store) as reading:
            refuse_older(vouched, noted_policies(reading))
    return path, vouched


def _store_key(places: Places) -> bytes:
    """The store's key; before the first start any other, since nothing was hashed yet."""
    return load_store_key(places.store_key) if places.store_key.exists() else os.urandom(32)


def _fact(words: str, places: Places) -> Fact:
    """A fact by its number in the store or as JSON.

    Raises:
        ConfigError: there is no such fact, or it is none.
    """
    if words.isdecimal():
        if len(words) > _MOST_DIGITS:
            raise ConfigError(f"no fact has a number of {len(words)} digits; backroom facts shows their numbers")
        number = int(words)
        with reading_beside(places.store) as reading:
            stored = reading.facts(kind=None, source=None, after_id=number - 1, limit=1, newest_first=False)
        if not stored or stored[0].id != number:
            raise ConfigError(f"the store holds no fact {number}; backroom facts shows their numbers")
        return _made({**stored[0].body, "kind": stored[0].kind})
    try:
        given = json.loads(sys.stdin.read() if words == "-" else words)
    except (ValueError, RecursionError) as error:
        known = ", ".join(sorted(_KINDS))
        raise ConfigError(f"give a fact's kind, its number in the store, or JSON; known kinds are {known}") from error
    if not isinstance(given, dict):
        raise ConfigError('a fact in JSON is an object with its kind, such as {"kind": "shelf.count", ...}')
    return _made(given)


def _made(fields: dict[str, Any]) -> Fact:
    kind = fields.pop("kind", None)
    fact_type = _KINDS.get(kind) if isinstance(kind, str) else None
    if fact_type is None:
        raise ConfigError(f'the fact needs its "kind", one of {", ".join(sorted(_KINDS))}')
    try:
        return fact_type(**fields)
    except ValidationError as error:
        # The values are not repeated: they may be the very thing that must not be seen.
        wrong = [f"{'.'.join(map(str, e['loc']))}: {sentence_of({**e, 'input': None})}" for e in error.errors()]
        raise ConfigError(f"this is no {kind}: {'; '.join(wrong)}") from error


def _plain(fate: FieldFate, has_value: bool) -> dict[str, object]:
    told: dict[str, object] = {"field": fate.field, "class": fate.data_class.value, "leaves": fate.leaves}
    value = {"leaves_as": fate.leaves_as} if has_value else {}
    return {**told, "action": fate.action, **value, "why": fate.why}


@contextmanager
def _text(file: Path | None) -> Iterator[IO[str]]:
    if file is None:
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
        yield sys.stdin
        return
    try:
        opened = file.open(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read ({error.strerror}); give a text file") from error
    with opened:
        yield opened
