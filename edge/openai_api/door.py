"""What stands in front of every request of another program: the key, the size and time of a body, plain headers.

Plain ASGI, so that a stranger's body is not even read and a long one is refused while it arrives. Knows nothing of
what is asked.
"""

import asyncio
import json

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edge.keys import KeyHash
from edge.openai_api.counts import Counter
from edge.openai_api.errors import ApiError, BodyLateError, BodyTooLargeError, KeyMissingError
from edge.request_body import BodyTooLongError, ClientGoneError, header_of, read_body, replayed

MAX_BODY_BYTES = 1 << 20
"""Room for the longest allowed texts; the language model itself takes 64 KiB."""
BODY_WITHIN_S = 10.0
_HEADERS = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)


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
            if not self._key.matches(header_of(scope["headers"], b"authorization") or b""):
                raise KeyMissingError("Send this endpoint's key as: Authorization: Bearer KEY.")
            body = await self._body(scope, receive)
        except ClientGoneError:
            self._counter.add(given_up=1)
        except ApiError as error:
            await refuse(send, error)
        else:
            await self._app(scope, replayed(body, receive), send)

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        try:
            async with asyncio.timeout(self._body_within_s):
                return await read_body(receive, scope["headers"], max_bytes=self._max_body_bytes)
        except BodyTooLongError as error:
            raise self._too_large() from error
        except TimeoutError as error:
            raise BodyLateError(f"The request did not arrive within {self._body_within_s:g} s.") from error

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
