"""Every layout of outputs written the other way round: boxes into the numbers that a network would give for them.

Boxes are (left, top, right, bottom) in the input's pixels. One cell or guess each; everything else sees nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Array = NDArray[Any]
SizePx = tuple[int, int]
FAR_FROM_ZERO = 30.0
GUESSES = 20


@dataclass(frozen=True)
class Seen:
    """One thing that the network is to see."""

    xyxy_px: tuple[float, float, float, float]
    score: float = 0.75
    label: int = 0


Encoder = Callable[[Sequence[Seen], int, SizePx], dict[str, Array]]


def cells_of(size_px: SizePx, strides: Sequence[int] = (8, 16, 32)) -> int:
    return sum((size_px[0] // stride) * (size_px[1] // stride) for stride in strides)


def centre_size(box: Sequence[float]) -> tuple[float, float, float, float]:
    left, top, right, bottom = box
    return (left + right) / 2, (top + bottom) / 2, right - left, bottom - top


def logit(share: float) -> float:
    return float(np.log(share / (1 - share)))


def yolo(seen: Sequence[Seen], labels: int, size_px: SizePx) -> dict[str, Array]:
    output = np.zeros((1, 4 + labels, cells_of(size_px)), np.float32)
    for cell, thing in enumerate(seen):
        output[0, :4, cell] = centre_size(thing.xyxy_px)
        output[0, 4 + thing.label, cell] = thing.score
    return {"output0": output}


def yolo_end_to_end(seen: Sequence[Seen], labels: int, size_px: SizePx) -> dict[str, Array]:
    output = np.zeros((1, GUESSES, 6), np.float32)
    for row, thing in enumerate(seen):
        output[0, row] = (*thing.xyxy_px, thing.score, thing.label)
    return {"output0": output}


def rtdetr(seen: Sequence[Seen], labels: int, size_px: SizePx) -> dict[str, Array]:
    output = np.zeros((1, GUESSES, 6), np.float32)
    for row, thing in enumerate(seen):
        output[0, row] = (*np.array(centre_size(thing.xyxy_px)) / (size_px * 2), thing.score, thing.label)
    return {"output0": output}


def rtdetr_scores(seen: Sequence[Seen], labels: int, size_px: SizePx) -> dict[str, Array]:
    output = np.zeros((1, GUESSES, 4 + labels), np.float32)
    for row, thing in enumerate(seen):
        output[0, row, :4] = np.array(centre_size(thing.xyxy_px)) / (size_px * 2)
        output[0, row, 4 + thing.label] = thing.score
    return {"output0": output}


def detr(seen: Sequence[Seen], labels: int, size_px: SizePx) -> dict[str, Array]:
    boxes, scores = np.zeros((1, GUESSES, 4), np.float32), np.zeros((1, GUESSES), np.float32)
    kinds = np.zeros((1, GUESSES), np.int64)
    for row, thing in enumerate(seen):
        boxes[0, row], scores[0, row], kinds[0, row] = thing.xyxy_px, thing.score, thing.label
    return {"labels": kinds, "boxes": boxes, "scores": scores}


def yolox(seen: Sequence[Seen], labels: int, size_px: SizePx) -> dict[str, Array]:
    """Boxes go to the stride by their size, and there to the cell in which their middle lies."""
    output = np.zeros((1, cells_of(size_px), 5 + labels), np.float32)
    for thing in seen:
        x, y, width, height = centre_size(thing.xyxy_px)
        at = stride_at = 0
        for stride in (8, 16, 32):
            stride_at = stride
            if max(width, height) <= 8 * stride or stride == 32:
                break
            at += (size_px[0] // stride) * (size_px[1] // stride)
        column, row = int(x // stride_at), int(y // stride_at)
        cell = at + row * (size_px[0] // stride_at) + column
        sides = np.log(np.array([width, height]) / stride_at)
        output[0, cell, :5] = (x / stride_at - column, y / stride_at - row, *sides, 0.9)
        output[0, cell, 5 + thing.label] = thing.score / 0.9
    return {"output": output}


def nanodet(seen: Sequence[Seen], labels: int, size_px: SizePx) -> dict[str, Array]:
    """Distances that are no whole number of strides are shared between two bins."""
    outputs: dict[str, Array] = {}
    for stride in (8, 16, 32):
        cells = (size_px[1] // stride, size_px[0] // stride)
        outputs[f"classes_{stride}"] = np.full((1, labels, *cells), -FAR_FROM_ZERO, np.float32)
        outputs[f"distances_{stride}"] = np.full((1, 44, *cells), -FAR_FROM_ZERO, np.float32)
    for thing in seen:
        x, y, width, height = centre_size(thing.xyxy_px)
        stride = next(s for s in (8, 16, 32) if max(width, height) <= 16 * s)
        row = min(int(y // stride), size_px[1] // stride - 1)
        column = min(int(x // stride), size_px[0] // stride - 1)
        middle = np.array([(column + 0.5) * stride, (row + 0.5) * stride])
        reach = np.concatenate([middle - thing.xyxy_px[:2], thing.xyxy_px[2:] - middle]) / stride
        outputs[f"classes_{stride}"][0, thing.label, row, column] = logit(thing.score)
        for side, strides in enumerate(reach):
            lower = int(np.clip(strides, 0, 9))
            share = strides - lower
            for bin_, part in ((lower, 1 - share), (lower + 1, share)):
                outputs[f"distances_{stride}"][0, side * 11 + bin_, row, column] = np.log(max(part, 1e-12))
    return outputs


def centerface(seen: Sequence[Seen], labels: int, size_px: SizePx) -> dict[str, Array]:
    cells = (size_px[1] // 4, size_px[0] // 4)
    heat, size, offset = (np.zeros((1, depth, *cells), np.float32) for depth in (1, 2, 2))
    for thing in seen:
        x, y, width, height = centre_size(thing.xyxy_px)
        row, column = min(int(y // 4), cells[0] - 1), min(int(x // 4), cells[1] - 1)
        heat[0, 0, row, column] = thing.score
        size[0, :, row, column] = np.log([height / 4, width / 4])
        offset[0, :, row, column] = (y / 4 - row - 0.5, x / 4 - column - 0.5)
    return {"heat": heat, "size": size, "offset": offset}


ENCODERS: Mapping[str, Encoder] = {
    "nanodet": nanodet,
    "centerface": centerface,
    "yolo": yolo,
    "yolo-end-to-end": yolo_end_to_end,
    "yolox": yolox,
    "rtdetr": rtdetr,
    "rtdetr-scores": rtdetr_scores,
    "detr": detr,
}


def network_that_says(outputs: Mapping[str, Array], input_size_px: SizePx, *, sizes_input: bool = False) -> bytes:
    """An ONNX file whose outputs are these for every picture; they are computed from it, times nothing."""
    pictures = helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, input_size_px[1], input_size_px[0]])
    inputs = [pictures]
    nodes = [
        helper.make_node("ReduceMax", ["images"], ["brightest"], keepdims=0),
        helper.make_node("Mul", ["brightest", "nought"], ["nothing"]),
    ]
    constants = [numpy_helper.from_array(np.zeros((), np.float32), "nought")]
    if sizes_input:
        inputs.append(helper.make_tensor_value_info("orig_target_sizes", TensorProto.INT64, ["N", 2]))
        constants.append(numpy_helper.from_array(np.array(input_size_px, np.float32), "side"))
        nodes += _box_scale()
    given = []
    for name, array in outputs.items():
        constants.append(numpy_helper.from_array(array, f"{name}.said"))
        kind = TensorProto.INT64 if array.dtype == np.int64 else TensorProto.FLOAT
        added = "nothing"
        if kind == TensorProto.INT64:
            nodes.append(helper.make_node("Cast", ["nothing"], [added := f"{name}.nothing"], to=kind))
        factor = "scale" if sizes_input and name == "boxes" else None
        said = f"{name}.said"
        if factor:
            nodes.append(helper.make_node("Mul", [said, factor], [said := f"{name}.scaled"]))
        nodes.append(helper.make_node("Add", [said, added], [name]))
        given.append(helper.make_tensor_value_info(name, kind, array.shape))
    graph = helper.make_graph(nodes, "says", inputs, given, constants)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    contents: bytes = made.SerializeToString()
    return contents


def _box_scale() -> list[Any]:
    """The boxes times ``orig_target_sizes`` over the input's own size: 1 where both agree."""
    return [
        helper.make_node("Cast", ["orig_target_sizes"], ["asked"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["asked", "side"], ["share"]),
        helper.make_node("Concat", ["share", "share"], ["scale"], axis=1),
    ]
