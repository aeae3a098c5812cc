"""How an exchange with the model goes: ask, tell the answer whole or as a stream, let go when the client leaves.

Owns the order of these steps on the event loop. Errors before the first piece have their own HTTP status, because a
stream's headers are sent only with its first piece; later ones end the stream with an error event.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from edge.openai_api.counts import CLIENT_LEFT, Counter
from edge.openai_api.errors import ApiError
from edge.openai_api.requests import StreamOptions
from edge.openai_api.responses import DONE, event
from edge.openai_api.tellers import Chunk, Teller
from edge.openai_api.turns import Item, Turn, Turns
from models.language.requests import Completion, CompletionRequest

Result = TypeVar("Result")


class _LeftError(Exception):
    """The client closed its connection."""


class Answering:
    """Answers requests to the language model."""

    def __init__(self, turns: Turns, counter: Counter) -> None:
        self._turns = turns
        self._counter = counter

    async def whole(self, request: Request, asked: CompletionRequest, teller: Teller) -> Response:
        """One object with the whole answer.

        Raises:
            ApiError: there is no answer.
        """
        turn = self._turns.begin(asked)
        try:
            completion = await _while_there(request, turn.whole())
        except _LeftError:
            return Response(status_code=CLIENT_LEFT)
        finally:
            turn.give_up()
        self._counter.note_answer(completion)
        # What did not fit was left out of the model's sight; the interface has no field for that.
        headers = {"x-dropped-messages": str(completion.dropped_messages)}
        return JSONResponse(teller.whole(completion), headers=headers)

    async def stream(
        self, request: Request, asked: CompletionRequest, teller: Teller, options: StreamOptions | None
    ) -> Response:
        """The answer as server-sent events.

        Raises:
            ApiError: there is no answer, and nothing was sent yet.
        """
        turn = self._turns.begin(asked)
        try:
            first = await _while_there(request, turn.next())
        except _LeftError:
            turn.give_up()
            return Response(status_code=CLIENT_LEFT)
        except BaseException:
            turn.give_up()
            raise
        wants_usage = options is not None and bool(options.include_usage)
        return _Events(turn, self._events(turn, first, teller, wants_usage=wants_usage), self._counter)

    async def _events(self, turn: Turn, item: Item, teller: Teller, *, wants_usage: bool) -> AsyncIterator[bytes]:
        try:
            while not isinstance(item, Completion):
                for chunk in teller.more(item):
                    yield _framed(chunk, wants_usage=wants_usage)
                item = await turn.next()
        except ApiError as error:
            self._counter.add(failed=1)
            yield event(error.body())
            return
        self._counter.note_answer(item)
        for chunk in teller.end(item):
            yield _framed(chunk, wants_usage=wants_usage)
        if wants_usage:
            yield event(teller.answer.usage_chunk(item))
        yield DONE


class _Events(StreamingResponse):
    """A stream that lets go of its turn however it ends."""

    def __init__(self, turn: Turn, events: AsyncIterator[bytes], counter: Counter) -> None:
        super().__init__(self._until_told(events), media_type="text/event-stream", headers={"x-accel-buffering": "no"})
        self._turn = turn
        self._counter = counter
        self._is_told = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._turn.give_up()
            if not self._is_told:
                self._counter.add(given_up=1)

    async def _until_told(self, events: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for one in events:
            yield one
        self._is_told = True


def _framed(chunk: Chunk, *, wants_usage: bool) -> bytes:
    """A stream that ends with its usage says null before."""
    return event({**chunk, "usage": None} if wants_usage else chunk)


async def _while_there(request: Request, work: Coroutine[Any, Any, Result]) -> Result:
    """What ``work`` gives, unless the client leaves first."""
    working, leaving = asyncio.create_task(work), asyncio.create_task(_left(request))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise _LeftError
        return working.result()
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
