"""What stands in front of every request of a program: the key, the rate, the size and time of a body.

Plain ASGI, so that a stranger's body is not even read. Host and Origin are the protocol's own transport's to check,
behind this. Knows nothing of what is asked.
"""

import asyncio
import json

from starlette.types import ASGIApp, Receive, Scope, Send

from edge.keys import KeyHash
from edge.mcp_server.counts import Counter
from edge.rate_limit import RateLimiter
from edge.request_body import BodyTooLongError, ClientGoneError, header_of, read_body, replayed

MAX_BODY_BYTES = 1 << 16
BODY_WITHIN_S = 10.0
_EVERYBODY = "programs"
_HEADERS = (
    (b"content-type", b"application/json"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)


class Doorman:
    """ASGI middleware: 401 without the key, 429 for too many, 413 and 408 for a body that is too long or too slow."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        key: KeyHash,
        limiter: RateLimiter,
        counter: Counter,
        body_within_s: float = BODY_WITHIN_S,
    ) -> None:
        self._app = app
        self._key = key
        self._limiter = limiter
        self._counter = counter
        self._body_within_s = body_within_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        if not self._key.matches(header_of(scope["headers"], b"authorization") or b""):
            challenge = (b"www-authenticate", b"Bearer")
            await self._refuse(send, 401, "Send this server's key as: Authorization: Bearer KEY.", challenge)
        elif not self._limiter.admits(_EVERYBODY):
            wait = (b"retry-after", str(self._limiter.wait_s).encode())
            await self._refuse(send, 429, "Too many requests; wait a moment and try again.", wait)
        else:
            await self._pass(scope, receive, send)

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with asyncio.timeout(self._body_within_s):
                body = await read_body(receive, scope["headers"], max_bytes=MAX_BODY_BYTES)
        except BodyTooLongError:
            await self._refuse(send, 413, f"A request may hold {MAX_BODY_BYTES} bytes.")
        except TimeoutError:
            await self._refuse(send, 408, f"The request did not arrive within {self._body_within_s:g} seconds.")
        except ClientGoneError:
            return
        else:
            await self._app(scope, replayed(body, receive), send)

    async def _refuse(self, send: Send, status: int, message: str, *more: tuple[bytes, bytes]) -> None:
        self._counter.add(refused=1)
        error = {"jsonrpc": "2.0", "id": None, "error": {"code": -32000, "message": message}}
        body = json.dumps(error).encode()
        headers = [*_HEADERS, (b"content-length", str(len(body)).encode()), (b"connection", b"close"), *more]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
