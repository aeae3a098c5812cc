"""The protocol around the tools: lists them with their schemas, checks arguments, tells refusals as plain sentences.

Owns how a call's success and failure read. Logs no words: neither arguments nor results. The adapter of the `mcp`
package, with `bridge`.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from typing import Any

import structlog
from mcp.server.lowlevel import Server
from mcp.types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    ToolAnnotations,
)
from mcp.types import Tool as ToolShown
from pydantic import ValidationError

from edge.errors import EdgeError
from edge.mcp_server.counts import Counter
from edge.mcp_server.errors import HostileTextError, ToolRefusedError
from edge.mcp_server.toolbox import Tool

NAME = "backroom"
INSTRUCTIONS = (
    "Facts of one shop. Start with find_product; the other tools take the sku that it gives. Say nothing about prices,"
    " places, stock or allergens that a tool did not give."
)
_SHOWN_CHARS = 64


def create_server(tools: Mapping[str, Tool], counter: Counter) -> Server[Any]:
    """The protocol's server over these tools; it is not bound to any transport."""
    calls = _Calls(tools, counter)
    return Server(
        NAME,
        version=version("backroom"),
        instructions=INSTRUCTIONS,
        on_list_tools=calls.list,
        on_call_tool=calls.call,
    )


class _Calls:
    """The two requests that are answered."""

    def __init__(self, tools: Mapping[str, Tool], counter: Counter) -> None:
        self._tools = tools
        self._counter = counter
        self._log = structlog.get_logger("edge.mcp")

    async def list(self, _context: Any, _params: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=[_shown(tool) for tool in self._tools.values()])

    async def call(self, _context: Any, params: CallToolRequestParams) -> CallToolResult:
        self._counter.add(calls=1)
        try:
            return await asyncio.to_thread(self._called, params.name, params.arguments or {})
        except ToolRefusedError as error:
            self._counter.add(refused=1, attacks=int(isinstance(error, HostileTextError)))
            return refusal(str(error))
        except EdgeError as error:
            self._counter.add(failed=1)
            self._log.error("mcp.failed", tool=params.name[:_SHOWN_CHARS], error=type(error).__name__)
            return refusal("The shop's box cannot do that right now. Try again in a minute.")

    def _called(self, name: str, arguments: Mapping[str, Any]) -> CallToolResult:
        tool = self._tools.get(name)
        if tool is None:
            raise ToolRefusedError(f"There is no such tool. There are: {', '.join(self._tools)}.")
        try:
            asked = tool.takes.model_validate(arguments)
        except ValidationError as error:
            wrong = error.errors(include_input=False, include_url=False)
            raise ToolRefusedError(_plain_sentence(wrong, tool.takes.model_fields)) from error
        told = tool.run(asked)
        text = TextContent(type="text", text=told.model_dump_json())
        return CallToolResult(content=[text], structured_content=told.model_dump(mode="json"))


def refusal(sentence: str) -> CallToolResult:
    """A call's failure, for the program to read."""
    return CallToolResult(content=[TextContent(type="text", text=sentence)], is_error=True)


def _shown(tool: Tool) -> ToolShown:
    return ToolShown(
        name=tool.name,
        description=tool.purpose,
        input_schema=tool.takes.model_json_schema(),
        output_schema=tool.gives.model_json_schema(mode="serialization"),
        annotations=ToolAnnotations(
            read_only_hint=tool.is_read_only, destructive_hint=False, idempotent_hint=True, open_world_hint=False
        ),
    )


def _plain_sentence(errors: Sequence[Any], known: Iterable[str]) -> str:
    """What is wrong with the arguments; names those that a tool knows, and repeats nothing else that was sent."""
    first = errors[0]
    field = ".".join(str(part)[:_SHOWN_CHARS] for part in first["loc"]) or "arguments"
    if first["type"] == "extra_forbidden":
        return f"An argument is not known to this tool. It takes: {', '.join(known) or 'none'}."
    if first["type"] == "missing":
        return f"The argument {field} is missing."
    message = str(first["msg"])
    return f"The argument {field} does not fit: {message[:1].lower()}{message[1:]}."
