"""Weights files against their manifests: each wrong thing has its own sentence, and nothing is parsed."""

import hashlib
import os
from pathlib import Path

import pytest

from models.errors import ArtefactInvalidError, ArtefactMissingError
from models.manifest import Manifest
from models.verification import stamp_of, verify_file

GOOD = b"\x08\x08" + b"weights" * 100_000


def manifest_for(contents: bytes, form: str = "onnx") -> Manifest:
    section = (
        {"input": {"colour": "RGB"}, "task": "faces"}
        if form == "onnx"
        else {"chat": {"template": "chatml", "trained_context_tokens": 512}, "task": "language"}
    )
    return Manifest.model_validate(
        {
            "name": "tiny",
            "version": "1",
            "format": form,
            "sha256": hashlib.sha256(contents).hexdigest(),
            "size_bytes": len(contents),
            "licence": "MIT",
            "source": {"kind": "file", "path": "tiny.bin"},
            "origin": "made for a test",
            **section,
        }
    )


@pytest.mark.parametrize(
    ("contents", "sentence"),
    [
        pytest.param(GOOD[:-1], "cut short, 700001 of 700002 bytes", id="truncated"),
        pytest.param(GOOD + b"!", "700003 bytes long", id="too long"),
        pytest.param(GOOD[:-1] + b"!", "its contents are not those of tiny 1", id="one byte changed"),
        pytest.param(b"", "is empty", id="empty"),
        pytest.param(b"PK\x03\x04" + GOOD, "is not ONNX but a zip archive or PyTorch checkpoint", id="checkpoint"),
        pytest.param(b"GGUF" + GOOD, "is not ONNX but a GGUF file", id="other format of ours"),
        pytest.param(b"<!doctype html>" + GOOD, "is not ONNX but a web page", id="error page of a proxy"),
        pytest.param(b"\xff\xff" + GOOD[2:], "is not ONNX$", id="anything else"),
    ],
)
def test_wrong_weights_are_refused_with_what_is_wrong(tmp_path: Path, contents: bytes, sentence: str) -> None:
    path = tmp_path / "tiny.bin"
    path.write_bytes(contents)
    with pytest.raises(ArtefactInvalidError, match=sentence):
        verify_file(path, manifest_for(GOOD))


def test_a_wrong_form_is_said_before_a_wrong_hash(tmp_path: Path) -> None:
    path = tmp_path / "tiny.bin"
    path.write_bytes(GOOD)
    with pytest.raises(ArtefactInvalidError, match="is not GGUF"):
        verify_file(path, manifest_for(GOOD[::-1], form="gguf"))


def test_missing_weights_are_missing(tmp_path: Path) -> None:
    with pytest.raises(ArtefactMissingError, match="no such weights file"):
        verify_file(tmp_path / "none", manifest_for(GOOD))


def test_progress_counts_up_to_the_whole(tmp_path: Path) -> None:
    path = tmp_path / "tiny.bin"
    contents = GOOD * 4
    path.write_bytes(contents)
    seen: list[tuple[int, int]] = []
    verify_file(path, manifest_for(contents), progress=lambda done, whole: seen.append((done, whole)))
    assert len(seen) > 1
    assert seen == sorted(seen)
    assert seen[-1] == (len(contents), len(contents))


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tiny.bin"
    path.write_bytes(GOOD)
    with pytest.raises(ArtefactInvalidError, match="changed while it was read"):
        verify_file(path, manifest_for(GOOD), progress=lambda _done, _whole: os.utime(path, ns=(1, 1)))


def test_the_stamp_notices_a_change_whose_time_was_set_back(tmp_path: Path) -> None:
    path = tmp_path / "tiny.bin"
    path.write_bytes(GOOD)
    before = stamp_of(path)
    _let_the_file_clock_tick(tmp_path / "probe", before.ctime_ns)
    path.write_bytes(GOOD[::-1])
    os.utime(path, ns=(before.mtime_ns, before.mtime_ns))
    after = stamp_of(path)
    assert (after.size_bytes, after.mtime_ns, after.inode) == (before.size_bytes, before.mtime_ns, before.inode)
    assert after != before


def _let_the_file_clock_tick(probe: Path, since_ns: int) -> None:
    """The kernel stamps files with a clock of some milliseconds; two writes within one tick look alike."""
    probe.touch()
    while stamp_of(probe).ctime_ns <= since_ns:
        probe.touch()


def test_a_pipe_is_no_weights_file_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.onnx")
    with pytest.raises(ArtefactInvalidError, match="no file"):
        verify_file(tmp_path / "pipe.onnx", manifest_for(GOOD))
