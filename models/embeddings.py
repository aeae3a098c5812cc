"""Vectors of texts: near in meaning, near in angle.

Owns tokenizing, batching by length and the call of the network. Refuses weights that bring no vocabulary or give
vectors of another length than their manifest says. The kiosk's search compares these vectors; it is not done here.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from models.errors import ArtefactInvalidError
from models.manifest import ActiveArtefact, TextInput
from models.onnx_session import OnnxSession
from models.wordpiece import WordPiece

IDS, MASK, VECTORS = "input_ids", "attention_mask", "embedding"
"""Inputs int64 (batch, tokens), mask 1 where a token is; output float32 (batch, dimensions), each of length 1."""
VOCABULARY = "vocabulary"
"""Key of the file's metadata under which the pieces stand, one a line: one hash vouches for weights and words."""
MAX_BATCH = 32
MAX_BATCH_TOKENS = 2048
"""Attention takes batch x heads x tokens squared x 4 bytes: at most 25 MB for 8 texts of 256 tokens."""

Vectors = NDArray[np.float32]


class Network(Protocol):
    """What runs the weights: an `OnnxSession`, or a stand-in of a test."""

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> Mapping[str, NDArray[Any]]: ...

    def close(self) -> None: ...


class Embedder:
    """Texts in, vectors out; a context manager. Belongs to one thread, as its network does."""

    def __init__(self, network: Network, vocabulary: Sequence[str], expected: TextInput) -> None:
        """Join a network and its words.

        Args:
            network: takes `IDS` and `MASK`, gives `VECTORS`; closed with the embedder.
            vocabulary: the pieces of words, in the order of their ids.
            expected: how long texts may be and vectors are.

        Raises:
            ArtefactInvalidError: the vocabulary lacks a marker or has a piece twice.
        """
        try:
            self._wordpiece = WordPiece(vocabulary)
        except ValueError as wrong:
            raise ArtefactInvalidError(f"the weights' words are {wrong}") from wrong
        self._network = network
        self._expected = expected

    @classmethod
    def open(cls, artefact: ActiveArtefact, *, threads: int = 1) -> Self:
        """Load verified weights; takes about 0.1 s.

        Raises:
            ArtefactInvalidError: they are no embedding weights, or bring no vocabulary.
        """
        if artefact.manifest.text is None:
            raise ArtefactInvalidError(f"{artefact.manifest.name} is not for texts")
        session = OnnxSession(artefact.path, threads=threads)
        try:
            words = session.metadata.get(VOCABULARY, "").split("\n")
            embedder = cls(session, words, artefact.manifest.text)
            embedder.embed([""])
        except BaseException:
            session.close()
            raise
        return embedder

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Free the weights. Closing twice does nothing."""
        self._network.close()

    @property
    def dimensions(self) -> int:
        return self._expected.dimensions

    def token_counts(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has, its two markers included; what is over the manifest's bound is cut off."""
        return [len(self._wordpiece.ids(text, max_tokens=sys.maxsize)) for text in texts]

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Vectors of texts, in their order. Blocks: 1 ms for a short query, 20 ms for 32 of them, on one core.

        What stands beside a text does not change its vector by more than rounding (1e-6): the weights quantize each
        token by its own range and padding is masked.

        Returns:
            float32 (texts, dimensions), each row of length 1, so that ``vectors @ query`` is the cosine.

        Raises:
            ArtefactInvalidError: the network gives vectors of another length than its manifest says.
            SessionInvalidError: the network cannot run.
        """
        tokens = [self._wordpiece.ids(text, max_tokens=self._expected.max_tokens) for text in texts]
        vectors = np.empty((len(texts), self.dimensions), np.float32)
        for batch in batches([len(ids) for ids in tokens]):
            vectors[batch] = self._run([tokens[place] for place in batch])
        return vectors

    def _run(self, tokens: Sequence[Sequence[int]]) -> NDArray[Any]:
        ids = np.full((len(tokens), max(map(len, tokens))), self._wordpiece.padding_id, np.int64)
        mask = np.zeros_like(ids)
        for row, known in enumerate(tokens):
            ids[row, : len(known)] = known
            mask[row, : len(known)] = 1
        vectors = self._network.run({IDS: ids, MASK: mask})[VECTORS]
        if vectors.shape != (len(tokens), self.dimensions):
            raise ArtefactInvalidError(f"vectors are {vectors.shape[-1]} long; the manifest says {self.dimensions}")
        return vectors


def batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Places of texts that run together: alike in length, at most `MAX_BATCH`, at most `MAX_BATCH_TOKENS` padded.

    A text that is more than twice as long as the shortest of its batch starts a new one: padding would cost more
    than the call.
    """
    batch: list[int] = []
    for place in sorted(range(len(lengths)), key=lambda place: lengths[place]):
        length = lengths[place]
        padded = (len(batch) + 1) * length
        if batch and (len(batch) == MAX_BATCH or padded > MAX_BATCH_TOKENS or length > 2 * lengths[batch[0]]):
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch
