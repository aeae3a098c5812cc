"""The node's clocks, received by every part that stamps something, so that tests can own time."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol
from uuid import uuid4

_KERNEL_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_SYNCED_FLAGS = (Path("/run/systemd/timesync/synchronized"), Path("/run/chrony/chronyd.pid"))
_EARLIEST_TRUE_TIME = datetime(2026, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """Wall time may step; ``mono_s`` never goes back within one ``boot_id``."""

    @property
    def boot_id(self) -> str:
        """Changes with every boot of the machine; monotonic times compare only within one."""
        ...

    def now(self) -> datetime:
        """Aware UTC wall time."""
        ...

    def mono_s(self) -> float:
        """Monotonic seconds since an arbitrary start."""
        ...

    def time_quality(self) -> str:
        """``synced`` when a time service vouches for the wall clock, else ``unsynced``."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def __init__(self) -> None:
        self._boot_id = _KERNEL_BOOT_ID.read_text().strip() if _KERNEL_BOOT_ID.exists() else str(uuid4())

    @property
    def boot_id(self) -> str:
        return self._boot_id

    def now(self) -> datetime:
        return datetime.now(UTC)

    def mono_s(self) -> float:
        return time.monotonic()

    def time_quality(self) -> str:
        vouched = any(flag.exists() for flag in _SYNCED_FLAGS)
        return "synced" if vouched and self.now() >= _EARLIEST_TRUE_TIME else "unsynced"
