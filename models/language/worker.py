"""The model's process: reads commands from standard input, steps the engine, writes replies to standard output.

Started by `models.language.client` as ``python -m models.language.worker``. Refuses to outlive its parent: it ends
when its input closes and the kernel ends it when the parent dies. Nothing but replies reaches the reply pipe.
"""

import argparse
import ctypes
import os
import select
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, get_args

from models.errors import ArtefactInvalidError
from models.language.chat import Template
from models.language.engine import Engine
from models.language.llama import LlamaRuntime
from models.language.wire import MAX_LINE_BYTES, Allow, Ready, Reply, Work, read_command, to_line

PR_SET_PDEATHSIG = 1
IDLE_WAIT_S = 1.0
LONGEST_REST_S = 1.0
READ_BYTES = 1 << 16
EXIT_WEIGHTS = 3
"""Exit status when the weights cannot be used."""


class _Steps(Protocol):
    @property
    def is_idle(self) -> bool: ...

    def take(self, command: Work) -> list[Reply]: ...

    def step(self) -> list[Reply]: ...


class Pace:
    """How much of the machine the work may take: on how many threads, and how long to rest after a step."""

    def __init__(self, use_threads: Callable[[int], None], mono_s: Callable[[], float]) -> None:
        self._use_threads = use_threads
        self._mono_s = mono_s
        self._share = 1.0
        self._rests_until_s = 0.0

    @property
    def rest_s(self) -> float:
        """Seconds until the next step may begin."""
        return max(0.0, self._rests_until_s - self._mono_s())

    def allow(self, cores: float) -> None:
        """Keep to so many cores from now on."""
        self._use_threads(max(1, int(cores)))
        self._share = min(1.0, cores)

    def work(self, step: Callable[[], list[Reply]]) -> list[Reply]:
        """Do one step; the rest that it earns is as long as it took, in the measure of the share."""
        began_s = self._mono_s()
        said = step()
        ended_s = self._mono_s()
        self._rests_until_s = ended_s + min((ended_s - began_s) * (1.0 / self._share - 1.0), LONGEST_REST_S)
        return said


def serve(engine: _Steps, commands_fd: int, reply: Callable[[Reply], None], pace: Pace) -> None:
    """Work until ``commands_fd`` ends. Commands are taken between two steps and in rests, so a cancel is never far.

    Raises:
        ValueError: a line is no command or too long; the client is broken, so this process ends.
        OSError: nobody reads the replies any more.
    """
    unread = b""
    while True:
        ready, _, _ = select.select([commands_fd], [], [], IDLE_WAIT_S if engine.is_idle else pace.rest_s)
        if ready:
            received = os.read(commands_fd, READ_BYTES)
            if not received:
                return
            *lines, unread = (unread + received).split(b"\n")
            if len(unread) > MAX_LINE_BYTES:
                raise ValueError(f"a command is longer than {MAX_LINE_BYTES} bytes")
            for line in lines:
                command = read_command(line)
                if isinstance(command, Allow):
                    pace.allow(command.cores)
                    continue
                for said in engine.take(command):
                    reply(said)
        if not engine.is_idle and not pace.rest_s:
            for said in pace.work(engine.step):
                reply(said)


def die_with(parent: int) -> None:
    """Ask the kernel to end this process with the thread that started it; end now if that is already gone."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(0)


def take_reply_pipe() -> int:
    """Keep standard output for replies alone; whatever a library prints there goes to standard error."""
    private = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return private


def main() -> int:
    """Load the weights, say so, and serve."""
    options = _options()
    die_with(options.parent)
    replies_fd = take_reply_pipe()

    def reply(said: Reply) -> None:
        unsent = to_line(said)
        while unsent:
            unsent = unsent[os.write(replies_fd, unsent) :]

    try:
        runtime = LlamaRuntime(
            options.weights,
            threads=options.threads,
            context_tokens=options.context_tokens,
            chunk_tokens=options.chunk_tokens,
            sequences=options.parallel_turns + options.cached_prefixes,
        )
    except ArtefactInvalidError as unusable:
        sys.stderr.write(f"{unusable}\n")
        return EXIT_WEIGHTS
    with runtime:
        engine = Engine(
            runtime,
            options.template,
            context_tokens=options.context_tokens,
            chunk_tokens=options.chunk_tokens,
            cached_prefixes=options.cached_prefixes,
            parallel_turns=options.parallel_turns,
            mono_s=time.monotonic,
        )
        reply(Ready(context_tokens=options.context_tokens, rss_mb=runtime.rss_mb()))
        serve(engine, sys.stdin.fileno(), reply, Pace(runtime.use_threads, time.monotonic))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="models.language.worker", description=__doc__)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--template", choices=get_args(Template), required=True)
    parser.add_argument("--parent", type=int, required=True)
    for count in ("--threads", "--context-tokens", "--chunk-tokens", "--cached-prefixes"):
        parser.add_argument(count, type=int, required=True)
    parser.add_argument("--parallel-turns", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
