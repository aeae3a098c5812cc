"""The person network's features of slots: there, told apart by a fit, and refused where the weights give none."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.places import DEFAULT_ARTEFACTS
from models.errors import ArtefactInvalidError
from models.manifest import Manifest
from models.onnx_session import OnnxSession
from vision.slot_features import slot_features
from vision.slot_learning import Example, fit

NAME = "nanodet-g-416-int8"
QUADS = [
    np.array([[x, y], [x + 60, y], [x + 60, y + 80], [x, y + 80]], np.float32)
    for y in (20, 130)
    for x in (20, 120, 220)
]


def manifest() -> Manifest:
    return Manifest.model_validate_json((DEFAULT_ARTEFACTS / f"{NAME}.json").read_text())


def shelf(seed: int) -> NDArray[np.uint8]:
    """Six slots, the upper row striped and speckled packs, the lower row bare."""
    draw = np.random.default_rng(seed)
    scene = np.full((240, 320, 3), int(draw.integers(60, 150)), np.uint8)
    for quad in QUADS[:3]:
        left, top = quad[0].astype(int)
        scene[top : top + 80, left : left + 60] = draw.integers(0, 255, (80, 60, 3))
        scene[top : top + 80 : 9, left : left + 60] = draw.integers(0, 255, 3)
    return scene


def test_slots_of_a_new_picture_are_told_apart() -> None:
    with OnnxSession(DEFAULT_ARTEFACTS / f"{NAME}.onnx") as session:
        examples = [
            Example(str(seed), str(number), "stocked" if number < 3 else "empty", row)
            for seed in range(3)
            for number, row in enumerate(slot_features(session, manifest(), shelf(seed), QUADS))
        ]
        told = fit(examples).empty(slot_features(session, manifest(), shelf(77), QUADS))
    assert (told > 0.5).tolist() == [False] * 3 + [True] * 3
    assert examples[0].features.shape == (384,)


class WithoutFeatures:
    def run(self, feeds: Mapping[str, NDArray[Any]]) -> Mapping[str, NDArray[Any]]:
        return {"classes_8": np.zeros((1, 80, 52, 52), np.float32)}


def test_weights_without_features_are_refused_by_name() -> None:
    with pytest.raises(ArtefactInvalidError, match="give no features_8"):
        slot_features(WithoutFeatures(), manifest(), shelf(1), QUADS)
