"""The judge at activation: what quantization lost is measured, and hostile networks end in a sentence."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from edge.golden.bounded import run_bounded
from edge.golden.judging import Judgement, judge
from models.child import ChildLimits
from models.errors import ArtefactInvalidError, ArtefactRejectedError
from models.manifest import ActiveArtefact, Manifest, Task, manifest_json
from models.registry import Registry
from tests.unit.models.artefacts import manifest

DEFAULTS = Path(__file__).parents[3] / "models" / "defaults"
BACKROOM = (sys.executable, "-c", "from edge.cli.main import main; main()")
PERFECT = {"recall": 1.0, "recall_at_rate": 1.0, "false_alarms": 0.0}


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "models", DEFAULTS)


def offspring(registry: Registry, folder: Path, contents: bytes, name: str, **changes: Any) -> Manifest:
    """A manifest beside weights derived from the default ones for faces, added to the registry."""
    fields: dict[str, Any] = registry.active(Task.FACES).manifest.model_dump(mode="json")
    for own in ("name", "sha256", "size_bytes", "source"):
        fields.pop(own)
    path = folder / f"{name}.onnx"
    path.write_bytes(contents)
    made = manifest(name, contents, **{**fields, **changes})
    registry.add(path, made)
    return made


def few_bits(registry: Registry, bits: int) -> bytes:
    """The default weights for faces, left with so many bits each."""
    network = onnx.load_from_string(registry.active(Task.FACES).path.read_bytes())
    step = 2 ** (8 - bits)
    for tensor in network.graph.initializer:
        if tensor.data_type == TensorProto.INT8 and len(tensor.dims) == 4:
            values = np.round(numpy_helper.to_array(tensor) / step) * step
            tensor.CopyFrom(numpy_helper.from_array(np.clip(values, -127, 127).astype(np.int8), tensor.name))
    return network.SerializeToString()


def quantized_from(weights: Manifest | None, before: dict[str, float]) -> dict[str, Any]:
    return {
        "name": "faces-float",
        "sha256": "0" * 64 if weights is None else weights.sha256,
        "before": {"faces": before},
        "after": {"faces": before},
    }


def test_int8_weights_that_lost_too_much_are_refused_and_what_is_in_use_stays(
    registry: Registry, tmp_path: Path
) -> None:
    in_use = registry.active(Task.FACES).manifest.name
    offspring(registry, tmp_path, few_bits(registry, 3), "coarse", quantized_from=quantized_from(None, PERFECT))
    with pytest.raises(ArtefactRejectedError, match=r"coarse .*recall \d\.\d"):
        registry.activate("coarse", judge=judge)
    assert registry.active(Task.FACES).manifest.name == in_use


def test_what_was_lost_is_refused_even_where_every_bar_holds(registry: Registry, tmp_path: Path) -> None:
    """The bars leave room under a perfect parent: a parent that finds all makes one face the most that may be lost."""
    same = registry.active(Task.FACES).path.read_bytes()
    recorded = {**PERFECT, "recall": 1.01}
    offspring(registry, tmp_path, same, "lossy", quantized_from=quantized_from(None, recorded))
    with pytest.raises(
        ArtefactRejectedError, match=r"lossy lost too much of faces-float by quantization: faces\.recall"
    ):
        registry.activate("lossy", judge=judge)


def test_the_float_weights_are_measured_where_they_lie_and_their_record_is_not_believed(
    registry: Registry, tmp_path: Path
) -> None:
    parent = registry.active(Task.FACES).manifest
    flattering = {**PERFECT, "recall": 0.1}
    made = offspring(
        registry, tmp_path, few_bits(registry, 7), "fine", quantized_from=quantized_from(parent, flattering)
    )
    judged: list[Judgement] = []
    registry.activate(
        "fine", judge=lambda artefact: judged.append(judge(artefact, float_weights=registry.float_weights_of(made)))
    )
    assert judged[0].is_float_measured
    assert {loss.name: loss.before for loss in judged[0].losses}["faces.recall"] > 0.9
    assert registry.active(Task.FACES).manifest.name == "fine"


def hostile(folder: Path, trips: int, side: int) -> ActiveArtefact:
    """A network with CenterFace's outputs that first multiplies matrices of ``side`` for ``trips`` rounds.

    For the trial's small picture it does nothing: what it costs hangs on the height of what it is shown.
    """
    network = helper.make_model(toiling(trips, side), opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(network)
    contents = network.SerializeToString()
    path = folder / "hostile.onnx"
    path.write_bytes(contents)
    fields = {
        "task": "faces",
        "decoder": "centerface",
        "input": {"colour": "RGB", "multiple_of": 32},
        "labels": ["face"],
    }
    return ActiveArtefact(path, manifest("hostile", contents, **fields))


def toiling(trips: int, side: int) -> onnx.GraphProto:
    """From a picture over 64 pixels high: a matrix of zeros, multiplied with itself, its sum in every output."""
    numbers = {
        "axis": np.array([2], np.int64),
        "end": np.array([3], np.int64),
        "small": np.array([64], np.int64),
        "one": np.array([1], np.int64),
        "trips": np.array(trips, np.int64),
        "side": np.array([side, side], np.int64),
        "yes": np.array(True),
        "zero": np.zeros(1, np.float32),
        "of_heat": np.array([1, 1, 16, 16], np.int64),
        "of_pair": np.array([1, 2, 16, 16], np.int64),
    }
    nodes = [
        helper.make_node("Shape", ["picture"], ["shape"]),
        helper.make_node("Slice", ["shape", "axis", "end"], ["height"]),
        helper.make_node("Greater", ["height", "small"], ["is_large"]),
        helper.make_node("Cast", ["is_large"], ["large"], to=TensorProto.INT64),
        helper.make_node("Mul", ["side", "large"], ["grown"]),
        helper.make_node("Max", ["grown", "one"], ["sides"]),
        helper.make_node("Expand", ["zero", "sides"], ["matrix"]),
        helper.make_node("Loop", ["trips", "yes", "matrix"], ["end_matrix"], body=multiplication()),
        helper.make_node("ReduceSum", ["end_matrix"], ["sum"], keepdims=0),
        helper.make_node("Expand", ["sum", "of_heat"], ["heat"]),
        helper.make_node("Expand", ["sum", "of_pair"], ["size"]),
        helper.make_node("Expand", ["sum", "of_pair"], ["offset"]),
    ]
    picture = helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 3, "height", "width"])
    outputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, depth, "h", "w"])
        for name, depth in (("heat", 1), ("size", 2), ("offset", 2))
    ]
    constants = [numpy_helper.from_array(value, name) for name, value in numbers.items()]
    return helper.make_graph(nodes, "hostile", [picture], outputs, constants)


def multiplication() -> onnx.GraphProto:
    """One round of the loop: the matrix times itself, kept small."""
    nodes = [
        helper.make_node("MatMul", ["m_in", "m_in"], ["product"]),
        helper.make_node("Tanh", ["product"], ["m_out"]),
        helper.make_node("Identity", ["go_on"], ["still"]),
    ]
    inputs = [
        helper.make_tensor_value_info("round", TensorProto.INT64, []),
        helper.make_tensor_value_info("go_on", TensorProto.BOOL, []),
        helper.make_tensor_value_info("m_in", TensorProto.FLOAT, ["n", "n"]),
    ]
    outputs = [
        helper.make_tensor_value_info("still", TensorProto.BOOL, []),
        helper.make_tensor_value_info("m_out", TensorProto.FLOAT, ["n", "n"]),
    ]
    return helper.make_graph(nodes, "body", inputs, outputs)


@pytest.mark.parametrize(
    ("trips", "side", "limits", "sentence"),
    [
        pytest.param(1_000_000, 800, {"silence_s": 4.0}, "the network was silent for 4 s", id="computes for hours"),
        pytest.param(1_000_000, 800, {"cpu_s": 3}, "took more than 3 s of processor time", id="burns the processor"),
        pytest.param(1, 60_000, {}, "hostile", id="wants 14 GB"),
    ],
)
def test_a_network_that_wants_too_much_of_the_judge_ends_in_a_sentence(
    tmp_path: Path, trips: int, side: int, limits: dict[str, Any], sentence: str
) -> None:
    artefact = hostile(tmp_path, trips, side)
    with pytest.raises(ArtefactInvalidError, match=sentence):
        list(run_bounded(artefact, limits=ChildLimits(spare_mib=3072, **limits)))


def test_the_command_tells_what_was_lost_and_against_what(registry: Registry, tmp_path: Path) -> None:
    contents = few_bits(registry, 7)
    fields = registry.active(Task.FACES).manifest.model_dump(mode="json")
    made = Manifest.model_validate(
        {
            **fields,
            "name": "fine",
            "sha256": hashlib.sha256(contents).hexdigest(),
            "size_bytes": len(contents),
            "quantized_from": quantized_from(None, PERFECT),
        }
    )
    (tmp_path / "fine.onnx").write_bytes(contents)
    (tmp_path / "fine.json").write_bytes(manifest_json(made))

    def backroom(*words: str) -> subprocess.CompletedProcess[str]:
        command = [*BACKROOM, "models", *words, "--data", str(tmp_path / "data")]
        root = Path(__file__).parents[3]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=root)

    assert backroom("add", str(tmp_path / "fine.onnx"), str(tmp_path / "fine.json")).returncode == 0
    done = backroom("activate", "fine", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["float_weights"] == "recorded"
    assert all(loss["holds"] for loss in told["losses"])
    again = backroom("activate", "fine")
    assert all(line.strip() for line in backroom("verify", "fine").stdout.splitlines())
    assert "do not lie here" in again.stdout
