"""Lets pages ask the desk without making the console wait: one thread of its own, a deadline, and a bounded queue.

Refuses to queue behind a desk that hangs.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

from edge.console.desk import CameraDesk
from edge.console.errors import SourceUnavailableError

T = TypeVar("T")
_MOST_WAITING = 16


class DeskCalls:
    """The desk's one thread. Used from the console's event loop only."""

    def __init__(self, desk: CameraDesk, *, deadline_s: float = 15.0) -> None:
        self._desk = desk
        self._deadline_s = deadline_s
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="console-desk")
        self._waiting = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def ask(self, work: Callable[[CameraDesk], T]) -> T:
        """What ``work`` returns, run with the desk in its thread; what it raises is raised here.

        Raises:
            SourceUnavailableError: the desk said so, did not answer in time, or has too much to do.
        """
        if self._waiting >= _MOST_WAITING:
            raise SourceUnavailableError("the desk does not answer")
        self._waiting += 1
        try:
            answer = asyncio.wrap_future(self._thread.submit(work, self._desk))
            return await asyncio.wait_for(answer, self._deadline_s)
        except TimeoutError as error:
            raise SourceUnavailableError(f"no answer within {self._deadline_s:.0f} s") from error
        finally:
            self._waiting -= 1
