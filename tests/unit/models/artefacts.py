"""Small artefacts for the registry's tests, and a disk that remembers its steps and loses power.

``RecordedDisk`` does the real work and notes every step. ``after_power_cut`` builds what a file system may show
after the power went following the first ``steps`` of them: contents count once synced, names once their folder is.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.durable import LocalDisk
from models.manifest import Manifest


def weights(seed: str) -> bytes:
    """The smallest ONNX whose header holds: ``y = x``, with the seed in its description."""
    node = _field(1, b"x") + _field(2, b"y") + _field(4, b"Identity")
    graph = _field(1, node) + _field(2, b"tiny") + _field(11, _value(b"x")) + _field(12, _value(b"y"))
    return b"\x08\x08" + _field(6, seed.encode() * 50) + _field(7, graph) + _field(8, b"\x10\x11")


def _value(name: bytes) -> bytes:
    shape = _field(2, _field(1, b"\x08\x02"))
    return _field(1, name) + _field(2, _field(1, b"\x08\x01" + shape))


def _field(number: int, contents: bytes) -> bytes:
    """A protocol-buffer field with a length."""
    length = len(contents)
    prefix = bytes([length]) if length < 128 else bytes([length & 127 | 128, length >> 7])
    return bytes([number << 3 | 2]) + prefix + contents


def no_trial(_path: Path, _manifest: Manifest) -> None:
    """Stands in for the first load in a child process, which has tests of its own."""


def manifest(name: str, contents: bytes, **changes: Any) -> Manifest:
    """A manifest that is right for these weights."""
    fields: dict[str, Any] = {
        "name": name,
        "version": "1",
        "task": "persons",
        "format": "onnx",
        "sha256": hashlib.sha256(contents).hexdigest(),
        "size_bytes": len(contents),
        "licence": "MIT",
        "input": {"colour": "RGB"},
        "source": {"kind": "file", "path": f"{name}.onnx"},
        "origin": "made for a test",
    }
    return Manifest.model_validate({**fields, **changes})


def put_default(folder: Path, name: str) -> Manifest:
    """A default artefact beside its manifest."""
    folder.mkdir(exist_ok=True)
    contents = weights(name)
    made = manifest(name, contents)
    (folder / f"{name}.onnx").write_bytes(contents)
    (folder / f"{name}.json").write_text(json.dumps(made.model_dump(mode="json")))
    return made


def put_file(folder: Path, name: str) -> tuple[Path, Manifest]:
    """Weights somewhere outside the registry."""
    folder.mkdir(exist_ok=True)
    contents = weights(name)
    path = folder / f"{name}-download.onnx"
    path.write_bytes(contents)
    return path, manifest(name, contents)


@dataclass(frozen=True)
class Step:
    """One thing asked of the disk."""

    what: str
    path: Path
    target: Path | None = None
    contents: bytes = b""


class RecordedDisk(LocalDisk):
    """The machine's disk, with a note of every step."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def write(self, path: Path, chunks: Iterable[bytes]) -> None:
        contents = b"".join(chunks)
        super().write(path, [contents])
        self.steps.append(Step("write", path, contents=contents))

    def append(self, path: Path, chunk: bytes) -> None:
        super().append(path, chunk)
        self.steps.append(Step("append", path, contents=chunk))

    def sync_file(self, path: Path) -> None:
        super().sync_file(path)
        self.steps.append(Step("sync_file", path))

    def rename(self, source: Path, target: Path) -> None:
        super().rename(source, target)
        self.steps.append(Step("rename", source, target=target))

    def remove(self, path: Path) -> None:
        super().remove(path)
        self.steps.append(Step("remove", path))

    def sync_folder(self, path: Path) -> None:
        super().sync_folder(path)
        self.steps.append(Step("sync_folder", path))


class _File:
    def __init__(self, contents: bytes) -> None:
        self.contents = contents
        self.durable = b""


Names = dict[Path, _File]


def after_power_cut(before: dict[Path, bytes], steps: list[Step]) -> list[dict[Path, bytes]]:
    """Trees that may be found after the power went: nothing unsynced kept, all kept, names kept but contents torn."""
    names: Names = {}
    durable_names: Names = {}
    for path, contents in before.items():
        file = _File(contents)
        file.durable = contents
        names[path] = durable_names[path] = file
    for step in steps:
        _take(step, names, durable_names)
    torn = {
        path: file.contents if file.durable == file.contents else file.contents[: len(file.contents) // 2]
        for path, file in names.items()
    }
    return [
        {path: file.durable for path, file in durable_names.items()},
        {path: file.contents for path, file in names.items()},
        torn,
    ]


def _take(step: Step, names: Names, durable_names: Names) -> None:
    match step.what:
        case "write":
            names[step.path] = _File(step.contents)
        case "append":
            names[step.path].contents += step.contents
        case "sync_file":
            names[step.path].durable = names[step.path].contents
        case "rename" if step.target is not None:
            names[step.target] = names.pop(step.path)
        case "remove":
            names.pop(step.path, None)
        case "sync_folder":
            for path in [path for path in durable_names if path.parent == step.path]:
                del durable_names[path]
            durable_names.update({path: file for path, file in names.items() if path.parent == step.path})


def tree(root: Path) -> dict[Path, bytes]:
    """All files under a folder."""
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} if root.exists() else {}


def plant(files: dict[Path, bytes], *, root: Path, elsewhere: Path) -> Path:
    """Write a tree that was noted under ``root`` to another folder."""
    for path, contents in files.items():
        copy = elsewhere / path.relative_to(root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(contents)
    return elsewhere
