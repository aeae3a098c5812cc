"""Manifests: what is accepted, what is refused and with which sentence."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from models.errors import ArtefactInvalidError, ArtefactMissingError
from models.manifest import Manifest, Task, manifest_json, parse_manifest, read_manifest

DEFAULTS = Path(__file__).parents[3] / "models" / "defaults"


def a_picture_manifest(**changes: Any) -> dict[str, Any]:
    return {
        "name": "tiny",
        "version": "1.0.0",
        "task": "persons",
        "format": "onnx",
        "sha256": "0" * 64,
        "size_bytes": 10,
        "licence": "Apache-2.0",
        "input": {"colour": "BGR", "height": 32, "width": 32},
        "labels": ["person"],
        "source": {"kind": "file", "path": "tiny.onnx"},
        "origin": "made for a test",
        **changes,
    }


def test_a_manifest_reads_back_as_it_was_written() -> None:
    manifest = Manifest.model_validate(a_picture_manifest())
    assert parse_manifest(manifest_json(manifest), where="tiny.json") == manifest


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        pytest.param({"surprise": 1}, "tiny.json: surprise: unknown key", id="unknown key"),
        pytest.param({"origin": "a\nb"}, "tiny.json: origin: write it on one line", id="a rule of ours"),
        pytest.param({"task": "language"}, "tiny.json: the file: task language needs", id="of the whole"),
    ],
)
def test_refusals_are_in_our_words(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ArtefactInvalidError) as refused:
        parse_manifest(json.dumps(a_picture_manifest(**changes)).encode(), where="tiny.json")
    assert str(refused.value).startswith(says)


def test_what_int8_weights_were_made_of_is_kept() -> None:
    record = {"name": "tiny-float", "sha256": "1" * 64, "before": {"persons": {"recall": 0.95}}, "after": {}}
    made = parse_manifest(json.dumps(a_picture_manifest(quantized_from=record)).encode(), where="tiny.json")
    assert made.quantized_from is not None
    assert made.quantized_from.before["persons"]["recall"] == 0.95
    assert parse_manifest(manifest_json(made), where="tiny.json") == made


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"sha256": "ABC"}, "sha256", id="hash is not 64 lower-case digits"),
        pytest.param({"size_bytes": 0}, "size_bytes", id="no bytes"),
        pytest.param({"task": "horoscopes"}, "task", id="unknown task"),
        pytest.param({"format": "pickle"}, "format", id="unknown format"),
        pytest.param({"name": "../up"}, "name", id="name is a path"),
        pytest.param({"source": {"kind": "file", "path": "../tiny.onnx"}}, "source.file.path", id="path goes up"),
        pytest.param({"source": {"kind": "file", "path": "/tiny.onnx"}}, "source.file.path", id="path is absolute"),
        pytest.param({"source": {"kind": "ftp", "path": "tiny.onnx"}}, "source", id="unknown source"),
        pytest.param({"labels": ["\x1b[2Jperson"]}, r"labels\.0", id="a label that a terminal would obey"),
        pytest.param({"origin": "made\nfor a test"}, "origin", id="origin on two lines"),
        pytest.param({"surprise": 1}, "surprise", id="unknown key"),
        pytest.param(
            {"quantized_from": {"name": "a", "sha256": "1", "before": {}, "after": {}}},
            "quantized_from.sha256",
            id="the float weights have no hash",
        ),
        pytest.param({"input": None}, "the file", id="no input section"),
        pytest.param({"task": "language"}, "the file", id="a picture network cannot talk"),
        pytest.param({"task": "embeddings"}, "the file", id="a picture network does not read"),
        pytest.param(
            {"text": {"tokenizer": "wordpiece-uncased", "max_tokens": 256, "dimensions": 384}},
            "the file",
            id="a picture network takes no text",
        ),
    ],
)
def test_a_wrong_field_is_named(changes: dict[str, Any], field: str) -> None:
    text = json.dumps(a_picture_manifest(**changes)).encode()
    with pytest.raises(ArtefactInvalidError, match=rf"^tiny\.json: {field}: "):
        parse_manifest(text, where="tiny.json")


def test_a_missing_manifest_is_missing_and_not_invalid(tmp_path: Path) -> None:
    with pytest.raises(ArtefactMissingError):
        read_manifest(tmp_path / "none.json")


def test_a_huge_file_is_no_manifest(tmp_path: Path) -> None:
    (tmp_path / "huge.json").write_bytes(b" " * (1 << 20) + b"{}")
    with pytest.raises(ArtefactInvalidError, match="larger than"):
        read_manifest(tmp_path / "huge.json")


def test_a_pipe_is_no_manifest_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    with pytest.raises(ArtefactInvalidError, match="no file"):
        read_manifest(tmp_path / "pipe.json")


def test_every_default_is_named_after_its_file_and_every_task_has_one() -> None:
    manifests = {path.stem: read_manifest(path) for path in DEFAULTS.glob("*.json")}
    assert all(name == manifest.name for name, manifest in manifests.items())
    assert {manifest.task for manifest in manifests.values()} == set(Task)
