"""The first load of a weights file by its library, in a child process that may fail in any way it likes.

Owns the verdict. `try_load` is the parent's side; `python -m models.trial` is the child's, which reads a manifest from
its input and writes one line of JSON. Memory, time, disk and network are held back as `models.confinement` says; for
ONNX the network also without a namespace, since no descriptor can be opened any more once the weights are in memory.
The trial finds crashes, hangs and hunger; whom to believe is decided by the hash and the signature.
"""

import math
import os
import resource
import sys
import time
from contextlib import suppress
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from models.child import ChildFailedError, ChildLimits, child_lines
from models.confinement import Isolation, confine
from models.errors import ArtefactInvalidError, ModelsError
from models.manifest import MAX_MANIFEST_BYTES, Manifest, PictureInput, manifest_json, parse_manifest

_TRIAL_SIDE_PX = 64
_TRIAL_SIDE = 8
_TRIAL_TOKENS = 64


class Verdict(BaseModel):
    """What the child says at its end."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    loads: bool
    refusal: str | None = None
    """Why not, as the library's adapter says it."""
    isolation: Isolation
    peak_mib: int = 0
    took_s: float = 0.0


def try_load(path: Path, manifest: Manifest, *, limits: ChildLimits | None = None) -> Verdict:
    """Load verified weights in a child process and run them once. Blocks for the child's life.

    Raises:
        ArtefactInvalidError: the library refuses the file, crashes, hangs, or wants more than the limits.
    """
    allowed = limits or ChildLimits()
    arguments = [str(path.resolve()), str(allowed.spare_mib), str(allowed.cpu_s)]
    try:
        said = list(child_lines("models.trial", arguments, handed=manifest_json(manifest), limits=allowed))
    except ChildFailedError as failed:
        raise ArtefactInvalidError(f"{manifest.name}: loading it failed: the trial {failed}") from failed
    verdict = _read(said, manifest)
    if not verdict.loads:
        raise ArtefactInvalidError(f"{manifest.name}: does not load: {verdict.refusal}")
    return verdict


def _read(said: list[bytes], manifest: Manifest) -> Verdict:
    if len(said) == 1:
        with suppress(ValidationError):
            return Verdict.model_validate_json(said[0])
    raise ArtefactInvalidError(f"{manifest.name}: loading it failed: the trial ended without a verdict")


def main(arguments: list[str]) -> None:
    """The child: limit ourselves, load, run once, say how it was."""
    path, spare_mib, cpu_s = Path(arguments[0]), int(arguments[1]), int(arguments[2])
    manifest = parse_manifest(sys.stdin.buffer.read(MAX_MANIFEST_BYTES), where="the manifest")
    status_from = os.open("/proc/self/status", os.O_RDONLY)
    speak_to, isolation = confine(path, spare_mib=spare_mib, cpu_s=cpu_s)
    began_s, refusal = time.monotonic(), None
    try:
        if manifest.format == "onnx":
            _load_onnx(path, manifest)
            isolation = isolation if isolation == "namespace" else "no descriptors"
        else:
            _load_gguf(path)
    except ModelsError as refused:
        refusal = str(refused).removeprefix(f"{path.name}: ")
    except MemoryError:
        refusal = "it wants more memory than it may have"
    verdict = Verdict(
        loads=refusal is None,
        refusal=refusal,
        isolation=isolation,
        peak_mib=_peak_mib(os.pread(status_from, 1 << 14, 0)),
        took_s=round(time.monotonic() - began_s, 3),
    )
    os.write(speak_to, verdict.model_dump_json().encode() + b"\n")
    os._exit(0)  # the library's own tear-down is not what is tried


def _peak_mib(status: bytes) -> int:
    """The process's own peak; the kernel's `ru_maxrss` would begin with that of the parent that forked it."""
    lines = (line.split() for line in status.splitlines())
    return next((int(words[1]) // 1024 for words in lines if words[:1] == [b"VmHWM:"]), 0)


def _load_onnx(path: Path, manifest: Manifest) -> None:
    from models.onnx_session import OnnxSession

    contents = path.read_bytes()
    _take_descriptors_away()
    with OnnxSession(path, contents=contents) as session:
        shapes = {name: concrete_shape(shape, manifest.input) for name, shape in session.input_shapes.items()}
    with OnnxSession(path, contents=contents, warm_up=shapes):
        pass


def concrete_shape(
    shape: tuple[int | None, ...], picture: PictureInput | None, *, side_px: int = _TRIAL_SIDE_PX
) -> tuple[int, ...]:
    """A length for every axis that may have any: one of a batch, and ``side_px`` for sides of a picture."""
    free = [1] + [_TRIAL_SIDE] * (len(shape) - 1)
    if picture is not None and len(shape) == 4:
        side = math.ceil(side_px / picture.multiple_of) * picture.multiple_of
        sides = [picture.height or side, picture.width or side]
        free = [1, 3, *sides] if picture.layout == "NCHW" else [1, *sides, 3]
    return tuple(given or chosen for given, chosen in zip(shape, free, strict=True))


def _take_descriptors_away() -> None:
    """After this neither a file nor a socket can be opened, by anybody in this process."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def _load_gguf(path: Path) -> None:
    from models.language.engine import Row
    from models.language.llama import LlamaRuntime

    with LlamaRuntime(path, threads=1, context_tokens=_TRIAL_TOKENS, chunk_tokens=8, sequences=1) as runtime:
        runtime.compute([Row(sequence=0, position=0, token=0, wants_logits=True)])


if __name__ == "__main__":
    main(sys.argv[1:])
