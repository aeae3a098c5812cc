"""Thirty days without a link: fill the store by a clock of its own, start on the full backlog, drain beside live facts.

``python -m tests.faults.offline --facts 2600000 [--json]``. A real mosquitto and the real receiver stand at the other
end. The node's memory is read after each tenth of the outage.
"""

import argparse
import json
import logging
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles

import structlog

from edge.clock import SystemClock
from edge.egress import EgressGate
from edge.egress_policy import load_policy
from edge.facts import Fact, FeedLostFact, NodeHealthFact, ShelfCountFact, ZoneCrossingFact
from edge.store.config import StoreSettings
from edge.store.store import Store
from sync.cloud.sink_reader_store import SinkReader
from sync.config import SyncSettings
from sync.link import Endpoint
from sync.mqtt_link import mqtt_links
from sync.records import Lane
from sync.uplink import Uplink, uplink_profile
from tests.faults.lives import NODE
from tests.faults.processes import Shop

_BEGAN = datetime(2026, 10, 1, tzinfo=UTC)
_DAYS = 30
_GROUP = 200
_LIVE_EVERY_S = 0.5
_DRAIN_S = 3600.0


@dataclass(slots=True)
class Outage:
    """What was measured."""

    facts: int = 0
    rss_mb: list[float] = field(default_factory=list)
    """After each tenth of the outage."""
    file_mb: float = 0.0
    start_s: float = 0.0
    """From opening the store on the full backlog to its first answer."""
    drained_per_s: float = 0.0
    p0_p99_s: float = 0.0
    """From a live alarm to its acknowledgement by head office, while the backlog drains."""
    missing: int = 0
    """Numbers of any lane that head office neither has nor was told to be gone."""

    @property
    def growth(self) -> float:
        """Memory at the end over that after the first tenth."""
        return self.rss_mb[-1] / self.rss_mb[0] if self.rss_mb else 0.0


def open_store(folder: Path) -> Store:
    """A store with its usual bounds."""
    gate = EgressGate(load_policy(Path("firmware-config/egress-policy.toml")), b"k" * 32)
    return Store(StoreSettings(path=folder / "shop.db", housekeeping_s=3600.0), gate=gate, clock=SystemClock())


def facts_at(number: int, at: datetime) -> list[Fact]:
    """What a second of the outage brings: mostly counts and crossings, now and then an alarm."""
    stamp = {"at": at, "mono_s": float(number), "source": f"cam-{number % 8}"}
    if number % 60 == 0:
        return [
            NodeHealthFact(
                **stamp, uptime_s=1.0, cameras_ok=8, cameras=8, language_up=True, disk_free_share=0.5, rss_mb=1.0,
                skipped_frames=0,
            )
        ]  # fmt: skip
    if number % 997 == 0:
        return [FeedLostFact(**stamp, began_at=at)]
    if number % 8 == 0:
        return [ZoneCrossingFact(**stamp, line="door", direction="in")]
    slot, units = f"slot-{number % 200}", number % 13
    return [ShelfCountFact(**stamp, slot=slot, sku="BR-1", units=units, facings=12, delta=-1, shelf_units=units)]


def fill(folder: str, facts: int, results: "multiprocessing.Queue[float]") -> None:
    """Live through the outage; tells the memory after each tenth."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    step = timedelta(days=_DAYS) / facts
    with open_store(Path(folder)) as store:
        for tenth in range(10):
            for start in range(tenth * facts // 10, (tenth + 1) * facts // 10, _GROUP):
                end = min(start + _GROUP, (tenth + 1) * facts // 10)
                store.append([fact for n in range(start, end) for fact in facts_at(n, _BEGAN + n * step)])
            store.append_wait(facts_at(1, _BEGAN + (tenth + 1) * facts // 10 * step))
            results.put(_rss_mb())


def drain(folder: str, port: int, results: "multiprocessing.Queue[object]") -> None:
    """Start on the full backlog and send it beside live alarms."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    settings = SyncSettings()
    links = mqtt_links(uplink_profile(NODE, Endpoint("127.0.0.1", port), settings))
    began_s = time.perf_counter()
    with open_store(Path(folder)) as store:
        results.put(time.perf_counter() - began_s)
        waiting = sum(store.stats().pending.values())
        uplink = Uplink(store.outbox, NODE, settings, make_link=links, broker="broker")
        store.subscribe(uplink.wake)
        began_s = time.perf_counter()
        with uplink:
            waits_s = _live_beside(store)
        results.put(waiting / (time.perf_counter() - began_s))
        results.put(waits_s)


def _live_beside(store: Store) -> list[float]:
    """An alarm each half second until nothing waits; how long each took until head office had it."""
    waits_s: list[float] = []
    deadline_s = time.monotonic() + _DRAIN_S
    number = 0
    while any(store.stats().pending.values()) and time.monotonic() < deadline_s:
        number += 1
        now = datetime.now(UTC)
        began_s = time.perf_counter()
        store.append_wait([FeedLostFact(at=now, mono_s=1.0, source=f"cam-live-{number}", began_at=now)])
        epoch = store.outbox.epochs()[-1]
        drawn = next(state.drawn_upto for state in store.outbox.lanes(epoch) if state.lane is Lane.P0)
        while _acked(store, epoch) < drawn:
            time.sleep(0.005)
        waits_s.append(time.perf_counter() - began_s)
        time.sleep(_LIVE_EVERY_S)
    return waits_s


def _acked(store: Store, epoch: str) -> int:
    return next(state.acked_upto for state in store.outbox.lanes(epoch) if state.lane is Lane.P0)


def _rss_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20


def try_outage(facts: int) -> Outage:
    """Go through it all; minutes for a hundred thousand facts, a quarter of an hour for thirty days of a shop."""
    outage = Outage(facts=facts)
    with tempfile.TemporaryDirectory(prefix="offline-") as place:
        shop = Shop(Path(place))
        memory = shop.run(fill, place, facts)
        outage.rss_mb = [round(float(str(value)), 1) for value in memory]
        outage.file_mb = round((Path(place) / "shop.db").stat().st_size / 2**20, 1)
        with shop.standing("broker", "receiver"):
            start_s, drained_per_s, waits_s = shop.run(drain, place, shop.port)
        outage.start_s, outage.drained_per_s = float(str(start_s)), float(str(drained_per_s))
        outage.p0_p99_s = _p99(waits_s if isinstance(waits_s, list) else [])
        report = SinkReader(Path(place) / "head-office.db").report()
        outage.missing = sum(last - first + 1 for lane in report.lanes for first, last in lane.holes)
    return outage


def _p99(waits_s: Sequence[float]) -> float:
    return quantiles(waits_s, n=100)[98] if len(waits_s) > 1 else sum(waits_s)


def main() -> int:
    """Entry point; exit status 0 when nothing is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--facts", type=int, default=2_600_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    outage = try_outage(options.facts)
    text = (
        f"{outage.facts} facts in {_DAYS} days, file {outage.file_mb:g} MB, memory {outage.rss_mb[0]:g} to "
        f"{outage.rss_mb[-1]:g} MB ({outage.growth:.2f}x), start {outage.start_s:.2f} s, drained at "
        f"{outage.drained_per_s:.0f}/s, live alarms p99 {outage.p0_p99_s:.2f} s, {outage.missing} missing"
    )
    found = asdict(outage) | {"growth": outage.growth}
    sys.stdout.write((json.dumps(found) if options.json else text) + "\n")
    return 0 if outage.missing == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
