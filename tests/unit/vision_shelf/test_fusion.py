"""Boxes of several looks at one picture become one set."""

import numpy as np
import pytest

from vision.detections import Detections
from vision.fusion import fuse


def _look(*rows: tuple[float, float, float, float, float]) -> Detections:
    given = np.array(rows, np.float32).reshape(-1, 5)
    return Detections(given[:, :4], given[:, 4], np.zeros(len(given), np.int64))


def test_a_box_that_every_look_finds_keeps_its_score_and_lies_in_the_middle() -> None:
    fused = fuse([_look((0, 0, 10, 10, 0.6)), _look((2, 0, 12, 10, 0.6))])
    assert fused.xyxy_px.tolist() == [[1, 0, 11, 10]]
    assert fused.score.tolist() == pytest.approx([0.6])


def test_a_box_that_one_look_alone_finds_counts_for_less() -> None:
    fused = fuse([_look((0, 0, 10, 10, 0.7), (50, 0, 60, 10, 0.5)), _look((50, 0, 60, 10, 0.5)), _look()])
    assert fused.score.tolist() == pytest.approx([(0.5 + 0.5 + 0.1) / 3, (0.7 + 0.1 + 0.1) / 3])
    assert fused.xyxy_px[0].tolist() == [50, 0, 60, 10]


def test_the_surer_box_draws_the_mean() -> None:
    fused = fuse([_look((0, 0, 10, 10, 0.9)), _look((3, 0, 13, 10, 0.3))])
    assert fused.xyxy_px[0, 0] == pytest.approx(0.75)


def test_two_packs_of_one_look_are_never_joined() -> None:
    beside = _look((0, 0, 10, 10, 0.6), (4, 0, 14, 10, 0.5))
    assert len(fuse([beside, beside])) == 2
    assert len(fuse([_look((0, 0, 10, 10, 0.6), (1, 0, 11, 10, 0.5)), _look((0, 0, 10, 10, 0.6))])) == 2


def test_nothing_seen_is_nothing() -> None:
    assert len(fuse([_look(), _look()])) == 0
