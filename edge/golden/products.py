"""The set `products`: rendered shelves with true boxes, and how many packs are found and counted."""

import json
from pathlib import Path

from edge.golden.boxes import match
from edge.golden.figures import Bars, Measured, Progress
from models.manifest import ActiveArtefact
from vision.box_network import BoxNetwork
from vision.capture import read_picture
from vision.products import ProductDetector


def run_products(artefact: ActiveArtefact, folder: Path, bars: Bars, progress: Progress) -> Measured:
    """Precision, recall and count error a picture of weights for products."""
    pictures = json.loads((folder / "products" / "truth.json").read_text(encoding="utf-8"))["pictures"]
    hits, found, there, errors = 0, 0, 0, 0.0
    with BoxNetwork.open(artefact) as network:
        detector = ProductDetector(network, threshold=bars["threshold"], side_px=bars["side_px"])
        for number, picture in enumerate(pictures, 1):
            packs = detector.detect(read_picture(folder / "products" / picture["file"]))
            right, _ = match(packs, picture["boxes_px"], overlap=bars["overlap"])
            hits, found, there = hits + len(right), found + len(packs), there + len(picture["boxes_px"])
            errors += abs(len(packs) - len(picture["boxes_px"])) / len(picture["boxes_px"])
            progress(number, len(pictures))
    return len(pictures), {
        "precision": hits / max(found, 1),
        "recall": hits / there,
        "count_error": errors / len(pictures),
    }
