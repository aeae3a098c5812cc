"""Other numbers in the same graph: what the exporter puts in comes out, with one class instead of many."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from scripts.shelf_training.exporting import with_numbers


def tiny_network() -> onnx.ModelProto:
    """One inner convolution and one head of three classes."""
    rng = np.random.default_rng(0)
    shapes = {"w": (4, 3, 3, 3), "b": (4,), "hw": (3, 4, 1, 1), "hb": (3,)}
    numbers = [numpy_helper.from_array(rng.normal(size=s).astype(np.float32), name) for name, s in shapes.items()]
    nodes = [
        helper.make_node("Conv", ["picture", "w", "b"], ["inner"], pads=[1, 1, 1, 1]),
        helper.make_node("Conv", ["inner", "hw", "hb"], ["classes_8"]),
    ]
    given = helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 3, "h", "w"])
    shown = helper.make_tensor_value_info("classes_8", TensorProto.FLOAT, ["n", None, None, None])
    graph = helper.make_graph(nodes, "tiny", [given], [shown], numbers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def test_the_numbers_given_are_the_numbers_that_run() -> None:
    weight, bias = np.zeros((4, 3, 3, 3), np.float32), np.arange(4, dtype=np.float32)
    head = (np.ones((1, 4, 1, 1), np.float32), np.array([0.5], np.float32))
    model = with_numbers(tiny_network(), [(weight, bias)], {"classes_8": head})
    (shown,) = ReferenceEvaluator(model).run(None, {"picture": np.zeros((1, 3, 5, 5), np.float32)})
    assert shown.shape == (1, 1, 5, 5)
    assert np.allclose(shown, 6.5)


def test_too_many_convolutions_are_refused() -> None:
    inner = (np.zeros((4, 3, 3, 3), np.float32), np.zeros(4, np.float32))
    with pytest.raises(ValueError, match="zip"):
        with_numbers(tiny_network(), [inner, inner], {})
