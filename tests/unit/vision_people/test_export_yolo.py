"""The rules of the Ultralytics export; the export itself needs PyTorch and runs where that is."""

from pathlib import Path

import numpy as np
import pytest
from onnx import ModelProto, helper

from scripts.default_weights import SourceWeightsError
from scripts.export_yolo import agreement, difference, head_of, parser, picture_of, read_labels
from vision.detections import Detections


def network(*names: str) -> ModelProto:
    return helper.make_model(
        helper.make_graph([helper.make_node("Relu", ["x"], ["y"], name=n) for n in names], "g", [], [])
    )


def found(*boxes: tuple[float, float, float, float, int]) -> Detections:
    table = np.array(boxes, np.float32).reshape(-1, 5)
    return Detections(table[:, :4], np.full(len(table), 0.9, np.float32), table[:, 4].astype(np.int64))


def test_the_head_is_the_last_numbered_layer() -> None:
    assert head_of(network("/model.2/cv1/Conv", "/model.23/Concat", "/model.9/Add", "Transpose_5")) == "/model.23/"
    with pytest.raises(SourceWeightsError, match="no network that Ultralytics exported"):
        head_of(network("Conv_0"))


def test_inputs_are_made_as_ultralytics_makes_them() -> None:
    yolo, rtdetr = picture_of("yolo", 640), picture_of("rtdetr", 320)
    assert (yolo.colour, yolo.std, yolo.fit, yolo.fill) == ("RGB", (255, 255, 255), "letterbox-centred", 114)
    assert (rtdetr.fit, rtdetr.height, rtdetr.width) == ("stretch", 320, 320)


def test_boxes_differ_in_shares_of_the_side_and_scores_as_they_are() -> None:
    output = np.zeros((1, 6, 10), np.float32)
    moved, surer = output.copy(), output.copy()
    moved[0, 2, 3], surer[0, 5, 3] = 3.2, 0.25
    assert difference("yolo", 320, output, moved) == pytest.approx(0.01)
    assert difference("yolo", 320, output, surer) == pytest.approx(0.25)
    with pytest.raises(SourceWeightsError, match=r"PyTorch gives \(1, 6, 10\), the exported network \(1, 6, 9\)"):
        difference("yolo", 320, output, output[:, :, :9])


def test_rows_that_changed_places_with_equal_scores_are_no_difference() -> None:
    rows = np.array([[[0.1, 0.1, 0.1, 0.1, 0.5, 0], [0.9, 0.9, 0.1, 0.1, 0.5, 3]]], np.float32)
    assert difference("rtdetr", 320, rows, rows[:, ::-1]) == 0.0


def test_boxes_are_found_again_in_their_frame_with_their_label() -> None:
    before = [found((0, 0, 10, 10, 0), (50, 50, 60, 60, 1)), found((0, 0, 10, 10, 0)), found()]
    after = [found((1, 0, 11, 10, 0), (50, 50, 60, 60, 0)), found((0, 0, 10, 10, 0)), found((5, 5, 9, 9, 0))]
    told = agreement(before, after)
    assert (told.frames, told.before, told.after, told.found_again) == (3, 3, 4, pytest.approx(2 / 3))
    assert agreement([found()], [found()]).found_again == 1.0


def test_labels_are_read_one_a_line(tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("person\n shopping cart \n\n")
    assert read_labels(tmp_path / "labels.txt") == ("person", "shopping cart")


def test_the_licence_is_that_of_ultralytics_unless_said_otherwise() -> None:
    given = parser().parse_args(["shop.pt", "--name", "shop", "--frames", "a", "--frames", "b", "--out", "o"])
    assert (given.licence, given.frames, given.task) == ("AGPL-3.0-only", [Path("a"), Path("b")], "persons")
