"""The limits that a child process lays upon itself before it loads weights: the child's side of `models.child`.

memory, time, files   by the kernel's limits; nothing can be written to disk
network               by an empty network namespace where the kernel grants one; without one only Python's own
                      sockets are barred, and what the child says tells which of them held
a forged word         not at all: a file that takes over a library can also write "it is good"
"""

import ctypes
import os
import resource
import sys
from pathlib import Path
from typing import Any, Literal

MIB = 1 << 20
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000

Isolation = Literal["namespace", "no descriptors", "python only"]


def confine(weights: Path, *, spare_mib: int, cpu_s: int) -> tuple[int, Isolation]:
    """Keep a descriptor to speak through, and give up memory, time, disk and network, for good.

    Returns:
        The descriptor whose reader is the parent, and what holds the network back.
    """
    speaking_to = os.dup(1)
    _silence()
    limit_ourselves(weights, spare_mib=spare_mib, cpu_s=cpu_s)
    return speaking_to, "namespace" if leave_the_network() else bar_python_sockets()


def limit_ourselves(weights: Path, *, spare_mib: int, cpu_s: int) -> None:
    """Give up memory, time, priority and writing to disk, for good."""
    memory = 4 * weights.stat().st_size + spare_mib * MIB
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 5))
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
