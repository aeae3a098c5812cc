#!/usr/bin/env python3
"""Writes firmware-config/settings.md: every setting of a shop and of a camera, from the classes that check them.

    scripts/document_settings.py [--check]

With --check it writes nothing and fails when the file is not what the classes say.
"""

import ast
import inspect
import itertools
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from pydantic import BaseModel  # noqa: E402 - the path above comes first
from pydantic.fields import FieldInfo  # noqa: E402
from pydantic_core import PydanticUndefined  # noqa: E402

from edge.config import Settings  # noqa: E402
from vision.config import CameraSettings  # noqa: E402

TARGET = ROOT / "firmware-config" / "settings.md"
HEAD = """# Settings

Made by `scripts/document_settings.py` from the classes that check the files; a test compares. A value of `shop.toml`
can be set over the file by an environment variable: `BACKROOM_KIOSK__PORT=8090`.
"""


def document() -> str:
    """The whole file."""
    parts = [HEAD, "\n## `shop.toml`\n", _tables(Settings), "\n## A camera's file\n", _tables(CameraSettings, "camera")]
    return "".join(parts)


def _tables(model: type[BaseModel], name: str = "") -> str:
    rows, nested = [], []
    notes = _notes(model)
    for key, field in model.model_fields.items():
        inner = _inner(field.annotation)
        if inner is not None:
            nested.append((f"{name}.{key}" if name and name != "camera" else key, inner))
            continue
        note = field.description or notes.get(key, "")
        rows.append(f"| `{key}` | {_default(field)} | {' '.join(note.split())} |\n")
    table = f"\n### `[{name}]`\n\n" if name else ""
    if rows:
        table += "| key | default | what it is |\n|---|---|---|\n" + "".join(rows)
    return (table if rows else "") + "".join(_tables(inner, section) for section, inner in nested)


def _inner(annotation: Any) -> type[BaseModel] | None:
    for candidate in (annotation, *getattr(annotation, "__args__", ())):
        if inspect.isclass(candidate) and issubclass(candidate, BaseModel):
            return candidate
    return None


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "must be given"
    value = field.get_default(call_default_factory=True) if field.default is PydanticUndefined else field.default
    if value is None:
        return "none"
    if isinstance(value, dict):
        return ", ".join(f"{k}: {v:g}" for k, v in value.items())
    return f"`{value}`" if value != () else "empty"


def _notes(model: type[BaseModel]) -> dict[str, str]:
    """Strings that stand under a field in the source."""
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if base.__module__.startswith(("edge", "vision", "models", "sync")):
            found.update(_notes_of(base))
    return found


def _notes_of(base: type) -> Iterator[tuple[str, str]]:
    body = ast.parse(textwrap.dedent(inspect.getsource(base))).body[0]
    statements = body.body if isinstance(body, ast.ClassDef) else []
    for field, note in itertools.pairwise(statements):
        is_note = isinstance(note, ast.Expr) and isinstance(note.value, ast.Constant)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and is_note:
            yield field.target.id, str(note.value.value)  # type: ignore[attr-defined]


def main() -> None:
    """Write or check."""
    text = document()
    if "--check" in sys.argv[1:]:
        sys.exit(0 if TARGET.read_text() == text else f"{TARGET} is out of date: run scripts/document_settings.py")
    TARGET.write_text(text)


if __name__ == "__main__":
    main()
