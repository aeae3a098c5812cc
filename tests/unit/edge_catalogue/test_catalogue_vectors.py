"""The file of vectors: kept, made anew only where needed, and done without when it is broken."""

from collections.abc import Sequence
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.catalogue_vectors import CatalogueVectors, embed_missing, read_vectors
from models.errors import ArtefactMissingError

WAIT_S = 10.0


class CountingEmbedder:
    """A text's vector points along the axis of its length; counts what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked += texts
        return np.eye(16, dtype=np.float32)[[len(text) % 16 for text in texts]]

    def close(self) -> None:
        pass


def made(path: Path, texts: Sequence[str], weights: str = "a") -> CountingEmbedder:
    embedder = CountingEmbedder()
    with CatalogueVectors(texts, lambda: (embedder, weights), path) as vectors:
        assert vectors.settled.wait(WAIT_S)
        near = vectors.likeness("xx")
    assert near is not None
    assert near.tolist() == [1.0 if len(text) == 2 else 0.0 for text in texts]
    return embedder


def test_only_texts_that_changed_are_embedded_again(tmp_path: Path) -> None:
    path = tmp_path / "search" / "vectors.npz"
    assert made(path, ["a", "bb", "ccc"]).asked == ["a", "bb", "ccc", "xx"]
    assert made(path, ["a", "bb", "dddd"]).asked == ["dddd", "xx"]
    assert len(read_vectors(path, "a")) == 3


def test_other_weights_embed_everything_again(tmp_path: Path) -> None:
    path = tmp_path / "vectors.npz"
    made(path, ["a", "bb"])
    assert made(path, ["a", "bb"], weights="b").asked == ["a", "bb", "xx"]


@pytest.mark.parametrize("damage", [b"", b"nonsense", b"PK\x03\x04broken"], ids=["empty", "text", "half an archive"])
def test_a_broken_file_is_made_anew(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "vectors.npz"
    made(path, ["a"])
    path.write_bytes(damage)
    assert made(path, ["a"]).asked == ["a", "xx"]


def test_every_truncation_of_the_file_is_survived(tmp_path: Path) -> None:
    path = tmp_path / "vectors.npz"
    made(path, ["a", "bb"])
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        assert read_vectors(path, "a") == {}


def test_without_weights_there_is_no_likeness(tmp_path: Path) -> None:
    def none() -> tuple[CountingEmbedder, str]:
        raise ArtefactMissingError("no weights here")

    with CatalogueVectors(["a"], none, tmp_path / "vectors.npz") as vectors:
        assert vectors.settled.wait(WAIT_S)
        assert vectors.likeness("a") is None


def test_what_is_under_way_stops_between_two_batches() -> None:
    stop = Event()
    told: list[tuple[int, int]] = []

    def tell(done: int, of: int) -> None:
        told.append((done, of))
        stop.set()

    texts = [str(number) for number in range(100)]
    assert embed_missing(texts, {}, CountingEmbedder(), told=tell, stop=stop) is None
    assert told == [(32, 100)]
