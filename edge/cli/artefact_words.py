"""How the command line tells an artefact, and whether anything here could read its outputs.

Owns the words and the fields. Opens no weights and asks no registry.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from edge.cli.output import words
from models.errors import ArtefactInvalidError
from models.manifest import Manifest, Task
from models.registry import ArtefactEntry
from vision.decoders import decoder_of

PERSON = "person"


def require_readable(manifest: Manifest) -> None:
    """Refuse weights for pictures whose outputs nobody here could read.

    Raises:
        ArtefactInvalidError: an unknown decoder, or weights for persons without the label `person`.
    """
    if manifest.input is None:
        return
    decoder_of(manifest)
    if manifest.task is Task.PERSONS and PERSON not in manifest.labels:
        given = ", ".join(manifest.labels[:5]) or "none"
        raise ArtefactInvalidError(
            f"{manifest.name}: weights for the task persons need the label {PERSON}; its labels are {given}"
        )


def entry_fields(entry: ArtefactEntry) -> dict[str, Any]:
    """What every listing of an artefact tells."""
    manifest = entry.manifest
    return {
        "name": manifest.name,
        "version": manifest.version,
        "task": manifest.task,
        "format": manifest.format,
        "slot": entry.slot,
        "default": entry.is_default,
        "size_bytes": manifest.size_bytes,
        "sha256": manifest.sha256,
        "licence": manifest.licence,
        "origin": manifest.origin,
        "path": None if entry.path is None else str(entry.path),
        "problem": entry.problem,
    }


def all_fields(entry: ArtefactEntry) -> dict[str, Any]:
    """Those of a listing, and what its manifest says about inputs and outputs."""
    told = entry.manifest.model_dump(mode="json", include={"input", "chat", "text", "labels", "decoder", "golden"})
    return {**entry_fields(entry), **told}


def field_lines(fields: Mapping[str, Any]) -> list[str]:
    """Fields for a person, one a line; what is not given is left out."""
    shown = {key: _shown(value) for key, value in fields.items() if value is not None and value != []}
    return [f"{key:<12} {value}" for key, value in shown.items()]


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return words({key: _shown(inner) for key, inner in value.items() if inner is not None})
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(_shown, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
