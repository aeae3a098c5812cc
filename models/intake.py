"""How weights come into the registry: copied from a file, downloaded, or joined from an installed distribution.

Owns the steps of a coming and the undoing of one that failed. What comes is verified while it is written and looked
at before it is offered as the candidate of its task; a download that was cut off goes on where it ended.
"""

from pathlib import Path
from typing import Protocol

from models.distributions import locate_in_distribution
from models.download import Downloader
from models.durable import Disk, write_durably
from models.errors import ArtefactInvalidError, ArtefactMissingError, ArtefactRejectedError
from models.headers import check_header
from models.holdings import Holdings
from models.manifest import FileSource, HttpsSource, Manifest, PackageSource
from models.store import ArtefactStore, is_full
from models.verification import Progress, joined_chunks, verified_chunks, verify_file


class Fetcher(Protocol):
    """Brings a file from a server, as `models.download.Downloader` does."""

    def fetch(self, url: str, part: Path, *, size_bytes: int, disk: Disk, progress: Progress | None = None) -> bool:
        """Bring it into ``part``; True when bytes that lay there before were kept."""
        ...


class Intake:
    """Brings weights into the store. Changes are kept apart by the store's locks."""

    def __init__(self, store: ArtefactStore, holdings: Holdings, fetcher: Fetcher | None) -> None:
        self._store = store
        self._holdings = holdings
        self._fetcher = fetcher

    def add(self, path: Path, manifest: Manifest, progress: Progress | None) -> None:
        """Verify and copy weights that lie somewhere else; see `Registry.add`."""
        with self._store.changing():
            self._require_free_name(manifest)
            if not self._holdings.lies_outside(manifest):
                chunks = verified_chunks(path, manifest, progress=progress)
                write_durably(self._store.disk, self._store.blob(manifest), chunks)
                self._check_new(manifest)
            self._offer(manifest)

    def pull(self, manifest: Manifest, progress: Progress | None) -> bool:
        """Bring weights from a server or a distribution; see `Registry.pull`."""
        source = manifest.source
        if isinstance(source, FileSource):
            raise ArtefactRejectedError(f"{manifest.name} lies beside its manifest: use `backroom models add`")
        self._require_free_name(manifest)
        if isinstance(source, HttpsSource):
            with self._store.pulling():
                return self._download(source, manifest, progress)
        return self._copy_from_distribution(source, manifest, progress)

    def _download(self, source: HttpsSource, manifest: Manifest, progress: Progress | None) -> bool:
        with self._store.changing():
            is_new = manifest.name not in self._store.manifests()
            if is_new:
                self._store.write_manifest(manifest)
        try:
            is_here = self._holdings.is_whole(manifest)
            if not is_here:
                self._store.require_room(manifest)
                self._bring(source, manifest, progress)
            with self._store.changing():
                self._check_new(manifest)
                self._offer(manifest)
        except (ArtefactInvalidError, ArtefactMissingError, ArtefactRejectedError, OSError) as failed:
            if not isinstance(failed, OSError) or is_full(failed):
                self._undo_pull(manifest, is_new=is_new)
            raise
        return not is_here

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

    def _copy_from_distribution(self, source: PackageSource, manifest: Manifest, progress: Progress | None) -> bool:
        parts = locate_in_distribution(source)
        if self._holdings.lies_outside(manifest):
            raise ArtefactRejectedError(f"{manifest.name} is used where it lies: there is nothing to pull")
        with self._store.changing():
            is_here = self._holdings.is_whole(manifest)
            if not is_here:
                chunks = joined_chunks(parts, manifest, progress=progress)
                write_durably(self._store.disk, self._store.blob(manifest), chunks)
            self._check_new(manifest)
            self._offer(manifest)
        return not is_here

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
        slots = self._store.slots(manifest.task)
        if manifest.name not in (slots.active, slots.candidate, self._store.in_use(manifest.task)):
            self._store.write_slots(manifest.task, slots.model_copy(update={"candidate": manifest.name}))

    def _require_free_name(self, manifest: Manifest) -> None:
        namesake = self._store.manifests().get(manifest.name)
        if namesake is not None and namesake != manifest:
            raise ArtefactRejectedError(f"another artefact is called {manifest.name}: choose another name")
