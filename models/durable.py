"""Files that survive a power cut: written aside, synced, renamed, and the folder synced.

Owns the order of those steps behind the small `Disk` port, so that a test can cut the power between any two of
them. Knows nothing about what the files mean.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

ASIDE = ".aside-"
"""Begins the name of every file that is still being written; what a power cut leaves of one is swept later."""


class Disk(Protocol):
    """The steps that a power cut may fall between."""

    def write(self, path: Path, chunks: Iterable[bytes]) -> None:
        """Create or empty a file and write it."""
        ...

    def append(self, path: Path, chunk: bytes) -> None:
        """Write at a file's end."""
        ...

    def sync_file(self, path: Path) -> None:
        """Make a file's contents durable."""
        ...

    def rename(self, source: Path, target: Path) -> None:
        """Move a file over another, in one step."""
        ...

    def remove(self, path: Path) -> None:
        """Remove a file that may already be gone."""
        ...

    def sync_folder(self, path: Path) -> None:
        """Make names that were added, moved or removed durable."""
        ...


class LocalDisk:
    """The machine's file system."""

    def write(self, path: Path, chunks: Iterable[bytes]) -> None:
        """Create or empty a file and write it."""
        with path.open("wb") as file:
            for chunk in chunks:
                file.write(chunk)

    def append(self, path: Path, chunk: bytes) -> None:
        """Write at a file's end."""
        with path.open("ab") as file:
            file.write(chunk)

    def sync_file(self, path: Path) -> None:
        """Make a file's contents durable."""
        _sync(path, os.O_RDONLY)

    def rename(self, source: Path, target: Path) -> None:
        """Move a file over another, in one step."""
        source.replace(target)

    def remove(self, path: Path) -> None:
        """Remove a file that may already be gone."""
        path.unlink(missing_ok=True)

    def sync_folder(self, path: Path) -> None:
        """Make names that were added, moved or removed durable."""
        _sync(path, os.O_RDONLY | os.O_DIRECTORY)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_durably(disk: Disk, target: Path, chunks: Iterable[bytes]) -> None:
    """Put a file in place whole or not at all; on return it survives a power cut.

    ``chunks`` may raise: then nothing is left under the target's name, and nothing aside.
    """
    aside = target.with_name(ASIDE + target.name)
    try:
        disk.write(aside, chunks)
        disk.sync_file(aside)
        disk.rename(aside, target)
    except BaseException:
        disk.remove(aside)
        raise
    disk.sync_folder(target.parent)


def remove_durably(disk: Disk, target: Path) -> None:
    """Remove a file so that it stays removed after a power cut."""
    disk.remove(target)
    disk.sync_folder(target.parent)
