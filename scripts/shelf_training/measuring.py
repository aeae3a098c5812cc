"""What a product network reaches on a folder of photographs, and how long it takes.

The folder holds `images/` and `boxes.json`: by file name, `kind` and `boxes_xyxy_px`. Photographs are measured with
and never learnt from; nothing of them is kept.
"""

import json
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from scripts.shelf_training.feeding import INPUT, find
from scripts.shelf_training.matching import Score, score
from vision.detections import Detections
from vision.outputs import Outputs
from vision.products import side_for_packs

SIDES_PX = (320, 416, 640)
_WARM_UP = 3


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """A photograph with its true boxes, in its own pixels."""

    name: str
    kind: str
    picture: NDArray[np.uint8]
    boxes: NDArray[np.float32]

    @property
    def side_px(self) -> int:
        """Long side at the input, as the appliance chooses it from how wide the usual pack is."""
        usual = float(np.median(self.boxes[:, 2] - self.boxes[:, 0]))
        return side_for_packs((self.picture.shape[1], self.picture.shape[0]), pack_width_px=usual)


def read_photos(folder: Path) -> list[Photo]:
    """All photographs of the folder, by name.

    Raises:
        ValueError: one that is listed cannot be read.
    """
    photos = []
    for name, entry in sorted(json.loads((folder / "boxes.json").read_text()).items()):
        picture = cv2.imread(str(folder / "images" / name))
        if picture is None:
            raise ValueError(f"{folder / 'images' / name}: cannot be read as a picture")
        boxes = np.array(entry["boxes_xyxy_px"], np.float32).reshape(-1, 4)
        photos.append(Photo(name, entry["kind"], np.asarray(picture, np.uint8), boxes))
    return photos


class Runtime:
    """A network in ONNX Runtime with so many threads."""

    def __init__(self, model: onnx.ModelProto | Path, *, threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        content = model.read_bytes() if isinstance(model, Path) else model.SerializeToString()
        self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        self._names = [output.name for output in self._session.get_outputs()]

    def run(self, pictures: NDArray[np.float32]) -> Outputs:
        """Every output by its name."""
        return dict(zip(self._names, self._session.run(self._names, {INPUT: pictures}), strict=True))

    def milliseconds(self, side_px: int, *, runs: int = 30) -> float:
        """Median time of one square picture."""
        picture = np.random.default_rng(0).normal(size=(1, 3, side_px, side_px)).astype(np.float32)
        times = []
        for _ in range(_WARM_UP + runs):
            began = time.perf_counter()
            self.run(picture)
            times.append(time.perf_counter() - began)
        return statistics.median(times[_WARM_UP:]) * 1000


def found_in(
    photos: Sequence[Photo], run: Callable[[NDArray[np.float32]], Outputs], *, sides_px: Mapping[str, int]
) -> list[Detections]:
    """What is found in each photograph; ``sides_px`` is the input's long side by kind, else each photograph's own."""
    return [find(run, photo.picture, side_px=sides_px.get(photo.kind, photo.side_px)) for photo in photos]


def scores_by_kind(
    photos: Sequence[Photo], found: Sequence[Detections], *, threshold: float, left_out: Sequence[str] = ()
) -> dict[str, Score]:
    """The score of each kind, without the photographs named in ``left_out`` (those the weights were chosen on)."""
    pairs = [(photo, one) for photo, one in zip(photos, found, strict=True) if photo.name not in left_out]
    kinds = sorted({photo.kind for photo, _ in pairs})
    return {
        kind: score(
            [one for photo, one in pairs if photo.kind == kind],
            [photo.boxes for photo, _ in pairs if photo.kind == kind],
            threshold=threshold,
        )
        for kind in kinds
    }
