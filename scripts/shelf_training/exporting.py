"""From trained weights to the file that ships: a float ONNX network, and its int8 form.

The graph is NanoDet-g's as the person detector's converter rebuilds it; only its numbers change, so nothing depends on
an exporter. The last convolution of each head stays float: it costs next to nothing and carries scores and edges.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from scripts.convert_nanodet import WEIGHTS_SHA256, rebuild
from scripts.default_weights import check_source
from scripts.quantize_onnx import Feeds, quantize
from scripts.shelf_training.feeding import INPUT, batch_of
from scripts.shelf_training.photo import snap
from scripts.shelf_training.pool import bays, read_bay
from scripts.tfjs_to_onnx import convert, read_graph_model

Numbers = tuple[NDArray[np.float32], NDArray[np.float32]]
HEADS = ("classes_", "distances_")
"""How the outputs, and with them the last convolutions of the heads, are called."""
_CALIBRATION_SEED = 7
_CALIBRATION = ((416, 48), (256, 30))
"""Sides in pixels, and how many squares of each."""


def person_network(graph_model: Path) -> onnx.ModelProto:
    """NanoDet-g in float, from its TensorFlow.js form.

    Raises:
        SourceWeightsError: the weights are not those that were measured.
    """
    check_source(graph_model.with_suffix(".bin"), WEIGHTS_SHA256)
    return rebuild(convert(read_graph_model(graph_model)))


def with_numbers(network: onnx.ModelProto, plain: Sequence[Numbers], last: Mapping[str, Numbers]) -> onnx.ModelProto:
    """The network's graph with other weights and biases.

    ``plain`` are those of all convolutions but the last of each head, in the graph's order; ``last`` those of the
    last by the name of the output. The number of classes may change.

    Raises:
        ValueError: there are more or fewer convolutions than the graph has.
    """
    model = onnx.ModelProto()
    model.CopyFrom(network)
    convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
    inner = [node for node in convolutions if not node.output[0].startswith(HEADS)]
    for node, (weight, bias) in zip(inner, plain, strict=True):
        _replace(model.graph, node, weight, bias)
    for node in convolutions:
        if node.output[0] in last:
            _replace(model.graph, node, *last[node.output[0]])
    onnx.checker.check_model(model, full_check=True)
    return model


def _replace(
    graph: onnx.GraphProto, node: onnx.NodeProto, weight: NDArray[np.float32], bias: NDArray[np.float32]
) -> None:
    """Give a convolution numbers of its own."""
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    for name, values in zip(node.input[1:], (weight, bias), strict=True):
        tensors[name].CopyFrom(numpy_helper.from_array(np.ascontiguousarray(values, np.float32), name))


def to_int8(model: onnx.ModelProto, pool: Path) -> onnx.ModelProto:
    """Int8 form, ranges from rendered squares of ``pool``, large and small ones as cameras near and far need them."""
    rng = np.random.default_rng(_CALIBRATION_SEED)
    paths = bays(pool)
    feeds: list[Feeds] = []
    for side_px, squares in _CALIBRATION:
        cuts = [snap(*read_bay(paths[int(at)]), side_px, rng)[0] for at in rng.integers(0, len(paths), squares)]
        feeds += [{INPUT: batch_of([cut])} for cut in cuts]
    return quantize(model, feeds, keep_float=HEADS)
