"""Vectors for other programs: one thread that owns the embedding weights, opened when first asked for.

Owns that thread, its line and when weights are opened again because others were activated. Refuses texts that the
weights would silently cut off.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.openai_api.errors import ModelDownError, RequestInvalidError, TooBusyError
from models.embeddings import Embedder
from models.errors import ModelsError
from models.manifest import ActiveArtefact

QUEUE_LIMIT = 8


@dataclass(frozen=True, slots=True)
class Embedded:
    """``vectors`` float32 (texts, dimensions), each row of length 1; ``tokens`` what was read in all."""

    vectors: NDArray[np.float32]
    tokens: int


class Vectors:
    """Texts in, vectors out, from the event loop.

    Args:
        locate: the verified weights now in use; its ``ModelsError`` becomes "not available".
        open_weights: opens them; called in the thread that uses them.
    """

    def __init__(
        self,
        locate: Callable[[], ActiveArtefact],
        *,
        open_weights: Callable[[ActiveArtefact], Embedder] = Embedder.open,
    ) -> None:
        self._locate = locate
        self._open_weights = open_weights
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="openai-vectors")
        self._waiting = 0
        self._opened: tuple[str, Embedder] | None = None

    async def embed(self, texts: Sequence[str], *, dimensions: int | None) -> Embedded:
        """Vectors of texts, in their order.

        Raises:
            RequestInvalidError: a text is too long, or vectors of that length there are none.
            TooBusyError: too many requests wait.
            ModelDownError: there are no weights, or they are not what their manifest says.
        """
        if self._waiting >= QUEUE_LIMIT:
            raise TooBusyError(f"{QUEUE_LIMIT} requests for vectors are already under way. Try again in some seconds.")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._embed, texts, dimensions)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Free the weights, after the texts under way; returns at once."""
        self._thread.submit(self._close_weights)
        self._thread.shutdown(wait=False)

    def _embed(self, texts: Sequence[str], dimensions: int | None) -> Embedded:
        try:
            embedder, longest = self._current()
            if dimensions is not None and dimensions != embedder.dimensions:
                raise RequestInvalidError(f"These vectors have {embedder.dimensions} dimensions.", param="dimensions")
            counts = embedder.token_counts(texts)
            for place, count in enumerate(counts):
                if count > longest:
                    text = f"input[{place}] has {count} tokens and {longest} fit; split it."
                    raise RequestInvalidError(text, param=f"input[{place}]")
            return Embedded(embedder.embed(texts), sum(counts))
        except ModelsError as error:
            raise ModelDownError(f"The embeddings cannot be used: {error}.") from error

    def _current(self) -> tuple[Embedder, int]:
        artefact = self._locate()
        if self._opened is None or self._opened[0] != artefact.manifest.sha256:
            self._close_weights()
            self._opened = (artefact.manifest.sha256, self._open_weights(artefact))
        return self._opened[1], artefact.manifest.text.max_tokens if artefact.manifest.text else 0

    def _close_weights(self) -> None:
        if self._opened is not None:
            self._opened[1].close()
            self._opened = None
