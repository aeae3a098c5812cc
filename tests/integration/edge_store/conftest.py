import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from edge.egress import EgressGate
from edge.egress_policy import load_policy
from edge.facts import Fact, FeedLostFact, KioskHandoffFact, NodeHealthFact, ShelfCountFact, ZoneCrossingFact
from edge.store.config import StoreSettings
from edge.store.store import Store

_DISK_KB = 12 * 1024
START = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


class HandClock:
    """A clock that moves when told to."""

    boot_id = "boot-1"

    def __init__(self) -> None:
        self.passed_s = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.passed_s)

    def mono_s(self) -> float:
        return self.passed_s

    def time_quality(self) -> str:
        return "synced"


class Maker:
    """Makes one fact per lane, stamped by the test's clock."""

    def __init__(self, clock: HandClock) -> None:
        self._clock = clock

    def _stamp(self, source: str) -> dict[str, Any]:
        return {"at": self._clock.now(), "mono_s": self._clock.mono_s(), "source": source}

    def count(self, units: int = 3, *, slot: str = "s1", source: str = "cam-1") -> Fact:
        return ShelfCountFact(
            **self._stamp(source), slot=slot, sku="BR-0001", units=units, facings=20, delta=None, shelf_units=units
        )

    def crossing(self, source: str = "cam-1") -> Fact:
        return ZoneCrossingFact(**self._stamp(source), line="door", direction="in")

    def health(self, source: str = "node") -> Fact:
        return NodeHealthFact(
            **self._stamp(source), uptime_s=1.0, cameras_ok=1, cameras=1, language_up=True, disk_free_share=0.5,
            rss_mb=100.0, skipped_frames=0,
        )  # fmt: skip

    def handoff(self, ticket: str = "t-1") -> Fact:
        return KioskHandoffFact(**self._stamp("kiosk-1"), ticket=ticket)

    def lost(self) -> Fact:
        return FeedLostFact(**self._stamp("cam-1"), began_at=self._clock.now())

    def leak(self) -> Fact:
        return self.count(source="4111-1111-1111-1111")


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def make(clock: HandClock) -> Maker:
    return Maker(clock)


@pytest.fixture(scope="session")
def gate() -> EgressGate:
    return EgressGate(load_policy(Path("firmware-config/egress-policy.toml")), b"k" * 32)


@pytest.fixture
def new_store(tmp_path: Path, clock: HandClock, gate: EgressGate) -> Callable[..., Store]:
    """Makes a store that is not open yet."""

    def made(**settings: Any) -> Store:
        given = {"path": tmp_path / "shop.db", "group_ms": 0.0, "ballast_bytes": 64 * 1024, **settings}
        return Store(StoreSettings(**given), gate=gate, clock=clock)

    return made


@pytest.fixture
def open_store(new_store: Callable[..., Store]) -> Iterator[Callable[..., Store]]:
    """Opens a store until the end of the test."""
    with ExitStack() as open_stores:
        yield lambda **settings: open_stores.enter_context(new_store(**settings))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 12 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_DISK_KB}k", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, timeout=30).returncode != 0:
        pytest.skip("needs the right to mount a small disk")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True, timeout=30)
