"""A module of ours run in a child process that may fail in any way it likes: the parent's side.

Owns the child's life: its start, its deadlines and its end. What the child may use
is laid down by the child itself (`models.confinement`) before it loads a library; here a child that is silent for
too long, or talks without end, is killed.
"""

import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import models

MAX_LINE_BYTES = 1 << 16
MAX_SAID_BYTES = 1 << 22
_ENVIRONMENT = {"LANG": "C.UTF-8", "OMP_WAIT_POLICY": "passive", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildLimits:
    """What a child may use."""

    spare_mib: int = 1024
    """Address space beside four times the weights; the libraries alone want about 250 MiB."""
    cpu_s: int = 120
    wall_s: float = 240.0
    silence_s: float = 240.0


class ChildFailedError(Exception):
    """How the child ended, as the end of a sentence that begins with what it was doing."""


def child_lines(module: str, arguments: Sequence[str], *, handed: bytes, limits: ChildLimits) -> Iterator[bytes]:
    """Run ``python -m module`` with ``handed`` as its input and give what it says, line by line. Blocks for its life.

    The child is gone when this ends, however it ends.

    Raises:
        ChildFailedError: it crashed, hung, was silent for too long or said something endless.
    """
    with tempfile.TemporaryFile() as stdin:
        stdin.write(handed)
        stdin.seek(0)
        child = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", module, *arguments],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=Path(models.__file__).parents[1],
            env=_ENVIRONMENT,
            start_new_session=True,
        )
    with child:
        try:
            assert child.stdout is not None  # noqa: S101 - it was asked for
            yield from _lines(child.stdout, limits)
            child.wait(limits.silence_s)
        except subprocess.TimeoutExpired as hung:
            raise ChildFailedError("did not end") from hung
        finally:
            _end(child)
    if child.returncode:
        raise ChildFailedError(_end_in_words(child.returncode, limits))


def _lines(said: IO[bytes], limits: ChildLimits) -> Iterator[bytes]:
    over_s = time.monotonic() + limits.wall_s
    rest, taken = b"", 0
    with selectors.DefaultSelector() as ready:
        ready.register(said, selectors.EVENT_READ)
        while True:
            _await_word(ready, over_s, limits)
            piece = os.read(said.fileno(), MAX_LINE_BYTES)
            if not piece:
                return
            *lines, rest = (rest + piece).split(b"\n")
            taken += len(piece)
            if len(rest) > MAX_LINE_BYTES or taken > MAX_SAID_BYTES:
                raise ChildFailedError("said something without an end")
            yield from lines


def _await_word(ready: selectors.BaseSelector, over_s: float, limits: ChildLimits) -> None:
    left_s = over_s - time.monotonic()
    if not ready.select(max(0.0, min(left_s, limits.silence_s))):
        if left_s <= limits.silence_s:
            raise ChildFailedError(f"did not end within {limits.wall_s:g} s")
        raise ChildFailedError(f"was silent for {limits.silence_s:g} s")


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)


def _end_in_words(status: int, limits: ChildLimits) -> str:
    if status == -signal.SIGXCPU:
        return f"took more than {limits.cpu_s} s of processor time"
    return f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
