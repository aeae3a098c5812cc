"""The kiosk's web application: the page, the assistant behind `/api/kiosk/`, and health.

Owns routes and how errors look: the visitor's mistake is a 4xx with a plain sentence, ours a 503 with a code.
Stores nothing and logs no words. Runs in its own uvicorn thread on its own port; the console is another application.
"""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Protocol

import structlog
from fastapi import FastAPI, Query, Request, Response
from fastapi import Path as InPath
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from edge.assistant.assistant import Assistant
from edge.clock import Clock
from edge.errors import StoreError
from edge.facts import Fact
from edge.floor_plan import FloorPlan
from edge.kiosk.config import KioskSettings
from edge.kiosk.limits import SAFETY_HEADERS, Doorman
from edge.kiosk.requests import (
    AskRequest,
    AskResponse,
    ColleagueResponse,
    DepartmentResponse,
    HealthResponse,
    PlanResponse,
    RatingRequest,
    SessionRequest,
    ShopResponse,
    TicketResponse,
    plain_sentence,
)
from edge.kiosk.screen_words import ScreenLanguage, load_screen_languages
from edge.kiosk.shop_map import ShopMap
from edge.kiosk.shop_view import ShopView
from edge.kiosk.turns import Turns
from edge.rate_limit import RateLimiter

KioskQuery = Annotated[str | None, Query(max_length=64)]
LanguageQuery = Annotated[str | None, Query(pattern=r"^[a-z]{2}$")]

_HERE = Path(__file__).parent
_REFUSALS = {
    400: ("not_understood", "The request must be JSON in UTF-8."),
    404: ("not_found", "There is nothing here."),
    405: ("not_allowed", "That does not work here."),
}


class TicketView(Protocol):
    """Calls for a colleague as staff move them on; any thread may ask."""

    def open_at(self, kiosk_id: str) -> Sequence[tuple[str, bool]]:
        """Open tickets of one screen, oldest first, and whether somebody is on the way."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class KioskShop:
    """What the screens are about."""

    name: str
    assistant: Assistant
    floor_plan: FloorPlan | None = None
    tickets: TicketView
    record: Callable[[Fact], None]
    """Takes the fact of each thumb."""


def create_app(shop: KioskShop, settings: KioskSettings, *, clock: Clock) -> FastAPI:
    """Build the kiosk's application.

    Routes run in uvicorn's thread pool: an answer may block for the wording deadline, never the event loop.

    Raises:
        ConfigError: nobody could stand before a kiosk of the floor plan.
    """
    app = FastAPI(title="Backroom kiosk", docs_url=None, redoc_url=None, openapi_url=None)
    limiter = RateLimiter(clock, per_minute=settings.rate_per_minute)
    app.add_middleware(Doorman, limiter=limiter)
    app.mount("/static", StaticFiles(directory=_HERE / "static"), name="static")
    shop_map = ShopMap(shop.floor_plan, shop.assistant, kiosk_id=settings.kiosk_id)
    turns = Turns(shop.assistant, shop_map, clock=clock, record=shop.record)
    screens = Screens(shop_map.kiosks, own=settings.kiosk_id)
    languages = load_screen_languages(shop.assistant.languages)
    _add_page(app, shop, settings, screens, languages)
    _add_questions(app, turns, screens)
    _add_colleagues(app, shop, screens)
    _add_shop(app, shop, shop_map, screens, languages)
    _add_errors(app)
    return app


class Screens:
    """Which screens may ask; one that names none is the box's own."""

    def __init__(self, known: Collection[str], *, own: str) -> None:
        self._known = known
        self._own = own

    def named(self, kiosk: str | None) -> str:
        """The screen's id.

        Raises:
            HTTPException: 404 for one that is neither in the settings nor on the floor plan.
        """
        if not self.has(kiosk):
            raise HTTPException(404)
        return kiosk or self._own

    def has(self, kiosk: str | None) -> bool:
        """Whether a screen may ask under this name."""
        return kiosk is None or kiosk in self._known

    def missing(self, kiosk: str | None) -> str:
        """What to tell somebody who opens the page of a screen that is not there."""
        return f"There is no kiosk {kiosk} in floor-plan.toml. There is {', '.join(sorted(self._known))}."


def _add_page(
    app: FastAPI,
    shop: KioskShop,
    settings: KioskSettings,
    screens: Screens,
    languages: Mapping[str, ScreenLanguage],
) -> None:
    pages = Environment(loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined)
    template = pages.get_template("kiosk.html")
    code = next(iter(languages))

    @app.get("/")
    def show_page(kiosk: KioskQuery = None) -> Response:
        if not screens.has(kiosk):
            return PlainTextResponse(screens.missing(kiosk), status_code=404)
        page = template.render(
            shop_name=shop.name,
            kiosk=screens.named(kiosk),
            language=code,
            words=languages[code].words,
            idle_ms=round(settings.idle_s * 1000),
            stale_s=round(settings.stock_max_age_s),
        )
        return HTMLResponse(page)


def _add_questions(app: FastAPI, turns: Turns, screens: Screens) -> None:
    @app.post("/api/kiosk/ask", response_model=AskResponse)
    async def ask(asked: AskRequest, request: Request) -> AskResponse | StreamingResponse:
        kiosk_id = screens.named(asked.kiosk)
        if "text/event-stream" not in request.headers.get("accept", ""):
            return await run_in_threadpool(turns.answer, asked, kiosk_id=kiosk_id)
        events = turns.stream(asked, kiosk_id=kiosk_id)
        first = await anext(events)  # a fault before the first piece is a 503 like any other
        return StreamingResponse(_followed(first, events), media_type="text/event-stream")

    @app.post("/api/kiosk/rating", status_code=204)
    def rate(rated: RatingRequest) -> Response:
        if not turns.rate(rated.turn, helped=rated.helped):
            raise HTTPException(404)
        return Response(status_code=204)

    @app.post("/api/kiosk/reset", status_code=204)
    def reset(asked: SessionRequest) -> Response:
        turns.forget(asked.session)
        return Response(status_code=204)


async def _followed(first: str, events: AsyncIterator[str]) -> AsyncIterator[str]:
    yield first
    async for event in events:
        yield event


def _add_colleagues(app: FastAPI, shop: KioskShop, screens: Screens) -> None:
    @app.post("/api/kiosk/colleague")
    def call_colleague(asked: SessionRequest) -> ColleagueResponse:
        answer = shop.assistant.call_colleague(
            kiosk_id=screens.named(asked.kiosk), session=asked.session, language=asked.language
        )
        return ColleagueResponse(ticket=str(answer.facts[0]["ticket"]), answer=answer.answer)

    @app.get("/api/kiosk/tickets")
    def tickets(kiosk: KioskQuery = None) -> list[TicketResponse]:
        waiting = shop.tickets.open_at(screens.named(kiosk))
        return [TicketResponse(ticket=ticket, is_taken=is_taken) for ticket, is_taken in waiting]


def _add_shop(
    app: FastAPI, shop: KioskShop, shop_map: ShopMap, screens: Screens, languages: Mapping[str, ScreenLanguage]
) -> None:
    view = ShopView(shop.assistant, name=shop.name)

    @app.get("/api/kiosk/shop")
    def show_shop(language: LanguageQuery = None) -> ShopResponse:
        return view.shop(language)

    @app.get("/api/kiosk/languages")
    def show_languages() -> Mapping[str, ScreenLanguage]:
        return languages

    @app.get("/api/kiosk/plan")
    def show_plan(kiosk: KioskQuery = None) -> PlanResponse | None:
        return shop_map.plan(screens.named(kiosk))

    @app.get("/api/kiosk/departments/{name}")
    def department(name: Annotated[str, InPath(max_length=80)], language: LanguageQuery = None) -> DepartmentResponse:
        found = view.department(name, language)
        if found is None:
            raise HTTPException(404)
        return found

    @app.get("/healthz")
    def health() -> HealthResponse:
        language: Literal["up", "down"] = "up" if shop.assistant.is_wording else "down"
        return HealthResponse(status="ok", language=language, products=view.products)


def _add_errors(app: FastAPI) -> None:
    log = structlog.get_logger("edge.kiosk")

    @app.exception_handler(RequestValidationError)
    def refuse_wrong(_: Request, error: RequestValidationError) -> JSONResponse:
        return _error(422, "not_understood", plain_sentence(error.errors()))

    @app.exception_handler(HTTPException)
    def refuse_http(_: Request, error: HTTPException) -> JSONResponse:
        code, sentence = _REFUSALS.get(error.status_code, ("not_understood", "That does not work."))
        return _error(error.status_code, code, sentence)

    @app.exception_handler(StoreError)
    def store_failed(_: Request, error: StoreError) -> JSONResponse:
        log.error("kiosk.store_failed", error=type(error).__name__)
        return _error(503, "store", "This screen cannot do that right now. Please ask a colleague.")

    @app.exception_handler(Exception)
    def failed(_: Request, error: Exception) -> JSONResponse:
        log.error("kiosk.failed", error=type(error).__name__)
        answer = _error(503, "internal", "This screen cannot do that right now. Please ask a colleague.")
        answer.headers.update(SAFETY_HEADERS)
        return answer


def _error(status: int, code: str, message: str) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": message}}, status_code=status)
