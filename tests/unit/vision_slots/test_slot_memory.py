"""A camera's confirmed slots on disk: they survive, and a broken file is refused and left alone."""

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from models.durable import LocalDisk
from vision.errors import SlotMemoryInvalidError
from vision.slot_learning import Example
from vision.slot_memory import SlotMemory, load_memory, save_memory

SHA = "ab" * 32


def example(picture: str = "p1", slot: str = "s1", value: float = 0.5) -> Example:
    return Example(picture, slot, "empty", np.full(6, value, np.float32))


def saved(path: Path, *examples: Example) -> SlotMemory:
    memory = SlotMemory(tuple(examples))
    save_memory(LocalDisk(), path, memory, weights_sha256=SHA)
    return memory


def test_what_was_confirmed_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "cam.json"
    saved(path, example(), example(slot="s2", value=-2.0))
    (first, second) = load_memory(path, weights_sha256=SHA).examples
    assert (first.picture_id, first.slot_id, first.state) == ("p1", "s1", "empty")
    np.testing.assert_allclose(second.features, -2.0)


def test_nothing_learnt_yet_is_no_error(tmp_path: Path) -> None:
    assert load_memory(tmp_path / "cam.json", weights_sha256=SHA).examples == ()


def test_confirming_a_picture_again_replaces_what_was_said() -> None:
    memory = SlotMemory((example("p1", "s1", 1.0), example("p1", "s2"))).with_picture([example("p1", "s1", 9.0)])
    assert [(e.slot_id, float(e.features[0])) for e in memory.examples] == [("s2", 0.5), ("s1", 9.0)]


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body[: len(body) // 2],
        lambda _: b"",
        lambda _: b"\x00" * 200,
        lambda body: body.replace(b'"form": 1', b'"form": 2'),
        lambda body: body.replace(b'"empty"', b'"maybe"'),
        lambda body: body.replace(b"ADgA", b"?!?!"),
    ],
)
def test_a_damaged_file_is_refused_and_left_alone(tmp_path: Path, change: "object") -> None:
    path = tmp_path / "cam.json"
    saved(path, example())
    broken = change(path.read_bytes())  # type: ignore[operator]
    path.write_bytes(broken)
    with pytest.raises(SlotMemoryInvalidError, match="take it away to begin anew"):
        load_memory(path, weights_sha256=SHA)
    assert path.read_bytes() == broken


def test_features_of_other_weights_are_not_compared(tmp_path: Path) -> None:
    path = tmp_path / "cam.json"
    saved(path, example())
    with pytest.raises(SlotMemoryInvalidError, match="other weights"):
        load_memory(path, weights_sha256="cd" * 32)


def test_examples_of_different_lengths_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "cam.json"
    saved(path, example(), Example("p2", "s1", "stocked", np.ones(5, np.float32)))
    with pytest.raises(SlotMemoryInvalidError, match="differ in length"):
        load_memory(path, weights_sha256=SHA)


class PowerCut(LocalDisk):
    """The power goes before the new file takes the old one's place."""

    def write(self, path: Path, chunks: Iterable[bytes]) -> None:
        super().write(path, [b"".join(chunks)[:20]])
        raise OSError("power cut")


def test_a_power_cut_while_writing_keeps_the_old_state(tmp_path: Path) -> None:
    path = tmp_path / "cam.json"
    saved(path, example())
    with pytest.raises(OSError, match="power cut"):
        save_memory(PowerCut(), path, SlotMemory((example("p2"),)), weights_sha256=SHA)
    assert [e.picture_id for e in load_memory(path, weights_sha256=SHA).examples] == ["p1"]
    assert json.loads(path.read_text())["form"] == 1
