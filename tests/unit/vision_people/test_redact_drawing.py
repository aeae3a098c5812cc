"""Redaction that cannot be undone, and the console's picture."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from vision.detections import Detections
from vision.drawing import LineMark, Overlay, SlotMark, ZoneMark, annotate, encode_jpeg
from vision.redact import MIN_BLOCK_PX, redact

Picture = NDArray[np.uint8]
NONE = Detections.empty()


def found(*boxes: tuple[float, float, float, float]) -> Detections:
    table = np.array(boxes, np.float32).reshape(-1, 4)
    return Detections(table, np.ones(len(boxes), np.float32), np.zeros(len(boxes), np.int64))


def noise(width: int = 320, height: int = 240, seed: int = 3) -> Picture:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def colours(region: Picture) -> int:
    return len(np.unique(region.reshape(-1, 3), axis=0))


def test_of_a_face_a_few_colours_are_left() -> None:
    picture = noise()
    hidden = redact(picture, found((100, 100, 140, 150)), NONE, whole_person=False)
    assert colours(hidden[100:150, 100:140]) <= 9
    assert (hidden[83:167, 83:157] != picture[83:167, 83:157]).mean() > 0.9


def test_a_face_is_hidden_beyond_its_box() -> None:
    picture = noise()
    hidden = redact(picture, found((100, 100, 140, 150)), NONE, whole_person=False)
    changed = (hidden != picture).any(axis=2)
    assert changed[90:100, 100:140].mean() > 0.9
    assert not changed[:80].any()


def test_two_faces_of_the_same_mean_colour_cannot_be_told_apart() -> None:
    """Pixels that are shuffled inside a block leave its mean, and nothing but the mean is kept."""
    face = noise(96, 96, seed=5)
    other = np.random.default_rng(6).permutation(face.reshape(-1, 3)).reshape(face.shape)
    box = found((0, 0, 96, 96))
    first = redact(face, box, NONE, whole_person=False)
    second = redact(other, box, NONE, whole_person=False)
    assert np.array_equal(first, second)


def test_heads_are_hidden_where_no_face_was_found() -> None:
    picture = noise(320, 400)
    hidden = redact(picture, NONE, found((100, 100, 180, 300)), whole_person=False)
    assert colours(hidden[100:150, 100:180]) <= 12
    assert np.array_equal(hidden[165:], picture[165:])


def test_of_two_people_found_as_one_the_shorter_ones_face_is_hidden_too() -> None:
    """As met in a rendered picture: one box, 110 by 200, and the second head 60 below its top."""
    picture = noise(320, 400)
    hidden = redact(picture, NONE, found((100, 100, 210, 300)), whole_person=False)
    assert (hidden[160:186, 140:170] != picture[160:186, 140:170]).mean() > 0.9


def test_a_person_cut_off_by_the_picture_still_loses_the_head() -> None:
    picture = noise()
    hidden = redact(picture, NONE, found((100, 120, 220, 240)), whole_person=False)
    assert (hidden[120:190, 100:220] != picture[120:190, 100:220]).mean() > 0.9


def test_whole_persons_are_hidden_where_the_shop_asks_for_it() -> None:
    hidden = redact(noise(320, 400), NONE, found((100, 100, 180, 300)), whole_person=True)
    assert colours(hidden[100:300, 100:180]) <= 40


@pytest.mark.parametrize(
    "box",
    [
        pytest.param((-30, -30, 20, 20), id="over the corner"),
        pytest.param((310, 230, 400, 300), id="over the far corner"),
        pytest.param((-100, -100, -50, -50), id="outside"),
        pytest.param((100, 100, 101, 101), id="one pixel"),
        pytest.param((0, 0, 320, 240), id="everything"),
    ],
)
def test_boxes_at_the_edge_are_no_trouble(box: tuple[float, float, float, float]) -> None:
    assert redact(noise(), found(box), found(box), whole_person=True).shape == (240, 320, 3)


def test_small_faces_get_no_small_blocks() -> None:
    hidden = redact(noise(), found((100, 100, 112, 112)), NONE, whole_person=False)
    row = hidden[106, 95:118]
    runs = np.diff(np.flatnonzero(np.r_[True, (row[1:] != row[:-1]).any(axis=1), True]))
    assert runs.max() >= MIN_BLOCK_PX


def test_the_original_is_left_alone_unless_asked_otherwise() -> None:
    picture = noise()
    before = picture.copy()
    faces = found((100, 100, 140, 150))
    hidden = redact(picture, faces, NONE, whole_person=False)
    assert np.array_equal(picture, before)
    assert redact(picture, faces, NONE, whole_person=False, in_place=True) is picture
    assert np.array_equal(picture, hidden)


def overlay(banner: str | None = None) -> Overlay:
    square = ((0.1, 0.4), (0.3, 0.4), (0.3, 0.7), (0.1, 0.7))
    return Overlay(
        slots=(SlotMark(polygon_norm=square, name="Apple juice", units=0, facings=3, state="out"),),
        zones=(ZoneMark(polygon_norm=tuple((x + 0.4, y) for x, y in square), name="queue", people=2),),
        lines=(LineMark(start_norm=(0.8, 0.9), end_norm=(0.8, 0.5), name="door", entered=3, left=1),),
        persons=found((10, 10, 50, 100)),
        banner=banner,
    )


def test_the_picture_comes_out_wide_enough_to_read_and_the_frame_unchanged() -> None:
    frame = np.full((240, 320, 3), 128, np.uint8)
    drawn = annotate(frame, overlay())
    assert drawn.shape == (960, 1280, 3)
    assert (frame == 128).all()
    assert annotate(np.full((1080, 1920, 3), 128, np.uint8), overlay()).shape == (720, 1280, 3)


def test_an_empty_slot_is_red_and_a_full_one_green() -> None:
    frame = np.full((720, 1280, 3), 128, np.uint8)
    middle = annotate(frame, overlay())[430, 256].astype(int)
    assert middle[2] > middle[1] + 10
    slots = (SlotMark(polygon_norm=overlay().slots[0].polygon_norm, name="a", units=3, facings=3, state="ok"),)
    middle = annotate(frame, Overlay(slots=slots))[430, 256].astype(int)
    assert middle[1] > middle[2] + 10


def test_the_lines_arrow_points_to_its_in_side() -> None:
    frame = np.zeros((720, 1280, 3), np.uint8)
    drawn = annotate(frame, Overlay(lines=overlay().lines))
    right, left = drawn[480:530, 1030:1070], drawn[480:530, 978:1018]
    assert right.any()
    assert not left[:15].any()


def test_under_a_banner_no_count_is_shown() -> None:
    frame = np.full((720, 1280, 3), 128, np.uint8)
    faulted = annotate(frame, overlay(banner="NO DATA: covered since 10:02"))
    assert faulted[5, 640].tolist() == [40, 40, 200]
    middle = faulted[430, 256].astype(int)
    assert abs(middle[2] - middle[1]) < 5
    counts_alike = overlay(banner="NO DATA: covered since 10:02")
    other = SlotMark(
        polygon_norm=counts_alike.slots[0].polygon_norm, name="Apple juice", units=3, facings=3, state="ok"
    )
    same = annotate(
        frame, Overlay(slots=(other,), zones=counts_alike.zones, lines=counts_alike.lines, banner=counts_alike.banner)
    )
    assert np.array_equal(faulted, same)


def test_jpeg_can_be_read_back() -> None:
    drawn = annotate(noise(), overlay())
    encoded = encode_jpeg(drawn, quality=70)
    assert encoded[:2] == b"\xff\xd8"
    back = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR)
    assert back is not None
    assert back.shape == drawn.shape


def test_nothing_cannot_be_encoded() -> None:
    with pytest.raises(ValueError, match="without pixels"):
        encode_jpeg(np.zeros((0, 0, 3), np.uint8))
