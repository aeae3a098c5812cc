"""Vectors of a catalogue's texts: made once in the background, kept in a file, and asked how near a question is.

Owns that file and the thread that fills it. Only texts that the file lacks, or that other weights embedded, are made
anew. Refuses nothing: until all are there, and where weights are missing, a question simply has no likeness and the
words answer alone.
"""

import hashlib
import io
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Protocol, Self

import numpy as np
import structlog
from numpy.typing import NDArray

from models.durable import LocalDisk, write_durably
from models.errors import ModelsError

Vectors = NDArray[np.float32]
"""(texts, dimensions), each row of length 1."""
BATCH = 32
_STOP_WITHIN_S = 5.0
_LOG = structlog.get_logger(__name__)


class TextEmbedder(Protocol):
    """What turns texts into vectors of length 1: `models.embeddings.Embedder`, or a stand-in of a test."""

    def embed(self, texts: Sequence[str]) -> Vectors: ...

    def close(self) -> None: ...


def read_vectors(path: Path, weights: str) -> dict[bytes, NDArray[np.float16]]:
    """Vectors kept in the file, by the SHA-256 of their text; none where it is broken or of other weights."""
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as kept:
            if str(kept["weights"]) != weights:
                return {}
            keys, vectors = kept["keys"], kept["vectors"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return {}
    if keys.ndim != 2 or keys.shape[1:] != (32,) or vectors.ndim != 2 or len(keys) != len(vectors):
        return {}
    if vectors.dtype != np.float16 or keys.dtype != np.uint8 or not np.isfinite(vectors).all():
        return {}
    return {key.tobytes(): vector for key, vector in zip(keys, vectors, strict=True)}


def write_vectors(path: Path, weights: str, vectors: dict[bytes, NDArray[np.float16]]) -> None:
    """Replace the file; survives a power cut. Blocks for a disk flush.

    Raises:
        OSError: it cannot be written.
    """
    keys = np.frombuffer(b"".join(vectors), np.uint8).reshape(-1, 32)
    buffer = io.BytesIO()
    np.savez(buffer, weights=np.array(weights), keys=keys, vectors=np.array(list(vectors.values()), np.float16))
    write_durably(LocalDisk(), path, [buffer.getvalue()])


def embed_missing(
    texts: Sequence[str],
    kept: dict[bytes, NDArray[np.float16]],
    embedder: TextEmbedder,
    *,
    told: Callable[[int, int], None],
    stop: Event,
) -> dict[bytes, NDArray[np.float16]] | None:
    """Vectors of all texts, in their order, made only where ``kept`` has none; None if stopped.

    ``told`` is called after each batch with how many of the missing ones are done, and how many there are.
    """
    keys = [_key(text) for text in texts]
    missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in kept}
    made = dict(kept)
    todo = list(missing.items())
    for start in range(0, len(todo), BATCH):
        if stop.is_set():
            return None
        batch = todo[start : start + BATCH]
        for (key, _), vector in zip(batch, embedder.embed([text for _, text in batch]), strict=True):
            made[key] = vector.astype(np.float16)
        told(start + len(batch), len(todo))
    return {key: made[key] for key in keys}


class CatalogueVectors:
    """How near a question is to each text; a context manager. Any thread may ask, one is answered at a time."""

    def __init__(self, texts: Sequence[str], open_embedder: Callable[[], tuple[TextEmbedder, str]], path: Path) -> None:
        """Keep what to embed; ``open_embedder`` gives the weights, opened, and their SHA-256."""
        self._texts = list(texts)
        self._open = open_embedder
        self._path = path
        self._stop = Event()
        self._lock = Lock()
        self._embedder: TextEmbedder | None = None
        self._matrix: Vectors | None = None
        self._progress = (0, 0)
        self.settled = Event()
        """Set once the vectors are there, or will not be."""
        self._thread = Thread(target=self._make, name="catalogue-vectors", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(_STOP_WITHIN_S)
        with self._lock:
            if self._embedder is not None:
                self._embedder.close()
            self._embedder = self._matrix = None

    @property
    def progress(self) -> tuple[int, int]:
        """How many texts this start has embedded, of how many that were missing."""
        return self._progress

    def likeness(self, text: str) -> Vectors | None:
        """Cosine of ``text`` to every text, in their order; None as long as there are no vectors. Some milliseconds."""
        with self._lock:
            if self._matrix is None or self._embedder is None:
                return None
            near: Vectors = self._matrix @ self._embedder.embed([text])[0]
            return near

    def _make(self) -> None:
        try:
            embedder, weights = self._open()
        except ModelsError as error:
            _LOG.warning("search goes by words alone", reason=str(error))
            self.settled.set()
            return
        with self._lock:
            self._embedder = embedder
        kept = read_vectors(self._path, weights)
        vectors = embed_missing(self._texts, kept, embedder, told=self._tell, stop=self._stop)
        if vectors is not None:
            self._keep(vectors, weights, is_new=vectors.keys() != kept.keys())
            matrix = np.array([vectors[_key(text)] for text in self._texts], np.float32)
            with self._lock:
                self._matrix = None if self._stop.is_set() else matrix
        self.settled.set()

    def _keep(self, vectors: dict[bytes, NDArray[np.float16]], weights: str, *, is_new: bool) -> None:
        if not is_new:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_vectors(self._path, weights, vectors)
        except OSError as error:
            _LOG.warning("the catalogue's vectors are not kept", reason=str(error))

    def _tell(self, done: int, of: int) -> None:
        self._progress = (done, of)


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
