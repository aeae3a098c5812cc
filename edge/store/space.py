"""Room on the disk: how full the store is, what that asks for, and the ballast that is given up when it is full.

    fill      < 70 %      70..85 %              85..95 %                       > 95 %            disk refuses
    state     ok          trimming              trimming                       refusing          full
    goes      by age      + oldest telemetry    + any oldest facts, oldest     only lane p0      ballast; only lane p0
                            facts                 unsent telemetry               is taken          and acks are written

On a full disk even DELETE fails, because it writes to the log first; the ballast makes room for it.
"""

import os
import threading
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sqlite_utils import Database

_BLOCK = 1024 * 1024


class RoomState(StrEnum):
    """What the store does about its room."""

    OK = "ok"
    TRIMMING = "trimming"
    REFUSING = "refusing"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Room:
    """How much the store uses, and how much it could use in all."""

    used_bytes: int
    limit_bytes: int
    disk_free_bytes: int
    disk_bytes: int

    @property
    def fill(self) -> float:
        """Share of the possible room that is used."""
        return min(1.0, self.used_bytes / max(1, self.limit_bytes))

    @property
    def spare_bytes(self) -> int:
        """What could still be written."""
        return max(0, self.limit_bytes - self.used_bytes)

    @property
    def disk_free_share(self) -> float:
        """Free share of the whole disk."""
        return self.disk_free_bytes / max(1, self.disk_bytes)


def measured(db: Database, path: Path, max_bytes: int) -> Room:
    """Measure the store's room; pages freed inside the file count as room."""
    page_bytes = int(db.execute("PRAGMA page_size").fetchone()[0])
    pages = int(db.execute("PRAGMA page_count").fetchone()[0])
    free_pages = int(db.execute("PRAGMA freelist_count").fetchone()[0])
    disk = os.statvfs(path.parent)
    disk_free = disk.f_bavail * disk.f_frsize
    used = (pages - free_pages) * page_bytes
    limit = min(max_bytes, pages * page_bytes + disk_free)
    return Room(used, limit, disk_free, disk.f_blocks * disk.f_frsize)


class Ballast:
    """A file of real blocks that is given up when the disk is full. Owned by the writer's thread."""

    def __init__(self, path: Path, size_bytes: int) -> None:
        self._path = path
        self._size_bytes = size_bytes

    @property
    def is_held(self) -> bool:
        """Whether the blocks are there to be given up."""
        return self._path.exists() and self._path.stat().st_size >= self._size_bytes

    def hold(self) -> bool:
        """Fill the file if the disk has twice its size free; returns whether it is held now."""
        if self._size_bytes == 0 or self.is_held:
            return True
        disk = os.statvfs(self._path.parent)
        if disk.f_bavail * disk.f_frsize < 2 * self._size_bytes:
            return False
        try:
            with self._path.open("wb") as file:
                for start in range(0, self._size_bytes, _BLOCK):
                    file.write(b"\0" * min(_BLOCK, self._size_bytes - start))
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            self._path.unlink(missing_ok=True)
            return False
        return True

    def release(self) -> bool:
        """Give the blocks back to the disk; returns whether there were any."""
        held = self._path.exists() and self._path.stat().st_size > 0
        self._path.unlink(missing_ok=True)
        return held


class RoomWatch:
    """The state that producers look at before they hand in facts; set by the writer, read by any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._state = RoomState.OK
        self._room = Room(0, 1, 0, 1)

    @property
    def state(self) -> RoomState:
        with self._lock:
            return self._state

    @property
    def room(self) -> Room:
        with self._lock:
            return self._room

    @property
    def takes_only_p0(self) -> bool:
        """Whether producers of other lanes are refused."""
        return self.state in {RoomState.REFUSING, RoomState.FULL}

    def set(self, state: RoomState, room: Room | None = None) -> None:
        """Publish a new state, with what was measured."""
        with self._lock:
            self._state = state
            self._room = room or self._room
