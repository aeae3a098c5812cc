"""The shop's other programs: joins the surfaces that they ask with this node's parts, and tells how those are doing.

Owns that assembly, which ports it takes and what the status says of each. `edge.app` starts and stops them.
"""

import dataclasses
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.clock import Clock
from edge.config import Settings
from edge.keys import load_key
from edge.mcp_server import app as mcp_app
from edge.mcp_server.config import McpSettings
from edge.mcp_server.counts import Counter as McpCounter
from edge.mcp_server.toolbox import Toolbox
from edge.openai_api.app import create_endpoint
from edge.openai_api.config import OpenAiSettings
from edge.openai_api.counts import Counter
from edge.openai_api.vectors import Vectors
from edge.serving import WebSurface
from models.language.requests import LanguagePort
from models.manifest import Task
from models.registry import Registry

_TASKS = (Task.LANGUAGE, Task.EMBEDDINGS)
NAMES = ("openai", "mcp")
"""Of the sections, the ports and the surfaces, in the order in which they are told."""


@dataclass(frozen=True, slots=True)
class Program:
    """One surface that answers."""

    url: str
    """What a client takes as its address."""
    key_file: Path
    counts: Callable[[], Any]

    def status(self) -> dict[str, Any]:
        """For the status file: where it is, where the key is, counts and times."""
        return {"url": self.url, "key_file": str(self.key_file), **dataclasses.asdict(self.counts())}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramParts:
    """What the surfaces ask."""

    settings: Settings
    data: Path
    language: LanguagePort
    registry: Registry
    toolbox: Toolbox
    clock: Clock


def program_ports(settings: Settings) -> dict[str, tuple[str, int]]:
    """Host and port of every surface that is switched on."""
    sections: dict[str, OpenAiSettings | McpSettings] = {"openai": settings.openai, "mcp": settings.mcp}
    return {name: (section.host, section.port) for name, section in sections.items() if section.enabled}


def program_addresses(programs: Mapping[str, Program]) -> dict[str, Any]:
    """Where each is and where its key is, as `edge.node_report.Addresses` names them."""
    addresses: dict[str, Any] = {}
    for name, program in programs.items():
        addresses |= {name: program.url, f"{name}_key_file": program.key_file}
    return addresses


def program_status(programs: Mapping[str, Program]) -> dict[str, Mapping[str, object] | None]:
    """What each tells, None for one that is off."""
    return {name: programs[name].status() if name in programs else None for name in NAMES}


def serve_programs(
    parts: ProgramParts, ports: Mapping[str, socket.socket], start: Callable[[WebSurface], WebSurface]
) -> dict[str, Program]:
    """Start every surface that has a port.

    Raises:
        KeyFileError: a key's file is wrong; the text names the cure.
    """
    return dict(_served(parts, ports, start))


def _served(
    parts: ProgramParts, ports: Mapping[str, socket.socket], start: Callable[[WebSurface], WebSurface]
) -> Iterator[tuple[str, Program]]:
    settings = parts.settings
    if "openai" in ports:
        key_file, counter = parts.data / settings.openai.key_file, Counter()
        surface = start(WebSurface(_endpoint(parts, key_file, counter), ports["openai"], name="openai"))
        yield "openai", Program(f"{surface.url}/v1", key_file, lambda: counter.counts)
    if "mcp" in ports:
        mcp_key_file, calls = parts.data / settings.mcp.key_file, McpCounter()
        app = mcp_app.create_surface(
            parts.toolbox, settings.mcp, key=load_key(mcp_key_file), counter=calls, clock=parts.clock
        )
        surface = start(WebSurface(app, ports["mcp"], name="mcp"))
        yield "mcp", Program(f"{surface.url}{mcp_app.PATH}", mcp_key_file, lambda: calls.counts)


def _endpoint(parts: ProgramParts, key_file: Path, counter: Counter) -> Any:
    return create_endpoint(
        parts.language,
        Vectors(lambda: parts.registry.active(Task.EMBEDDINGS)),
        lambda: _names(parts.registry),
        parts.settings.openai,
        key=load_key(key_file),
        counter=counter,
        clock=parts.clock,
    )


def _names(registry: Registry) -> Mapping[Task, str]:
    active = {entry.manifest.task: entry.manifest.name for entry in registry.list() if entry.slot == "active"}
    return {task: active[task] for task in _TASKS if task in active}
