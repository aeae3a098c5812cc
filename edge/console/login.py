"""The login page, logging in and logging out: plain HTML and one form, without NiceGUI.

Owns the only routes that answer without a session. Refuses long bodies, and tries beyond the lock-out, before the
password is looked at.
"""

import asyncio
from pathlib import Path
from urllib.parse import parse_qs

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from edge.console.auth import PasswordHash
from edge.console.fragments import Fragments
from edge.console.guard import SESSION_KEY
from edge.console.sessions import LoginThrottle, SessionRegistry

_MAX_FORM_BYTES = 4096
_STATIC = Path(__file__).parent / "static"


class LoginRoutes:
    """``/login``, ``/logout`` and what the login page needs to look like ours."""

    def __init__(
        self, password: PasswordHash, *, sessions: SessionRegistry, throttle: LoginThrottle, fragments: Fragments
    ) -> None:
        self._password = password
        self._sessions = sessions
        self._throttle = throttle
        self._fragments = fragments
        self._hashing = asyncio.Semaphore(1)

    def router(self) -> APIRouter:
        """Routes to include in the console's application."""
        router = APIRouter()
        router.add_api_route("/login", self._show, methods=["GET"])
        router.add_api_route("/login", self._log_in, methods=["POST"])
        router.add_api_route("/logout", self._log_out, methods=["POST"])
        router.add_api_route("/login.css", lambda: FileResponse(_STATIC / "login.css"), methods=["GET"])
        router.add_api_route("/favicon.svg", lambda: FileResponse(_STATIC / "favicon.svg"), methods=["GET"])
        return router

    async def _show(self, request: Request) -> Response:
        if self._sessions.is_live(request.session.get(SESSION_KEY)):
            return RedirectResponse("/", status_code=303)
        return self._page("")

    async def _log_in(self, request: Request) -> Response:
        address = request.client.host if request.client else "unknown"
        password = await _password_in(request)
        if password is None:
            return self._page("That form was not understood.", status=400)
        wait_s = self._throttle.begin(address)
        if wait_s > 0.0:
            return self._locked_out(wait_s)
        # One hash at a time: sixteen tries side by side would otherwise take 256 MiB.
        async with self._hashing:
            is_right = await asyncio.to_thread(self._password.matches, password)
        if not is_right:
            structlog.get_logger().warning("console.login_refused", address=address)
            wait_s = self._throttle.wait_s(address)
            return self._locked_out(wait_s) if wait_s > 0.0 else self._page("That is not the password.", status=401)
        self._throttle.succeed(address)
        self._sessions.close(request.session.get(SESSION_KEY))
        request.session.clear()
        request.session[SESSION_KEY] = self._sessions.open()
        return RedirectResponse("/", status_code=303)

    async def _log_out(self, request: Request) -> Response:
        self._sessions.close(request.session.get(SESSION_KEY))
        request.session.clear()
        return RedirectResponse("/login", status_code=303)

    def _locked_out(self, wait_s: float) -> Response:
        seconds = int(wait_s) + 1
        span = f"{seconds} seconds" if seconds <= 90 else f"{-(-seconds // 60)} minutes"
        response = self._page(f"Too many wrong passwords. Try again in {span}.", status=429)
        response.headers["retry-after"] = str(seconds)
        return response

    def _page(self, message: str, *, status: int = 200) -> Response:
        return HTMLResponse(self._fragments.render("login.html", message=message), status_code=status)


async def _password_in(request: Request) -> str | None:
    """The password of a login form, or None for a body that is too long or is no such form."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_FORM_BYTES:
            return None
    try:
        return parse_qs(body.decode(), strict_parsing=True, max_num_fields=4)["password"][0]
    except (ValueError, KeyError):
        return None
