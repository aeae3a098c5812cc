"""What stands before every route of the console: the login, the same-origin rule and the response headers.

Owns who may pass. Nothing behind it, NiceGUI's own files and sockets included, answers without a session; a
socket ends with its session.

    request ─► HeaderPolicy ─► (signed cookie) ─► LoginGuard ─► login page │ pictures │ NiceGUI
"""

import asyncio
import secrets
from collections.abc import Awaitable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edge.console.sessions import SessionRegistry

SESSION_KEY = "login"
OPEN_PATHS = frozenset({"/login", "/login.css", "/favicon.svg"})
_SAFE_METHODS = frozenset({"GET", "HEAD"})
_UNTRUSTED_HEADERS = (b"x-forwarded-prefix", b"x-forwarded-for", b"x-forwarded-host", b"forwarded")
_CLOSE_UNAUTHORISED = 4401


class LoginGuard:
    """Lets a request through when it is same-origin and its session lives."""

    def __init__(self, app: ASGIApp, *, sessions: SessionRegistry) -> None:
        self._app = app
        self._sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        _forget_forwarding(scope)
        token = scope["session"].get(SESSION_KEY)
        if not _is_same_origin(scope):
            await _refuse(scope, receive, send, status=403, text="This request came from another page.")
        elif scope["path"] in OPEN_PATHS and scope["type"] == "http":
            await self._app(scope, receive, send)
        elif not self._sessions.is_live(token):
            await _refuse(scope, receive, send, status=401, text="Please log in.")
        elif scope["type"] == "websocket":
            await self._app(scope, self._until_session_ends(token, receive), send)
        else:
            await self._app(scope, receive, send)

    def _until_session_ends(self, token: str, receive: Receive) -> Receive:
        """Receive that reports a disconnect when the session ends, so that no socket outlives a log-out."""

        async def receive_or_end() -> Message:
            ended = self._sessions.ended(token)
            message = asyncio.ensure_future(_as_coroutine(receive()))
            end = asyncio.ensure_future(ended.wait())
            try:
                done, _ = await asyncio.wait(
                    {message, end}, timeout=self._sessions.remaining_s(token), return_when=asyncio.FIRST_COMPLETED
                )
                if message in done and not ended.is_set():
                    return message.result()
                return {"type": "websocket.disconnect", "code": _CLOSE_UNAUTHORISED}
            finally:
                end.cancel()
                message.cancel()

        return receive_or_end


def _forget_forwarding(scope: Scope) -> None:
    """Take out what any client can write; those who claim to be forwarded share one address for the lock-out."""
    kept = [pair for pair in scope["headers"] if pair[0] not in _UNTRUSTED_HEADERS]
    if len(kept) != len(scope["headers"]):
        scope["client"] = ("forwarded", 0)
    scope["headers"] = kept


async def _as_coroutine(message: Awaitable[Message]) -> Message:
    return await message


def _is_same_origin(scope: Scope) -> bool:
    """Whether a socket, a write or a background fetch was made by the console's own page.

    Cookies know no ports and SameSite knows no ports either, so the kiosk's page on the same machine counts as
    another origin only here.
    """
    headers = Headers(scope=scope)
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    if origin is not None and urlsplit(origin).netloc.lower() != headers.get("host", "").lower():
        return False
    if site not in (None, "same-origin", "none") and headers.get("sec-fetch-mode") != "navigate":
        return False
    if scope["type"] == "websocket":
        return True
    return scope["method"] in _SAFE_METHODS or origin is not None or site == "same-origin"


async def _refuse(scope: Scope, receive: Receive, send: Send, *, status: int, text: str) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": _CLOSE_UNAUTHORISED})
        return
    wants_page = scope["method"] == "GET" and "text/html" in Headers(scope=scope).get("accept", "")
    if status == 401 and wants_page:
        await RedirectResponse("/login", status_code=303)(scope, receive, send)
    else:
        await PlainTextResponse(text, status_code=status)(scope, receive, send)


class HeaderPolicy:
    """Security headers on every answer, and a fresh nonce on every script of a page.

    NiceGUI compiles its templates in the browser, hence ``unsafe-eval``, and sets styles inline; its inline scripts
    run by nonce, so markup that slips into a page runs nothing.
    """

    def __init__(self, app: ASGIApp, *, is_https: bool) -> None:
        self._app = app
        self._is_https = is_https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        page = _Page(send, nonce=secrets.token_urlsafe(18), is_https=self._is_https)
        await self._app(scope, receive, page.send)


class _Page:
    """One answer on its way out; an HTML page is held until it is whole, everything else passes."""

    def __init__(self, send: Send, *, nonce: str, is_https: bool) -> None:
        self._send = send
        self._nonce = nonce
        self._is_https = is_https
        self._start: Message | None = None
        self._body = bytearray()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            self._harden(headers)
            if headers.get("content-type", "").startswith("text/html"):
                self._start = message
                return
        elif self._start is not None and message["type"] == "http.response.body":
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._finish(self._start)
            return
        await self._send(message)

    async def _finish(self, start: Message) -> None:
        body = bytes(self._body).replace(b"<script", f'<script nonce="{self._nonce}"'.encode())
        MutableHeaders(scope=start)["content-length"] = str(len(body))
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})

    def _harden(self, headers: MutableHeaders) -> None:
        headers["content-security-policy"] = (
            f"default-src 'none'; script-src 'self' 'nonce-{self._nonce}' 'unsafe-eval'; "
            "style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
            "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
        )
        headers["x-content-type-options"] = "nosniff"
        headers["x-frame-options"] = "DENY"
        # Not "no-referrer": a form would then be sent with the origin "null".
        headers["referrer-policy"] = "same-origin"
        headers["cross-origin-opener-policy"] = "same-origin"
        headers["cross-origin-resource-policy"] = "same-origin"
        headers["permissions-policy"] = "camera=(), microphone=(), geolocation=(), payment=(), usb=()"
        headers["x-robots-tag"] = "noindex"
        if "cache-control" not in headers:
            headers["cache-control"] = "no-store"
        if self._is_https:
            headers["strict-transport-security"] = "max-age=31536000"
