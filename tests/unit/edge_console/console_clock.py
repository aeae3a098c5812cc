"""A clock that tests own."""

from datetime import UTC, datetime, timedelta


class HandClock:
    """Stands still until ``forward`` is called."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
        self.mono = 100.0

    @property
    def boot_id(self) -> str:
        return "boot-1"

    def now(self) -> datetime:
        return self.at

    def mono_s(self) -> float:
        return self.mono

    def time_quality(self) -> str:
        return "synced"

    def forward(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.mono += seconds
