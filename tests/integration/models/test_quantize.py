"""Quantizing a small network: the layer that int8 breaks is found, the report says all, the same bytes come twice."""

import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from edge.golden.loss import Loss
from scripts.int8_search import Attempt, LayerEffect, Quantizer, layer_effects, search
from scripts.quantize_onnx import Feeds
from scripts.quantize_report import QuantizationReport, Weighed, as_json, as_svg, as_text


def never() -> bool:
    return False


def network() -> onnx.ModelProto:
    """Three convolutions; the second has one channel a thousand times as loud as the others, which int8 drowns."""
    rng = np.random.default_rng(1)
    tensors, nodes, name = [], [], "picture"
    for number in range(3):
        weights = rng.normal(0.0, 0.2, (4, 4 if number else 3, 3, 3)).astype(np.float32)
        if number == 1:
            weights[0] *= 1000.0
        if number == 2:
            weights[:, 0] /= 1000.0
        tensors.append(numpy_helper.from_array(weights, f"w{number}"))
        nodes.append(helper.make_node("Conv", [name, f"w{number}"], [f"c{number}"], name=f"conv{number}", pads=[1] * 4))
        name = f"c{number}"
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 3, 16, 16])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 4, 16, 16])],
        tensors,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


@pytest.fixture
def feeds() -> list[Feeds]:
    rng = np.random.default_rng(2)
    return [{"picture": rng.normal(size=(1, 3, 16, 16)).astype(np.float32)} for _ in range(6)]


def test_every_layer_is_measured_and_the_worst_is_left_out_first(feeds: list[Feeds], tmp_path: Path) -> None:
    said: list[str] = []
    quantizer = Quantizer(network(), feeds[:4], tmp_path)
    effects = layer_effects(quantizer, feeds[4:], said.append, never)
    assert {effect.name for effect in effects} == {"conv0", "conv1", "conv2"}
    assert effects[0].error > effects[-1].error
    assert len(said) == 3
    losing = {0: 0.5, 1: -0.1}
    tried: list[bytes] = []

    def excess(weights: bytes) -> float:
        tried.append(weights)
        return losing[len(tried) - 1]

    best = search(quantizer, effects, excess, said.append, never)
    assert best.left_out == (effects[0].name,)
    assert best.weights == tried[1] != tried[0]


def test_the_same_inputs_give_the_same_bytes(feeds: list[Feeds], tmp_path: Path) -> None:
    made = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        made.append(Quantizer(network(), feeds, tmp_path / name).without([]))
    assert made[0] == made[1]


def test_a_search_without_gain_ends_early_with_the_best(feeds: list[Feeds], tmp_path: Path) -> None:
    effects = [LayerEffect(f"conv{n}", "Conv", 1.0) for n in range(3)]
    tried: list[float] = [0.3, 0.2, 0.4, 0.4]
    counts = iter(tried)
    best = search(Quantizer(network(), feeds, tmp_path), effects, lambda _: next(counts), lambda _: None, never)
    assert best == Attempt(best.weights, ("conv0",), 0.2)


def test_a_search_whose_time_is_up_ends_with_the_best_so_far(feeds: list[Feeds], tmp_path: Path) -> None:
    said: list[str] = []
    over = iter([False, True])
    quantizer = Quantizer(network(), feeds, tmp_path)
    effects = layer_effects(quantizer, feeds, said.append, lambda: next(over))
    assert [effect.name for effect in effects] == ["conv0"]
    assert said[-1] == "time is up: 2 layers were not measured"
    best = search(quantizer, effects, lambda _: 0.3, said.append, lambda: True)
    assert best == Attempt(best.weights, (), 0.3)


def test_a_report_says_the_same_as_text_as_json_and_as_a_drawing() -> None:
    report = QuantizationReport(
        name="a-int8",
        made_of="a",
        made_of_sha256="0" * 64,
        calibration_sha256="1" * 64,
        calibration_frames=40,
        before=Weighed(4_000_000, 40.0, 22.0),
        after=Weighed(1_000_000, 16.0, 9.0),
        losses=(Loss(name="faces.recall", before=0.95, after=0.85, loss=0.1, at_most=0.042),),
        left_out=("conv1",),
        effects=(LayerEffect("conv1", "Conv", 0.5),),
        layers=1,
    )
    assert "TOO MUCH" in as_text(report)
    assert "conv1" in as_text(report)
    assert as_json(report)["losses"][0]["holds"] is False
    assert not report.holds
    drawn = ET.fromstring(as_svg(report))  # noqa: S314 - our own drawing
    assert "faces.recall" in {element.text for element in drawn.iter()}
