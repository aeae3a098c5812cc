"""The store's lock: one process at a time, and the second learns who holds it."""

import fcntl
import os
import sys
from pathlib import Path

from edge.errors import StoreBusyError


class StoreLock:
    """An advisory lock on a file beside the database; the kernel drops it when its holder dies."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = -1

    def acquire(self) -> None:
        """Take the lock or refuse at once.

        Raises:
            StoreBusyError: another process holds it; the text names it.
        """
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(file, 512, 0).decode(errors="replace").strip() or "another process"
            os.close(file)
            database = self._path.with_suffix("")
            raise StoreBusyError(f"the store {database} is held by {holder}; stop it first") from error
        os.ftruncate(file, 0)
        os.pwrite(file, f"process {os.getpid()} ({' '.join(sys.argv)[:400]})\n".encode(), 0)
        self._file = file

    def release(self) -> None:
        """Give the lock back; the file stays, because removing it would let two processes lock two files."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
