"""The default embedding weights, through the registry and the session, against what their authors' tools say.

`test_embeddings_ids.json` holds texts with the ids that the authors' tokenizer gives them, a shop's first, then odd
ones; `test_embeddings_float32.npy` the float network's vectors of the shop's, in half precision.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest

from models.embedding_golden import read_queries, score_queries
from models.embeddings import VOCABULARY, Embedder
from models.errors import ArtefactInvalidError, ArtefactMissingError
from models.manifest import ActiveArtefact, Task
from models.onnx_session import OnnxSession
from models.registry import Registry
from models.wordpiece import WordPiece

HERE = Path(__file__).parent
MODELS = HERE.parents[2] / "models"
IDS: list[tuple[str, list[int]]] = json.loads((HERE / "test_embeddings_ids.json").read_text())
FLOAT32 = np.load(HERE / "test_embeddings_float32.npy").astype(np.float32)
TEXTS = [text for text, _ in IDS[: len(FLOAT32)]]


@pytest.fixture(scope="module")
def artefact(tmp_path_factory: pytest.TempPathFactory) -> ActiveArtefact:
    return Registry(tmp_path_factory.mktemp("models"), MODELS / "defaults").active(Task.EMBEDDINGS)


@pytest.fixture(scope="module")
def embedder(artefact: ActiveArtefact) -> Iterator[Embedder]:
    with Embedder.open(artefact) as opened:
        yield opened


def test_the_weights_are_a_valid_network_of_the_standard_operators(artefact: ActiveArtefact) -> None:
    model = onnx.load(artefact.path)
    onnx.checker.check_model(model, full_check=True)
    assert {opset.domain for opset in model.opset_import} == {""}


def test_words_get_the_ids_of_the_authors_tokenizer(artefact: ActiveArtefact) -> None:
    with OnnxSession(artefact.path) as session:
        wordpiece = WordPiece(session.metadata[VOCABULARY].split("\n"))
    assert [text for text, ids in IDS if wordpiece.ids(text, max_tokens=10_000) != ids] == []


def test_vectors_stay_near_those_of_the_float_network(embedder: Embedder) -> None:
    """Measured .9917 at least, .9964 on average. Letters in no order come down to .974, which no search asks for."""
    cosines = (embedder.embed(TEXTS) * FLOAT32).sum(axis=1)
    assert cosines.min() >= 0.990
    assert cosines.mean() >= 0.995


def test_vectors_have_length_one(embedder: Embedder) -> None:
    vectors = embedder.embed([*TEXTS, ""])
    assert (vectors.shape, vectors.dtype) == ((len(TEXTS) + 1, 384), np.float32)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_a_text_has_the_same_vector_whatever_stands_beside_it(embedder: Embedder) -> None:
    alone = np.vstack([embedder.embed([text]) for text in TEXTS])
    assert (alone * embedder.embed(TEXTS)).sum(axis=1).min() >= 0.99999


def test_a_text_longer_than_the_weights_take_is_cut(embedder: Embedder) -> None:
    long, longer = embedder.embed(["oat milk " * 200, "oat milk " * 2000])
    assert long @ longer >= 0.99999


def test_shoppers_words_find_the_product(embedder: Embedder) -> None:
    """Measured .745, as the float network: 82 of 110; the nearest by spelling are right in 38."""
    golden = read_queries(MODELS / "golden" / "embeddings.toml")
    assert len(golden.names) >= 200
    assert len(golden.queries) >= 60
    assert {name for query in golden.queries for name in query.names} <= set(golden.names)
    assert score_queries(embedder, golden).top_3 >= 0.72


def test_weights_of_another_task_are_not_for_texts(tmp_path: Path) -> None:
    faces = Registry(tmp_path, MODELS / "defaults").active(Task.FACES)
    with pytest.raises(ArtefactInvalidError, match="not for texts"):
        Embedder.open(faces)


def test_weights_that_were_not_made_yet_are_missing_and_the_cure_is_named(tmp_path: Path) -> None:
    manifest = (MODELS / "defaults" / "all-minilm-l6-v2-int8.json").read_text()
    (tmp_path / "all-minilm-l6-v2-int8.json").write_text(manifest.replace("int8.onnx", "other.onnx"))
    with pytest.raises(ArtefactMissingError, match=r"not been made .* run scripts/convert_minilm\.py"):
        Registry(tmp_path / "models", tmp_path).active(Task.EMBEDDINGS)
