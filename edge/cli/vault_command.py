"""`backroom vault`: unredacted stills for whoever holds the key, each with a reason and a row in the audit."""

import getpass
import os
from pathlib import Path
from typing import Annotated

import typer

from edge.cli.output import DataFolder, Json, emit, fail, say, sentences, table
from edge.cli.places import data_folder
from edge.errors import ConfigError
from edge.places import Places
from edge.vault import VaultItem
from edge.vault_door import DoorRequest, ask
from edge.vault_seal import VaultKey

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

KeyFile = Annotated[Path, typer.Option("--key", help="The private key that vault make-key wrote.")]
Why = Annotated[str, typer.Option("--why", help="The reason, 8 to 300 letters; it goes into the audit.")]
Who = Annotated[str, typer.Option("--who", help="Who asks.", default_factory=getpass.getuser, show_default="this user")]
Out = Annotated[Path, typer.Option("--out", help="The JPEG to write; a file that is there is not replaced.")]


@app.command(name="make-key")
def make_key(out: Annotated[Path, typer.Option("--out", help="The new key file. Keep it off this box.")]) -> None:
    """Make a key: the file opens the vault, the public key that is printed goes into the node's settings."""
    with sentences():
        key = VaultKey.make(out)
    say(f"{out} opens the vault. Move it to whoever may look; a copy on this box would open it too.")
    say(f'shop.toml:\n[vault]\npublic_key = "{key.public}"')


@app.command()
def view(
    camera: Annotated[str, typer.Argument(help="The camera's id.")],
    key: KeyFile,
    out: Out,
    why: Why,
    who: Who,
    *,
    data: DataFolder = None,
    as_json: Json = False,
) -> None:
    """Take a still without redaction, seal it into the vault, and open it: asked and opened are both noted."""
    with sentences():
        own, door = VaultKey.load(key), Places(data_folder(data)).vault_door
        _require_free(out)
        request = DoorRequest(do="keep", camera=camera, opened_by=own.public, name=who, why=why)
        items, _ = ask(door, request)
        item = _opened(door, own, items[0].id, out=out, who=who, why=why)
    _tell(item, out, as_json=as_json)


@app.command(name="open")
def open_still(
    item: Annotated[int, typer.Argument(help="Its number in vault list.")],
    key: KeyFile,
    out: Out,
    why: Why,
    who: Who,
    *,
    data: DataFolder = None,
    as_json: Json = False,
) -> None:
    """Open a still that lies in the vault."""
    with sentences():
        own, door = VaultKey.load(key), Places(data_folder(data)).vault_door
        _require_free(out)
        found = _opened(door, own, item, out=out, who=who, why=why)
    _tell(found, out, as_json=as_json)


@app.command(name="list")
def list_stills(data: DataFolder = None, as_json: Json = False) -> None:
    """What lies in the vault, and until when."""
    with sentences():
        items, _ = ask(Places(data_folder(data)).vault_door, DoorRequest(do="list"))
    if as_json:
        emit({"items": items})
        return
    rows = [
        (i.id, i.camera, f"{i.taken_at:%Y-%m-%d %H:%M:%S}", f"{i.until:%Y-%m-%d %H:%M}", i.size_bytes) for i in items
    ]
    table("Vault", ("number", "camera", "taken (UTC)", "erased at (UTC)", "bytes"), rows)


@app.command()
def erase(
    why: Why,
    who: Who,
    items: Annotated[list[int] | None, typer.Argument(help="Numbers in vault list.", show_default=False)] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every still.")] = False,
    *,
    data: DataFolder = None,
    as_json: Json = False,
) -> None:
    """Erase stills at once; the audit keeps the hash of each as the proof."""
    if bool(items) is everything:
        raise fail("Say which: numbers from vault list, or --all")
    with sentences():
        request = DoorRequest(do="erase", items=tuple(items or ()), name=who, why=why)
        gone, _ = ask(Places(data_folder(data)).vault_door, request)
    if as_json:
        emit({"erased": gone})
        return
    for item in gone:
        say(f"erased {item.id} ({item.camera}, {item.taken_at:%Y-%m-%d %H:%M:%S}), sha256 {item.sha256}")
    say(f"{len(gone)} stills erased")


def _opened(door: Path, key: VaultKey, number: int, *, out: Path, who: str, why: str) -> VaultItem:
    items, sealed = ask(door, DoorRequest(do="open", items=(number,), name=who, why=why))
    content = key.open(sealed, items[0].label)
    try:
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(descriptor, "wb") as file:  # noqa: PTH123 - of a descriptor
            file.write(content)
    except OSError as error:
        raise ConfigError(f"{out}: {error.strerror}; give another file with --out") from error
    return items[0]


def _require_free(out: Path) -> None:
    """Before anything is noted: a still that cannot be written would be an opening in vain."""
    if out.exists():
        raise ConfigError(f"{out} exists already and is not replaced; give another file with --out")
    if not out.parent.is_dir():
        raise ConfigError(f"{out.parent} is no folder; give a file in a folder that is there with --out")


def _tell(item: VaultItem, out: Path, *, as_json: bool) -> None:
    if as_json:
        emit({"item": item, "out": out})
        return
    say(f"{out}: {item.camera} at {item.taken_at:%Y-%m-%d %H:%M:%S} UTC, still {item.id} of the vault.")
    say("It is not redacted. It was noted in the audit, and this file is yours to erase.")
