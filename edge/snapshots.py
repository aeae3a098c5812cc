"""Snapshots that head office may order: redacted, kept in the shop, named by number; they never leave by themselves.

Owns the folder and how many lie in it. A picture is a person's or could be, and the privacy gate lets no picture out;
so head office learns the name, and whoever is in the shop, or logs on to the console's machine, may look.
"""

from pathlib import Path

from edge.errors import CommandError
from models.durable import LocalDisk, write_durably
from vision.drawing import encode_jpeg
from vision.service import VisionService
from vision.stills import take_still

_QUALITY = 85


class Snapshots:
    """Takes and keeps; used by the commands' thread. ``kept`` may be set at any time."""

    def __init__(self, folder: Path, vision: VisionService) -> None:
        self._folder = folder
        self._vision = vision
        self.kept = 20

    def take(self, camera: str) -> str:
        """Keep a redacted picture of a camera; returns its name.

        Raises:
            CommandError: there is no such camera or no picture, or it cannot be written.
        """
        try:
            still = self._vision.call(camera, take_still)
        except KeyError as error:
            raise CommandError("no-such-camera") from error
        except TimeoutError as error:
            raise CommandError("busy") from error
        if still is None:
            raise CommandError("no-picture")
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            present = sorted(self._folder.glob("snapshot-*.jpg"))
            number = int(present[-1].stem.removeprefix("snapshot-")) + 1 if present else 1
            path = self._folder / f"snapshot-{number:06d}.jpg"
            write_durably(LocalDisk(), path, [encode_jpeg(still.safe_bgr, quality=_QUALITY)])
            for old in [*present, path][: -self.kept]:
                old.unlink(missing_ok=True)
        except (OSError, ValueError) as error:
            raise CommandError("disk") from error
        return path.stem
