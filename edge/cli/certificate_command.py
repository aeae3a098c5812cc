"""`backroom cloud certificate`: how a node gets and renews the certificate that head office's broker asks for.

``request`` and ``install`` are done at the node, also by a technician at one that was away until its certificate was
over; ``sign`` at head office.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from edge.certificates import Validity, install, make_request, sign_request
from edge.cli.output import Json, ShopFolder, emit, fail, say, sentences
from edge.cli.places import shop_folder
from edge.config import Settings, load_shop
from models.durable import LocalDisk, write_durably
from sync.tls import is_clock_behind

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="How a node gets and renews the certificate that head office's broker asks for.",
)
Given = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]


@app.command()
def request(
    out: Annotated[Path, typer.Option("--out", help="Where the request goes; no secret is in it.")],
    shop: ShopFolder = None,
    as_json: Json = False,
) -> None:
    """At the node: ask for a certificate. The key is made where tls_key_file names none yet, and never leaves."""
    with sentences():
        settings = load_shop(shop_folder(shop)).settings
        key, _ = _files(settings)
        name = _name(settings)
        _write(out, make_request(name, key))
    if as_json:
        emit({"node": name, "request": out})
    else:
        say(f"{out} asks for {name}. At head office: backroom cloud certificate sign {out.name} {name} ...")


@app.command()
def sign(
    wanted: Given,
    node: Annotated[str, typer.Argument(help="tenant/store/node, as you know it; the request must say the same.")],
    *,
    authority: Annotated[Path, typer.Option(help="PEM of head office's authority for nodes.")],
    authority_key: Annotated[Path, typer.Option(help="The authority's key.")],
    out: Annotated[Path, typer.Option("--out", help="Where the certificate goes.")],
    days: Annotated[int, typer.Option(min=1, max=3650, help="How long it holds.")] = 365,
    as_json: Json = False,
) -> None:
    """At head office: sign a node's request. Make sure that it came from that node."""
    with sentences():
        made, validity = sign_request(
            wanted.read_bytes(),
            node,
            authority=authority,
            authority_key=authority_key,
            days=days,
            now=datetime.now(UTC),
        )
        _write(out, made)
    _tell(validity, f"{out} lets {node} in", as_json=as_json)


@app.command("install")
def put_in_place(
    signed: Given,
    shop: ShopFolder = None,
    authority: Annotated[
        Path | None, typer.Option(help="PEM of who may sign for nodes; else [sync] tls_ca_file.")
    ] = None,
    as_json: Json = False,
) -> None:
    """At the node: check what head office signed and put it in place. The next connection uses it."""
    with sentences():
        settings = load_shop(shop_folder(shop)).settings
        key, certificate = _files(settings)
        trusted = authority or settings.sync.tls_ca_file
        if trusted is None:
            raise fail("name the authority that signs for nodes: --authority ca.pem, or tls_ca_file in [sync]")
        now = datetime.now(UTC)
        judged = None if is_clock_behind((trusted,), now.timestamp()) else now
        validity = install(
            signed.read_bytes(), _name(settings), key=key, certificate=certificate, authority=trusted, now=judged
        )
    _tell(validity, f"{certificate} is in place from the next connection on", as_json=as_json)


def _files(settings: Settings) -> tuple[Path, Path]:
    key, certificate = settings.sync.tls_key_file, settings.sync.tls_cert_file
    if key is None or certificate is None:
        raise fail('shop.toml must name both in [sync]: tls_cert_file = "node.pem" and tls_key_file = "node.key"')
    return key, certificate


def _name(settings: Settings) -> str:
    identity = settings.shop
    return f"{identity.tenant}/{identity.store}/{identity.node}"


def _write(path: Path, contents: bytes) -> None:
    try:
        write_durably(LocalDisk(), path, [contents])
    except OSError as error:
        raise fail(f"{path} cannot be written: {error.strerror}") from error


def _tell(validity: Validity, what: str, *, as_json: bool) -> None:
    if as_json:
        emit(validity)
    else:
        say(f"{what}, until {validity.ends:%Y-%m-%d}.")
