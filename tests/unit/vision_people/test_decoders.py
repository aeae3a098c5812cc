"""What the networks' numbers mean in pixels, on tensors whose answer is known by hand."""

import numpy as np
import pytest
from numpy.typing import NDArray

from models.manifest import PictureInput
from vision import centerface, nanodet
from vision.detections import Detections
from vision.letterbox import fill_letterbox, plan_fixed_letterbox, plan_letterbox, plan_stretch
from vision.outputs import Wanted
from vision.picture_input import InputMaker

FAR_FROM_ZERO = 20.0
PERSON = Wanted(threshold=0.4, classes=(0,), input_size_px=(96, 64))
BOTTLE = Wanted(threshold=0.4, classes=(39,), input_size_px=(96, 64))


def nanodet_outputs(width_px: int = 96, height_px: int = 64) -> dict[str, NDArray[np.float32]]:
    outputs = {}
    for stride in nanodet.STRIDES:
        shape = (height_px // stride, width_px // stride)
        outputs[f"classes_{stride}"] = np.full((1, 80, *shape), -FAR_FROM_ZERO, np.float32)
        outputs[f"distances_{stride}"] = np.zeros((1, 44, *shape), np.float32)
    return outputs


def say(outputs: dict[str, NDArray[np.float32]], *, stride: int, cell: tuple[int, int], bins: list[int]) -> None:
    """Make one cell see a person whose edges lie ``bins`` strides left, above, right and below its centre."""
    row, column = cell
    outputs[f"classes_{stride}"][0, 0, row, column] = 0.0
    for side, at in enumerate(bins):
        outputs[f"distances_{stride}"][0, side * 11 + at, row, column] = FAR_FROM_ZERO


@pytest.mark.parametrize(
    ("stride", "cell", "bins", "wanted"),
    [
        # Cell centre = ((column + 0.5) * stride, (row + 0.5) * stride).
        pytest.param(8, (2, 3), [1, 2, 3, 4], (28 - 8, 20 - 16, 28 + 24, 20 + 32), id="stride 8"),
        pytest.param(16, (1, 2), [2, 1, 0, 2], (40 - 32, 24 - 16, 40, 24 + 32), id="stride 16"),
        pytest.param(32, (0, 1), [1, 0, 1, 1], (48 - 32, 16, 48 + 32, 16 + 32), id="stride 32"),
    ],
)
def test_nanodet_measures_edges_from_the_middle_of_a_cell(
    stride: int, cell: tuple[int, int], bins: list[int], wanted: tuple[float, ...]
) -> None:
    outputs = nanodet_outputs()
    say(outputs, stride=stride, cell=cell, bins=bins)
    found = nanodet.decode(outputs, PERSON)
    assert found.xyxy_px[0] == pytest.approx(wanted, abs=1e-3)
    assert found.score[0] == pytest.approx(0.5)


def test_nanodet_takes_the_mean_of_its_bins() -> None:
    outputs = nanodet_outputs()
    outputs["classes_8"][0, 0, 4, 4] = 3.0
    for side in range(4):  # all bins alike: 5 strides on the average
        outputs["distances_8"][0, side * 11 : side * 11 + 11, 4, 4] = 1.0
    assert nanodet.decode(outputs, PERSON).xyxy_px[0] == pytest.approx((-4, -4, 76, 76), abs=1e-3)


def test_nanodet_leaves_out_other_classes_and_low_scores() -> None:
    outputs = nanodet_outputs()
    outputs["classes_8"][0, 39, 1, 1] = 5.0  # a bottle
    outputs["classes_8"][0, 0, 2, 2] = -1.0  # a person, .27 sure
    assert len(nanodet.decode(outputs, PERSON)) == 0
    assert nanodet.decode(outputs, BOTTLE).label.tolist() == [39]


def made(picture: NDArray[np.uint8], wanted: PictureInput) -> NDArray[np.float32]:
    maker = InputMaker(wanted, side_px=max(picture.shape))
    return maker.make(picture, maker.plan((picture.shape[1], picture.shape[0])))


def test_a_channel_is_its_value_minus_the_mean_over_the_deviation() -> None:
    picture = np.zeros((32, 64, 3), np.uint8)
    picture[..., 0] = 104  # blue
    given = made(picture, PictureInput(colour="BGR", mean=(103.53, 116.28, 123.675), std=(57.375, 57.12, 58.395)))
    assert given.shape == (1, 3, 32, 64)
    assert given.dtype == np.float32
    assert given[0, :, 0, 0] == pytest.approx([(104 - 103.53) / 57.375, -116.28 / 57.12, -123.675 / 58.395], rel=1e-5)


def test_red_comes_first_or_last_and_channels_lie_apart_or_together() -> None:
    picture = np.zeros((32, 32, 3), np.uint8)
    picture[..., 2] = 200  # red
    assert made(picture, PictureInput(colour="RGB"))[0, :, 5, 5].tolist() == [200, 0, 0]
    assert made(picture, PictureInput(colour="BGR"))[0, :, 5, 5].tolist() == [0, 0, 200]
    assert made(picture, PictureInput(colour="RGB", layout="NHWC"))[0, 5, 5].tolist() == [200, 0, 0]


def test_centerface_places_a_face_by_cell_offset_and_size() -> None:
    heat, size, offset = (np.zeros((1, depth, 16, 16), np.float32) for depth in (1, 2, 2))
    heat[0, 0, 5, 7] = 0.8
    offset[0, :, 5, 7] = (0.25, -0.25)  # down, right
    size[0, :, 5, 7] = np.log([6.0, 4.0])  # height, width, in cells
    found = centerface.decode({"heat": heat, "size": size, "offset": offset}, PERSON)
    middle_x, middle_y = (7 - 0.25 + 0.5) * 4, (5 + 0.25 + 0.5) * 4
    wanted = (middle_x - 8, middle_y - 12, middle_x + 8, middle_y + 12)
    assert found.xyxy_px[0] == pytest.approx(wanted, abs=1e-3)
    assert found.score[0] == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("picture", "side", "placed", "given"),
    [
        pytest.param((1280, 720), 416, (416, 234), (416, 256), id="wide"),
        pytest.param((720, 1280), 416, (234, 416), (256, 416), id="upright"),
        pytest.param((416, 416), 416, (416, 416), (416, 416), id="square"),
        pytest.param((1280, 720), 333, (333, 187), (352, 192), id="shrunk"),
        pytest.param((4000, 2), 416, (416, 1), (416, 32), id="a strip"),
    ],
)
def test_a_picture_keeps_its_shape_in_the_letterbox(
    picture: tuple[int, int], side: int, placed: tuple[int, int], given: tuple[int, int]
) -> None:
    plan = plan_letterbox(picture, side_px=side, multiple_of=32)
    assert (plan.placed_size_px, plan.input_size_px) == (placed, given)


def test_the_letterbox_is_black_where_the_picture_is_not() -> None:
    plan = plan_letterbox((100, 50), side_px=100, multiple_of=32)
    filled = fill_letterbox(np.full((50, 100, 3), 255, np.uint8), plan)
    assert filled.shape == (64, 128, 3)
    assert filled[:50, :100].min() == 255
    assert filled[50:].max() == 0
    assert filled[:, 100:].max() == 0


@pytest.mark.parametrize(
    ("picture", "placed", "at"),
    [
        pytest.param((1280, 720), (640, 360), (0, 140), id="wide"),
        pytest.param((720, 1280), (360, 640), (140, 0), id="upright"),
        pytest.param((100, 100), (640, 640), (0, 0), id="small"),
        pytest.param((4000, 2), (640, 1), (0, 319), id="a strip"),
    ],
)
def test_a_picture_is_as_large_as_it_can_be_in_an_input_of_one_size(
    picture: tuple[int, int], placed: tuple[int, int], at: tuple[int, int]
) -> None:
    plan = plan_fixed_letterbox(picture, input_size_px=(640, 640), is_centred=True)
    assert (plan.placed_size_px, plan.placed_at_px, plan.input_size_px) == (placed, at, (640, 640))


def test_a_stretched_picture_leaves_nothing_free() -> None:
    plan = plan_stretch((1280, 720), input_size_px=(64, 64))
    assert fill_letterbox(np.full((720, 1280, 3), 255, np.uint8), plan, fill=114).min() == 255


def test_grey_lies_around_a_centred_picture() -> None:
    plan = plan_fixed_letterbox((64, 32), input_size_px=(64, 64), is_centred=True)
    filled = fill_letterbox(np.full((32, 64, 3), 255, np.uint8), plan, fill=114)
    assert [int(filled[row, 5, 0]) for row in (0, 15, 16, 47, 48, 63)] == [114, 114, 255, 255, 114, 114]


def test_boxes_come_back_to_where_they_were_in_the_picture() -> None:
    plan = plan_letterbox((1280, 720), side_px=416, multiple_of=32)
    whole = np.array([[0, 0, 416, 234], [208, 117, 500, 400]], np.float32)
    found = plan.restore(Detections(whole, np.ones(2, np.float32), np.zeros(2, np.int64)))
    assert found.xyxy_px == pytest.approx(np.array([[0, 0, 1280, 720], [640, 360, 1280, 720]]))


def test_a_picture_without_pixels_is_refused() -> None:
    with pytest.raises(ValueError, match="holds nothing"):
        plan_letterbox((0, 10), side_px=416, multiple_of=32)
    with pytest.raises(ValueError, match="holds nothing"):
        plan_fixed_letterbox((10, 0), input_size_px=(64, 64))
