"""Where the weights of each artefact lie on this machine, and whether they are verified: the only giver of them.

Owns the way from a manifest to a file, and the stamps that spare a second reading. Refuses to give out anything
that has not been verified: hash, then our own look at the header; no library has opened the file before.
"""

from pathlib import Path

from models.distributions import locate_in_distribution
from models.errors import ArtefactInvalidError, ArtefactMissingError
from models.headers import check_header
from models.manifest import ActiveArtefact, FileSource, Manifest, PackageSource
from models.store import ArtefactStore
from models.verification import Progress, Stamp, stamp_of, verify_file


class Holdings:
    """The weights that lie here. From any thread."""

    def __init__(self, store: ArtefactStore) -> None:
        self._store = store

    def give_out(self, manifest: Manifest) -> ActiveArtefact:
        """Verified weights. Reads the whole file unless its stamp still holds.

        Raises:
            ArtefactMissingError: the weights are gone; with the cure.
            ArtefactInvalidError: they are not what the manifest says.
        """
        path = self.locate(manifest)
        if self._store.known_stamp(manifest) != stamp_of(path):
            self._store.remember(manifest, _verify(path, manifest, None))
        return ActiveArtefact(path=path, manifest=manifest)

    def verify(self, manifest: Manifest, progress: Progress | None) -> None:
        """Read all of the weights again, whatever their stamp says.

        Raises:
            ArtefactMissingError: the weights are gone.
            ArtefactInvalidError: they are not what the manifest says.
        """
        try:
            self._store.remember(manifest, _verify(self.locate(manifest), manifest, progress))
        except ArtefactInvalidError:
            self._store.forget(manifest)
            raise

    def require_unchanged(self, artefact: ActiveArtefact) -> None:
        """Refuse weights that are no longer the file that was verified.

        Raises:
            ArtefactInvalidError: they changed.
        """
        if self._store.known_stamp(artefact.manifest) != stamp_of(artefact.path):
            raise ArtefactInvalidError(f"{artefact.manifest.name}: its weights changed while they were tried")

    def locate(self, manifest: Manifest) -> Path:
        """Where the weights lie, or would lie.

        Raises:
            ArtefactMissingError: they have to be brought first, or their distribution is not installed.
        """
        if self.lies_outside(manifest):
            if isinstance(manifest.source, PackageSource):
                return locate_in_distribution(manifest.source)[0]
            return self._store.defaults_dir / Path(getattr(manifest.source, "path", ""))
        blob = self._store.blob(manifest)
        if not isinstance(manifest.source, FileSource) and not blob.exists():
            raise ArtefactMissingError(f"{manifest.name} is not here yet: `backroom models pull {manifest.name}`")
        return blob

    def is_whole(self, manifest: Manifest) -> bool:
        """Whether brought weights are all there and right."""
        try:
            verify_file(self._store.blob(manifest), manifest)
        except (ArtefactMissingError, ArtefactInvalidError):
            return False
        return True

    def lies_outside(self, manifest: Manifest) -> bool:
        """Whether a default's weights are one file that can be used in place."""
        source = manifest.source
        is_one_file = isinstance(source, FileSource) or (isinstance(source, PackageSource) and source.path is not None)
        return is_one_file and self._store.is_default(manifest.name)


def _verify(path: Path, manifest: Manifest, progress: Progress | None) -> Stamp:
    """Hash, then header; nothing else has looked into the file before. What is wrong is told of the artefact."""
    try:
        stamp = verify_file(path, manifest, progress=progress)
    except ArtefactInvalidError as wrong:
        raise ArtefactInvalidError(f"{manifest.name}: {str(wrong).removeprefix(f'{path.name}: ')}") from wrong
    except ArtefactMissingError as missing:
        raise ArtefactMissingError(f"{manifest.name}: {missing}") from missing
    check_header(path, manifest.format, name=manifest.name)
    return stamp
