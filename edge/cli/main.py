"""Entry of the `backroom` command: knows the commands by name and loads only the one that is asked for.

The status command runs every half minute as a health check, so it must not pay for the console's and the
cameras' libraries.
"""

import os
from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from edge.cli.output import usage_told

SUMMARIES = {
    "run": "Run a shop: cameras, kiosk, console and the link to head office.",
    "demo": "Run the demo shop with its own broker and head office, and compare with the truth.",
    "replay": "Read a video and print one fact a line, with the video's own time.",
    "shelf": "Count, find voids, name packs and learn on a picture or a recording of a shelf.",
    "ask": "Ask the kiosk's assistant a question.",
    "mcp": "Speak MCP over standard input and output, for the running node.",
    "catalogue": "Check a product file, and try the search over it.",
    "facts": "Show the facts in the store.",
    "status": "Tell how the running node is; fails when it is not.",
    "doctor": "Check weights, disk, clock, policy, keys, audit, cameras and broker, each with the cure.",
    "audit": "Show the chain of decisions, and check that nothing in it was changed.",
    "privacy": "Tell what leaves the shop and why, find personal data in text, sign the policy.",
    "vault": "Unredacted stills for whoever holds the key, each with a reason and a row in the audit.",
    "backup": "Copy the store to a second medium, beside a running node, or put a copy back.",
    "models": "List, verify, activate and roll back weights.",
    "bench": "Measure an area against the raw library or a peer.",
    "cloud": "Head office's side: receive facts, and report what is missing.",
}


class _LazyGroup(TyperGroup):
    """The library's own command types are private to it, so its overrides are typed as Any here."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the signature is the library's
        return list(SUMMARIES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """A stand-in that can be listed without its libraries."""
        summary = SUMMARIES.get(cmd_name)
        return None if summary is None else TyperCommand(cmd_name, help=summary)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, command, rest = super().resolve_command(ctx, args)
        return (name, _load(name) if name in SUMMARIES else command, rest)


def _load(name: str) -> Any:
    application = import_module(f"edge.cli.{name}_command").app
    command = typer.main.get_command(application)
    command.name = name
    return command


app = typer.Typer(
    cls=_LazyGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="The AI appliance in a shop's back room.",
)


def _tell_version(wanted: bool) -> None:
    if wanted:
        print(f"backroom {version('backroom')}")
        raise typer.Exit


@app.callback()
def _root(
    *,
    wanted: Annotated[
        bool, typer.Option("--version", help="Tell the version and stop.", callback=_tell_version, is_eager=True)
    ] = False,
) -> None:
    pass


def main() -> None:
    """Console script. The video library's own noise is off: what it means, our sentences say.

    Nor does it decode a picture of over 100 megapixels: a file of some kilobytes could ask for gigabytes.
    """
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(100_000_000))
    with usage_told():
        app()
