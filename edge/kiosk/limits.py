"""What stands in front of every kiosk request: the size of a body, the rate of a screen, and the safety headers.

Plain ASGI, so that a body is refused while it arrives and not after. Knows nothing of what is asked.
"""

import json

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edge.rate_limit import RateLimiter
from edge.request_body import BodyTooLongError, ClientGoneError, read_body, replayed

MAX_BODY_BYTES = 4096
_HEADERS = (
    (
        b"content-security-policy",
        b"default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_NO_STORE = ((b"cache-control", b"no-store"),)
SAFETY_HEADERS = {name.decode(): value.decode() for name, value in (*_HEADERS, *_NO_STORE)}
"""For the one answer that is made outside of `Doorman`: the one to an error that nobody expected."""
_REVALIDATE = ((b"cache-control", b"no-cache"),)


class Doorman:
    """ASGI middleware: headers on every answer, 413 for a long body, 429 for a screen that asks too fast."""

    def __init__(self, app: ASGIApp, *, limiter: RateLimiter, max_body_bytes: int = MAX_BODY_BYTES) -> None:
        self._app = app
        self._limiter = limiter
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        send = _with_headers(send, is_static=scope["path"].startswith("/static/"))
        if scope["method"] == "POST":
            if not self._limiter.admits(_screen_of(scope)):
                wait = (b"retry-after", str(self._limiter.wait_s).encode())
                await _refuse(send, 429, "too_fast", "That was quick! Please wait a moment and try again.", wait)
                return
            try:
                body = await read_body(receive, scope["headers"], max_bytes=self._max_body_bytes)
            except BodyTooLongError:
                await _refuse(send, 413, "too_large", "That is too long for this screen.")
                return
            except ClientGoneError:
                return
            receive = replayed(body, receive)
        await self._app(scope, receive, send)


def _screen_of(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else "unknown"


def _with_headers(send: Send, *, is_static: bool) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            caching = _REVALIDATE if is_static else _NO_STORE
            message = {**message, "headers": [*message.get("headers", ()), *_HEADERS, *caching]}
        await send(message)

    return send_with_headers


async def _refuse(send: Send, status: int, code: str, message: str, *more: tuple[bytes, bytes]) -> None:
    body = json.dumps({"error": {"code": code, "message": message}}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), *more]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
