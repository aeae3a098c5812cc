"""One picture of a shelf: what cannot be told is said with its reason."""

import numpy as np
import pytest
from numpy.typing import NDArray

from vision.config import SlotSettings
from vision.pictures import Picture
from vision.shelf_glance import Untold, read_slots

SLOT = SlotSettings(id="tea", sku="tea", facings=2, polygon_norm=((0.2, 0.2), (0.6, 0.2), (0.6, 0.6), (0.2, 0.6)))
NOBODY = np.zeros((0, 4), np.float32)


def shelf(light: float = 1.0) -> Picture:
    scene = np.random.default_rng(3).integers(40, 220, (24, 32, 3)).repeat(10, 0).repeat(10, 1) * light
    return scene.astype(np.uint8)


@pytest.mark.parametrize(
    ("picture", "persons_px", "untold"),
    [
        pytest.param(shelf(), NOBODY, Untold.UNSURE, id="no reference, no teaching, no product weights"),
        pytest.param(shelf(0.04), NOBODY, Untold.DARK, id="no light"),
        pytest.param(
            shelf(), np.array([[80, 0, 160, 240]], np.float32), Untold.BEHIND_SOMEBODY, id="somebody stands there"
        ),
    ],
)
def test_a_slot_that_cannot_be_told_says_why(picture: Picture, persons_px: NDArray[np.float32], untold: Untold) -> None:
    (glance,) = read_slots(picture, [SLOT], stocked=None, empty=None, sources=None, persons_px=persons_px)
    assert (glance.units, glance.untold) == (None, untold)


def test_a_slot_that_is_told_has_no_reason() -> None:
    (glance,) = read_slots(shelf(), [SLOT], stocked=shelf(), empty=None, sources=None, persons_px=NOBODY)
    assert (glance.units, glance.untold) == (2, None)
