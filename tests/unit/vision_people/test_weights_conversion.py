"""The converters' rewrites leave the numbers as they are, seen on networks small enough to write down."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from models.manifest import Manifest, PictureInput, QuantizedFrom, Task, manifest_json, read_manifest
from scripts import onnx_graph
from scripts.default_weights import SourceWeightsError, check_source, write_weights
from scripts.tfjs_to_onnx import ConversionError, convert, read_graph_model

Array = NDArray[Any]


def constant(name: str, dtype: str, values: Array, **more: Any) -> tuple[dict[str, Any], bytes, dict[str, Any]]:
    node = {"name": name, "op": "Const"}
    return node, values.tobytes(), {"name": name, "dtype": dtype, "shape": list(values.shape), **more}


def write_graph(folder: Path, constants: list[Any], nodes: list[dict[str, Any]], *, extra: bytes = b"") -> Path:
    """A graph model of one 1 x 2 x 6 x 6 picture whose result is named ``out``."""
    picture = {"shape": {"shape": {"dim": [{"size": size} for size in ("1", "2", "6", "6")]}}}
    placeholder = {"name": "in", "op": "Placeholder", "attr": picture}
    shape = {"dim": [{"size": size} for size in ("1", "3", "3", "3")]}
    graph = {
        "signature": {"outputs": {"out": {"name": "out:0", "tensorShape": shape}}},
        "modelTopology": {"node": [*(node for node, _, _ in constants), placeholder, *nodes]},
        "weightsManifest": [{"paths": ["model.bin"], "weights": [entry for _, _, entry in constants]}],
    }
    (folder / "model.bin").write_bytes(b"".join(blob for _, blob, _ in constants) + extra)
    path = folder / "model.json"
    path.write_text(json.dumps(graph))
    return path


def detour_graph(folder: Path, *, extra: bytes = b"", op: str = "LeakyRelu") -> tuple[Path, Array, Array]:
    """Pad, to NHWC, convolve by twos, add a bias, back to NCHW, activate: as exporters write it."""
    random = np.random.default_rng(1)
    kernel = random.normal(size=(3, 3, 2, 3)).astype(np.float16)
    bias = random.normal(size=(1, 3, 1, 1)).astype(np.float16)
    constants = [
        constant("sides", "int32", np.array([[0, 0], [0, 0], [1, 1], [1, 1]], np.int32)),
        constant("to_nhwc", "int32", np.array([0, 2, 3, 1], np.int32)),
        constant("to_nchw", "int32", np.array([0, 3, 1, 2], np.int32)),
        constant("kernel", "float32", kernel, quantization={"dtype": "float16"}),
        constant("bias", "float32", bias, quantization={"dtype": "float16"}),
    ]
    strides = {"strides": {"list": {"i": ["1", "2", "2", "1"]}}, "padding": {"s": "VkFMSUQ="}}
    nodes: list[dict[str, Any]] = [
        {"name": "padded", "op": "Pad", "input": ["in", "sides"]},
        {"name": "nhwc", "op": "Transpose", "input": ["padded", "to_nhwc"]},
        {"name": "conv", "op": "Conv2D", "input": ["nhwc", "kernel"], "attr": strides},
        {"name": "nchw", "op": "Transpose", "input": ["conv", "to_nchw"]},
        {"name": "biased", "op": "Add", "input": ["nchw", "bias"]},
        {"name": "out", "op": op, "input": ["biased"], "attr": {"alpha": {"f": 0.1}}},
    ]
    return write_graph(folder, constants, nodes, extra=extra), kernel.astype(np.float32), bias.astype(np.float32)


def convolved(picture: Array, kernel: Array, bias: Array) -> Array:
    """The same in plain loops."""
    padded = np.pad(picture[0], ((0, 0), (1, 1), (1, 1)))
    result = np.zeros((1, 3, 3, 3), np.float32)
    for row in range(3):
        for column in range(3):
            window = padded[:, 2 * row : 2 * row + 3, 2 * column : 2 * column + 3]
            result[0, :, row, column] = np.einsum("chw,hwco->o", window, kernel)
    result = result + bias
    return np.where(result > 0, result, 0.1 * result)


def run(model: onnx.ModelProto, picture: Array) -> list[Array]:
    return list(ReferenceEvaluator(model).run(None, {model.graph.input[0].name: picture}))


def ops(model: onnx.ModelProto) -> list[str]:
    return [node.op_type for node in model.graph.node]


def test_a_graph_full_of_detours_becomes_a_plain_one_with_the_same_result(tmp_path: Path) -> None:
    path, kernel, bias = detour_graph(tmp_path)
    model = convert(read_graph_model(path))
    assert "Transpose" not in ops(model)
    onnx_graph.fold_padding(model.graph)
    onnx_graph.fold_bias(model.graph)
    assert ops(model) == ["Conv", "LeakyRelu", "Identity"]
    picture = np.random.default_rng(2).normal(size=(1, 2, 6, 6)).astype(np.float32)
    assert run(model, picture)[0] == pytest.approx(convolved(picture, kernel, bias), abs=1e-4)


def test_weight_files_of_another_length_are_refused(tmp_path: Path) -> None:
    path, _, _ = detour_graph(tmp_path, extra=b"more")
    with pytest.raises(ConversionError, match="weights end at byte"):
        read_graph_model(path)


def test_an_unknown_operator_is_refused_by_name(tmp_path: Path) -> None:
    path, _, _ = detour_graph(tmp_path, op="Softsign")
    with pytest.raises(ConversionError, match="Softsign"):
        convert(read_graph_model(path))


def test_something_else_is_no_graph_model(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    path.write_text("{}")
    with pytest.raises(ConversionError, match="no graph model"):
        read_graph_model(path)


def test_other_source_weights_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.bin"
    path.write_bytes(b"other")
    with pytest.raises(SourceWeightsError, match="wanted 00"):
        check_source(path, "0" * 64)


def network(nodes: list[onnx.NodeProto], constants: dict[str, Array], outputs: list[str]) -> onnx.ModelProto:
    tensors = [numpy_helper.from_array(values, name) for name, values in constants.items()]
    given = helper.make_tensor_value_info("in", TensorProto.FLOAT, [1, 2, 4, 4])
    results = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
    graph = helper.make_graph(nodes, "small", [given], results, tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


def floats(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize(
    ("op", "weights"),
    [
        pytest.param("Conv", floats(3, 2, 3, 3), id="conv"),
        pytest.param("ConvTranspose", floats(2, 3, 2, 2), id="deconv"),
    ],
)
def test_batch_normalisation_is_worked_into_the_weights(op: str, weights: Array) -> None:
    nodes = [
        helper.make_node(op, ["in", "w", "b"], ["c"]),
        helper.make_node("BatchNormalization", ["c", "gamma", "beta", "mean", "var"], ["out"], epsilon=1e-3),
    ]
    tables = {name: floats(3, seed=at) for at, name in enumerate(("b", "gamma", "beta", "mean"))}
    model = network(nodes, {"w": weights, "var": np.abs(floats(3, seed=9)), **tables}, ["out"])
    model.graph.node[1].output[0] = "n"
    model.graph.node.append(helper.make_node("Relu", ["n"], ["out"]))
    before = run(model, floats(1, 2, 4, 4, seed=5))
    onnx_graph.fold_batch_norm(model.graph)
    assert ops(model) == [op, "Relu"]
    assert run(model, floats(1, 2, 4, 4, seed=5))[0] == pytest.approx(before[0], abs=1e-4)


def test_a_divided_head_gives_the_same_parts() -> None:
    nodes = [
        helper.make_node("Conv", ["in", "w", "b"], ["c"]),
        helper.make_node("Split", ["c", "sizes"], ["scores", "boxes"], axis=1),
    ]
    constants = {"w": floats(5, 2, 1, 1), "b": floats(5), "sizes": np.array([2, 3], np.int64)}
    model = network(nodes, constants, ["scores", "boxes"])
    before = run(model, floats(1, 2, 4, 4, seed=5))
    onnx_graph.divide_conv(model.graph, model.graph.node[1])
    assert ops(model) == ["Conv", "Conv"]
    for old, new in zip(before, run(model, floats(1, 2, 4, 4, seed=5)), strict=True):
        assert new == pytest.approx(old, abs=1e-5)


def test_padding_with_something_else_than_zero_stays() -> None:
    nodes = [helper.make_node("Pad", ["in", "sides", "fill"], ["p"]), helper.make_node("Conv", ["p", "w"], ["out"])]
    constants = {
        "sides": np.array([0, 0, 1, 1, 0, 0, 1, 1], np.int64),
        "fill": np.array(1.0, np.float32),
        "w": floats(3, 2, 3, 3),
    }
    model = network(nodes, constants, ["out"])
    onnx_graph.fold_padding(model.graph)
    assert ops(model) == ["Pad", "Conv"]


def test_weights_written_again_keep_what_was_measured_of_the_same_bytes_alone(tmp_path: Path) -> None:
    def written(scale: float) -> Manifest:
        nodes = [helper.make_node("Mul", ["picture", "scale"], ["out"])]
        return write_weights(
            network(nodes, {"scale": np.array(scale, np.float32)}, ["out"]),
            tmp_path,
            name="a-int8",
            version="1",
            task=Task.FACES,
            licence="MIT",
            picture=PictureInput(colour="RGB"),
            labels=("face",),
            decoder="centerface",
            origin="made for a test",
        )

    record = QuantizedFrom(name="a", sha256="1" * 64, before={}, after={})
    measured = written(1.0).model_copy(update={"quantized_from": record})
    (tmp_path / "a-int8.json").write_bytes(manifest_json(measured))
    assert written(1.0) == measured == read_manifest(tmp_path / "a-int8.json")
    assert written(2.0).quantized_from is None
