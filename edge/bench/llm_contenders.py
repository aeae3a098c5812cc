"""Those who answer in `edge.bench.llm`: our engine and llama-cpp-python's own ways, each in a process of its own.

Owns starting and ending them on the same file, with the same number of threads, the same room and the same
environment, and the time of the first piece of text and of the whole, as the caller sees them, waiting included.
"""

import http.client
import importlib.util
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import IO, Protocol

from models.config import LanguageSettings
from models.errors import LanguageUnavailableError
from models.language.client import LanguageModel
from models.language.requests import CompletionRequest
from models.manifest import ActiveArtefact

_START_S = 60.0
_ANSWER_S = 300.0
_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Timing:
    """One answer as its asker saw it."""

    first_ms: float
    total_ms: float
    text: str


class Contender(Protocol):
    """Answers turns from any number of threads."""

    @property
    def name(self) -> str: ...

    def ask(self, request: CompletionRequest) -> Timing: ...


class _Ours:
    name = "our engine"

    def __init__(self, model: LanguageModel) -> None:
        self._model = model

    def ask(self, request: CompletionRequest) -> Timing:
        began_s = time.perf_counter()
        completion = self._model.complete(request)
        return Timing(completion.first_token_ms, (time.perf_counter() - began_s) * 1000, completion.text)


class _Plain:
    name = "plain Llama class"

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._requests, self._replies = _pipes(process)
        self._turn = Lock()

    def ask(self, request: CompletionRequest) -> Timing:
        began_s = time.perf_counter()
        with self._turn:
            self._requests.write(json.dumps(_fields(request)) + "\n")
            self._requests.flush()
            self._replies.readline()
            first_s = time.perf_counter()
            text = json.loads(self._replies.readline())
        return Timing((first_s - began_s) * 1000, (time.perf_counter() - began_s) * 1000, text)


class _Server:
    name = "its own server"

    def __init__(self, port: int) -> None:
        self._port = port

    def ask(self, request: CompletionRequest) -> Timing:
        began_s = time.perf_counter()
        first_s, text = 0.0, ""
        for piece in self._pieces(request):
            first_s = first_s or time.perf_counter()
            text += piece
        ended_s = time.perf_counter()
        return Timing(((first_s or ended_s) - began_s) * 1000, (ended_s - began_s) * 1000, text)

    def _pieces(self, request: CompletionRequest) -> Iterator[str]:
        fields = _fields(request)
        body = {
            "messages": [
                {"role": "system", "content": fields.pop("prefix")},
                {"role": "user", "content": fields.pop("prompt")},
            ],
            "stream": True,
            "temperature": 0.0,
            **fields,
        }
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_ANSWER_S)
        try:
            connection.request("POST", "/v1/chat/completions", json.dumps(body), {"Content-Type": "application/json"})
            reply = connection.getresponse()
            if reply.status != http.client.OK:
                raise LanguageUnavailableError(f"its own server answered with status {reply.status}")
            for line in reply:
                if line.startswith(b"data: {"):
                    yield json.loads(line[6:])["choices"][0]["delta"].get("content") or ""
        finally:
            connection.close()


def missing_for_server() -> list[str]:
    """The packages that llama-cpp-python's own server needs and that are not installed here."""
    needed = {"sse_starlette": "sse-starlette", "starlette_context": "starlette-context"}
    return [package for name, package in needed.items() if importlib.util.find_spec(name) is None]


@contextmanager
def our_engine(weights: ActiveArtefact, settings: LanguageSettings, prefix: str) -> Iterator[Contender]:
    """The appliance's own."""
    with LanguageModel(lambda: weights, settings, prefixes=(prefix,)) as model:
        if not model.wait_until_up(_START_S):
            raise LanguageUnavailableError(model.stats().down_because or "the language model did not start")
        yield _Ours(model)


@contextmanager
def plain_llama(weights: ActiveArtefact, settings: LanguageSettings) -> Iterator[Contender]:
    """One `Llama` object that takes one request after the other."""
    arguments = [str(weights.path), str(settings.threads), str(settings.context_tokens)]
    with _running("edge.bench.llm_peer", *arguments) as process:
        if _pipes(process)[1].readline() != "ready\n":
            raise LanguageUnavailableError("the plain Llama class did not start")
        yield _Plain(process)


@contextmanager
def own_server(weights: ActiveArtefact, settings: LanguageSettings) -> Iterator[Contender]:
    """llama-cpp-python's server, told to let a running answer end before it begins the next."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    options = {
        "model": weights.path,
        "host": "127.0.0.1",
        "port": port,
        "n_ctx": settings.context_tokens,
        "n_threads": settings.threads,
        "n_threads_batch": settings.threads,
        "interrupt_requests": "false",
        "verbose": "false",
    }
    with _running("llama_cpp.server", *(f"--{name}={value}" for name, value in options.items())) as process:
        _await_port(process, port)
        yield _Server(port)


@contextmanager
def _running(module: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    # The wait policy is that of our engine's process: without it OpenMP's threads spin away a shared core.
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and a known module
        [sys.executable, "-m", module, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=_ROOT,
        env={**os.environ, "OMP_WAIT_POLICY": "passive"},
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for pipe in _pipes(process):
            with suppress(BrokenPipeError):
                pipe.close()


def _await_port(process: subprocess.Popen[str], port: int) -> None:
    until_s = time.monotonic() + _START_S
    while time.monotonic() < until_s and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1.0):
            return
        time.sleep(0.1)
    raise LanguageUnavailableError("llama-cpp-python's own server did not start")


def _pipes(process: subprocess.Popen[str]) -> tuple[IO[str], IO[str]]:
    if process.stdin is None or process.stdout is None:
        raise LanguageUnavailableError("the process has no pipes")
    return process.stdin, process.stdout


def _fields(request: CompletionRequest) -> dict[str, str | int | None]:
    return {
        "prefix": request.prefix,
        "prompt": request.prompt,
        "grammar": request.grammar,
        "max_tokens": request.max_tokens,
    }
