"""Puts the console together: routes, guard, pages.

Owns the order in which a request meets them. One console per process, because NiceGUI keeps its application in the
module; a second one is refused.
"""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import Response
from nicegui import core, ui
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.staticfiles import StaticFiles

from edge.clock import Clock
from edge.console.auth import PasswordHash
from edge.console.config import ConsoleSettings, ShopLabel
from edge.console.desk import CameraDesk
from edge.console.desk_calls import DeskCalls
from edge.console.desk_routes import DeskRoutes
from edge.console.errors import ConsoleError
from edge.console.fragments import Fragments
from edge.console.guard import HeaderPolicy, LoginGuard
from edge.console.login import LoginRoutes
from edge.console.pages.camera import CameraPage
from edge.console.pages.draw import DrawPage
from edge.console.pages.facts import FactsPage
from edge.console.pages.health import HealthPage
from edge.console.pages.overview import OverviewPage
from edge.console.pages.privacy import PrivacyPage
from edge.console.pages.stage import Parts
from edge.console.pages.sync import SyncPage
from edge.console.pages.teach import TeachPage
from edge.console.pages.today import TodayPage
from edge.console.pictures import PictureRoutes
from edge.console.sessions import LoginThrottle, SessionRegistry
from edge.console.snapshots import Snapshots
from edge.console.source import ConsoleSource

_STATIC = Path(__file__).parent / "static"


def create_console(
    source: ConsoleSource,
    desk: CameraDesk,
    settings: ConsoleSettings,
    *,
    password: PasswordHash,
    shop: ShopLabel,
    clock: Clock,
) -> FastAPI:
    """The console as an ASGI application; run it with `edge.serving.WebSurface`.

    Args:
        source: the running shop; asked from two threads of the console's own.
        desk: what staff do with cameras; asked from one thread of the console's own.
        settings: the section ``[console]``.
        password: from `edge.console.auth`.
        shop: name and time zone on the pages.
        clock: for ages on the pages and for the end of sessions.

    Raises:
        ConsoleError: this process has made a console before.
    """
    if core.app.config.has_run_config:
        raise ConsoleError("this process has a console already")
    snapshots = Snapshots(source, clock=clock)
    desk_calls = DeskCalls(desk)
    fragments = Fragments(zone=shop.zone, clock=clock)
    sessions = SessionRegistry(clock=clock, lifetime_s=settings.session_hours * 3600.0)
    login = LoginRoutes(password, sessions=sessions, throttle=LoginThrottle(clock=clock), fragments=fragments)

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=_lifespan(snapshots, desk_calls))
    app.include_router(login.router())
    app.include_router(PictureRoutes(snapshots).router())
    app.include_router(DeskRoutes(desk_calls).router())
    app.add_api_route("/session", lambda: Response(status_code=204), methods=["GET"])
    app.mount("/static", StaticFiles(directory=_STATIC))
    _add_guards(app, settings, sessions)
    _add_pages(Parts(snapshots=snapshots, desk=desk_calls, fragments=fragments, clock=clock, shop=shop))
    ui.run_with(
        app,
        title=f"Backroom \u00b7 {shop.name}",
        favicon=_STATIC / "favicon.svg",
        language="en-GB",
        binding_refresh_interval=None,
        reconnect_timeout=5.0,
        message_history_length=100,
        cache_control_directives="private, max-age=86400",
        gzip_middleware_factory=None,
        tailwind=False,
        show_welcome_message=False,
    )
    return app


def _lifespan(
    snapshots: Snapshots, desk: DeskCalls
) -> Callable[[FastAPI], contextlib.AbstractAsyncContextManager[None]]:
    @contextlib.asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        with snapshots, desk:
            sampler = asyncio.create_task(snapshots.sample_pending(), name="console-sample-outbox")
            try:
                yield
            finally:
                sampler.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await sampler

    return running


def _add_guards(app: FastAPI, settings: ConsoleSettings, sessions: SessionRegistry) -> None:
    """The last one added is the first one met."""
    app.add_middleware(LoginGuard, sessions=sessions)
    app.add_middleware(
        SessionMiddleware,
        secret_key=secrets.token_urlsafe(32),
        session_cookie="backroom_console",
        max_age=int(settings.session_hours * 3600),
        same_site="strict",
        https_only=settings.secure_cookie,
    )
    app.add_middleware(HeaderPolicy, is_https=settings.secure_cookie)
    app.add_middleware(GZipMiddleware, minimum_size=1500, compresslevel=4)


def _add_pages(parts: Parts) -> None:
    @ui.page("/")
    async def overview() -> None:
        await OverviewPage(parts).run()

    @ui.page("/cameras")
    async def cameras() -> None:
        await CameraPage(parts, None).run()

    @ui.page("/cameras/{camera_id}")
    async def camera(camera_id: str) -> None:
        await CameraPage(parts, camera_id).run()

    @ui.page("/cameras/{camera_id}/draw")
    async def draw(camera_id: str) -> None:
        await DrawPage(parts, camera_id).run()

    @ui.page("/cameras/{camera_id}/teach")
    async def teach(camera_id: str) -> None:
        await TeachPage(parts, camera_id).run()

    @ui.page("/cameras/{camera_id}/today")
    async def today(camera_id: str) -> None:
        await TodayPage(parts, camera_id).run()

    @ui.page("/facts")
    async def facts() -> None:
        await FactsPage(parts).run()

    @ui.page("/sync")
    async def sync() -> None:
        await SyncPage(parts).run()

    @ui.page("/privacy")
    async def privacy() -> None:
        await PrivacyPage(parts).run()

    @ui.page("/health")
    async def health() -> None:
        await HealthPage(parts).run()
