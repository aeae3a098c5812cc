"""Matching, choosing a threshold, the report: the numbers that are told of a product network."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from scripts.shelf_training.matching import Score, best_threshold, matched, score
from scripts.shelf_training.report import Result, as_markdown, as_svg
from vision.detections import Detections

TRUTH = np.array([[0, 0, 10, 10], [20, 0, 30, 10]], np.float32)


def found(*rows: tuple[float, float, float, float, float]) -> Detections:
    table = np.array(rows, np.float32).reshape(-1, 5)
    return Detections(table[:, :4], table[:, 4], np.zeros(len(table), np.int64))


def test_each_true_box_is_taken_once_by_the_best() -> None:
    doubled = found((0, 0, 10, 10, 0.9), (0, 0, 10, 9, 0.8), (20, 0, 30, 10, 0.7), (50, 50, 60, 60, 0.6))
    assert matched(doubled, TRUTH) == 2
    assert matched(found(), TRUTH) == 0
    assert matched(doubled, np.zeros((0, 4), np.float32)) == 0


def test_a_box_that_overlaps_too_little_is_none() -> None:
    assert matched(found((0, 0, 10, 4, 0.9)), TRUTH) == 0
    assert matched(found((0, 0, 10, 4, 0.9)), TRUTH, overlap=0.3) == 1


def test_precision_recall_and_count_over_two_pictures() -> None:
    pictures = [found((0, 0, 10, 10, 0.9), (50, 50, 60, 60, 0.8)), found((0, 0, 10, 10, 0.9), (20, 0, 30, 10, 0.2))]
    one = score(pictures, [TRUTH, TRUTH], threshold=0.5)
    assert (one.precision, one.recall) == (pytest.approx(2 / 3), 0.5)
    assert one.count_error == pytest.approx((0 + 0.5) / 2)
    assert one.f1 == pytest.approx(4 / 7)
    best = best_threshold(pictures, [TRUTH, TRUTH], thresholds=(0.1, 0.5))
    assert best.threshold == 0.1


def test_the_report_holds_every_figure_and_the_curves_are_a_picture() -> None:
    rows = [
        {
            "step": 100.0 * at,
            "minutes": float(at),
            "loss_all": 3.0 / at,
            "loss_score": 1.0 / at,
            "loss_box": 0.5,
            "loss_edge": 0.9,
            "precision": 0.7,
            "recall": 0.6,
            "count_error": 0.1,
        }
        for at in (1, 2, 3)
    ]
    result = Result(
        name="int8", size_bytes=3_900_000, scores=[("shelf", Score(0.4, 0.81, 0.76, 0.123))], milliseconds={320: 11.5}
    )
    text = as_markdown([result], rows, title="Training", words=["A note."], curves="curves.svg")
    assert "| int8 | shelf | 0.810 | 0.760 | 12.3% | 0.40 |" in text
    assert "| int8 | 3.90 | 11.5 |" in text
    assert text.count("\n| 1") == 1
    drawing = ElementTree.fromstring(as_svg(rows, kept_step=200))  # noqa: S314 - our own text
    assert len(list(drawing.iter("{http://www.w3.org/2000/svg}polyline"))) == 6
