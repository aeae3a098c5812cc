"""The ONNX session over real networks: a tiny one made here, and the defaults that come with the program."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from models.errors import ArtefactInvalidError, ArtefactMissingError, SessionInvalidError
from models.manifest import Task
from models.onnx_session import OnnxSession
from models.registry import Registry

DEFAULTS = Path(__file__).parents[3] / "models" / "defaults"


def make_network(path: Path, shape: Sequence[int | str], *, external: bool = False) -> Path:
    """``y = x + w`` with w = (0, 1, 2, 3)."""
    w = helper.make_tensor("w", TensorProto.FLOAT, [4], np.arange(4, dtype=np.float32).tobytes(), raw=True)
    if external:
        w.ClearField("raw_data")
        w.data_location = TensorProto.EXTERNAL
        w.external_data.add(key="location", value="w.bin")
        np.arange(4, dtype=np.float32).tofile(path.parent / "w.bin")
    graph = helper.make_graph(
        [helper.make_node("Add", ["x", "w"], ["y"])],
        "tiny",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
        [w],
    )
    network = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.write_bytes(network.SerializeToString())
    return path


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return make_network(tmp_path / "tiny.onnx", [2, 4])


def test_a_network_computes_and_is_timed(tiny: Path) -> None:
    with OnnxSession(tiny) as session:
        assert session.input_shapes == {"x": (2, 4)}
        assert session.timing.calls == 0
        outputs = session.run({"x": np.ones((2, 4), dtype=np.float32)})
        assert outputs["y"].tolist() == [[1, 2, 3, 4]] * 2
        assert session.timing.calls == 1
        assert session.timing.last_ms is not None
        assert session.timing.total_s == pytest.approx(session.timing.last_ms / 1000)


def test_outputs_are_not_overwritten_by_the_next_run(tiny: Path) -> None:
    with OnnxSession(tiny) as session:
        first = session.run({"x": np.zeros((2, 4), dtype=np.float32)})["y"]
        session.run({"x": np.full((2, 4), 9.0, dtype=np.float32)})
        assert first.tolist() == [[0, 1, 2, 3]] * 2


@pytest.mark.parametrize(
    ("name", "array", "sentence"),
    [
        pytest.param("x", np.zeros((2, 5), np.float32), r"expected float32 2 x 4; got float32 2 x 5", id="shape"),
        pytest.param("x", np.zeros((2, 4), np.float64), r"expected float32 2 x 4; got float64 2 x 4", id="type"),
        pytest.param("x", np.zeros((8,), np.float32), r"expected float32 2 x 4; got float32 8", id="rank"),
        pytest.param("z", np.zeros((2, 4), np.float32), r"expected inputs x; got z", id="name"),
    ],
)
def test_a_feed_that_does_not_fit_is_refused_naming_both(
    tiny: Path, name: str, array: np.ndarray, sentence: str
) -> None:
    with OnnxSession(tiny) as session, pytest.raises(SessionInvalidError, match=sentence):
        session.run({name: array})


def test_free_axes_take_any_length_but_none(tmp_path: Path) -> None:
    network = make_network(tmp_path / "free.onnx", ["rows", 4])
    with OnnxSession(network, warm_up={"x": (3, 4)}) as session:
        assert session.input_shapes == {"x": (None, 4)}
        assert session.timing.calls == 0
        assert session.run({"x": np.zeros((7, 4), np.float32)})["y"].shape == (7, 4)
        with pytest.raises(SessionInvalidError, match="expected float32 any x 4; got float32 0 x 4"):
            session.run({"x": np.zeros((0, 4), np.float32)})


def test_a_warm_up_that_does_not_fit_is_refused(tiny: Path) -> None:
    with pytest.raises(SessionInvalidError, match="expected inputs x; got z"):
        OnnxSession(tiny, warm_up={"z": (2, 4)})
    with pytest.raises(SessionInvalidError, match="got float32 3 x 4"):
        OnnxSession(tiny, warm_up={"x": (3, 4)})


def test_a_closed_session_refuses_to_run_and_closes_twice(tiny: Path) -> None:
    session = OnnxSession(tiny)
    session.close()
    session.close()
    with pytest.raises(SessionInvalidError, match="closed"):
        session.run({"x": np.zeros((2, 4), np.float32)})


def test_a_provider_that_is_not_there_is_said_with_those_that_are(tiny: Path) -> None:
    with pytest.raises(SessionInvalidError, match=r"MadeUpExecutionProvider is not in this ONNX Runtime; it has .*CPU"):
        OnnxSession(tiny, providers=("MadeUpExecutionProvider",))


@pytest.mark.parametrize(
    "contents",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\x08\x08garbage", id="garbage"),
        pytest.param(onnx.ModelProto(ir_version=8).SerializeToString(), id="no graph"),
    ],
)
def test_weights_that_cannot_be_used_are_invalid(tmp_path: Path, contents: bytes) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(contents)
    with pytest.raises(ArtefactInvalidError, match=r"broken\.onnx"):
        OnnxSession(path)


def test_truncated_weights_are_invalid(tiny: Path) -> None:
    tiny.write_bytes(tiny.read_bytes()[:-20])
    with pytest.raises(ArtefactInvalidError):
        OnnxSession(tiny)


def test_missing_weights_are_missing(tmp_path: Path) -> None:
    with pytest.raises(ArtefactMissingError):
        OnnxSession(tmp_path / "none.onnx")


def test_a_graph_cannot_read_files_that_were_not_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = make_network(tmp_path / "outside.onnx", [2, 4], external=True)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ArtefactInvalidError):
        OnnxSession(network)


@pytest.mark.parametrize("task", [Task.PERSONS, Task.FACES])
def test_the_default_networks_run_on_pictures_as_their_manifests_say(tmp_path: Path, task: Task) -> None:
    artefact = Registry(tmp_path, DEFAULTS).active(task)
    picture = artefact.manifest.input
    assert picture is not None
    shape = (1, 3, picture.height or 256, picture.width or 256)
    with OnnxSession(artefact.path) as session:
        ((name, expected),) = session.input_shapes.items()
        assert all(wanted in (None, length) for wanted, length in zip(expected, shape, strict=True))
        outputs = session.run({name: np.zeros(shape, np.float32)})
        assert outputs
        assert all(np.isfinite(output).all() for output in outputs.values())
