"""Golden sets with the real networks: the defaults hold their bars, weights gone wrong are refused with a figure."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, numpy_helper

from edge.demo_truth import CameraTruth, Change, Span
from edge.golden.boxes import detection_figures, match
from edge.golden.judging import judge
from edge.golden.sets import GOLDEN, run_sets, sets_of
from edge.golden.shelf import shelf_figures
from models.errors import ArtefactInvalidError, ArtefactRejectedError
from models.manifest import Manifest, Task
from models.registry import Registry
from tests.unit.models.artefacts import manifest
from vision.detections import Detections

DEFAULTS = Path(__file__).parents[3] / "models" / "defaults"
BACKROOM = Path(sys.executable).parent / "backroom"


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "models", DEFAULTS)


def worse(registry: Registry, task: Task, folder: Path, *, noise: float) -> str:
    """Add the default weights of a task with noise on their scales: they load, run, and see badly."""
    default = registry.active(task)
    model = onnx.load_from_string(default.path.read_bytes())
    rng = np.random.default_rng(4)
    for tensor in model.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT and tensor.name.endswith("_scale"):
            values = numpy_helper.to_array(tensor)
            values = (values * (1 - noise * rng.random(values.shape))).astype(np.float32)
            tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    contents = model.SerializeToString()
    fields: dict[str, Any] = default.manifest.model_dump(mode="json")
    for own in ("name", "sha256", "size_bytes", "source"):
        fields.pop(own)
    path = folder / "worse.onnx"
    path.write_bytes(contents)
    registry.add(path, manifest("worse", contents, **fields))
    return "worse"


@pytest.mark.parametrize(
    ("task", "sets"), [(Task.PERSONS, ["persons", "shelf"]), (Task.FACES, ["faces"])], ids=["persons", "faces"]
)
def test_the_defaults_hold_their_bars(registry: Registry, task: Task, sets: list[str]) -> None:
    reports = list(run_sets(registry.active(task)))
    assert [report.name for report in reports] == sets
    assert all(report.holds for report in reports), reports
    assert all(figure.bar for report in reports for figure in report.figures)


@pytest.mark.parametrize(("task", "figure"), [(Task.PERSONS, "recall"), (Task.FACES, "recall")])
def test_weights_that_load_and_see_badly_are_refused_with_the_figure(
    registry: Registry, tmp_path: Path, task: Task, figure: str
) -> None:
    in_use = registry.active(task).manifest.name
    name = worse(registry, task, tmp_path, noise=0.6)
    with pytest.raises(ArtefactRejectedError, match=rf"worse is under the bar of the golden set \w+: .*{figure} 0\.\d"):
        registry.activate(name, judge=judge)
    assert registry.active(task).manifest.name == in_use
    assert registry.slots(task).candidate == name


def test_weights_whose_outputs_nothing_here_reads_are_refused(registry: Registry) -> None:
    faces = registry.active(Task.FACES)
    other = type(faces)(faces.path, faces.manifest.model_copy(update={"decoder": "yolo"}))
    with pytest.raises(ArtefactInvalidError, match="which the decoder centerface reads"):
        judge(other)
    as_persons = type(faces)(faces.path, faces.manifest.model_copy(update={"golden": "persons", "decoder": "nanodet"}))
    with pytest.raises(ArtefactInvalidError, match="these weights give heat"):
        judge(as_persons)
    with pytest.raises(ArtefactRejectedError, match="no golden set called moon"):
        judge(type(faces)(faces.path, faces.manifest.model_copy(update={"golden": "moon"})))


def test_every_set_of_pictures_is_there_with_its_bars_and_small() -> None:
    bars = tomllib.loads((GOLDEN / "bars.toml").read_text())
    for name in ("persons", "faces", "shelf"):
        truth = json.loads((GOLDEN / name / "truth.json").read_text())
        assert bars[name]["at_least"]
        files = {p["file"] for p in truth["pictures"]} if "pictures" in truth else {truth["clip"]}
        assert {path.name for path in (GOLDEN / name).iterdir()} == files | {"truth.json"}
    assert len(json.loads((GOLDEN / "persons" / "truth.json").read_text())["pictures"]) >= 24
    assert sum(path.stat().st_size for path in GOLDEN.rglob("*") if path.is_file()) < 1_500_000


def test_a_manifest_may_name_its_own_set(registry: Registry) -> None:
    made: Manifest = registry.active(Task.PERSONS).manifest
    assert sets_of(made) == ("persons", "shelf")
    assert sets_of(made.model_copy(update={"golden": "persons"})) == ("persons",)


def test_detections_take_each_true_box_once() -> None:
    found = Detections(
        np.array([[0, 0, 10, 10], [1, 0, 11, 10], [50, 50, 60, 60]], np.float32),
        np.array([0.9, 0.8, 0.7], np.float32),
        np.zeros(3, np.int64),
    )
    hits, alarms = match(found, [[0, 0, 10, 10]], overlap=0.5)
    assert (hits, alarms) == (pytest.approx([0.9]), pytest.approx([0.8, 0.7]))
    assert match(found, [], overlap=0.5)[0] == []
    assert match(Detections.empty(), [[0, 0, 10, 10]], overlap=0.5) == ([], [])


def test_recall_is_read_at_the_threshold_in_use_and_at_the_false_alarm_rate() -> None:
    figures = detection_figures(
        [0.9, 0.6, 0.3, 0.1], [0.5, 0.2], there=5, pictures=10, threshold=0.4, false_alarm_rate=0.1
    )
    assert figures == {"recall": 0.4, "false_alarms": 0.1, "recall_at_rate": 0.6}


def test_slots_are_asked_only_while_nothing_stands_in_front() -> None:
    truth = CameraTruth(
        camera="c",
        clip=Path("c.mp4"),
        duration_s=20.0,
        initial={"a": 2},
        changes=(Change(6.0, "a", -1, 1),),
        occlusions=(Span(5.0, 6.0, "hand"),),
        faults=(),
    )
    times = [float(t) for t in range(20)]
    told = {"a": [(0.5, 2), (8.0, 1)]}
    assert shelf_figures(truth, told, times, settle_s=3.0) == {"slot_accuracy": 1.0, "changes_told": 1.0}
    late = shelf_figures(truth, {"a": [(0.5, 2)]}, times, settle_s=3.0)
    assert late == {"slot_accuracy": pytest.approx(2 / 12), "changes_told": 0.0}


def _models(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [str(BACKROOM), "models", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_the_command_tells_the_figures_and_fails_under_the_bar(registry: Registry, tmp_path: Path) -> None:
    done = _models("golden", "centerface-int8", "--json", "--data", tmp_path)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["holds"]
    assert {figure["name"] for figure in told["sets"][0]["figures"]} == {"recall", "false_alarms", "recall_at_rate"}
    worse(registry, Task.FACES, tmp_path, noise=0.6)
    done = _models("golden", "worse", "--data", tmp_path)
    assert done.returncode == 1
    assert "under" in done.stdout
    done = _models("activate", "worse", "--data", tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("worse is under the bar of the golden set faces")


def test_the_command_measures_and_says_what_it_cannot(tmp_path: Path) -> None:
    done = _models("bench", "centerface-int8", "--runs", "5", "--side", "96", "--json", "--data", tmp_path)
    assert done.returncode == 0, done.stderr
    times = json.loads(done.stdout)["times"]
    assert [each["threads"] for each in times] == [1, 2]
    assert all(0 < each["p50_ms"] <= each["p95_ms"] for each in times)
    done = _models("pull", "centerface-int8", "--data", tmp_path)
    assert (done.returncode, done.stderr.strip()) == (
        1,
        "centerface-int8 lies beside its manifest: use `backroom models add`",
    )
