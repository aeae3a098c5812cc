"""Boxes through every layout of outputs and every way of fitting a picture, and back."""

import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.manifest import PictureInput
from tests.unit.vision_people.layouts import ENCODERS, Seen
from vision.decoders import DECODERS
from vision.detections import MAX_KEPT
from vision.outputs import Wanted, fits
from vision.picture_input import InputMaker

LABELS = 3


def test_every_decoder_has_its_encoder_here() -> None:
    assert ENCODERS.keys() == DECODERS.keys()


@pytest.mark.parametrize("name", DECODERS)
def test_two_things_are_read_and_others_left_out(name: str) -> None:
    size_px = (320, 256)
    person, other = Seen((40, 30, 100, 200), 0.9), Seen((180, 60, 260, 120), 0.6)
    faint, cart = Seen((120, 200, 140, 230), 0.2), Seen((10, 210, 60, 250), 0.8, label=2)
    seen = [person, other, faint] + ([cart] if name != "centerface" else [])
    outputs = ENCODERS[name](seen, LABELS, size_px)
    found = DECODERS[name].decode(outputs, Wanted(threshold=0.4, classes=(0,), input_size_px=size_px))
    assert found.xyxy_px == pytest.approx(np.array([person.xyxy_px, other.xyxy_px]), abs=0.01)
    assert found.score == pytest.approx([0.9, 0.6], abs=1e-4)
    assert found.label.tolist() == [0, 0]
    if name != "centerface":
        every = DECODERS[name].decode(outputs, Wanted(threshold=0.4, classes=(0, 1, 2), input_size_px=size_px))
        assert every.label.tolist() == [0, 2, 0]


@st.composite
def pictures_with_a_box(draw: st.DrawFn) -> tuple[tuple[int, int], tuple[float, float, float, float]]:
    width = draw(st.integers(24, 2500))
    height = max(24, round(width * draw(st.floats(1 / 3, 3))))
    left, top = draw(st.floats(0, 0.7)), draw(st.floats(0, 0.7))
    right, bottom = left + draw(st.floats(0.1, 0.25)), top + draw(st.floats(0.1, 0.25))
    return (width, height), (left * width, top * height, right * width, bottom * height)


@pytest.mark.parametrize("fit", ["letterbox", "letterbox-centred", "stretch"])
@pytest.mark.parametrize("sides", [None, (320, 320), (416, 256)])
@pytest.mark.parametrize("name", DECODERS)
@settings(max_examples=25, deadline=None)
@given(case=pictures_with_a_box())
def test_a_box_comes_back_to_where_it_was(name: str, sides: Any, fit: Any, case: Any) -> None:
    picture_size_px, box = case
    if sides is None and fit == "stretch":
        return
    width, height = sides or (None, None)
    wanted = PictureInput(colour="RGB", width=width, height=height, multiple_of=32, fit=fit)
    plan = InputMaker(wanted, side_px=352).plan(picture_size_px)
    scale = np.array(plan.placed_size_px * 2) / (picture_size_px * 2)
    placed = tuple(np.array(box) * scale + np.array(plan.placed_at_px * 2))
    outputs = ENCODERS[name]([Seen(placed)], LABELS, plan.input_size_px)  # type: ignore[arg-type]
    assert fits(outputs, DECODERS[name].shapes(1 if name == "centerface" else LABELS, plan.input_size_px))
    asked = Wanted(threshold=0.4, classes=(0,), input_size_px=plan.input_size_px)
    found = plan.restore(DECODERS[name].decode(outputs, asked))
    assert len(found) == 1
    assert np.abs(found.xyxy_px[0] - box).max() <= 0.05 / scale.min()


def everything_at_once(name: str, size_px: tuple[int, int], value: float) -> dict[str, Any]:
    outputs = {n: np.full_like(a, value) for n, a in ENCODERS[name]([], LABELS, size_px).items()}
    if name in ("yolo-end-to-end", "rtdetr", "rtdetr-scores", "detr"):
        outputs = {n: np.repeat(a, 1000, axis=1) for n, a in outputs.items()}
    return outputs


@pytest.mark.parametrize("value", [0.99, 50.0, 1e30, float("inf"), float("-inf"), float("nan")])
@pytest.mark.parametrize("name", DECODERS)
def test_weights_that_see_something_everywhere_are_bounded(name: str, value: float) -> None:
    size_px = (640, 640)
    with np.errstate(invalid="ignore"):
        outputs = everything_at_once(name, size_px, value)
    asked = Wanted(threshold=0.4, classes=(0, 1, 2) if name != "centerface" else (0,), input_size_px=size_px)
    began_s = time.perf_counter()
    with np.errstate(over="ignore", invalid="ignore"):
        found = DECODERS[name].decode(outputs, asked)
    assert time.perf_counter() - began_s < 2.0
    assert len(found) <= MAX_KEPT
    assert np.isfinite(found.xyxy_px).all()
    assert (found.score <= 1.0).all()


@pytest.mark.parametrize("name", ["yolo", "yolox"])
def test_many_small_boxes_beside_each_other_are_bounded(name: str) -> None:
    size_px = (640, 640)
    boxes = [
        Seen((x, y, x + 6.0, y + 6.0), 0.5 + (x * 7 + y) / 1e5) for x in range(0, 636, 8) for y in range(0, 636, 8)
    ]
    outputs = ENCODERS[name](boxes, LABELS, size_px)
    asked = Wanted(threshold=0.4, classes=(0, 1, 2), input_size_px=size_px)
    found = DECODERS[name].decode(outputs, asked)
    assert len(found) == MAX_KEPT
    assert found.score[0] == pytest.approx(max(box.score for box in boxes), abs=1e-4)
