"""The void finder on painted shelves: bare backs between packs are found, full shelves and bare walls are not."""

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.places import DEFAULT_ARTEFACTS
from models.errors import ArtefactInvalidError
from models.manifest import read_manifest
from models.onnx_session import OnnxSession
from vision.voids import VoidFinder, default_weights

Picture = NDArray[np.uint8]
ROWS = ((40, 120), (160, 240), (280, 360))


@pytest.fixture(scope="module")
def finder() -> Iterator[VoidFinder]:
    name = default_weights().network
    with OnnxSession(DEFAULT_ARTEFACTS / f"{name}.onnx") as session:
        yield VoidFinder(session, read_manifest(DEFAULT_ARTEFACTS / f"{name}.json"))


def shelf(*bare: tuple[int, int], seed: int = 1, size_px: int = 416) -> Picture:
    """Three rows of sixteen printed packs on bright boards; ``bare`` are (row, place) of dark gaps."""
    draw = np.random.default_rng(seed)
    scene = np.full((size_px, size_px, 3), 60, np.uint8)
    for row, (top, bottom) in enumerate(ROWS):
        scene[bottom : bottom + 12] = 200
        for place in range(16):
            left = place * 26
            if (row, place) in bare:
                scene[top - 10 : bottom, left : left + 26] = 22
                continue
            coarse = draw.integers(40, 255, ((bottom - top) // 8, 4, 3), np.uint8)
            scene[top : top + len(coarse) * 8, left + 1 : left + 25] = coarse.repeat(8, 0).repeat(6, 1)
    noisy = scene + draw.normal(0, 3, scene.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def test_a_bare_place_between_packs_is_the_surest_void(finder: VoidFinder) -> None:
    best = finder.find(shelf((1, 6), (1, 7)))[0]
    left, top, right, bottom = best.xyxy_px
    assert best.confidence > 0.5
    assert 140 < (left + right) / 2 < 230
    assert 150 < (top + bottom) / 2 < 250


def test_boxes_are_in_the_pictures_own_pixels(finder: VoidFinder) -> None:
    small = shelf((1, 6), (1, 7))
    large = small.repeat(3, axis=0).repeat(3, axis=1)
    first, again = finder.find(small)[0].xyxy_px, finder.find(large)[0].xyxy_px
    np.testing.assert_allclose(np.array(again) / 3, first, atol=6)


@pytest.mark.parametrize("level", [0, 90, 255])
def test_a_picture_of_nothing_has_no_voids(finder: VoidFinder, level: int) -> None:
    assert [void for void in finder.find(np.full((300, 400, 3), level, np.uint8)) if void.confidence >= 0.5] == []


def test_small_and_narrow_pictures_are_taken(finder: VoidFinder) -> None:
    for shape in ((16, 16, 3), (16, 2000, 3), (2000, 20, 3)):
        assert isinstance(finder.find(np.full(shape, 90, np.uint8)), list)


def test_a_network_that_the_weights_were_not_fitted_to_is_refused() -> None:
    other = "nanodet-g-416-int8"
    with (
        OnnxSession(DEFAULT_ARTEFACTS / f"{other}.onnx") as session,
        pytest.raises(ArtefactInvalidError, match="fit them to this network"),
    ):
        VoidFinder(session, read_manifest(DEFAULT_ARTEFACTS / f"{other}.json"))
