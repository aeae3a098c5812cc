"""The size of a camera's picture at the network's input follows from how wide its packs are."""

import numpy as np
import pytest

from vision.detections import Detections
from vision.products import MAX_SIDE_PX, MIN_SIDE_PX, PACK_PX, at_scale, restored, side_for_packs


@pytest.mark.parametrize(
    ("size", "pack_px"), [((1920, 1080), 90.0), ((1280, 720), 40.0), ((416, 416), 19.0), ((1424, 467), 345.0)]
)
def test_packs_come_to_25_to_60_pixels(size: tuple[int, int], pack_px: float) -> None:
    side = side_for_packs(size, pack_width_px=pack_px)
    assert side % 32 == 0
    assert 25 <= pack_px * side / max(size) <= 60


def test_a_picture_never_becomes_larger_than_a_small_box_can_bear() -> None:
    assert side_for_packs((3840, 2160), pack_width_px=20) == MAX_SIDE_PX
    assert side_for_packs((640, 480), pack_width_px=600) == MIN_SIDE_PX
    assert side_for_packs((960, 540), pack_width_px=PACK_PX) == 960


@pytest.mark.parametrize("width", [0.0, -3.0, float("nan")])
def test_a_pack_without_width_is_refused(width: float) -> None:
    with pytest.raises(ValueError, match="has no width"):
        side_for_packs((640, 480), pack_width_px=width)


def test_a_large_picture_is_averaged_and_its_boxes_come_back() -> None:
    picture = np.zeros((400, 800, 3), np.uint8)
    picture[:, ::2] = 200
    seen = at_scale(picture, 80)
    assert seen.shape == (40, 80, 3)
    assert (seen == 100).all()
    one = Detections(np.array([[8, 4, 16, 12]], np.float32), np.ones(1, np.float32), np.zeros(1, np.int64))
    assert restored(one, seen=seen, picture=picture).xyxy_px.tolist() == [[80, 40, 160, 120]]


def test_a_small_picture_is_left_to_the_letterbox() -> None:
    picture = np.zeros((40, 80, 3), np.uint8)
    assert at_scale(picture, 640) is picture
