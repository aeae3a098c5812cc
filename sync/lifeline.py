"""A child process that never outlives its parent, whatever kills the parent.

The parent holds the writing end of the child's standard input and never writes: when the parent dies, even by
SIGKILL, the kernel closes it and the child reads the end. A second look at the parent's process id covers a pipe
end that another child inherited. The kernel's parent-death signal is not used: it fires when the *thread* that
started the child ends. Used for the demo's broker and receiver.
"""

import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

_LOOK_S = 0.5


class ChildProcess:
    """Context manager around ``python -m module``; its standard input is the lifeline.

    Args:
        module: module run as ``__main__``; it calls ``watch_parent`` first.
        arguments: command line after the module's name; ``--lifeline PID`` is added.
        stdout: file descriptor or ``subprocess`` constant for what the child prints.
        stop_s: how long a polite end may take before the child is killed.
    """

    def __init__(
        self, module: str, arguments: Sequence[str], *, stdout: int | None = None, stop_s: float = 5.0
    ) -> None:
        self._command = [sys.executable, "-m", module, *arguments, "--lifeline", str(os.getpid())]
        self._stdout = stdout
        self._stop_s = stop_s
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The running child.

        Raises:
            RuntimeError: outside the ``with`` block.
        """
        if self._process is None:
            raise RuntimeError("the child runs only inside its with block")
        return self._process

    def __enter__(self) -> Self:
        # Fixed module, own arguments, no shell. Own session: Ctrl-C is for the parent, which stops us in order.
        self._process = subprocess.Popen(  # noqa: S603
            self._command, stdin=subprocess.PIPE, stdout=self._stdout, start_new_session=True
        )
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        process = self.process
        try:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            process.wait(self._stop_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(self._stop_s)
        finally:
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()


def watch_parent(parent_pid: int, on_orphaned: Callable[[], None]) -> None:
    """Call ``on_orphaned`` once, from a thread of its own, when the parent is gone or lets go of the lifeline."""
    threading.Thread(target=_watch, args=(parent_pid, on_orphaned), name="lifeline", daemon=True).start()


def _watch(parent_pid: int, on_orphaned: Callable[[], None]) -> None:
    lifeline = sys.stdin.fileno()
    while os.getppid() == parent_pid:
        readable, _, _ = select.select([lifeline], [], [], _LOOK_S)
        if readable and not os.read(lifeline, 4096):
            break
    on_orphaned()
