"""One life of the model's process: start it, write lines to it, read lines from it, end it.

Owns the process and its pipes. Refuses to wait: a write that the process does not take in time, and an end of its
output, are both `ChildGoneError`. Who lives again, and when, is decided by `models.language.client`.
"""

import fcntl
import os
import selectors
import subprocess
import sys
import time
from collections import deque
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import IO, Self

from pydantic import ValidationError

import models
from models.config import LanguageSettings
from models.language.wire import MAX_LINE_BYTES, Command, Reply, read_reply, to_line
from models.manifest import ChatInput

READ_BYTES = 1 << 16
PIPE_BYTES = 1 << 20
"""Room for a full queue of requests, so that a process busy with one piece of work never makes a sender wait. Where
the user's share of pipe memory is used up, the kernel's default has to do."""
LAST_WORDS = 8
END_TIMEOUT_S = 2.0

_ENVIRONMENT = {"LANG": "C.UTF-8", "OMP_WAIT_POLICY": "passive"}
"""All the process may know. Without the passive wait OpenMP's threads spin at every barrier: with both cores also
busy elsewhere, two threads then computed 24 prompt tokens a second in place of 200."""


class ChildGoneError(Exception):
    """The process ended, closed its pipe, or takes no more input; the text says which."""


class Child:
    """A running process. ``send`` from any thread; everything else from the thread that started it.

    That thread must live as long as the process: the kernel ends a child with the thread that started it.
    """

    def __init__(self, weights: Path, chat: ChatInput, settings: LanguageSettings) -> None:
        """Start the process and return at once; its first line says that it is ready.

        Raises:
            OSError: no process can be started now.
        """
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            _command(weights.resolve(), chat, settings),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=Path(models.__file__).parents[1],
            env=_ENVIRONMENT,
            start_new_session=True,
            bufsize=0,
        )
        self._stdin = _opened(self._process.stdin)
        self._stdout = _opened(self._process.stdout)
        self._stderr = _opened(self._process.stderr)
        self._sending = Lock()
        self._unread = b""
        self._last_words: deque[str] = deque(maxlen=LAST_WORDS)
        self._selector = selectors.DefaultSelector()
        for pipe in (self._stdout, self._stderr):
            self._selector.register(pipe, selectors.EVENT_READ)
        os.set_blocking(self._stdin.fileno(), False)
        with suppress(PermissionError):
            fcntl.fcntl(self._stdin, fcntl.F_SETPIPE_SZ, PIPE_BYTES)

    @property
    def pid(self) -> int:
        return self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Ask the process to end by closing its input, then end it."""
        with self._sending:
            self._stdin.close()
        try:
            self._process.wait(END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._selector.close()
        self._stdout.close()
        self._stderr.close()

    def kill(self) -> None:
        """End the process now; it may be hung."""
        self._process.kill()

    def send(self, command: Command, *, timeout_s: float) -> None:
        """Write one line.

        Raises:
            ChildGoneError: the process does not take it in time; what was written may be half a line, so the
                process must not be used any more.
        """
        until_s = time.monotonic() + timeout_s
        if not self._sending.acquire(timeout=timeout_s):
            raise ChildGoneError("it takes no more input")
        try:
            self._write(to_line(command), until_s)
        finally:
            self._sending.release()

    def _write(self, unsent: bytes, until_s: float) -> None:
        if self._stdin.closed:
            raise ChildGoneError("it is being stopped")
        with selectors.DefaultSelector() as writable:
            writable.register(self._stdin, selectors.EVENT_WRITE)
            while unsent:
                if not writable.select(max(0.0, until_s - time.monotonic())):
                    raise ChildGoneError("it takes no more input")
                try:
                    unsent = unsent[os.write(self._stdin.fileno(), unsent) :]
                except BrokenPipeError as gone:
                    raise ChildGoneError("it ended") from gone

    def read(self, timeout_s: float) -> list[Reply]:
        """What the process said within the time, perhaps nothing.

        Raises:
            ChildGoneError: its output ended, or it is no reply; its last words are in the text.
        """
        replies: list[Reply] = []
        for key, _ in self._selector.select(timeout_s):
            received = os.read(key.fd, READ_BYTES)
            if key.fileobj is self._stderr:
                self._hear(received)
            elif received:
                replies += self._replies_in(received)
            else:
                raise ChildGoneError(self._epitaph())
        return replies

    def _replies_in(self, received: bytes) -> list[Reply]:
        *lines, self._unread = (self._unread + received).split(b"\n")
        if len(self._unread) > MAX_LINE_BYTES:
            raise ChildGoneError("it said something endless")
        try:
            return [read_reply(line) for line in lines]
        except ValidationError as garbled:
            raise ChildGoneError("it said something that is no reply") from garbled

    def _hear(self, received: bytes) -> None:
        if not received:
            self._selector.unregister(self._stderr)
        self._last_words.extend(received.decode(errors="replace").splitlines())

    def _epitaph(self) -> str:
        for key, _ in self._selector.select(0):
            if key.fileobj is self._stderr:
                self._hear(os.read(key.fd, READ_BYTES))
        try:
            status = self._process.wait(END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            return "it closed its output"
        how = f"it was ended by signal {-status}" if status < 0 else f"it ended with status {status}"
        said = self._last_words[-1] if self._last_words else ""
        return f"{how}: {said}" if said else how


def _opened(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise ChildGoneError("it has no pipe")
    return pipe


def _command(weights: Path, chat: ChatInput, settings: LanguageSettings) -> list[str]:
    return [
        sys.executable,
        "-m",
        "models.language.worker",
        f"--weights={weights}",
        f"--template={chat.template}",
        f"--parent={os.getpid()}",
        f"--threads={settings.threads}",
        f"--context-tokens={settings.context_tokens}",
        f"--chunk-tokens={settings.chunk_tokens}",
        f"--cached-prefixes={settings.cached_prefixes}",
        f"--parallel-turns={settings.parallel_turns}",
    ]
