"""The one place that asks the source: every answer is shared by all pages for a second.

Owns the two threads in which the source may block on disk, and their deadline. Refuses to queue behind a source
that hangs: then every page says "unavailable".
"""

import asyncio
import threading
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Generic, Self, TypeVar

from edge.clock import Clock
from edge.console.errors import SourceUnavailableError
from edge.console.source import (
    CameraPanel,
    ConsoleSource,
    FactPage,
    FactRow,
    HealthPanel,
    LinkPanel,
    Picture,
    PrivacyPanel,
    Ticket,
)
from sync.records import Lane

T = TypeVar("T")
_WINDOW_FACTS = 120
_LEDGER_ROWS = 60
_MAX_WINDOWS = 24
_MAX_QUESTIONS = 8


@dataclass(frozen=True, slots=True)
class PendingSample:
    """Rows waiting in each lane at one moment."""

    at: datetime
    pending: dict[Lane, int]


class _Shared(Generic[T]):
    """One answer, asked for again when older than ``max_age_s``; those who come meanwhile wait for the same one."""

    def __init__(self, ask: Callable[[], Awaitable[T]], *, clock: Clock, max_age_s: float) -> None:
        self._ask = ask
        self._clock = clock
        self._max_age_s = max_age_s
        self._lock = asyncio.Lock()
        self._answer: T | None = None
        self._failure: SourceUnavailableError | None = None
        self._asked_mono_s = -max_age_s

    async def get(self) -> T:
        async with self._lock:
            if self._clock.mono_s() - self._asked_mono_s >= self._max_age_s:
                await self._renew()
            if self._failure is not None or self._answer is None:
                raise self._failure or SourceUnavailableError("no answer yet")
            return self._answer

    async def _renew(self) -> None:
        try:
            self._answer, self._failure = await self._ask(), None
        except SourceUnavailableError as error:
            self._answer, self._failure = None, error
        self._asked_mono_s = self._clock.mono_s()


class Snapshots:
    """Answers of the source, at most a second old. Used from the console's event loop only."""

    def __init__(
        self,
        source: ConsoleSource,
        *,
        clock: Clock,
        max_age_s: float = 0.9,
        deadline_s: float = 3.0,
        sample_every_s: float = 10.0,
        samples: int = 360,
    ) -> None:
        self._source = source
        self._clock = clock
        self._max_age_s = max_age_s
        self._deadline_s = deadline_s
        self._sample_every_s = sample_every_s
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="console-source")
        self._counting = threading.Lock()
        self._in_threads = 0
        self._windows: OrderedDict[tuple[tuple[str, ...], str], _Shared[tuple[FactRow, ...]]] = OrderedDict()
        self._pending: deque[PendingSample] = deque(maxlen=samples)
        self._cameras = self._shared(source.cameras)
        self._link = self._shared(source.link)
        self._health = self._shared(source.health)
        self._tickets = self._shared(source.tickets)
        self._privacy = self._shared(lambda: source.privacy(limit=_LEDGER_ROWS))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _shared(self, ask: Callable[[], T]) -> _Shared[T]:
        return _Shared(lambda: self._call(ask), clock=self._clock, max_age_s=self._max_age_s)

    async def _call(self, ask: Callable[[], T]) -> T:
        """Run one question in a thread.

        Raises:
            SourceUnavailableError: the source said so, did not answer in time, or is stuck with earlier questions.
        """
        if self._in_threads >= _MAX_QUESTIONS:
            raise SourceUnavailableError("the source does not answer")
        self._count(+1)
        answer = self._threads.submit(ask)
        answer.add_done_callback(lambda _: self._count(-1))
        try:
            return await asyncio.wait_for(asyncio.wrap_future(answer), self._deadline_s)
        except TimeoutError as error:
            raise SourceUnavailableError(f"no answer within {self._deadline_s:.0f} s") from error

    def _count(self, change: int) -> None:
        with self._counting:
            self._in_threads += change

    async def cameras(self) -> Sequence[CameraPanel]:
        """Every camera."""
        return await self._cameras.get()

    async def link(self) -> LinkPanel:
        """The link and the outbox."""
        return await self._link.get()

    async def health(self) -> HealthPanel:
        """The node."""
        return await self._health.get()

    async def tickets(self) -> Sequence[Ticket]:
        """Open tickets."""
        return await self._tickets.get()

    async def privacy(self) -> PrivacyPanel:
        """The egress ledger."""
        return await self._privacy.get()

    async def picture(self, camera_id: str) -> Picture | None:
        """The newest picture of a camera."""
        return await self._call(lambda: self._source.picture(camera_id))

    async def take_ticket(self, ticket_id: str) -> bool:
        """Tell the shopper that somebody is on the way."""
        taken = await self._call(lambda: self._source.take_ticket(ticket_id))
        self._tickets = self._shared(self._source.tickets)
        return taken

    async def close_ticket(self, ticket_id: str) -> bool:
        """Close a ticket; the next list no longer holds it."""
        closed = await self._call(lambda: self._source.close_ticket(ticket_id))
        self._tickets = self._shared(self._source.tickets)
        return closed

    async def facts(self, *, kinds: tuple[str, ...] = (), source: str = "") -> tuple[FactRow, ...]:
        """The newest facts that match, newest first; after the first time only what is new is asked for."""
        key = (kinds, source)
        if key not in self._windows:
            window = _FactWindow(self._source, kinds=kinds, source_name=source)
            self._windows[key] = self._shared(window.advance)
            while len(self._windows) > _MAX_WINDOWS:
                self._windows.popitem(last=False)
        self._windows.move_to_end(key)
        return await self._windows[key].get()

    @property
    def pending(self) -> Sequence[PendingSample]:
        """Rows waiting in the outbox over the last hour, oldest first."""
        return self._pending

    async def sample_pending(self) -> None:
        """Note the outbox every few seconds until cancelled; a source without an answer leaves a hole."""
        while True:
            try:
                panel = await self.link()
                self._pending.append(PendingSample(self._clock.now(), {row.lane: row.pending for row in panel.lanes}))
            except SourceUnavailableError:
                pass  # the chart shows a hole where nothing was known
            await asyncio.sleep(self._sample_every_s)


class _FactWindow:
    """The newest facts under one filter; runs in the source's threads, one call at a time."""

    def __init__(self, source: ConsoleSource, *, kinds: tuple[str, ...], source_name: str) -> None:
        self._source = source
        self._kinds = kinds
        self._source_name = source_name
        self._rows: tuple[FactRow, ...] = ()
        self._upto_id = 0

    def advance(self) -> tuple[FactRow, ...]:
        page: FactPage = self._source.facts(
            after_id=self._upto_id, limit=_WINDOW_FACTS, kinds=self._kinds, source=self._source_name
        )
        if page.upto_id < self._upto_id:
            # The store was salvaged and numbers anew: forget, and read from its start at the next turn.
            self._rows, self._upto_id = (), 0
            return self._rows
        self._rows = (page.rows + self._rows)[:_WINDOW_FACTS]
        self._upto_id = page.upto_id
        return self._rows
