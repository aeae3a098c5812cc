"""Runs the search for packs beside the cameras: one thread of low priority for all of them, one search at a time.

Owns the thread. Each camera has at most one search under way, so that its queue is as long as there are cameras.
"""

import os
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import takewhile
from types import TracebackType
from typing import Self

from vision.identity import PackFound, find_packs
from vision.packs import PackReference
from vision.pictures import Picture

_NICE = 15


class SearchThread:
    """Searches in a thread of its own; enter before the first search. Exit stops it after the reference at hand."""

    def __init__(self, references: Sequence[PackReference]) -> None:
        self._references = references
        self._stopping = threading.Event()
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="packs", initializer=_give_way)

    @property
    def known_skus(self) -> frozenset[str]:
        """Products that are looked for."""
        return frozenset(reference.sku for reference in self._references)

    def begin(self, image_bgr: Picture) -> Future[list[PackFound]]:
        """Start a search; 0.1 s for each reference at a megapixel, when the machine has nothing better to do."""
        return self._threads.submit(self._find, image_bgr)

    def _find(self, image_bgr: Picture) -> list[PackFound]:
        return find_packs(image_bgr, takewhile(lambda _: not self._stopping.is_set(), self._references))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._threads.shutdown(cancel_futures=True)


class SearchAtOnce:
    """Searches where it is asked to, for recordings: the same readings at any speed. Blocks for seconds."""

    def __init__(self, references: Sequence[PackReference]) -> None:
        self._references = references

    @property
    def known_skus(self) -> frozenset[str]:
        """Products that are looked for."""
        return frozenset(reference.sku for reference in self._references)

    def begin(self, image_bgr: Picture) -> Future[list[PackFound]]:
        """Search."""
        done: Future[list[PackFound]] = Future()
        done.set_result(find_packs(image_bgr, self._references))
        return done


def _give_way() -> None:
    """Let every other thread of the machine go first."""
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
