"""The shop's other programs: joins the endpoint that they ask with this node's weights, and tells how it is doing.

Owns that assembly and what the status says of it. Starts no server; `edge.app` does.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.clock import Clock
from edge.keys import load_key
from edge.openai_api.app import create_endpoint
from edge.openai_api.config import OpenAiSettings
from edge.openai_api.counts import Counter
from edge.openai_api.vectors import Vectors
from models.language.requests import LanguagePort
from models.manifest import Task
from models.registry import Registry

_TASKS = (Task.LANGUAGE, Task.EMBEDDINGS)


@dataclass(frozen=True, slots=True)
class ProgramsEndpoint:
    """The application to serve, and what is told about it."""

    app: Any
    key_file: Path
    counter: Counter

    def status(self, url: str) -> dict[str, Any]:
        """For the status file: where it is, where the key is, counts and times."""
        counts = dataclasses.asdict(self.counter.counts)
        return {"url": base_url(url), "key_file": str(self.key_file), **counts}


def base_url(url: str) -> str:
    """What a client takes as its base URL."""
    return f"{url}/v1"


def make_programs_endpoint(
    settings: OpenAiSettings, data: Path, *, language: LanguagePort, registry: Registry, clock: Clock
) -> ProgramsEndpoint:
    """Read the key, or make one, and join the parts.

    Raises:
        KeyFileError: the key's file is wrong; the text names the cure.
    """
    key_file = data / settings.key_file
    counter = Counter()
    app = create_endpoint(
        language,
        Vectors(lambda: registry.active(Task.EMBEDDINGS)),
        lambda: _names(registry),
        settings,
        key=load_key(key_file),
        counter=counter,
        clock=clock,
    )
    return ProgramsEndpoint(app, key_file, counter)


def _names(registry: Registry) -> Mapping[Task, str]:
    active = {entry.manifest.task: entry.manifest.name for entry in registry.list() if entry.slot == "active"}
    return {task: active[task] for task in _TASKS if task in active}
