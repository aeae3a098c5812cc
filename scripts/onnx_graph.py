"""Small rewrites of ONNX graphs that leave the numbers as they are: what a runtime should not have to do.

Used by the converters between reading foreign weights and quantizing them. Changes the model it is given.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Array = NDArray[Any]


def constants(graph: onnx.GraphProto) -> dict[str, Array]:
    """Every initializer by name."""
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}


def producers(graph: onnx.GraphProto) -> dict[str, onnx.NodeProto]:
    """The node that makes each tensor."""
    return {name: node for node in graph.node for name in node.output}


def uses(graph: onnx.GraphProto, name: str) -> int:
    """How often a tensor is read, as an output of the graph included."""
    reads = sum(list(node.input).count(name) for node in graph.node)
    return reads + len([output for output in graph.output if output.name == name])


def attribute(node: onnx.NodeProto, name: str, default: Any = None) -> Any:
    """One attribute of a node as a plain Python value."""
    for given in node.attribute:
        if given.name == name:
            return helper.get_attribute_value(given)
    return default


def add_constant(graph: onnx.GraphProto, name: str, values: Array) -> str:
    """Put a constant into the graph and say its name."""
    graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
    return name


def prune(graph: onnx.GraphProto) -> None:
    """Drop the nodes and constants that no output needs."""
    makers = producers(graph)
    needed: set[str] = set()
    wanted = [output.name for output in graph.output]
    while wanted:
        name = wanted.pop()
        if name not in needed:
            needed.add(name)
            wanted.extend(makers[name].input if name in makers else ())
    _replace(graph.node, [node for node in graph.node if needed.intersection(node.output)])
    _replace(graph.initializer, [tensor for tensor in graph.initializer if tensor.name in needed])
    names = {tensor.name for tensor in graph.initializer}
    _replace(graph.input, [given for given in graph.input if given.name in needed and given.name not in names])


def _replace(repeated: Any, items: Iterable[Any]) -> None:
    kept = list(items)
    del repeated[:]
    repeated.extend(kept)


def fold_padding(graph: onnx.GraphProto) -> None:
    """Take away the Pad nodes whose fill a Conv (zeros) or a MaxPool (minus infinity) can do by itself.

    Minus infinity in a tensor of its own would also make int8 calibration useless.
    """
    known, makers = constants(graph), producers(graph)
    for node in graph.node:
        pad = makers.get(node.input[0]) if node.op_type in ("Conv", "MaxPool") else None
        if pad is None or pad.op_type != "Pad" or attribute(node, "pads") or attribute(node, "auto_pad"):
            continue
        sides, fill = known[pad.input[1]].reshape(2, 4), float(known[pad.input[2]].item())
        if not sides[:, :2].any() and fill == (0.0 if node.op_type == "Conv" else -np.inf):
            node.input[0] = pad.input[0]
            node.attribute.append(helper.make_attribute("pads", [int(side) for side in sides[:, 2:].ravel()]))
    prune(graph)


def fold_bias(graph: onnx.GraphProto) -> None:
    """Make an addition per channel right after a Conv that Conv's bias."""
    known, makers = constants(graph), producers(graph)
    for node in graph.node:
        if node.op_type != "Add" or node.input[1] not in known:
            continue
        conv, bias = makers.get(node.input[0]), known[node.input[1]]
        is_per_channel = bias.ndim == 4 and bias.size == bias.shape[1]
        if conv is None or conv.op_type != "Conv" or len(conv.input) != 2 or not is_per_channel:
            continue
        if _can_be_bypassed(graph, node):
            conv.input.append(add_constant(graph, f"{conv.output[0]}.bias", bias.ravel()))
            _bypass(graph, node, conv.output[0])
    prune(graph)


def fold_batch_norm(graph: onnx.GraphProto) -> None:
    """Work every BatchNormalization into the Conv or ConvTranspose before it.

    y = gamma (x - mean) / sqrt(var + epsilon) + beta, so weights times g and bias beta + (bias - mean) g,
    with g = gamma / sqrt(var + epsilon).
    """
    known, makers = constants(graph), producers(graph)
    for node in graph.node:
        conv = makers.get(node.input[0]) if node.op_type == "BatchNormalization" else None
        if conv is None or conv.op_type not in ("Conv", "ConvTranspose") or not _can_be_bypassed(graph, node):
            continue
        gamma, beta, mean, variance = (known[name] for name in node.input[1:5])
        gain = gamma / np.sqrt(variance + attribute(node, "epsilon", 1e-5))
        weights = known[conv.input[1]]
        # A ConvTranspose has its output channels on the second axis; both networks here have group 1 there.
        axis = 0 if conv.op_type == "Conv" else 1
        shape = [-1 if at == axis else 1 for at in range(weights.ndim)]
        bias = known[conv.input[2]] if len(conv.input) > 2 else np.zeros_like(beta)
        stem = conv.output[0]
        folded = add_constant(graph, f"{stem}.folded", (weights * gain.reshape(shape)).astype(np.float32))
        shift = add_constant(graph, f"{stem}.shift", (beta + (bias - mean) * gain).astype(np.float32))
        _replace(conv.input, [conv.input[0], folded, shift])
        _bypass(graph, node, stem)
    prune(graph)


def _can_be_bypassed(graph: onnx.GraphProto, node: onnx.NodeProto) -> bool:
    """Nobody else reads what the node reads, and its result is no output of the graph, whose name must stay."""
    return uses(graph, node.input[0]) == 1 and all(output.name != node.output[0] for output in graph.output)


def _bypass(graph: onnx.GraphProto, node: onnx.NodeProto, source: str) -> None:
    """Let every reader of a node read ``source`` in its place."""
    for reader in graph.node:
        for at, name in enumerate(reader.input):
            if name == node.output[0]:
                reader.input[at] = source


def divide_conv(graph: onnx.GraphProto, split: onnx.NodeProto) -> None:
    """Replace a Conv and the Split of its channels by one Conv per part.

    Each part then has its own int8 range: class scores and distances are of different size.
    """
    known = constants(graph)
    conv = producers(graph)[split.input[0]]
    starts = np.cumsum(known[split.input[1]])[:-1]
    weights = np.split(known[conv.input[1]], starts)
    biases = np.split(known[conv.input[2]], starts)
    parts = []
    for output, weight, bias in zip(split.output, weights, biases, strict=True):
        part = onnx.NodeProto()
        part.CopyFrom(conv)
        _replace(part.output, [output])
        inputs = [add_constant(graph, f"{output}.weight", weight), add_constant(graph, f"{output}.bias", bias)]
        _replace(part.input, [conv.input[0], *inputs])
        parts.append(part)
    at = list(graph.node).index(split)
    _replace(graph.node, [*graph.node[:at], *parts, *graph.node[at + 1 :]])
    prune(graph)


def set_outputs(graph: onnx.GraphProto, names: Mapping[str, str]) -> None:
    """Make the tensors ``names`` (old name to new) the graph's outputs, float32, four axes of any size."""
    for node in graph.node:
        for at, name in enumerate(node.output):
            node.output[at] = names.get(name, name)
        for at, name in enumerate(node.input):
            node.input[at] = names.get(name, name)
    shape = ["n", None, None, None]
    _replace(graph.output, [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in names.values()])
    del graph.value_info[:]
    prune(graph)


def set_input(graph: onnx.GraphProto, old: str, new: str, shape: list[int | str]) -> None:
    """Rename the graph's picture input and give it another shape."""
    for node in graph.node:
        for at, name in enumerate(node.input):
            if name == old:
                node.input[at] = new
    _replace(graph.input, [helper.make_tensor_value_info(new, TensorProto.FLOAT, shape)])
