"""A folder into which a camera drops single pictures, often by FTP and once a minute: the newest whole one.

Owns which file is a new, whole picture. Trusts no clock: what lies there at the start is old, whatever its date, and a
file is new when its name, size or date was not there at the look before. Decodes through `vision.capture`.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from vision.capture import read_picture
from vision.errors import FeedInvalidError, FeedUnavailableError
from vision.picture_header import size_of
from vision.pictures import Picture

_SUFFIXES = (".jpg", ".jpeg")
_MOST_PIXELS = 64_000_000
_HEAD_BYTES = 512 * 1024  # a picture's size stands behind its notes and its thumbnail
_TAIL_BYTES = 4096  # cameras append some bytes of their own after the end mark
_START, _END = b"\xff\xd8", b"\xff\xd9"


@dataclass(frozen=True, slots=True)
class _File:
    """One version of a file; an overwritten one differs."""

    name: str
    changed_ns: int
    size: int


class PictureFolder:
    """New pictures of one folder. One thread at a time.

    Raises:
        FeedUnavailableError: there is no such folder, or it may not be read; it may later.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._done = self._files()
        self._before: set[_File] = set()

    def look(self) -> Picture | None:
        """The newest picture that came since the look before last, uint8 (H, W, 3) BGR; None when none did.

        A file that still grows is left for the next look; older ones that came with a newer one are passed over.

        Raises:
            FeedInvalidError: the newest file that came is no whole JPEG picture; it is not looked at again.
            FeedUnavailableError: the folder has gone.
        """
        files = self._files()
        self._done &= files
        settled = sorted((files - self._done) & self._before, key=lambda file: (file.changed_ns, file.name))
        self._before = files
        self._done.update(settled)
        return self._read(settled[-1]) if settled else None

    def _files(self) -> set[_File]:
        found = set()
        try:
            with os.scandir(self._folder) as entries:
                for entry in entries:
                    if entry.name.lower().endswith(_SUFFIXES) and not entry.name.startswith("."):
                        found |= _version(entry)
        except OSError as error:
            raise FeedUnavailableError(f"the folder {self._folder} cannot be read") from error
        return found

    def _read(self, file: _File) -> Picture | None:
        path, label = self._folder / file.name, ascii(file.name)
        try:
            with path.open("rb") as opened:
                head = opened.read(_HEAD_BYTES)
                opened.seek(max(file.size - _TAIL_BYTES, 0))
                is_whole = head.startswith(_START) and _END in opened.read(_TAIL_BYTES)
        except OSError:
            return None  # cleared away meanwhile
        if not is_whole:
            raise FeedInvalidError(f"{label} is not a whole JPEG picture")
        width, height = size_of(head) or (0, 0)
        if not 0 < width * height <= _MOST_PIXELS:
            raise FeedInvalidError(
                f"{label} does not say its size, or has more than {_MOST_PIXELS // 10**6} megapixels"
            )
        try:
            return read_picture(path)
        except FeedUnavailableError:
            return None


def _version(entry: os.DirEntry[str]) -> set[_File]:
    """The file as it is now; nothing when it is no plain file, is empty or has just gone."""
    try:
        if not entry.is_file(follow_symlinks=False):
            return set()
        told = entry.stat(follow_symlinks=False)
    except OSError:
        return set()
    return {_File(entry.name, told.st_mtime_ns, told.st_size)} if told.st_size else set()
