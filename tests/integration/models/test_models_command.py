"""`backroom models` as people and programs use it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from models.manifest import manifest_json
from tests.unit.models.artefacts import manifest, weights

BACKROOM = Path(sys.executable).parent / "backroom"
HTTPS = {"kind": "https", "url": "https://127.0.0.1/tiny.onnx"}


def models(data: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [str(BACKROOM), "models", *map(str, words), "--data", str(data)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def described(folder: Path, name: str, contents: bytes, **changes: Any) -> Path:
    """A manifest's file of weights for persons that can be read here, unless changed."""
    fields = {"labels": ["person"], "decoder": "nanodet", **changes}
    path = folder / f"{name}.json"
    path.write_bytes(manifest_json(manifest(name, contents, **fields)))
    return path


def put(folder: Path, name: str, **changes: Any) -> tuple[Path, Path]:
    path = folder / f"{name}.onnx"
    path.write_bytes(weights(name))
    return path, described(folder, name, weights(name), **changes)


def test_every_bad_artefact_is_told_by_its_name(tmp_path: Path) -> None:
    data = tmp_path / "data"
    for name in ("aaa", "bbb"):
        assert models(data, "add", *put(tmp_path, name)).returncode == 0
    for blob in (data / "models" / "blobs").iterdir():
        blob.chmod(0o600)
        blob.write_bytes(blob.read_bytes()[:-1])
    done = models(data, "verify")
    assert done.returncode == 1
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == ["aaa", "bbb"]
    assert "centerface-int8: as its manifest says" in done.stdout
    told = models(data, "verify", "--json")
    assert told.returncode == 1
    assert [bad["name"] for bad in json.loads(told.stdout)["bad"]] == ["aaa", "bbb"]
    assert len(json.loads(told.stdout)["verified"]) >= 4
    assert told.stderr == done.stderr


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        pytest.param({"decoder": "crystal-ball"}, "there are nanodet, centerface", id="unknown decoder"),
        pytest.param({"labels": ["dog"]}, "need the label person; its labels are dog", id="persons without persons"),
    ],
)
def test_weights_that_nobody_could_read_are_not_added(tmp_path: Path, changes: dict[str, Any], says: str) -> None:
    done = models(tmp_path / "data", "add", *put(tmp_path, "tiny", **changes))
    assert done.returncode == 1
    assert says in done.stderr
    assert "tiny" not in models(tmp_path / "data", "list").stdout


def test_a_pull_says_that_the_weights_are_already_here(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert models(data, "add", *put(tmp_path, "tiny")).returncode == 0
    again = described(tmp_path, "again", weights("tiny"), source=HTTPS)
    assert models(data, "pull", again).stdout == "again: its weights are already here\n"
    assert json.loads(models(data, "pull", again, "--json").stdout)["state"] == "already here"


def test_a_language_model_is_sent_to_its_own_bench(tmp_path: Path) -> None:
    listed = json.loads(models(tmp_path, "list", "--json").stdout)["artefacts"]
    name = next(each["name"] for each in listed if each["format"] == "gguf")
    done = models(tmp_path, "bench", name)
    assert done.returncode == 1
    assert "backroom bench llm" in done.stderr


def test_an_artefact_is_shown_in_words_with_its_inputs_and_outputs(tmp_path: Path) -> None:
    shown = models(tmp_path, "show", "centerface-int8").stdout
    assert {"input", "labels", "decoder"} <= {line.split()[0] for line in shown.splitlines()}
    assert "default      yes" in shown
    assert "None" not in shown
    assert json.loads(models(tmp_path, "show", "centerface-int8", "--json").stdout)["decoder"] == "centerface"
