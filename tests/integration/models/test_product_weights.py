"""The product weights that come with the program: what they reach on shelves that they never saw."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge.golden.sets import run_sets
from edge.places import DEFAULT_ARTEFACTS
from models.errors import ArtefactInvalidError
from models.manifest import ActiveArtefact, Task, read_manifest
from scripts.shelf_training.bay import render_bay
from scripts.shelf_training.matching import score
from scripts.shelf_training.photo import snap
from scripts.shelf_training.stockroom import Stockroom
from vision.box_network import BoxNetwork
from vision.products import ProductDetector, side_for_packs

NAME = "shelf-products-int8"
MAX_BYTES = 5_000_000


@pytest.fixture(scope="module")
def products() -> ActiveArtefact:
    return ActiveArtefact(DEFAULT_ARTEFACTS / f"{NAME}.onnx", read_manifest(DEFAULT_ARTEFACTS / f"{NAME}.json"))


def _bay() -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    rng = np.random.default_rng(78)
    return render_bay(Stockroom(rng, families=2), rng)


def test_they_are_small_ours_and_hold_their_bars(products: ActiveArtefact) -> None:
    assert products.manifest.task is Task.PRODUCTS
    assert products.manifest.labels == ("product",)
    assert products.path.stat().st_size == products.manifest.size_bytes < MAX_BYTES
    (report,) = run_sets(products)
    assert report.name == "products"
    assert report.holds, report


def test_the_report_and_the_licences_lie_beside_them() -> None:
    report = (DEFAULT_ARTEFACTS / f"{NAME}.report.md").read_text()
    assert f"{NAME}.curves.svg" in report
    assert (DEFAULT_ARTEFACTS / f"{NAME}.curves.svg").read_text().startswith("<svg")
    licence = (DEFAULT_ARTEFACTS / f"{NAME}.LICENSE.txt").read_text()
    assert "Apache License" in licence
    assert "Permission is hereby granted" in licence


def test_packs_are_found_at_any_size_of_the_picture(products: ActiveArtefact) -> None:
    rng = np.random.default_rng(77)
    room = Stockroom(rng, families=2)
    squares = [snap(*render_bay(room, rng), 256, rng) for _ in range(6)]
    truths = [boxes * 2 for _, boxes in squares]
    with BoxNetwork.open(products) as network:
        detector = ProductDetector(network, threshold=0.4, side_px=256)
        found = [detector.detect(np.repeat(np.repeat(picture, 2, axis=0), 2, axis=1)) for picture, _ in squares]
    one = score(found, truths, threshold=0.4)
    assert one.precision > 0.7
    assert one.recall > 0.55


@pytest.mark.parametrize("pack_px", [40, 150])
def test_the_size_that_suits_a_picture_is_found_by_looking(products: ActiveArtefact, pack_px: int) -> None:
    picture, boxes = snap(*_bay(), 256, np.random.default_rng(3))
    usual = float(np.median(boxes[:, 2] - boxes[:, 0]))
    large = cv2.resize(picture, None, fx=pack_px / usual, fy=pack_px / usual, interpolation=cv2.INTER_LINEAR)
    wanted = side_for_packs((large.shape[1], large.shape[0]), pack_width_px=pack_px)
    with BoxNetwork.open(products) as network:
        side_px = ProductDetector(network, threshold=0.4).side_px_of(np.asarray(large, np.uint8))
    assert 0.65 * wanted <= side_px <= 1.5 * wanted


def test_a_picture_without_packs_has_none_at_any_size(products: ActiveArtefact) -> None:
    with BoxNetwork.open(products) as network:
        assert len(ProductDetector(network, threshold=0.4).detect(np.full((300, 400, 3), 90, np.uint8))) == 0


def test_weights_for_something_else_are_refused(products: ActiveArtefact) -> None:
    persons = ActiveArtefact(products.path, products.manifest.model_copy(update={"labels": ("person",)}))
    with (
        BoxNetwork.open(persons) as network,
        pytest.raises(ArtefactInvalidError, match="no label is called product"),
    ):
        ProductDetector(network, threshold=0.4, side_px=416)
