"""The endpoint's web application: chat, text completions, embeddings and the list of models under `/v1`.

Owns the routes and how errors look. Stores nothing and logs no words. Runs on an event loop and a port of its own;
what blocks is in `turns` and `vectors`, which own their threads.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import TypeVar

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from edge.clock import Clock
from edge.keys import KeyHash
from edge.openai_api.answering import Answering
from edge.openai_api.config import OpenAiSettings
from edge.openai_api.counts import Counter
from edge.openai_api.door import Doorman
from edge.openai_api.errors import ApiError, HostileTextError, MethodWrongError, ModelUnknownError, NothingHereError
from edge.openai_api.guarding import guarded_chat, guarded_inputs, guarded_text
from edge.openai_api.reading import read_body
from edge.openai_api.requests import ChatRequest, EmbeddingsRequest, TextRequest
from edge.openai_api.responses import Answer, embeddings, model_card, models_list
from edge.openai_api.tellers import ChatTeller, TextTeller
from edge.openai_api.turns import Turns
from edge.openai_api.vectors import Vectors
from models.language.requests import LanguagePort
from models.manifest import Task

Guarded = TypeVar("Guarded")
Names = Callable[[], Mapping[Task, str]]
"""Names of the weights in use, by what they are for. May read files, so it is asked in a thread."""


def create_endpoint(
    language: LanguagePort,
    vectors: Vectors,
    names: Names,
    settings: OpenAiSettings,
    *,
    key: KeyHash,
    counter: Counter,
    clock: Clock,
) -> ASGIApp:
    """Build the endpoint. It closes ``vectors`` when it ends."""
    turns = Turns(
        language,
        parallel=settings.parallel,
        queue_limit=settings.queue_limit,
        deadline_s=settings.answer_deadline_s,
        mono_s=clock.mono_s,
    )
    surface = _Surface(Answering(turns, counter), vectors, names, settings, counter=counter, clock=clock)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        turns.close()
        vectors.close()

    app = Starlette(
        routes=[
            Route("/v1/chat/completions", surface.chat, methods=["POST"]),
            Route("/v1/completions", surface.text, methods=["POST"]),
            Route("/v1/embeddings", surface.embed, methods=["POST"]),
            Route("/v1/models", surface.list_models, methods=["GET"]),
            Route("/v1/models/{name:path}", surface.show_model, methods=["GET"]),
        ],
        exception_handlers={ApiError: _refuse, HTTPException: _refuse_http, Exception: _fail},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    return Doorman(app, key=key, counter=counter)


class _Surface:
    """The routes."""

    def __init__(
        self,
        answering: Answering,
        vectors: Vectors,
        names: Names,
        settings: OpenAiSettings,
        *,
        counter: Counter,
        clock: Clock,
    ) -> None:
        self._answering = answering
        self._vectors = vectors
        self._names = names
        self._most_tokens = settings.max_answer_tokens
        self._counter = counter
        self._clock = clock
        self._since = self._now_s()

    async def chat(self, request: Request) -> Response:
        asked = read_body(await request.body(), ChatRequest)
        await self._check(asked.model, Task.LANGUAGE)
        turn = await self._guarded(partial(guarded_chat, asked, max_answer_tokens=self._most_tokens))
        answer = Answer.new("chat.completion", name=asked.model, created=self._now_s())
        teller = ChatTeller(answer, may_call=turn.may_call)
        if asked.stream:
            return await self._answering.stream(request, turn.request, teller, asked.stream_options)
        return await self._answering.whole(request, turn.request, teller)

    async def text(self, request: Request) -> Response:
        asked = read_body(await request.body(), TextRequest)
        await self._check(asked.model, Task.LANGUAGE)
        turn = await self._guarded(partial(guarded_text, asked, max_answer_tokens=self._most_tokens))
        teller = TextTeller(Answer.new("text_completion", name=asked.model, created=self._now_s()))
        if asked.stream:
            return await self._answering.stream(request, turn, teller, asked.stream_options)
        return await self._answering.whole(request, turn, teller)

    async def embed(self, request: Request) -> Response:
        asked = read_body(await request.body(), EmbeddingsRequest)
        await self._check(asked.model, Task.EMBEDDINGS)
        inputs = await self._guarded(partial(guarded_inputs, asked.input))
        embedded = await self._vectors.embed(inputs, dimensions=asked.dimensions)
        self._counter.add(texts_embedded=len(asked.input))
        return JSONResponse(embeddings(embedded, name=asked.model, as_base64=asked.encoding_format == "base64"))

    async def list_models(self, _: Request) -> Response:
        names = await asyncio.to_thread(self._names)
        return JSONResponse(models_list(list(names.values()), created=self._since))

    async def show_model(self, request: Request) -> Response:
        names = await asyncio.to_thread(self._names)
        name = request.path_params["name"]
        if name not in names.values():
            raise ModelUnknownError(f"There is no such model here, but {' and '.join(names.values()) or 'none'}.")
        return JSONResponse(model_card(name, created=self._since))

    async def _guarded(self, work: Callable[[], tuple[Guarded, int]]) -> Guarded:
        """What the guard lets through, made in a thread and counted here."""
        try:
            guarded, masked = await asyncio.to_thread(work)
        except HostileTextError:
            self._counter.add(attacks=1)
            raise
        self._counter.add(masked=masked)
        return guarded

    async def _check(self, name: str, task: Task) -> None:
        names = await asyncio.to_thread(self._names)
        if names.get(task) != name:
            here = names.get(task, "none")
            raise ModelUnknownError(
                f"This model is not here, or not for this; for this there is {here}.", param="model"
            )

    def _now_s(self) -> int:
        return int(self._clock.now().timestamp())


def _refuse(_: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)  # noqa: S101 - the library's signature is wider than its use
    return JSONResponse(error.body(), status_code=error.status, headers=dict(error.headers))


def _refuse_http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    is_method = status == MethodWrongError.status
    return _refuse(
        request,
        MethodWrongError("This address takes another method.") if is_method else NothingHereError("Nothing is here."),
    )


def _fail(request: Request, error: Exception) -> Response:
    structlog.get_logger("edge.openai").error("openai.failed", error=type(error).__name__)
    return _refuse(request, ApiError("The request failed here; that is not its fault."))
