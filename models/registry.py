"""Which weights there are, where they lie and which are in use: the only giver of weights that may be opened.

Owns what may become of an artefact: added, pulled, activated, rolled back, removed. Refuses to give out anything that
has not been verified, and to put in use what does not load or judges badly. Every change is whole or not made, at
whatever step the power goes. The folder itself is `models.store`'s.

    hash ──► header (ours) ──► first load in a child ──► golden set ──► slot
    verify    models.headers    models.trial              the judge     one rename

The defaults lie beside their manifests or in installed distributions; they are used in place and never copied,
except those that have to be pulled.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from models.durable import Disk, LocalDisk
from models.errors import (
    ArtefactInvalidError,
    ArtefactMissingError,
    ArtefactRejectedError,
    RegistryUnavailableError,
)
from models.holdings import Holdings
from models.intake import Fetcher, Intake
from models.manifest import ActiveArtefact, Manifest, Task
from models.store import ArtefactStore, SlotName, Slots
from models.trial import try_load
from models.verification import Progress, stamp_of

Judge = Callable[[ActiveArtefact], object]
"""Runs an artefact's golden set; raises `ArtefactRejectedError` with the figure that is under the bar."""

Trial = Callable[[Path, Manifest], object]
"""Loads weights for the first time, where it can do no harm; raises `ArtefactInvalidError` when they do not load."""


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

    def __init__(
        self,
        root: Path,
        defaults_dir: Path,
        *,
        disk: Disk | None = None,
        trial: Trial = try_load,
        fetcher: Fetcher | None = None,
    ) -> None:
        """Keep the places; nothing is read, written or created.

        Args:
            root: folder of added artefacts, slots and stamps; created at the first change.
            defaults_dir: folder of the manifests that come with the program.
            disk: how files are made durable; a test gives one that loses power.
            trial: how weights are loaded for the first time.
            fetcher: how weights are brought from a server.
        """
        self._store = ArtefactStore(root, defaults_dir, disk or LocalDisk())
        self._holdings = Holdings(self._store)
        self._intake = Intake(self._store, self._holdings, fetcher)
        self._trial = trial

    def list(self) -> tuple[ArtefactEntry, ...]:
        """All artefacts, by task and name."""
        entries = [self._entry(manifest) for manifest in self._store.manifests().values()]
        return tuple(sorted(entries, key=lambda entry: (entry.manifest.task, entry.manifest.name)))

    def show(self, name: str) -> ArtefactEntry:
        """One artefact.

        Raises:
            ArtefactMissingError: there is none of that name.
        """
        return self._entry(self._store.manifest(name))

    def slots(self, task: Task) -> Slots:
        """The task's slots as they are on disk.

        Raises:
            ArtefactInvalidError: the slots file was damaged; remove it to return to the default.
        """
        return self._store.slots(task)

    def active(self, task: Task) -> ActiveArtefact:
        """The verified weights in use for a task. Reads the whole file unless its stamp still holds.

        Raises:
            ArtefactMissingError: no artefact for the task, or its weights are gone; with the cure.
            ArtefactInvalidError: the weights are not what the manifest says.
        """
        name = self.slots(task).active
        return self._holdings.give_out(self._store.manifest(name) if name else self._default_for(task))

    def verified(self, name: str) -> ActiveArtefact:
        """Any artefact's verified weights, in use or not, for a measurement.

        Raises:
            ArtefactMissingError: no artefact of that name, or its weights are gone; with the cure.
            ArtefactInvalidError: the weights are not what the manifest says.
        """
        return self._holdings.give_out(self._store.manifest(name))

    def float_weights_of(self, manifest: Manifest) -> ActiveArtefact | None:
        """The verified weights that int8 ones were quantized from; None where they do not lie here whole.

        They are found by their hash, whatever they are called here.
        """
        made_of = None if manifest.quantized_from is None else manifest.quantized_from.sha256
        for known in self._store.manifests().values():
            if known.sha256 == made_of:
                with suppress(ArtefactMissingError, ArtefactInvalidError):
                    return self._holdings.give_out(known)
        return None

    def verify(self, name: str, *, progress: Progress | None = None) -> ArtefactEntry:
        """Read all of an artefact's weights again, whatever its stamp says.

        Raises:
            ArtefactMissingError: no artefact of that name, or its weights are gone.
            ArtefactInvalidError: the weights are not what the manifest says.
        """
        manifest = self._store.manifest(name)
        self._holdings.verify(manifest, progress)
        return self._entry(manifest)

    def try_out(self, name: str) -> object:
        """Verify an artefact and load it for the first time in a child process. Blocks for seconds.

        Raises:
            ArtefactMissingError: no artefact of that name, or its weights are gone.
            ArtefactInvalidError: the weights are not what the manifest says, or do not load.
        """
        artefact = self.verified(name)
        return self._trial(artefact.path, artefact.manifest)

    def add(self, path: Path, manifest: Manifest, *, progress: Progress | None = None) -> ArtefactEntry:
        """Verify and copy weights into the registry; they become the candidate of their task.

        Raises:
            ArtefactMissingError: there is no such file.
            ArtefactInvalidError: the weights are not what the manifest says; nothing was added.
            ArtefactRejectedError: another artefact has that name.
            RegistryUnavailableError: no room on the disk, or another process is changing the registry.
        """
        self._intake.add(path, manifest, progress)
        return self._entry(manifest)

    def pull(self, manifest: Manifest, *, progress: Progress | None = None) -> bool:
        """Bring weights from where their manifest says; they become the candidate of their task.

        A pull that was cut off goes on where it ended. Blocks for as long as the source needs.

        Returns:
            Whether anything had to be brought; False where they lay here whole.

        Raises:
            ArtefactMissingError: the source has no such file, or its distribution is not installed.
            ArtefactInvalidError: what came is not what the manifest says; nothing was added.
            ArtefactRejectedError: another artefact has that name, or there is nothing to bring.
            SourceUnavailableError: the server is away or too slow; what arrived is kept for the next pull.
            RegistryUnavailableError: no room on the disk, or another process is at it.
        """
        return self._intake.pull(manifest, progress)

    def activate(self, name: str, *, judge: Judge | None, progress: Progress | None = None) -> Manifest:
        """Verify, try and judge an artefact and put it in use; what was in use becomes ``previous``.

        Args:
            name: an artefact that lies here.
            judge: runs the task's golden set; None only where the caller has none to run.
            progress: bytes verified so far.

        Raises:
            ArtefactMissingError: no artefact of that name, or its weights are gone.
            ArtefactInvalidError: the weights are not what the manifest says, or do not load; what was in use stays.
            ArtefactRejectedError: it is under the bar of its golden set; what was in use stays.
            RegistryUnavailableError: the disk cannot be written, or another process is changing the registry.
        """
        manifest = self.verify(name, progress=progress).manifest
        artefact = self._holdings.give_out(manifest)
        self._trial(artefact.path, manifest)
        if judge is not None:
            judge(artefact)
        with self._store.changing():
            self._holdings.require_unchanged(artefact)
            slots = self.slots(manifest.task)
            in_use = self._store.in_use(manifest.task)
            if in_use != name:
                candidate = None if slots.candidate == name else slots.candidate
                self._store.write_slots(manifest.task, Slots(active=name, candidate=candidate, previous=in_use))
        return manifest

    def roll_back(self, task: Task) -> Manifest:
        """Put the previous artefact of a task in use again; the one in use becomes the candidate.

        It was tried and judged when it was activated, so that only its bytes are verified now: this has to be quick.

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
        with self._store.changing():
            slots = self.slots(task)
            if slots.previous != previous:
                raise RegistryUnavailableError(f"{task}: another process has just changed the slots")
            self._store.write_slots(task, Slots(active=previous, candidate=slots.active, previous=None))
        return manifest

    def remove(self, name: str) -> None:
        """Remove an added artefact and, unless another shares them, its weights.

        Raises:
            ArtefactMissingError: there is none of that name.
            ArtefactRejectedError: it came with the program, or it is in use or the one to return to.
            RegistryUnavailableError: the disk cannot be written, or another process is at it.
        """
        with self._store.pulling(), self._store.changing():
            manifest = self._store.manifest(name)
            if self._store.is_default(name):
                raise ArtefactRejectedError(f"{name} came with the program and cannot be removed")
            slots = self.slots(manifest.task)
            if name in (slots.active, slots.previous):
                raise ArtefactRejectedError(f"{name} is in use or the one to return to: activate another first")
            if name == slots.candidate:
                self._store.write_slots(manifest.task, slots.model_copy(update={"candidate": None}))
            self._store.remove_manifest(name)

    def _default_for(self, task: Task) -> Manifest:
        name = self._store.default_name(task)
        if name is None:
            raise ArtefactMissingError(f"no artefact for the task {task}: add one with `backroom models add`")
        return self._store.manifest(name)

    def _entry(self, manifest: Manifest) -> ArtefactEntry:
        path, problem = None, None
        try:
            path = self._holdings.locate(manifest)
            stamp_of(path)
        except (ArtefactMissingError, ArtefactInvalidError) as missing:
            path, problem = None, str(missing)
        return ArtefactEntry(
            manifest=manifest,
            is_default=self._store.is_default(manifest.name),
            slot=self._slot_of(manifest),
            path=path,
            problem=problem,
        )

    def _slot_of(self, manifest: Manifest) -> SlotName | None:
        slots = self.slots(manifest.task)
        if manifest.name == (slots.active or self._store.default_name(manifest.task)):
            return "active"
        if manifest.name == slots.candidate:
            return "candidate"
        return "previous" if manifest.name == slots.previous else None
