"""The requests that the language model works on for other programs: few at a time, behind the kiosk's, in threads.

Owns the places, the waiting line and the threads in which the port's blocking calls run; the event loop never waits
for the model. A turn that its client gave up is cancelled at its next piece.

    begin ──► waits (at most queue_limit) ──► a thread reads the port ──► items ──► next() on the event loop
"""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import structlog

from edge.openai_api.errors import (
    AnswerLateError,
    ApiError,
    ModelDownError,
    PromptTooLongError,
    RequestInvalidError,
    TooBusyError,
)
from models.errors import LanguageRejectedError, LanguageTooLongError, LanguageUnavailableError
from models.language.requests import Completion, CompletionRequest, LanguagePort

Item = str | Completion


class Turn:
    """One request under way. `next` and `give_up` belong to the event loop, `tell` to the thread that reads."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        # Not bounded here: pieces are at most as many as the answer's tokens, which the request bounds.
        self._items: asyncio.Queue[Item | ApiError] = asyncio.Queue()
        self._given_up = threading.Event()
        self.reading: Future[None] | None = None
        """The thread's work; set once by `Turns`."""

    async def next(self) -> Item:
        """The next piece of text, and as the last item the whole completion.

        Raises:
            ApiError: there will be no answer.
        """
        item = await self._items.get()
        if isinstance(item, ApiError):
            raise item
        return item

    async def whole(self) -> Completion:
        """The completion, its pieces skipped.

        Raises:
            ApiError: there will be no answer.
        """
        while isinstance(item := await self.next(), str):
            pass
        return item

    def give_up(self) -> None:
        """Nobody listens any more: leave the line, or stop at the next piece. Harmless when the turn is over."""
        self._given_up.set()
        if self.reading is not None:
            self.reading.cancel()

    @property
    def is_given_up(self) -> bool:
        return self._given_up.is_set()

    def tell(self, item: Item | ApiError) -> None:
        """Hand an item to the event loop, from any thread."""
        try:
            self._loop.call_soon_threadsafe(self._items.put_nowait, item)
        except RuntimeError:  # the loop is closed: the node stops
            self._given_up.set()


class Turns:
    """The endpoint's places at the language model.

    Args:
        language: the port; asked from `parallel` threads.
        parallel: turns asked for at a time; the engine's other places stay free for the kiosk.
        queue_limit: turns that may wait for one of those.
        deadline_s: seconds for a turn, waiting included.
        mono_s: monotonic clock.
    """

    def __init__(
        self,
        language: LanguagePort,
        *,
        parallel: int,
        queue_limit: int,
        deadline_s: float,
        mono_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._language = language
        self._places = parallel + queue_limit
        self._deadline_s = deadline_s
        self._mono_s = mono_s
        self._threads = ThreadPoolExecutor(parallel, thread_name_prefix="openai-turn")
        self._under_way: set[Turn] = set()
        self._log = structlog.get_logger("edge.openai")

    @property
    def under_way(self) -> int:
        """Turns asked for or waiting, those that were given up and not yet let go included."""
        return len(self._under_way)

    def begin(self, request: CompletionRequest) -> Turn:
        """Put a turn in the line; on the event loop.

        Raises:
            ModelDownError: there is no model to ask now.
            TooBusyError: the line is full.
        """
        if not self._language.is_up:
            raise ModelDownError("The language model is starting, or switched off. Try again in some seconds.")
        if len(self._under_way) >= self._places:
            raise TooBusyError(f"{self._places} requests are already under way. Try again in some seconds.")
        loop = asyncio.get_running_loop()
        turn = Turn(loop)
        self._under_way.add(turn)
        turn.reading = self._threads.submit(self._read, turn, request, self._mono_s() + self._deadline_s)
        turn.reading.add_done_callback(lambda done: self._end(loop, turn, done))
        return turn

    def close(self) -> None:
        """Give up all turns; returns at once."""
        for turn in list(self._under_way):
            turn.give_up()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _end(self, loop: asyncio.AbstractEventLoop, turn: Turn, done: "Future[None]") -> None:
        """Free the place. A defect of ours in the thread must reach the client as an error, not as silence."""
        error = None if done.cancelled() else done.exception()
        if error is not None:
            self._log.error("openai.failed", error=type(error).__name__)
            turn.tell(ApiError("The request failed here; that is not its fault."))
        try:
            loop.call_soon_threadsafe(self._under_way.discard, turn)
        except RuntimeError:  # the loop is closed: the node stops
            return

    def _read(self, turn: Turn, request: CompletionRequest, until_s: float) -> None:
        left_s = until_s - self._mono_s()
        try:
            if left_s <= 0.0:
                raise LanguageUnavailableError("it waited too long")
            self._hear(turn, replace(request, deadline_s=left_s))
        except LanguageTooLongError as error:
            text = f"This is too long for the model: {error}. Send less text, or ask for a shorter answer."
            turn.tell(PromptTooLongError(text))
        except LanguageRejectedError as error:
            turn.tell(RequestInvalidError(f"This cannot be answered: {error}.", param=None))
        except LanguageUnavailableError:
            turn.tell(self._why_not(until_s))

    def _hear(self, turn: Turn, request: CompletionRequest) -> None:
        stream = self._language.stream(request)
        try:
            for item in stream:
                if turn.is_given_up:
                    break
                turn.tell(item)
        finally:
            stream.close()

    def _why_not(self, until_s: float) -> ApiError:
        """The port has one error for late, down and full; the clock and its state tell them apart."""
        if self._mono_s() >= until_s:
            return AnswerLateError(f"No answer within {self._deadline_s:g} s. Ask for less, or when less is going on.")
        if not self._language.is_up:
            return ModelDownError("The language model went down; it is starting again. Try again in some seconds.")
        return TooBusyError("The language model has no free place. Try again in some seconds.")
