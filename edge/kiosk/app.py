"""The kiosk's web application: the page, the assistant behind `/api/kiosk/`, and health.

Owns routes and how errors look: the visitor's mistake is a 4xx with a plain sentence, ours a 503 with a code.
Stores nothing and logs no words. Runs in its own uvicorn thread on its own port; the console is another application.
"""

from pathlib import Path
from typing import Annotated, Literal

import structlog
from fastapi import FastAPI, Request, Response
from fastapi import Path as InPath
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException

from edge.assistant.assistant import Assistant
from edge.assistant.tools import Tools
from edge.clock import Clock
from edge.errors import StoreError
from edge.kiosk.config import KioskSettings
from edge.kiosk.limits import SAFETY_HEADERS, Doorman, RateLimiter
from edge.kiosk.requests import (
    AskRequest,
    AskResponse,
    ColleagueResponse,
    DepartmentResponse,
    HealthResponse,
    SessionRequest,
    ShopResponse,
    plain_sentence,
)
from edge.kiosk.shop_view import ShopView

_HERE = Path(__file__).parent
_REFUSALS = {
    400: ("not_understood", "The request must be JSON in UTF-8."),
    404: ("not_found", "There is nothing here."),
    405: ("not_allowed", "That does not work here."),
}


def create_app(
    assistant: Assistant, tools: Tools, settings: KioskSettings, *, clock: Clock, shop_name: str, language: str = "en"
) -> FastAPI:
    """Build the kiosk's application.

    Routes run in uvicorn's thread pool: an answer may block for the wording deadline, never the event loop.
    """
    app = FastAPI(title="Backroom kiosk", docs_url=None, redoc_url=None, openapi_url=None)
    limiter = RateLimiter(clock, per_minute=settings.rate_per_minute)
    app.add_middleware(Doorman, limiter=limiter)
    app.mount("/static", StaticFiles(directory=_HERE / "static"), name="static")
    view = ShopView(tools, name=shop_name)
    _add_page(app, settings, shop_name=shop_name, language=language)
    _add_questions(app, assistant, settings)
    _add_shop(app, assistant, view)
    _add_errors(app)
    return app


def _add_page(app: FastAPI, settings: KioskSettings, *, shop_name: str, language: str) -> None:
    pages = Environment(loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined)
    page = pages.get_template("kiosk.html").render(
        shop_name=shop_name, language=language, idle_ms=round(settings.idle_s * 1000)
    )

    @app.get("/", response_class=HTMLResponse)
    def show_page() -> str:
        return page


def _add_questions(app: FastAPI, assistant: Assistant, settings: KioskSettings) -> None:
    kiosk_id = settings.kiosk_id

    @app.post("/api/kiosk/ask")
    def ask(asked: AskRequest) -> AskResponse:
        answer = assistant.ask(asked.question, kiosk_id=kiosk_id, session=asked.session)
        return AskResponse(
            answer=answer.answer,
            intent=answer.intent,
            facts=answer.facts,
            verified=answer.verified,
            wording=answer.wording,
            timings_ms=answer.timings_ms,
        )

    @app.post("/api/kiosk/colleague")
    def call_colleague(asked: SessionRequest) -> ColleagueResponse:
        answer = assistant.call_colleague(kiosk_id=kiosk_id, session=asked.session)
        return ColleagueResponse(ticket=str(answer.facts[0]["ticket"]), answer=answer.answer)

    @app.post("/api/kiosk/reset", status_code=204)
    def reset(asked: SessionRequest) -> Response:
        assistant.forget(asked.session)
        return Response(status_code=204)


def _add_shop(app: FastAPI, assistant: Assistant, view: ShopView) -> None:
    @app.get("/api/kiosk/shop")
    def shop() -> ShopResponse:
        return view.shop()

    @app.get("/api/kiosk/departments/{name}")
    def department(name: Annotated[str, InPath(max_length=40)]) -> DepartmentResponse:
        found = view.department(name)
        if found is None:
            raise HTTPException(404)
        return found

    @app.get("/healthz")
    def health() -> HealthResponse:
        language: Literal["up", "down"] = "up" if assistant.is_wording else "down"
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
