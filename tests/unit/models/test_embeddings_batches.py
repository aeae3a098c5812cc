"""How texts are put together for the network, and what is refused of it; a stand-in takes the weights' place."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.embedding_golden import GoldenQueries, Query, read_queries, score_queries
from models.embeddings import IDS, MASK, MAX_BATCH, MAX_BATCH_TOKENS, VECTORS, Embedder, batches
from models.errors import ArtefactInvalidError, ArtefactMissingError
from models.manifest import TextInput

VOCABULARY = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", *"abcdefgh")


class FirstLetters:
    """Answers with a vector that names the text's first letter, and remembers what it was fed."""

    def __init__(self, dimensions: int = 12) -> None:
        self.fed: list[Mapping[str, NDArray[Any]]] = []
        self.closed = False
        self._dimensions = dimensions

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> Mapping[str, NDArray[Any]]:
        self.fed.append(feeds)
        return {VECTORS: np.eye(self._dimensions, dtype=np.float32)[feeds[IDS][:, 1]]}

    def close(self) -> None:
        self.closed = True


def an_embedder(network: FirstLetters, *, max_tokens: int = 16) -> Embedder:
    expected = TextInput(tokenizer="wordpiece-uncased", max_tokens=max_tokens, dimensions=12)
    return Embedder(network, VOCABULARY, expected)


def test_vectors_come_back_in_the_order_of_the_texts() -> None:
    texts = ["c c c c c c", "a", "b b b", "d d", "", "e e e e e"]
    vectors = an_embedder(FirstLetters()).embed(texts)
    assert vectors.dtype == np.float32
    assert [VOCABULARY[number] for number in vectors.argmax(axis=1)] == ["c", "a", "b", "d", "[SEP]", "e"]


def test_padding_is_masked_and_nothing_else() -> None:
    network = FirstLetters()
    an_embedder(network).embed(["a b", "a"])
    (fed,) = network.fed
    assert fed[IDS].tolist() == [[2, 4, 3, 0], [2, 4, 5, 3]]
    assert fed[MASK].tolist() == [[1, 1, 1, 0], [1, 1, 1, 1]]


def test_no_texts_give_no_vectors_and_ask_nothing() -> None:
    network = FirstLetters()
    assert an_embedder(network).embed([]).shape == (0, 12)
    assert network.fed == []


def test_a_text_is_cut_where_the_weights_end() -> None:
    network = FirstLetters()
    an_embedder(network, max_tokens=8).embed(["a " * 1000])
    assert network.fed[0][IDS].shape == (1, 8)


def test_vectors_of_another_length_than_the_manifest_says_are_refused() -> None:
    with pytest.raises(ArtefactInvalidError, match="13 long; the manifest says 12"):
        an_embedder(FirstLetters(dimensions=13)).embed(["a"])


def test_weights_without_words_are_refused() -> None:
    with pytest.raises(ArtefactInvalidError, match="not a vocabulary"):
        Embedder(FirstLetters(), [""], TextInput(tokenizer="wordpiece-uncased", max_tokens=16, dimensions=12))


def test_leaving_the_embedder_frees_the_weights() -> None:
    network = FirstLetters()
    with an_embedder(network):
        pass
    assert network.closed


@given(st.lists(st.integers(2, 256), max_size=300))
def test_batches_hold_every_text_once_within_their_bounds(lengths: list[int]) -> None:
    made = list(batches(lengths))
    assert sorted(place for batch in made for place in batch) == list(range(len(lengths)))
    for batch in made:
        longest, shortest = max(lengths[place] for place in batch), min(lengths[place] for place in batch)
        assert len(batch) <= MAX_BATCH
        assert len(batch) * longest <= MAX_BATCH_TOKENS
        assert longest <= 2 * shortest


def test_the_golden_score_counts_what_is_not_among_the_three_nearest() -> None:
    names = ("a", "b", "c", "d", "e")
    golden = GoldenQueries(
        names=names,
        queries=(Query(ask="b b", names=("b",)), Query(ask="a", names=("e",)), Query(ask="c", names=("c",))),
    )
    score = score_queries(an_embedder(FirstLetters()), golden)
    assert score.top_3 == pytest.approx(2 / 3)
    assert [(miss.query.ask, miss.nearest[0]) for miss in score.misses] == [("a", "a")]


def test_a_golden_set_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtefactMissingError):
        read_queries(tmp_path / "none.toml")
    (tmp_path / "wrong.toml").write_text('names = ["a", "b", "c"]\n')
    with pytest.raises(ArtefactInvalidError, match="not a golden set"):
        read_queries(tmp_path / "wrong.toml")
