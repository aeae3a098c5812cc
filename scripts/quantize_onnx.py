"""Static int8 quantization of a convolutional network, and the frames it is calibrated on.

Writes QDQ form, weights per channel, activations unsigned, range by minimum and maximum over the frames. The
frames are read and never stored: only the ranges of each layer come out of them.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static

Feeds = Mapping[str, NDArray[Any]]
PICTURES = (".jpg", ".jpeg", ".png")
MIN_SIDE_PX = 200


class _Frames(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime ships no types
    def __init__(self, feeds: Sequence[Feeds]) -> None:
        self._feeds: Iterator[Feeds] = iter(feeds)

    def get_next(self) -> Feeds | None:
        return next(self._feeds, None)


def read_frames(sources: Sequence[Path], *, count: int) -> list[NDArray[np.uint8]]:
    """At most ``count`` pictures of each source, evenly spread; a source is a folder of pictures or a video. BGR.

    Raises:
        ValueError: a source holds nothing that can be read.
    """
    frames: list[NDArray[np.uint8]] = []
    for source in sources:
        found = _folder_pictures(source, count) if source.is_dir() else _video_frames(source, count)
        if not found:
            raise ValueError(f"{source}: no picture that can be read")
        frames += found
    return frames


def _folder_pictures(folder: Path, count: int) -> list[NDArray[Any]]:
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in PICTURES)
    pictures = [cv2.imread(str(path)) for path in paths]
    usable = [picture for picture in pictures if picture is not None and min(picture.shape[:2]) >= MIN_SIDE_PX]
    return usable[:: math.ceil(len(usable) / count)] if usable else []


def _video_frames(path: Path, count: int) -> list[NDArray[Any]]:
    video = cv2.VideoCapture(str(path))
    step = math.ceil(max(1.0, video.get(cv2.CAP_PROP_FRAME_COUNT)) / count)
    frames: list[NDArray[Any] | None] = []
    while video.grab():
        frames.append(video.retrieve()[1] if len(frames) % step == 0 else None)
    video.release()
    return [frame for frame in frames if frame is not None]


def quantize(model: onnx.ModelProto, feeds: Sequence[Feeds], *, keep_float: tuple[str, ...] = ()) -> onnx.ModelProto:
    """The model with int8 weights and activations, but for the nodes whose output begins with one of ``keep_float``."""
    with TemporaryDirectory() as folder:
        before, after = Path(folder, "float.onnx"), Path(folder, "int8.onnx")
        save_float(model, before)
        kept = [node.name for node in model.graph.node if node.output[0].startswith(keep_float)]
        quantize_file(before, after, feeds, nodes_to_exclude=kept)
        return onnx.load(after)


def save_float(model: onnx.ModelProto, path: Path) -> None:
    """Write a network as `quantize_file` wants it: every node gets a name, every tensor its shape."""
    for number, node in enumerate(model.graph.node):
        node.name = node.name or f"{node.op_type}_{number}"
    onnx.save(onnx.shape_inference.infer_shapes(model), path)


def quantize_file(before: Path, after: Path, feeds: Sequence[Feeds], **which: Any) -> None:
    """Write the int8 form of a network; the one place where its options are chosen.

    Weights use seven of the eight bits: without VNNI an x86 processor adds pairs of products in 16 bits, which
    eight bits overflow silently. On 106 frames the seventh bit cost NanoDet nothing that could be measured.

    Args:
        before: float weights, by `save_float`.
        after: written.
        feeds: calibrate the ranges.
        which: the library's own choice of nodes (``nodes_to_exclude``, ``nodes_to_quantize``), and where it keeps
            ranges between calls (``calibration_cache_path``).
    """
    quantize_static(
        before,
        after,
        _Frames(feeds),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        reduce_range=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        calibrate_method=CalibrationMethod.MinMax,
        **which,
    )
