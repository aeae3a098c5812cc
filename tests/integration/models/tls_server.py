"""A TLS server on loopback that does what a script says, with a certificate of its own."""

import http.server
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

Handler = http.server.BaseHTTPRequestHandler
Answer = Callable[[Handler, bytes, int], None]
"""Answers one request: the handler, the file, and the byte that was asked for first."""


class ScriptedServer:
    """Serves one file; each request takes the next answer, the last one again and again."""

    def __init__(self, address: str, contents: bytes, tls: ssl.SSLContext) -> None:
        self.address = address
        self.contents = contents
        self.tls = tls
        self.answers: list[Answer] = [serve]
        self.ranges: list[str | None] = []
        self.ended = threading.Event()

    def url(self, name: str = "weights.onnx") -> str:
        return f"{self.address}/{name}"


def serve(handler: Handler, contents: bytes, begin: int) -> None:
    """A server as it should be."""
    _head(handler, contents, begin)
    handler.wfile.write(contents[begin:])


def cut_after(count: int) -> Answer:
    """Promises everything and breaks off."""

    def answer(handler: Handler, contents: bytes, begin: int) -> None:
        _head(handler, contents, begin)
        handler.wfile.write(contents[begin : begin + count])

    return answer


def ignore_range(handler: Handler, contents: bytes, _begin: int) -> None:
    """Sends the whole file whatever was asked for."""
    serve(handler, contents, 0)


def wrong_part(handler: Handler, contents: bytes, begin: int) -> None:
    """Says 206 and sends from elsewhere."""
    _head(handler, contents, max(begin - 1, 0), status=206)


def status(code: int, **headers: str) -> Answer:
    """Only a status line."""

    def answer(handler: Handler, _contents: bytes, _begin: int) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def other(contents: bytes, *, without_length: bool = False) -> Answer:
    """Sends something else."""

    def answer(handler: Handler, _contents: bytes, _begin: int) -> None:
        handler.send_response(200)
        if not without_length:
            handler.send_header("Content-Length", str(len(contents)))
        handler.end_headers()
        handler.wfile.write(contents)

    return answer


def silent(server: ScriptedServer) -> Answer:
    """Promises everything, sends ten bytes and waits for the test's end."""

    def answer(handler: Handler, contents: bytes, begin: int) -> None:
        cut_after(10)(handler, contents, begin)
        handler.wfile.flush()
        server.ended.wait(30.0)

    return answer


def _head(handler: Handler, contents: bytes, begin: int, *, status: int | None = None) -> None:
    handler.send_response(status or (206 if begin else 200))
    handler.send_header("Content-Length", str(len(contents) - begin))
    if begin or status == 206:
        handler.send_header("Content-Range", f"bytes {begin}-{len(contents) - 1}/{len(contents)}")
    handler.end_headers()


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost that is its own authority, and its key."""
    certificate, key = folder / "server.pem", folder / "server.key"
    names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "2", "-subj", "/CN=localhost", "-addext", names, "-out", str(certificate), "-keyout", str(key)]
    subprocess.run(command, check=True, capture_output=True, timeout=30)
    return certificate, key


@contextmanager
def running(contents: bytes, certificate: Path, key: Path) -> Iterator[ScriptedServer]:
    """A server in a thread of its own until the block ends."""
    scripted: list[ScriptedServer] = []

    class _Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            server, given = scripted[0], self.headers.get("Range")
            server.ranges.append(given)
            answer = server.answers.pop(0) if len(server.answers) > 1 else server.answers[0]
            begin = int(given.removeprefix("bytes=").rstrip("-")) if given else 0
            self.close_connection = True
            answer(self, server.contents, begin)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            pass

    class _Quiet(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            pass

    with _Quiet(("127.0.0.1", 0), _Handler) as listener:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        listener.socket = context.wrap_socket(listener.socket, server_side=True)
        trusted = ssl.create_default_context(cafile=str(certificate))
        scripted.append(ScriptedServer(f"https://localhost:{listener.server_address[1]}", contents, trusted))
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02}, name="tls-server")
        thread.start()
        try:
            yield scripted[0]
        finally:
            scripted[0].ended.set()
            listener.shutdown()
            thread.join(10.0)
