"""What stands in front of every request of another program: the key, the size and time of a body, plain headers.

Plain ASGI, so that a stranger's body is not even read and a long one is refused while it arrives. Knows nothing of
what is asked.
"""

import asyncio
import json
from collections.abc import Iterable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edge.openai_api.counts import Counter
from edge.openai_api.errors import ApiError, BodyLateError, BodyTooLargeError, KeyMissingError
from edge.openai_api.keys import KeyHash

MAX_BODY_BYTES = 1 << 20
"""Room for the longest allowed texts; the language model itself takes 64 KiB."""
BODY_WITHIN_S = 10.0
_HEADERS = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)


class _GoneError(Exception):
    """The client left before its request was whole."""


class Doorman:
    """ASGI middleware: 401 without the key, 413 and 408 for a body that is too long or too slow."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        key: KeyHash,
        counter: Counter,
        max_body_bytes: int = MAX_BODY_BYTES,
        body_within_s: float = BODY_WITHIN_S,
    ) -> None:
        self._app = app
        self._key = key
        self._counter = counter
        self._max_body_bytes = max_body_bytes
        self._body_within_s = body_within_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        send = self._watched(send)
        try:
            if not self._key.matches(_header(scope["headers"], b"authorization") or b""):
                raise KeyMissingError("Send this endpoint's key as: Authorization: Bearer KEY.")
            body = await self._body(scope, receive)
        except _GoneError:
            self._counter.add(given_up=1)
        except ApiError as error:
            await refuse(send, error)
        else:
            await self._app(scope, _replay(body, receive), send)

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        declared = _header(scope["headers"], b"content-length") or b""
        if declared.isdigit() and int(declared[:12]) > self._max_body_bytes:
            raise self._too_large()
        try:
            async with asyncio.timeout(self._body_within_s):
                return await self._arrived(receive)
        except TimeoutError as error:
            raise BodyLateError(f"The request did not arrive within {self._body_within_s:g} s.") from error

    async def _arrived(self, receive: Receive) -> bytes:
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] != "http.request":
                raise _GoneError
            body += message.get("body", b"")
            if len(body) > self._max_body_bytes:
                raise self._too_large()
            if not message.get("more_body", False):
                return bytes(body)

    def _too_large(self) -> BodyTooLargeError:
        return BodyTooLargeError(f"The request is too long; at most {self._max_body_bytes} bytes fit.")

    def _watched(self, send: Send) -> Send:
        async def send_watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._counter.note_status(message["status"])
                message = {**message, "headers": [*message.get("headers", ()), *_HEADERS]}
            await send(message)

        return send_watched


async def refuse(send: Send, error: ApiError) -> None:
    """Send an error as clients of this interface read it."""
    body = json.dumps(error.body()).encode()
    more = [(name.encode(), value.encode()) for name, value in error.headers.items()]
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), *more]
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _header(headers: Iterable[tuple[bytes, bytes]], wanted: bytes) -> bytes | None:
    return next((value for name, value in headers if name.lower() == wanted), None)


def _replay(body: bytes, receive: Receive) -> Receive:
    is_sent = False

    async def receive_again() -> Message:
        nonlocal is_sent
        if is_sent:
            return await receive()
        is_sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again
