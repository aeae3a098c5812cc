"""Runs the console's web server in one named thread with its own event loop, beside the kiosk's.

Owns the port. Start returns when the server answers or raises; stop returns within its deadline.
"""

import socket
import threading
from types import TracebackType
from typing import Self

import uvicorn
from fastapi import FastAPI

from edge.console.errors import ConsoleStartError

_START_DEADLINE_S = 20.0


class ConsoleServer:
    """Use as a ``with`` block around the time in which the console shall answer."""

    def __init__(self, app: FastAPI, *, host: str, port: int, stop_deadline_s: float = 5.0) -> None:
        self._host = host
        self._port = port
        self._stop_deadline_s = stop_deadline_s
        self._server = _AnnouncingServer(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                lifespan="on",
                timeout_keep_alive=15,
                timeout_graceful_shutdown=max(1, int(stop_deadline_s) - 2),
                ws_max_size=1_000_000,
                ws_per_message_deflate=False,
            )
        )
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Address for a browser on this machine; with the real port once started."""
        host = "127.0.0.1" if self._host in ("0.0.0.0", "::") else self._host  # noqa: S104 - compared, not bound
        return f"http://{f'[{host}]' if ':' in host else host}:{self._port}/"

    def __enter__(self) -> Self:
        """Listen and wait until the server answers.

        Raises:
            ConsoleStartError: the address is taken or not ours, or the server did not come up in time.
        """
        listener = self._listen()
        self._port = listener.getsockname()[1]
        self._thread = threading.Thread(target=self._server.run, args=([listener],), name="console-web", daemon=True)
        self._thread.start()
        if not self._server.announced.wait(_START_DEADLINE_S) or not self._server.started:
            self.stop()
            raise ConsoleStartError(f"the console did not start on {self._host}:{self._port}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> bool:
        """Close sockets and connections. Blocks at most ``stop_deadline_s``; returns whether it ended in time."""
        self._server.should_exit = True
        if self._thread is None:
            return True
        self._thread.join(self._stop_deadline_s)
        return not self._thread.is_alive()

    def _listen(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((self._host, self._port))
        except OSError as error:
            listener.close()
            raise ConsoleStartError(f"the console cannot listen on {self._host}:{self._port}: {error}") from error
        return listener


class _AnnouncingServer(uvicorn.Server):
    """Says when start-up is over, whether it went well or not."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.announced = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        finally:
            self.announced.set()
