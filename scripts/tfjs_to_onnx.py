"""Turns a TensorFlow.js graph model (JSON and binary weights) into ONNX, with numpy and onnx alone.

Knows the operators that a convolutional detector needs and refuses every other by name. Transposes are not
written down but carried along: a value is an ONNX name plus the order of its axes, so that a graph which was
exported from NCHW and is full of NHWC detours comes back as NCHW without them.

    logical axis (TensorFlow)   0  1  2  3          A value in NHWC that is stored as NCHW has
    stored axis (ONNX)          0  2  3  1          axes = (0, 2, 3, 1).
"""

import base64
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
IR_VERSION = 8
NHWC_STORED_AS_NCHW = (0, 2, 3, 1)

Array = NDArray[Any]
Json = Mapping[str, Any]


class ConversionError(Exception):
    """The graph model is damaged or holds something this converter does not know."""


@dataclass(frozen=True, slots=True)
class Value:
    """An ONNX tensor and where each logical axis lies in it."""

    name: str
    axes: tuple[int, ...]

    @property
    def is_plain(self) -> bool:
        return self.axes == tuple(range(len(self.axes)))


@dataclass(frozen=True, slots=True)
class GraphModel:
    """A TensorFlow.js graph model as read: nodes in order of execution, constants, inputs and outputs."""

    nodes: tuple[Json, ...]
    constants: Mapping[str, Array]
    outputs: Mapping[str, tuple[int, ...]]


def read_graph_model(path: Path) -> GraphModel:
    """Read ``model.json`` and the weight files it names beside itself.

    Raises:
        ConversionError: a part is missing, or the weight files are longer or shorter than the graph says.
    """
    try:
        graph = json.loads(path.read_bytes())
        constants = _constants(path.parent, graph["weightsManifest"])
        outputs = {
            _tensor(output["name"]): tuple(int(dim["size"]) for dim in output["tensorShape"]["dim"])
            for output in graph["signature"]["outputs"].values()
        }
        return GraphModel(tuple(graph["modelTopology"]["node"]), constants, outputs)
    except (OSError, ValueError, KeyError) as wrong:
        raise ConversionError(f"{path.name} is no graph model: {wrong}") from wrong


def _constants(folder: Path, groups: Iterable[Json]) -> dict[str, Array]:
    constants: dict[str, Array] = {}
    for group in groups:
        blob = b"".join((folder / name).read_bytes() for name in group["paths"])
        offset = 0
        for entry in group["weights"]:
            constants[entry["name"]], offset = _constant(entry, blob, offset)
        if offset != len(blob):
            raise ConversionError(f"weights end at byte {offset}, their files at {len(blob)}")
    return constants


def _constant(entry: Json, blob: bytes, offset: int) -> tuple[Array, int]:
    """One constant and where the next begins. Stored as float16 or as scaled integers where so marked."""
    quantization = entry.get("quantization")
    stored = np.dtype(quantization["dtype"] if quantization else entry["dtype"])
    count = int(np.prod(entry["shape"], dtype=np.int64))
    values: Array = np.frombuffer(blob, stored, count, offset)
    if quantization and stored.kind == "u":
        values = values.astype(np.float32) * quantization["scale"] + quantization["min"]
    return values.astype(entry["dtype"]).reshape(entry["shape"]), offset + count * stored.itemsize


def attribute(node: Json, name: str, default: Any = None) -> Any:
    """One attribute of a node as a plain Python value."""
    holder = node.get("attr", {}).get(name)
    if not holder:
        return default
    kind, value = next(iter(holder.items()))
    match kind:
        case "i":
            return int(value)
        case "f":
            return float(value)
        case "b":
            return bool(value)
        case "s":
            return base64.b64decode(value).decode()
        case "list":
            return [int(item) for item in value.get("i", [])]
        case _:
            return value


def _tensor(reference: str) -> str:
    return reference.removesuffix(":0")


@dataclass(slots=True)
class _Writer:
    """Collects ONNX nodes and initializers under fresh names."""

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    initializers: list[onnx.TensorProto] = field(default_factory=list)
    _names: int = 0

    def fresh(self, stem: str) -> str:
        self._names += 1
        return f"{stem}_{self._names}"

    def constant(self, values: Array) -> str:
        name = self.fresh("constant")
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def node(self, op: str, inputs: Sequence[str], **attributes: Any) -> str:
        return self.nodes_out(op, inputs, 1, **attributes)[0]

    def nodes_out(self, op: str, inputs: Sequence[str], count: int, **attributes: Any) -> list[str]:
        outputs = [self.fresh(op.lower()) for _ in range(count)]
        self.nodes.append(helper.make_node(op, inputs, outputs, **attributes))
        return outputs


@dataclass(frozen=True, slots=True)
class _Call:
    """One node and the references it reads."""

    node: Json
    inputs: list[str]


class _Converter:
    """Walks the graph once; each operator has one method, found in ``_handlers``."""

    def __init__(self, model: GraphModel) -> None:
        self._constants = dict(model.constants)
        self._values: dict[str, Value] = {}
        self._writer = _Writer()
        self._inputs: list[onnx.ValueInfoProto] = []
        self._model = model
        self._handlers: Mapping[str, Callable[[_Call], Value]] = {
            "Add": self._elementwise,
            "AddV2": self._elementwise,
            "ConcatV2": self._concat,
            "Conv2D": self._convolution,
            "DepthwiseConv2dNative": self._convolution,
            "Identity": self._identity,
            "LeakyRelu": self._leaky_relu,
            "MaxPool": self._max_pool,
            "Mul": self._elementwise,
            "Pad": self._pad,
            "PadV2": self._pad,
            "Reshape": self._reshape,
            "ResizeBilinear": self._resize,
            "Sigmoid": self._sigmoid,
            "SplitV": self._split,
            "Transpose": self._transpose,
        }

    def convert(self) -> onnx.ModelProto:
        for node in self._model.nodes:
            self._convert_node(node)
        return self._assemble()

    def _convert_node(self, node: Json) -> None:
        op, name = node["op"], node["name"]
        inputs = [_tensor(reference) for reference in node.get("input", []) if not reference.startswith("^")]
        if op == "Const":
            return
        if op == "Placeholder":
            self._placeholder(node)
        elif all(reference in self._constants for reference in inputs):
            self._constants[name] = _fold(node, [self._constants[reference] for reference in inputs])
        elif op in self._handlers:
            self._values[name] = self._handlers[op](_Call(node, inputs))
        else:
            raise ConversionError(f"{name}: operator {op} is not known here")

    def _placeholder(self, node: Json) -> None:
        shape = [int(dim["size"]) for dim in attribute(node, "shape")["dim"]]
        self._inputs.append(helper.make_tensor_value_info(node["name"], TensorProto.FLOAT, shape))
        self._values[node["name"]] = Value(node["name"], tuple(range(len(shape))))

    def _stored(self, reference: str, axes: tuple[int, ...]) -> str:
        """The tensor's name once it is stored with these axes; a Transpose is written where it is not yet."""
        value = self._values[reference]
        if value.axes == axes:
            return value.name
        order = [0] * len(axes)
        for have, want in zip(value.axes, axes, strict=True):
            order[want] = have
        return self._writer.node("Transpose", [value.name], perm=order)

    def _identity(self, call: _Call) -> Value:
        return self._values[call.inputs[0]]

    def _transpose(self, call: _Call) -> Value:
        value = self._values[call.inputs[0]]
        return Value(value.name, tuple(value.axes[int(axis)] for axis in self._constants[call.inputs[1]]))

    def _leaky_relu(self, call: _Call) -> Value:
        value = self._values[call.inputs[0]]
        return Value(self._writer.node("LeakyRelu", [value.name], alpha=attribute(call.node, "alpha", 0.2)), value.axes)

    def _sigmoid(self, call: _Call) -> Value:
        value = self._values[call.inputs[0]]
        return Value(self._writer.node("Sigmoid", [value.name]), value.axes)

    def _pad(self, call: _Call) -> Value:
        value = self._values[call.inputs[0]]
        logical = self._constants[call.inputs[1]]
        stored = np.zeros_like(logical)
        stored[list(value.axes)] = logical
        fill = self._constants[call.inputs[2]] if call.node["op"] == "PadV2" else 0.0
        pads = self._writer.constant(stored.T.ravel().astype(np.int64))
        filled = self._writer.constant(np.asarray(fill, np.float32))
        return Value(self._writer.node("Pad", [value.name, pads, filled]), value.axes)

    def _convolution(self, call: _Call) -> Value:
        kernel = self._constants[call.inputs[1]]
        height, width, channels_in, channels_out = kernel.shape
        is_depthwise = call.node["op"] == "DepthwiseConv2dNative"
        if is_depthwise:
            kernel = kernel.transpose(2, 3, 0, 1).reshape(channels_in * channels_out, 1, height, width)
        else:
            kernel = kernel.transpose(3, 2, 0, 1)
        name = self._writer.node(
            "Conv",
            [self._stored(call.inputs[0], NHWC_STORED_AS_NCHW), self._writer.constant(kernel)],
            kernel_shape=[height, width],
            strides=attribute(call.node, "strides")[1:3],
            dilations=(attribute(call.node, "dilations") or [1, 1, 1, 1])[1:3],
            group=channels_in if is_depthwise else 1,
            **_padding(call.node),
        )
        return Value(name, NHWC_STORED_AS_NCHW)

    def _max_pool(self, call: _Call) -> Value:
        name = self._writer.node(
            "MaxPool",
            [self._stored(call.inputs[0], NHWC_STORED_AS_NCHW)],
            kernel_shape=attribute(call.node, "ksize")[1:3],
            strides=attribute(call.node, "strides")[1:3],
            **_padding(call.node),
        )
        return Value(name, NHWC_STORED_AS_NCHW)

    def _elementwise(self, call: _Call) -> Value:
        op = "Mul" if call.node["op"] == "Mul" else "Add"
        first, second = call.inputs if call.inputs[0] in self._values else call.inputs[::-1]
        value = self._values[first]
        if second in self._values:
            return Value(self._writer.node(op, [value.name, self._stored(second, value.axes)]), value.axes)
        operand = self._constants[second]
        operand = operand.reshape((1,) * (len(value.axes) - operand.ndim) + operand.shape)
        operand = operand.transpose([value.axes.index(axis) for axis in range(len(value.axes))])
        return Value(self._writer.node(op, [value.name, self._writer.constant(operand)]), value.axes)

    def _concat(self, call: _Call) -> Value:
        axes = self._values[call.inputs[0]].axes
        axis = axes[int(self._constants[call.inputs[-1]]) % len(axes)]
        names = [self._stored(reference, axes) for reference in call.inputs[:-1]]
        return Value(self._writer.node("Concat", names, axis=axis), axes)

    def _split(self, call: _Call) -> Value:
        value = self._values[call.inputs[0]]
        sizes = self._constants[call.inputs[1]].astype(np.int64)
        axis = value.axes[int(self._constants[call.inputs[2]]) % len(value.axes)]
        names = self._writer.nodes_out("Split", [value.name, self._writer.constant(sizes)], len(sizes), axis=axis)
        for number, name in enumerate(names):
            self._values[f"{call.node['name']}:{number}"] = Value(name, value.axes)
        return Value(names[0], value.axes)

    def _resize(self, call: _Call) -> Value:
        mode = {(True, False): "half_pixel", (False, True): "align_corners", (False, False): "asymmetric"}
        corners = mode[attribute(call.node, "half_pixel_centers", False), attribute(call.node, "align_corners", False)]
        picture = self._stored(call.inputs[0], NHWC_STORED_AS_NCHW)
        kept = self._writer.node(
            "Slice",
            [
                self._writer.node("Shape", [picture]),
                self._writer.constant(np.array([0], np.int64)),
                self._writer.constant(np.array([2], np.int64)),
            ],
        )
        side = self._writer.constant(self._constants[call.inputs[1]].astype(np.int64))
        sizes = self._writer.node("Concat", [kept, side], axis=0)
        name = self._writer.node(
            "Resize", [picture, "", "", sizes], mode="linear", coordinate_transformation_mode=corners
        )
        return Value(name, NHWC_STORED_AS_NCHW)

    def _reshape(self, call: _Call) -> Value:
        shape = self._constants[call.inputs[1]].astype(np.int64)
        plain = self._stored(call.inputs[0], tuple(range(len(self._values[call.inputs[0]].axes))))
        return Value(self._writer.node("Reshape", [plain, self._writer.constant(shape)]), tuple(range(len(shape))))

    def _assemble(self) -> onnx.ModelProto:
        outputs = []
        for name, shape in sorted(self._model.outputs.items()):
            plain = self._stored(name, tuple(range(len(shape))))
            self._writer.nodes.append(helper.make_node("Identity", [plain], [name]))
            outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        graph = helper.make_graph(self._writer.nodes, "main", self._inputs, outputs, self._writer.initializers)
        opsets = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="backroom")
        onnx.checker.check_model(model, full_check=True)
        return model


def _padding(node: Json) -> dict[str, Any]:
    match attribute(node, "padding"):
        case "SAME":
            return {"auto_pad": "SAME_UPPER"}
        case "VALID":
            return {}
        case other:
            raise ConversionError(f"{node['name']}: padding {other} is not known here")


def _fold(node: Json, inputs: list[Array]) -> Array:
    """The value of a node whose inputs are all constants: shapes that TensorFlow computes at run time."""
    match node["op"]:
        case "Add" | "AddV2":
            return np.asarray(inputs[0] + inputs[1])
        case "Mul":
            return np.asarray(inputs[0] * inputs[1])
        case "Identity":
            return inputs[0]
        case "SparseToDense":
            return _sparse_to_dense(*inputs)
        case op:
            raise ConversionError(f"{node['name']}: operator {op} on constants is not known here")


def _sparse_to_dense(indices: Array, shape: Array, values: Array, default: Array) -> Array:
    dense = np.full([int(side) for side in shape.ravel()], default, default.dtype)
    places = indices.reshape(-1, dense.ndim)
    for place, value in zip(places, np.broadcast_to(values.ravel(), (len(places),)), strict=True):
        dense[tuple(place)] = value
    return dense


def convert(model: GraphModel) -> onnx.ModelProto:
    """The graph model as a checked ONNX model; inputs and outputs keep their names and shapes.

    Raises:
        ConversionError: an operator, a padding or a constant expression is not known.
    """
    try:
        return _Converter(model).convert()
    except onnx.checker.ValidationError as wrong:
        raise ConversionError(f"the converted graph is not valid: {wrong}") from wrong
