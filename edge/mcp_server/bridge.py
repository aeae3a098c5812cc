"""The protocol over standard input and output, for programs that start their servers: hands all on to the running node.

Owns no tools and no data: the node alone knows the shop and writes its store. Each request goes to the node on a
connection of its own, so that a node that was restarted in between is not noticed.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError
from mcp.types import CallToolRequestParams, CallToolResult, ListToolsResult, PaginatedRequestParams

from edge.mcp_server.errors import NodeSilentError
from edge.mcp_server.server import INSTRUCTIONS, NAME, refusal

_ANSWER_WITHIN_S = 30.0
_SILENT = "The shop's node does not answer. Is it running? Look at: backroom status"


class Bridge:
    """Asks the node for its tools and calls them."""

    def __init__(self, url: str, key: str) -> None:
        """``url`` is the node's MCP address, ``key`` what it wants to see."""
        self._url = url
        self._key = key

    async def list(self, _context: Any, _params: PaginatedRequestParams | None) -> ListToolsResult:
        """The node's tools.

        Raises:
            NodeSilentError: it does not answer.
        """
        async with self._node() as node:
            return await node.list_tools()

    async def call(self, _context: Any, params: CallToolRequestParams) -> CallToolResult:
        """What the node says to a call; a sentence where it does not answer."""
        try:
            async with self._node() as node:
                return await node.call_tool(params.name, params.arguments or {})
        except NodeSilentError as error:
            return refusal(str(error))

    @asynccontextmanager
    async def _node(self) -> AsyncIterator[Client]:
        headers = {"authorization": f"Bearer {self._key}"}
        try:
            async with (
                httpx2.AsyncClient(headers=headers, timeout=_ANSWER_WITHIN_S) as http,
                Client(
                    streamable_http_client(self._url, http_client=http), read_timeout_seconds=_ANSWER_WITHIN_S
                ) as node,
            ):
                yield node
        except (httpx2.HTTPError, MCPError, OSError) as error:
            raise NodeSilentError(_SILENT) from error
        except ExceptionGroup as group:
            if group.split((httpx2.HTTPError, MCPError, OSError))[1] is not None:
                raise
            raise NodeSilentError(_SILENT) from group


async def serve_stdio(bridge: Bridge) -> None:
    """Serve until standard input ends; nothing else may be written to standard output meanwhile."""
    server: Any = Server(
        NAME,
        version=version("backroom"),
        instructions=INSTRUCTIONS,
        on_list_tools=bridge.list,
        on_call_tool=bridge.call,
    )
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())
