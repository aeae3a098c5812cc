"""Runs a web surface in a thread of its own, with its own event loop and port.

Takes the port before anything else starts, so that a busy one is a sentence and not a half-started shop. Knows
nothing about what it serves. The only importer of uvicorn.
"""

import asyncio
import errno
import socket
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

import uvicorn

from edge.errors import ConfigError

START_DEADLINE_S = 20.0
STOP_DEADLINE_S = 5.0
_BACKLOG = 128


class PortTakenError(ConfigError):
    """Somebody else listens there already."""


def take_port(host: str, port: int, *, setting: str) -> socket.socket:
    """A bound socket; port 0 takes any free one.

    Raises:
        PortTakenError: the port is in use; the text names the setting to change.
        ConfigError: the address is not one of this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, port))
        taken.listen(_BACKLOG)  # a socket that is bound only would let a second one bind beside it
    except OSError as error:
        taken.close()
        if error.errno == errno.EADDRINUSE:
            raise PortTakenError(
                f"Port {port} on {host} is in use by another program. Stop that one, or choose another port: {setting}."
            ) from error
        raise ConfigError(
            f"Cannot listen on {host} port {port}: {error.strerror}. Check the setting {setting}."
        ) from error
    return taken


def take_ports(wanted: Mapping[str, tuple[str, int]]) -> dict[str, socket.socket]:
    """A bound socket for each section of the settings that wants a (host, port); all of them or none.

    Raises:
        PortTakenError: as `take_port`, one line for each that is in use.
        ConfigError: as `take_port`.
    """
    taken: dict[str, socket.socket] = {}
    busy: list[str] = []
    with ExitStack() as stack:
        for name, (host, port) in wanted.items():
            try:
                taken[name] = take_port(host, port, setting=f"--{name}-port, or port in [{name}] of shop.toml")
                stack.callback(taken[name].close)
            except PortTakenError as error:
                busy.append(str(error))
        if busy:
            raise PortTakenError("\n".join(busy))
        stack.pop_all()
    return taken


class WebSurface:
    """One ASGI application behind one socket.

    ``with WebSurface(...)`` returns when it answers; leaving stops it within `STOP_DEADLINE_S`.
    """

    def __init__(self, app: Any, taken: socket.socket, *, name: str) -> None:
        """Serve ``app`` on an already bound socket in a thread called ``name``."""
        self._socket = taken
        self._name = name
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                log_level="warning",
                access_log=False,
                server_header=False,
                proxy_headers=False,  # nobody stands in front; a forged header must not choose who is asking
                lifespan="on",
                ws_max_size=1 << 20,
                timeout_keep_alive=15,
                timeout_graceful_shutdown=2,
            )
        )
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Address for a person on this machine."""
        host, port = self._socket.getsockname()[:2]
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._serve, name=self._name, daemon=True)
        self._thread.start()
        waited_s = 0.0
        pause = threading.Event()
        while not self._server.started:
            if not self._thread.is_alive() or waited_s > START_DEADLINE_S:
                raise ConfigError(f"The {self._name} did not start; the log above says why.")
            pause.wait(0.02)
            waited_s += 0.02
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(timeout=STOP_DEADLINE_S)
        self._socket.close()

    def _serve(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._socket]))
