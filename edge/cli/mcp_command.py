"""`backroom mcp`: the shop's facts as MCP tools over standard input and output, for a program that starts its servers.

Speaks for the node that runs with the same data folder, and stores nothing itself.
"""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import typer

from edge.cli.output import DataFolder, fail, sentences
from edge.cli.places import data_folder
from edge.cli.running import quiet_logs
from edge.mcp_server.bridge import Bridge, serve_stdio
from edge.places import Places
from edge.status import read_status

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def mcp(data: DataFolder = None) -> None:
    """Speak MCP over standard input and output, for the running node. Ends when the input does."""
    quiet_logs()
    with sentences():
        bridge = _bridge(Places(data_folder(data)))
    asyncio.run(serve_stdio(bridge))


def _bridge(places: Places) -> Bridge:
    node = read_status(places.status, datetime.now(UTC))
    if not node.running:
        raise fail("No node runs with this data folder. Start one with: backroom run")
    server = node.body.get("mcp")
    if server is None:
        raise fail(
            "The running node has no MCP server. Set enabled = true under [mcp] in shop.toml and start it again."
        )
    try:
        key = Path(server["key_file"]).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise fail(f"The key in {server['key_file']} cannot be read: run this as the node's user.") from error
    return Bridge(server["url"], key)
