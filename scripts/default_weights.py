"""Writes weights and their manifest under one name: int8 ones for `models/defaults/`, and the float ones they come of.

What is known of the same bytes there, the figures of their quantization, is kept.
"""

import hashlib
from pathlib import Path

import onnx

from models.manifest import FileSource, Manifest, PictureInput, QuantizedFrom, Task, manifest_json, read_manifest

MAX_BYTES = 5_000_000
MAX_FLOAT_BYTES = 50_000_000


class SourceWeightsError(Exception):
    """The source weights are not those that were measured."""


def check_source(path: Path, sha256: str) -> None:
    """Compare a source file with the digest it had when the result was measured.

    Raises:
        SourceWeightsError: it is another file.
    """
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != sha256:
        raise SourceWeightsError(f"{path.name} has SHA-256 {found}, wanted {sha256}")


def write_weights(
    model: onnx.ModelProto,
    folder: Path,
    *,
    name: str,
    version: str,
    task: Task,
    licence: str,
    picture: PictureInput,
    labels: tuple[str, ...],
    decoder: str,
    origin: str,
    max_bytes: int = MAX_BYTES,
) -> Manifest:
    """Write ``<name>.onnx`` and ``<name>.json``; without another ``max_bytes``, for the repository.

    Raises:
        SourceWeightsError: the result is larger than it may be.
    """
    content = model.SerializeToString(deterministic=True)
    if len(content) > max_bytes:
        raise SourceWeightsError(f"{name} would be {len(content)} bytes, at most {max_bytes} may be kept")
    sha256 = hashlib.sha256(content).hexdigest()
    manifest = Manifest(
        name=name,
        version=version,
        task=task,
        format="onnx",
        sha256=sha256,
        size_bytes=len(content),
        licence=licence,
        input=picture,
        labels=labels,
        decoder=decoder,
        source=FileSource(path=f"{name}.onnx"),
        quantized_from=_known_record(folder / f"{name}.json", sha256),
        origin=origin,
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.onnx").write_bytes(content)
    (folder / f"{name}.json").write_bytes(manifest_json(manifest))
    return manifest


def _known_record(path: Path, sha256: str) -> QuantizedFrom | None:
    known = read_manifest(path) if path.exists() else None
    return known.quantized_from if known is not None and known.sha256 == sha256 else None
