"""The product weights that come with the program: what they reach on shelves that they never saw."""

import numpy as np
import pytest

from edge.golden.sets import run_sets
from edge.places import DEFAULT_ARTEFACTS
from models.errors import ArtefactInvalidError
from models.manifest import ActiveArtefact, Task, read_manifest
from scripts.shelf_training.bay import render_bay
from scripts.shelf_training.matching import score
from scripts.shelf_training.photo import snap
from scripts.shelf_training.stockroom import Stockroom
from vision.box_network import BoxNetwork
from vision.products import ProductDetector

NAME = "shelf-products-int8"
MAX_BYTES = 5_000_000


@pytest.fixture(scope="module")
def products() -> ActiveArtefact:
    return ActiveArtefact(DEFAULT_ARTEFACTS / f"{NAME}.onnx", read_manifest(DEFAULT_ARTEFACTS / f"{NAME}.json"))


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


def test_weights_for_something_else_are_refused(products: ActiveArtefact) -> None:
    persons = ActiveArtefact(products.path, products.manifest.model_copy(update={"labels": ("person",)}))
    with (
        BoxNetwork.open(persons) as network,
        pytest.raises(ArtefactInvalidError, match="no label is called product"),
    ):
        ProductDetector(network, threshold=0.4, side_px=416)
