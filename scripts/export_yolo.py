r"""Makes weights for `backroom models add` from an Ultralytics checkpoint: YOLOv8, YOLO11, YOLO26 or RT-DETR.

    pip install 'backroom[export]'
    python -m scripts.export_yolo shop.pt --name shop-persons --frames /path/to/pictures --out weights

Exports ONNX without suppression, simplifies it, compares it with PyTorch, quantizes all but the head, and compares
what both find in the frames (a folder of pictures or a video of the shop; they calibrate and are not kept). It
refuses to write what does not agree. The checkpoint is opened by PyTorch, which runs code that it finds in it: give
it only your own. The appliance itself never opens one.
"""

import argparse
import json
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from models.errors import ModelsError
from models.manifest import ActiveArtefact, Manifest, PictureInput, Task
from scripts.default_weights import SourceWeightsError, write_weights
from scripts.quantize_onnx import Feeds, quantize, read_frames
from vision.box_network import BoxNetwork
from vision.decoders import DECODERS
from vision.detections import Detections, iou
from vision.picture_input import InputMaker

LICENCE = "AGPL-3.0-only"
WARNING = (
    "Ultralytics claims AGPL-3.0 for weights trained with its program, unless you have its commercial licence.\n"
    "Whoever ships such weights in a product has to know what that asks of them; --licence says what the manifest says."
)
OPSET = 17
THRESHOLD = 0.25
LARGEST_DIFFERENCE = 1e-2
"""Of scores, and of boxes in shares of the input's side: rounding stays far under it."""
LEAST_FOUND_AGAIN = 0.9
MAX_BYTES = 1 << 30
Picture = NDArray[np.uint8]
Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Agreement:
    """What float and int8 weights find in the same frames."""

    frames: int
    before: int
    after: int
    found_again: float
    """Share of the boxes before that have one after, of the same label and with an overlap of a half."""


# -- rules


def picture_of(decoder: str, side_px: int) -> PictureInput:
    """How Ultralytics feeds its networks."""
    return PictureInput(
        colour="RGB",
        height=side_px,
        width=side_px,
        multiple_of=32,
        std=(255.0, 255.0, 255.0),
        fit="stretch" if decoder == "rtdetr" else "letterbox-centred",
        fill=114,
    )


def head_of(model: onnx.ModelProto) -> str:
    """Where the names of the head's nodes begin, as ``/model.23/``: the last of the network's numbered layers.

    One scale for boxes in pixels and scores under 1 leaves no scores at all, so the head stays in float.

    Raises:
        SourceWeightsError: the layers carry no numbers.
    """
    layers = [int(found[1]) for node in model.graph.node if (found := re.match(r"/model\.(\d+)/", node.name))]
    if not layers:
        raise SourceWeightsError("the nodes are not called /model.N/...: this is no network that Ultralytics exported")
    return f"/model.{max(layers)}/"


def difference(decoder: str, side_px: int, torch_output: Array, onnx_output: Array) -> float:
    """Largest difference of scores, and of boxes in shares of the side; RT-DETR's rows come in the order of scores."""
    if torch_output.shape != onnx_output.shape:
        raise SourceWeightsError(f"PyTorch gives {torch_output.shape}, the exported network {onnx_output.shape}")
    apart = np.abs(torch_output.astype(np.float64) - onnx_output)
    if decoder == "rtdetr":
        return float(apart[..., 4].max())
    return float(max(apart[:, :4].max() / side_px, apart[:, 4:].max()))


def agreement(before: Sequence[Detections], after: Sequence[Detections]) -> Agreement:
    """How much of what was found before is found again, frame by frame."""
    again = 0
    for old, new in zip(before, after, strict=True):
        same = (iou(old.xyxy_px, new.xyxy_px) >= 0.5) & (old.label[:, None] == new.label[None, :])
        again += int(same.any(axis=1).sum())
    there = sum(map(len, before))
    return Agreement(len(before), there, sum(map(len, after)), again / there if there else 1.0)


def read_labels(path: Path) -> tuple[str, ...]:
    """One label a line, in the order of the classes."""
    return tuple(line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip())


# -- work


def export(checkpoint: Path, side_px: int) -> tuple[onnx.ModelProto, str, tuple[str, ...], Any]:
    """The simplified ONNX form, its decoder, its labels, and the PyTorch network that gives the same numbers."""
    os.environ["YOLO_AUTOINSTALL"] = "false"
    from ultralytics import RTDETR, YOLO

    is_rtdetr = checkpoint.name.startswith("rtdetr")
    with TemporaryDirectory() as folder:
        # The export lands beside the checkpoint's name; nothing of the caller's folder is to be overwritten.
        before = Path.cwd()
        loaded = (RTDETR if is_rtdetr else YOLO)(str(checkpoint if checkpoint.exists() else checkpoint.name))
        os.chdir(folder)
        try:
            loaded.ckpt_path = None
            loaded.model.pt_path = str(Path(folder, "exported.pt"))
            made = loaded.export(format="onnx", imgsz=side_px, opset=OPSET, simplify=True, batch=1, device="cpu")
            model = onnx.load(str(Path(folder, made)))
        finally:
            os.chdir(before)
    network = loaded.model.float().eval()
    if hasattr(network, "end2end"):
        network.end2end = False
    names = loaded.names
    return model, "rtdetr" if is_rtdetr else "yolo", tuple(names[number] for number in sorted(names)), network


def torch_output(network: Any, planes: Array) -> Array:
    """What PyTorch computes for one input."""
    import torch

    with torch.inference_mode():
        given = network(torch.from_numpy(planes))
    return np.asarray((given[0] if isinstance(given, list | tuple) else given).numpy())


def calibration(model: onnx.ModelProto, picture: PictureInput, frames: Sequence[Picture]) -> list[Feeds]:
    """Each frame as the appliance feeds it."""
    maker = InputMaker(picture, side_px=DECODERS["yolo"].SIDE_PX)
    name = model.graph.input[0].name
    return [{name: maker.make(frame, maker.plan((frame.shape[1], frame.shape[0])))} for frame in frames]


def check_same(model: onnx.ModelProto, network: Any, decoder: str, feeds: Sequence[Feeds]) -> float:
    """Compare the exported network with PyTorch on some inputs.

    Raises:
        SourceWeightsError: they differ by more than rounding.
    """
    import onnxruntime

    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    worst = 0.0
    for feed in feeds:
        (planes,) = feed.values()
        worst = max(
            worst, difference(decoder, planes.shape[2], torch_output(network, planes), session.run(None, feed)[0])
        )
    if worst > LARGEST_DIFFERENCE:
        raise SourceWeightsError(f"the exported network differs from PyTorch by {worst:.1e}")
    return worst


def detections(folder: Path, manifest: Manifest, frames: Sequence[Picture]) -> list[Detections]:
    """What written weights find, read as the appliance reads them."""
    with BoxNetwork.open(ActiveArtefact(folder / f"{manifest.name}.onnx", manifest)) as network:
        every = tuple(range(len(manifest.labels)))
        return [network.find(frame, threshold=THRESHOLD, classes=every) for frame in frames]


def run(given: argparse.Namespace) -> dict[str, Any]:
    """Export, compare, quantize, compare, write; what was measured."""
    frames = read_frames(given.frames, count=given.count)
    model, decoder, names, network = export(given.checkpoint, given.side)
    picture = picture_of(decoder, given.side)
    feeds = calibration(model, picture, frames)
    apart = check_same(model, network, decoder, feeds[:4])
    about: dict[str, Any] = {
        "version": given.version,
        "task": Task(given.task),
        "licence": given.licence,
        "picture": picture,
        "labels": read_labels(given.labels) if given.labels else names,
        "decoder": decoder,
        "max_bytes": MAX_BYTES,
    }
    origin = f"{given.checkpoint.name}, exported by scripts/export_yolo.py"
    with TemporaryDirectory() as scratch:
        whole = write_weights(model, Path(scratch), name=given.name, origin=origin, **about)
        before = detections(Path(scratch), whole, frames)
        head = head_of(model)
        kept = (head, *(output.name for output in model.graph.output))
        small_model = quantize(model, feeds, keep_float=kept)
        quantized = f"{origin}, int8 but for {head}, ranges from {len(frames)} pictures"
        small = write_weights(small_model, Path(scratch), name=given.name, origin=quantized, **about)
        found = agreement(before, detections(Path(scratch), small, frames))
    if found.found_again < LEAST_FOUND_AGAIN:
        raise SourceWeightsError(
            f"int8 finds only {found.found_again:.2f} of the {found.before} boxes again, at least {LEAST_FOUND_AGAIN} "
            "is wanted; give more frames, of the cameras that will be used"
        )
    manifest = write_weights(small_model, given.out, name=given.name, origin=quantized, **about)
    return {
        "name": manifest.name,
        "decoder": decoder,
        "labels": len(manifest.labels),
        "difference": apart,
        "bytes_before": whole.size_bytes,
        "bytes": manifest.size_bytes,
        **asdict(found),
    }


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("checkpoint", type=Path, help="a .pt, or a .yaml for untrained weights")
    made.add_argument("--name", required=True, help="of the artefact, as my-shop-persons")
    made.add_argument("--version", default="1.0.0")
    made.add_argument("--task", default=Task.PERSONS.value, choices=[Task.PERSONS.value, Task.FACES.value])
    made.add_argument("--labels", type=Path, help="a file with one label a line, in place of the checkpoint's")
    made.add_argument("--side", type=int, default=640, help="pixels of the square input, a multiple of 32")
    made.add_argument("--frames", type=Path, required=True, action="append", help="a folder of pictures or a video")
    made.add_argument("--count", type=int, default=40, help="frames of each source")
    made.add_argument("--licence", default=LICENCE, help="SPDX expression of the weights")
    made.add_argument("--out", type=Path, required=True)
    made.add_argument("--json", action="store_true", help="print the figures as one JSON object")
    return made


def main() -> None:
    """Do it, and say what was measured and what to do next."""
    given = parser().parse_args()
    print(WARNING, file=sys.stderr)
    try:
        told = run(given)
    except (ModelsError, SourceWeightsError, ValueError) as wrong:
        sys.exit(f"nothing written: {wrong}")
    if given.json:
        print(json.dumps(told))
        return
    print(f"exported; largest difference from PyTorch {told['difference']:.1e}")
    print(f"int8: {told['bytes_before']} -> {told['bytes']} bytes; in {told['frames']} frames {told['before']} boxes")
    print(f"before, {told['after']} after, {told['found_again']:.3f} of those before found again")
    if not told["before"]:
        print("Nothing was found before either, so this says nothing: give frames that show what the weights know.")
    weights = given.out / given.name
    print(f"Next: backroom models add {weights}.onnx {weights}.json && backroom models activate {given.name}")


if __name__ == "__main__":
    main()
