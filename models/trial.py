"""The first load of a weights file by its library, in a child process that may fail in any way it likes.

Owns the child's limits and the verdict. `try_load` is the parent's side; `python -m models.trial` is the child's,
which reads a manifest from its input and writes one line of JSON. What it holds back, and what not:

    memory, time, files   by the kernel's limits, from before the library is loaded; nothing can be written to disk
    network               by an empty network namespace where the kernel grants one; for ONNX also without one, since
                          no descriptor can be opened any more once the weights are in memory. For GGUF without a
                          namespace only Python's own sockets are barred: the verdict says which of the three held
    a forged verdict      not at all: a file that takes over the library can also write "it loads". The trial finds
                          crashes, hangs and hunger; whom to believe is decided by the hash and the signature
"""

import ctypes
import math
import os
import resource
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

import models
from models.errors import ArtefactInvalidError, ModelsError
from models.manifest import MAX_MANIFEST_BYTES, Manifest, PictureInput, manifest_json, parse_manifest

MAX_VERDICT_BYTES = 1 << 16
MIB = 1 << 20
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_ENVIRONMENT = {"LANG": "C.UTF-8", "OMP_WAIT_POLICY": "passive", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
_TRIAL_SIDE_PX = 64
_TRIAL_SIDE = 8
_TRIAL_TOKENS = 64

Isolation = Literal["namespace", "no descriptors", "python only"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialLimits:
    """What the child may use."""

    spare_mib: int = 1024
    """Address space beside four times the file; the libraries alone want about 250 MiB."""
    cpu_s: int = 120
    wall_s: float = 240.0


class Verdict(BaseModel):
    """What the child says at its end."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    loads: bool
    refusal: str | None = None
    """Why not, as the library's adapter says it."""
    isolation: Isolation
    peak_mib: int = 0
    took_s: float = 0.0


def try_load(path: Path, manifest: Manifest, *, limits: TrialLimits | None = None) -> Verdict:
    """Load verified weights in a child process and run them once. Blocks for the child's life.

    Raises:
        ArtefactInvalidError: the library refuses the file, crashes, hangs, or wants more than the limits.
    """
    allowed = limits or TrialLimits()
    command = [sys.executable, "-m", "models.trial", str(path.resolve()), str(allowed.spare_mib), str(allowed.cpu_s)]
    with subprocess.Popen(  # noqa: S603 - our own interpreter and module
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=Path(models.__file__).parents[1],
        env=_ENVIRONMENT,
        start_new_session=True,
    ) as child:
        try:
            said, _ = child.communicate(manifest_json(manifest), timeout=allowed.wall_s)
        except subprocess.TimeoutExpired as hung:
            os.killpg(child.pid, signal.SIGKILL)
            raise ArtefactInvalidError(f"{manifest.name}: did not load within {allowed.wall_s:.0f} s") from hung
        except BaseException:
            os.killpg(child.pid, signal.SIGKILL)
            raise
    verdict = _read(said, manifest, child.returncode)
    if not verdict.loads:
        raise ArtefactInvalidError(f"{manifest.name}: does not load: {verdict.refusal}")
    return verdict


def _read(said: bytes, manifest: Manifest, status: int) -> Verdict:
    """The verdict, or what the child's end means."""
    if status == 0 and len(said) <= MAX_VERDICT_BYTES:
        with suppress(ValidationError):
            return Verdict.model_validate_json(said)
    how = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
    raise ArtefactInvalidError(f"{manifest.name}: loading it crashed: the trial {how}")


def main(arguments: list[str]) -> None:
    """The child: limit ourselves, load, run once, say how it was."""
    path, spare_mib, cpu_s = Path(arguments[0]), int(arguments[1]), int(arguments[2])
    manifest = parse_manifest(sys.stdin.buffer.read(MAX_MANIFEST_BYTES), where="the manifest")
    verdict_to, status_from = os.dup(1), os.open("/proc/self/status", os.O_RDONLY)
    _silence()
    limit_ourselves(path, spare_mib=spare_mib, cpu_s=cpu_s)
    isolation: Isolation = "namespace" if leave_the_network() else bar_python_sockets()
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
    os.write(verdict_to, verdict.model_dump_json().encode())
    os._exit(0)  # the library's own tear-down is not what is tried


def _peak_mib(status: bytes) -> int:
    """The process's own peak; the kernel's `ru_maxrss` would begin with that of the parent that forked it."""
    lines = (line.split() for line in status.splitlines())
    return next((int(words[1]) // 1024 for words in lines if words[:1] == [b"VmHWM:"]), 0)


def limit_ourselves(path: Path, *, spare_mib: int, cpu_s: int) -> None:
    """Give up memory, time, priority and writing to disk, for good."""
    memory = 4 * path.stat().st_size + spare_mib * MIB
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    os.nice(10)


def leave_the_network() -> bool:
    """Move into a network namespace of our own with nothing in it; False where the kernel does not grant one."""
    libc: Any = ctypes.CDLL(None, use_errno=True)
    return bool(libc.unshare(_CLONE_NEWNET) == 0 or libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) == 0)


def bar_python_sockets() -> Isolation:
    """The little that is left without a namespace: sockets that Python opens; a library's own are not seen."""

    def refuse(event: str, _arguments: tuple[object, ...]) -> None:
        if event.startswith("socket."):
            raise PermissionError("no network in a trial")

    sys.addaudithook(refuse)
    return "python only"


def _silence() -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)


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
