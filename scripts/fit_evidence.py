#!/usr/bin/env python3
"""Fits how far each source of a slot's state may be believed, on rendered shelves, and says how well it holds.

    scripts/fit_evidence.py [--scenes 6] [--seed 1]

Prints the scales of `vision/evidence.py` as fitted on half of the scenes, and for the other half, with the scales that
the file holds now, a table of claimed confidence against the share that is right. Renders vary in size, light, focus,
codec, camera shake and how well the slots were drawn. The bounds of the scales are not fitted: renders are kinder
than shops.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from edge.places import DEFAULT_ARTEFACTS  # noqa: E402 - the path above comes first
from models.manifest import Task  # noqa: E402
from models.registry import Registry  # noqa: E402
from scripts.shop_render import plans  # noqa: E402
from scripts.shop_render.camera import Camera  # noqa: E402
from scripts.shop_render.catalogue import read_products  # noqa: E402
from scripts.shop_render.layout import slot_polygons_norm  # noqa: E402
from scripts.shop_render.scene import ShelfPlan  # noqa: E402
from scripts.shop_render.shelf import ShelfPainter  # noqa: E402
from vision.box_network import BoxNetwork  # noqa: E402
from vision.config import SlotSettings  # noqa: E402
from vision.evidence import SlotVerdict, Source, join_slot, likeness_odds, products_odds  # noqa: E402
from vision.looks import Opinion, Verdict  # noqa: E402
from vision.pictures import Picture  # noqa: E402
from vision.products import SlotProducts  # noqa: E402
from vision.shelf_slot import ShelfSlot, looks_in  # noqa: E402
from vision.slots import SlotPlace, place_slots  # noqa: E402

CATALOGUE = ROOT / "firmware-config" / "shops" / "demo" / "catalogue.csv"
SIZES = ((640, 360), (960, 540), (1280, 720))
KINDS = ("stocked", "empty", "both")
PICTURES = 4
_Row = NDArray[Any]
BINS = (0.5, 0.7, 0.85, 0.9, 0.95, 0.98, 1.0)


@dataclass(frozen=True)
class Cell:
    """One facing as seen and as it is; ``look`` is the same for the facings of one slot in one picture."""

    look: tuple[int, int, str]
    is_stocked: bool
    score: float
    opinions: Mapping[str, Opinion]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scenes", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    with TemporaryDirectory() as empty:
        artefact = Registry(Path(empty), DEFAULT_ARTEFACTS).active(Task.PRODUCTS)
        with BoxNetwork.open(artefact) as network:
            scenes = [list(_scene(SlotProducts(network), given.seed, n)) for n in range(given.scenes)]
    fitted, judged = ([cell for scene in scenes[side::2] for cell in scene] for side in (0, 1))
    _tell_scales(fitted)
    _tell_reliability(judged)
    return 0


def _scene(products: SlotProducts, seed: int, number: int) -> Iterator[Cell]:
    rng = np.random.default_rng([seed, number])
    plan = (plans.dairy_plan(), plans.snacks_plan())[number // 2 % 2]
    if not isinstance(plan, ShelfPlan):
        raise TypeError("a shelf's plan is needed")
    view, size = plan.view, SIZES[int(rng.integers(len(SIZES)))]
    painter = ShelfPainter(view, products=read_products(CATALOGUE), size=size, rng=rng)
    camera, corners = Camera(size, rng), slot_polygons_norm(view)
    slots = [
        SlotSettings(id=s.id, sku=s.sku, facings=s.facings, polygon_norm=_redrawn(corners[s.id], rng))
        for level in view.levels
        for s in level.slots
    ]
    places = place_slots(slots, picture_size_px=size, small_size_px=(size[0] // 4, size[1] // 4))
    full, bare = ({slot.id: (state,) * slot.facings for slot in slots} for state in (True, False))
    shown = [camera.expose(painter.picture(state), 0.0, dims=[], covers=[]) for state in (full, bare)]
    memories = {(kind, place.slot.id): _taught(place, kind, *shown) for kind in KINDS for place in places}
    for picture in range(PICTURES):
        share = rng.choice([0.15, 0.5, 0.85])
        state = {slot.id: tuple(bool(v) for v in rng.random(slot.facings) < share) for slot in slots}
        image = _spoilt(camera.expose(painter.picture(state), 0.0, dims=[], covers=[]), rng)
        for place in places:
            scores = products.cell_scores(image, place.corners_px, place.slot.facings)
            looks = looks_in(place, place.rectify(image))
            for n, look in enumerate(looks):
                opinions = {kind: memories[kind, place.slot.id].memory[n].judge(look) for kind in KINDS}
                yield Cell((number, picture, place.slot.id), state[place.slot.id][n], scores[n], opinions)


def _redrawn(corners: Sequence[tuple[float, float]], rng: np.random.Generator) -> tuple[tuple[float, float], ...]:
    """A slot as a person draws it: each corner up to a hundredth of the picture off."""
    return tuple(
        (float(np.clip(x + dx, 0, 1)), float(np.clip(y + dy, 0, 1)))
        for (x, y), (dx, dy) in zip(corners, rng.uniform(-0.01, 0.01, (4, 2)), strict=True)
    )


def _spoilt(image: Picture, rng: np.random.Generator) -> Picture:
    """Other light, a nudge of up to four pixels, a soft lens and a codec."""
    shift = np.array([[1, 0, rng.uniform(-4, 4)], [0, 1, rng.uniform(-4, 4)]], np.float32)
    size = (image.shape[1], image.shape[0])
    moved = cv2.warpAffine(image, shift, size, borderMode=cv2.BORDER_REPLICATE)
    soft = cv2.GaussianBlur(moved, (0, 0), float(rng.uniform(0.3, 2.0)))
    lit = np.clip(soft.astype(np.float32) * rng.uniform(0.35, 1.4), 0, 255).astype(np.uint8)
    _, coded = cv2.imencode(".jpg", lit, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 90))])
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)


def _taught(place: SlotPlace, kind: str, full: Picture, bare: Picture) -> ShelfSlot:
    slot = ShelfSlot.of(place, 0.0)
    for picture, verdict in ((full, Verdict.STOCKED), (bare, Verdict.EMPTY)):
        if kind in (verdict.value, "both"):
            for memory, look in zip(slot.memory, looks_in(place, place.rectify(picture)), strict=True):
                memory.learn(look, verdict)
    return slot


def _tell_scales(cells: Sequence[Cell]) -> None:
    truth = np.array([cell.is_stocked for cell in cells])
    print(f"{len(cells)} facings, {int(truth.sum())} stocked")
    for kind in KINDS:
        share = np.clip([cell.opinions[kind].stocked for cell in cells], 1e-4, 1 - 1e-4)
        print(
            f"LIKENESS_{kind.upper()}: slope {{:.2f}} offset {{:.2f}}".format(*_fit(np.log(share / (1 - share)), truth))
        )
    scores = np.array([cell.score for cell in cells])
    slope, offset = _fit(scores, truth)
    print(f"PRODUCTS: slope {slope:.1f} offset {offset:.2f}")
    both = np.array([likeness_odds(cell.opinions["both"]) + products_odds(cell.score) for cell in cells])
    print(f"_TOGETHER: {_fit(both, truth)[0]:.2f}")


def _fit(raw: _Row, truth: _Row) -> tuple[float, float]:
    """Logistic regression by Newton's steps, slightly held back."""
    design, weights = np.column_stack([raw, np.ones(len(raw))]), np.zeros(2)
    for _ in range(40):
        told = 1 / (1 + np.exp(-np.clip(design @ weights, -30, 30)))
        curve = design.T @ (design * (told * (1 - told))[:, None]) + 0.02 * np.eye(2)
        weights += np.linalg.solve(curve, design.T @ (truth - told) - 0.02 * weights)
    return float(weights[0]), float(weights[1])


def _tell_reliability(cells: Sequence[Cell]) -> None:
    slots = [list(group) for _, group in groupby(cells, key=lambda cell: cell.look)]
    for name, kind, has_products in (
        ("likeness to a stocked look", "stocked", False),
        ("likeness to both looks", "both", False),
        ("products", None, True),
        ("likeness to a stocked look and products", "stocked", True),
        ("likeness to both looks and products", "both", True),
    ):
        verdicts = [_verdict(slot, kind, has_products=has_products) for slot in slots]
        right = [
            verdict.states == tuple(cell.is_stocked for cell in slot)
            for verdict, slot in zip(verdicts, slots, strict=True)
        ]
        print(f"{name}: {len(slots)} slots")
        _tell_bins(np.array([verdict.confidence for verdict in verdicts]), np.array(right))


def _verdict(slot: Sequence[Cell], kind: str | None, *, has_products: bool) -> SlotVerdict:
    sources: dict[Source, list[float]] = {}
    if kind is not None:
        sources[Source.LIKENESS] = [likeness_odds(cell.opinions[kind]) for cell in slot]
    if has_products:
        sources[Source.PRODUCTS] = [products_odds(cell.score) for cell in slot]
    return join_slot(sources, cells=len(slot))


def _tell_bins(sure: _Row, right: _Row) -> None:
    for low, high in pairwise(BINS):
        inside = (sure >= low) & ((sure < high) | (high == 1.0))
        if inside.any():
            claimed = f"claimed {sure[inside].mean():.3f}  right {right[inside].mean():.3f}"
            print(f"  {low:.2f}..{high:.2f}  {int(inside.sum()):5}  {claimed}")


if __name__ == "__main__":
    sys.exit(main())
