"""Whose commands are obeyed: the public key of the settings, or the one that it has since handed over to.

Owns a small file: ``SETTINGS-KEY NEW-KEY``. It counts only while the settings still name the first, so whoever has the
box's settings has the last word.
"""

import re
from pathlib import Path

from edge.errors import CommandError
from models.durable import LocalDisk, write_durably

_KEY = re.compile(r"[0-9a-f]{64}")


class TrustedKey:
    """Any thread may ask; ``rotate`` blocks on the disk."""

    def __init__(self, path: Path, of_settings: str) -> None:
        self._path = path
        self._of_settings = of_settings
        self._now = self._kept()

    def __call__(self) -> str:
        """The public key that is obeyed now, in hexadecimal."""
        return self._now

    def rotate(self, new: str) -> None:
        """Obey another key from now on, also after a restart.

        Raises:
            CommandError: it is no key, or cannot be kept; the former one goes on.
        """
        if not _KEY.fullmatch(new):
            raise CommandError("no-key")
        try:
            write_durably(LocalDisk(), self._path, [f"{self._of_settings} {new}\n".encode()])
        except OSError as error:
            raise CommandError("disk") from error
        self._now = new

    def _kept(self) -> str:
        try:
            words = self._path.read_text(encoding="ascii").split()
        except (OSError, UnicodeDecodeError):
            return self._of_settings
        is_ours = len(words) == 2 and words[0] == self._of_settings and _KEY.fullmatch(words[1])
        return words[1] if is_ours else self._of_settings
