"""The registry's folder: where everything lies on disk, who may change it, and what is swept after a power cut.

Owns the layout, the locks, slots, stamps and the sweeping. Decides nothing about artefacts; `models.registry` does.

    <root>/blobs/<sha256>          weights, by content        <root>/slots/<task>.json     active, candidate, previous
    <root>/manifests/<name>.json   manifests of the added     <root>/stamps/<sha256>.json  files already verified
    <root>/parts/<sha256>.part     weights that are arriving
"""

import errno
import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from stat import S_ISREG
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from models.durable import ASIDE, Disk, remove_durably, write_durably
from models.errors import ArtefactInvalidError, ArtefactMissingError, RegistryUnavailableError
from models.manifest import NAME_PATTERN, ArtefactName, Manifest, Task, manifest_json, read_manifest
from models.verification import Stamp

FOLDERS = ("blobs", "manifests", "parts", "slots", "stamps")
NAME = re.compile(NAME_PATTERN)
SPARE_BYTES = 64 << 20
"""Room that a download leaves free for everybody else."""

SlotName = Literal["active", "candidate", "previous"]


class Slots(BaseModel):
    """Names of a task's artefacts. No ``active`` means the default."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    active: ArtefactName | None = None
    candidate: ArtefactName | None = None
    previous: ArtefactName | None = None


class ArtefactStore:
    """The folder of added artefacts. From any thread; changes are kept apart by locks, across processes."""

    def __init__(self, root: Path, defaults_dir: Path, disk: Disk) -> None:
        """Keep the places; nothing is read, written or created."""
        self.root = root
        self.defaults_dir = defaults_dir
        self.disk = disk
        self._stamps: dict[str, Stamp] = {}

    def manifests(self) -> dict[str, Manifest]:
        """Every manifest by name."""
        folders = (self.root / "manifests", self.defaults_dir)
        found = [read_manifest(path) for folder in folders for path in sorted(folder.glob("[!.]*.json"))]
        return {manifest.name: manifest for manifest in found}

    def manifest(self, name: str) -> Manifest:
        """One manifest.

        Raises:
            ArtefactMissingError: there is none of that name.
        """
        if not NAME.fullmatch(name):
            raise ArtefactMissingError(
                f"{name[:80]!r} is no artefact's name, which is at most 64 of a to z, 0 to 9, dot, dash and _: "
                "`backroom models list` shows those there are"
            )
        for path in (self.defaults_dir / f"{name}.json", self.manifest_path(name)):
            if path.exists():
                return read_manifest(path)
        raise ArtefactMissingError(f"there is no artefact called {name}: `backroom models list` shows those there are")

    def default_name(self, task: Task) -> str | None:
        """The artefact of a task that came with the program, if any did."""
        manifests = (read_manifest(path) for path in sorted(self.defaults_dir.glob("*.json")))
        return next((manifest.name for manifest in manifests if manifest.task is task), None)

    def in_use(self, task: Task) -> str | None:
        """The artefact of a task that is in use, by its slot or by default."""
        return self.slots(task).active or self.default_name(task)

    def is_default(self, name: str) -> bool:
        """Whether an artefact came with the program."""
        return (self.defaults_dir / f"{name}.json").exists()

    def blob(self, manifest: Manifest) -> Path:
        """Where its weights lie, once they are whole."""
        return self.root / "blobs" / manifest.sha256

    def part(self, manifest: Manifest) -> Path:
        """Where its weights arrive."""
        return self.root / "parts" / f"{manifest.sha256}.part"

    def manifest_path(self, name: str) -> Path:
        """Where the manifest of an added artefact lies."""
        return self.root / "manifests" / f"{name}.json"

    def write_manifest(self, manifest: Manifest) -> None:
        """Make an artefact known."""
        write_durably(self.disk, self.manifest_path(manifest.name), [manifest_json(manifest)])

    def remove_manifest(self, name: str) -> None:
        """Forget an artefact and whatever only it needed."""
        remove_durably(self.disk, self.manifest_path(name))
        self._sweep()

    def keep_part(self, manifest: Manifest) -> None:
        """Let weights that have arrived, and were verified, be its weights."""
        self.disk.rename(self.part(manifest), self.blob(manifest))
        self.disk.sync_folder(self.root / "blobs")
        self.disk.sync_folder(self.root / "parts")

    def slots(self, task: Task) -> Slots:
        """The task's slots as they are on disk.

        Raises:
            ArtefactInvalidError: the slots file was damaged; remove it to return to the default.
        """
        path = self._slots_path(task)
        try:
            if not S_ISREG(path.stat().st_mode):
                raise ArtefactInvalidError(f"{path} is no file: remove it to return to the default")
            return Slots.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return Slots()
        except OSError as failed:
            raise ArtefactInvalidError(f"{path} cannot be read: {failed.strerror}") from failed
        except ValidationError as damaged:
            raise ArtefactInvalidError(f"{path} is damaged: remove it to return to the default") from damaged

    def write_slots(self, task: Task, slots: Slots) -> None:
        """Set the task's slots, in one step."""
        write_durably(self.disk, self._slots_path(task), [slots.model_dump_json().encode()])

    def known_stamp(self, manifest: Manifest) -> Stamp | None:
        """How its weights looked when they were last verified."""
        if manifest.sha256 not in self._stamps:
            with suppress(OSError, ValidationError):
                self._stamps[manifest.sha256] = Stamp.model_validate_json(self._stamp_path(manifest).read_bytes())
        return self._stamps.get(manifest.sha256)

    def remember(self, manifest: Manifest, stamp: Stamp) -> None:
        """A stamp that cannot be kept costs a second reading at the next start, nothing else."""
        self._stamps[manifest.sha256] = stamp
        with suppress(RegistryUnavailableError), self.changing():
            write_durably(self.disk, self._stamp_path(manifest), [stamp.model_dump_json().encode()])

    def forget(self, manifest: Manifest) -> None:
        """Its weights have to be read again before they are given out."""
        self._stamps.pop(manifest.sha256, None)
        with suppress(RegistryUnavailableError), self.changing():
            remove_durably(self.disk, self._stamp_path(manifest))

    def require_room(self, manifest: Manifest) -> None:
        """Refuse a download that cannot fit, before it begins.

        Raises:
            RegistryUnavailableError: the disk has not enough room for what is still to come.
        """
        part = self.part(manifest)
        to_come = manifest.size_bytes - (part.stat().st_size if part.exists() else 0) + SPARE_BYTES
        free = shutil.disk_usage(self.root).free
        if free < to_come:
            raise RegistryUnavailableError(
                f"{manifest.name} needs {to_come / 1e6:.0f} MB more, and {self.root} has {free / 1e6:.0f} MB free"
            )

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold the registry for one change; what an interrupted one left behind is swept first.

        Raises:
            RegistryUnavailableError: the disk cannot be written, or another process is changing the registry.
        """
        with self._held(".lock", "another process is changing the registry: try again"):
            self._sweep()
            yield

    @contextmanager
    def pulling(self) -> Iterator[None]:
        """Hold the folder of parts for one download; the registry itself can be changed meanwhile.

        Raises:
            RegistryUnavailableError: the disk cannot be written, or another process is pulling.
        """
        with self._held(".pull-lock", "another process is pulling weights: wait for it"):
            yield

    @contextmanager
    def _held(self, lock: str, busy_sentence: str) -> Iterator[None]:
        try:
            self._prepare_folders()
            with (self.root / lock).open("w") as held:
                try:
                    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError as busy:
                    raise RegistryUnavailableError(busy_sentence) from busy
                yield
        except OSError as failed:
            what = os.strerror(failed.errno) if failed.errno else str(failed)
            raise RegistryUnavailableError(f"{self.root} cannot be written: {what}") from failed

    def drop_part(self, manifest: Manifest) -> None:
        """Forget what has arrived of its weights."""
        remove_durably(self.disk, self.part(manifest))

    def _prepare_folders(self) -> None:
        missing = [folder for folder in FOLDERS if not (self.root / folder).is_dir()]
        for folder in missing:
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        if missing:
            self.disk.sync_folder(self.root)
            self.disk.sync_folder(self.root.parent)

    def _sweep(self) -> None:
        for left_over in self.root.glob(f"*/{ASIDE}*"):
            self.disk.remove(left_over)
        named = {manifest.sha256 for manifest in self.manifests().values()}
        for folder in ("blobs", "parts"):
            for file in (self.root / folder).iterdir():
                if file.name.removesuffix(".part") not in named:
                    self.disk.remove(file)

    def _slots_path(self, task: Task) -> Path:
        return self.root / "slots" / f"{task}.json"

    def _stamp_path(self, manifest: Manifest) -> Path:
        return self.root / "stamps" / f"{manifest.sha256}.json"


def is_full(failed: OSError) -> bool:
    """Whether a disk refused because it has no room."""
    return failed.errno in (errno.ENOSPC, errno.EDQUOT)
