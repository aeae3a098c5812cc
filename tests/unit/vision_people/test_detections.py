"""Boxes and what is done with them."""

import numpy as np
import pytest

from vision.detections import MAX_KEPT, Detections, area_px2, iou, nms, ranked


def boxes(*rows: tuple[float, float, float, float, float, int]) -> Detections:
    table = np.array(rows, np.float32).reshape(-1, 6)
    return Detections(table[:, :4], table[:, 4], table[:, 5].astype(np.int64))


def test_arrays_that_disagree_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        Detections(np.zeros((2, 4), np.float32), np.zeros(3, np.float32), np.zeros(2, np.int64))


def test_empty_detections_go_through_every_operation() -> None:
    none = Detections.empty()
    assert len(nms(none.clip(width_px=10, height_px=10).at_least(0.5), iou_above=0.5)) == 0


def test_clip_cuts_at_the_edges_and_drops_what_lies_outside() -> None:
    found = boxes((-5, -5, 5, 5, 0.9, 0), (20, 0, 30, 5, 0.8, 0)).clip(width_px=10, height_px=10)
    assert found.xyxy_px.tolist() == [[0, 0, 5, 5]]


def test_area_of_a_turned_over_box_is_nothing() -> None:
    assert area_px2(np.array([[0, 0, 2, 3], [5, 0, 2, 3]], np.float32)).tolist() == [6, 0]


@pytest.mark.parametrize(
    ("second", "wanted"),
    [
        pytest.param((0, 0, 10, 10), 1.0, id="the same"),
        pytest.param((5, 0, 15, 10), 1 / 3, id="half over"),
        pytest.param((10, 0, 20, 10), 0.0, id="side by side"),
        pytest.param((3, 3, 3, 3), 0.0, id="without area"),
    ],
)
def test_overlap_is_intersection_over_union(second: tuple[float, ...], wanted: float) -> None:
    shared = iou(np.array([[0, 0, 10, 10]], np.float32), np.array([second], np.float32))
    assert shared[0, 0] == pytest.approx(wanted)


def test_of_a_heap_the_best_box_stays() -> None:
    kept = nms(boxes((0, 0, 10, 10, 0.6, 0), (1, 0, 11, 10, 0.9, 0), (50, 0, 60, 10, 0.5, 0)), iou_above=0.5)
    assert kept.score.tolist() == pytest.approx([0.9, 0.5])


def test_a_dropped_box_drops_no_other() -> None:
    # A beats B, and B would have beaten C; but C does not overlap A enough.
    chain = boxes((0, 0, 10, 10, 0.9, 0), (3, 0, 13, 10, 0.8, 0), (6, 0, 16, 10, 0.7, 0))
    assert nms(chain, iou_above=0.5).score.tolist() == pytest.approx([0.9, 0.7])


def test_different_things_in_one_place_both_stay() -> None:
    assert len(nms(boxes((0, 0, 10, 10, 0.9, 0), (0, 0, 10, 10, 0.8, 1)), iou_above=0.5)) == 2


def test_boxes_that_are_no_numbers_or_not_of_this_world_are_dropped() -> None:
    far, endless = 1e30, float("inf")
    unreal = [(0, 0, far, 9, 0.9, 0), (float("nan"), 0, 9, 9, 0.8, 0), (0, -endless, 9, 9, 0.7, 0)]
    found = boxes((0, 0, 9, 9, 0.5, 0), (0, 0, 9, 9, endless, 1), *unreal)
    assert ranked(found).score.tolist() == [1.0, 0.5]


def test_of_thousands_of_boxes_the_best_are_kept_in_a_bounded_time() -> None:
    rng = np.random.default_rng(3)
    corner = rng.uniform(0, 5000, (200_000, 2))
    many = Detections(
        np.concatenate([corner, corner + 20], axis=1).astype(np.float32),
        rng.uniform(0, 1, 200_000).astype(np.float32),
        np.zeros(200_000, np.int64),
    )
    kept = nms(many, iou_above=0.5)
    assert len(kept) == MAX_KEPT
    assert kept.score[0] == many.score.max()
