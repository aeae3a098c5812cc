"""How fast the store takes facts, beside bare sqlite3 writing the same rows in the same groups in the same run."""

import statistics
import tempfile
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from edge.bench.results import BenchResult, at_least
from edge.clock import SystemClock
from edge.egress import EgressGate
from edge.egress_policy import parse_policy
from edge.facts import Fact, ShelfCountFact
from edge.store.config import StoreSettings
from edge.store.store import Store
from edge.store.yardstick import copied_rows_per_s

_GROUP_ROWS = 100
_POLICY = """
version = "bench"
[kinds."shelf.count"]
slot = "keep"
sku = "keep"
units = "keep"
facings = "keep"
delta = "keep"
shelf_units = "keep"
confidence = "round(2)"
"""


@dataclass(frozen=True, slots=True)
class _Turn:
    """Facts a second: in the writer's transactions alone, through the whole store, and by the yardstick."""

    written: float
    stored: float
    bare: float


def run(quick: bool, folder: Path | None = None) -> list[BenchResult]:
    """Measure in a new folder under ``folder`` (the system's temporary one by default), which is removed again.

    Store and yardstick take turns, and a ratio is the median over the turns, because a shared disk drifts.
    """
    rounds, facts, singles = (5, 4_000, 40) if quick else (11, 20_000, 200)
    with tempfile.TemporaryDirectory(prefix="bench-store-", dir=folder) as place:
        turns = [_turn(Path(place) / str(number), facts) for number in range(rounds)]
        waits_ms = _single_waits_ms(Path(place) / "single", singles)
    against = "bare sqlite3, same rows, same groups, same run"
    written = statistics.median(turn.written / turn.bare for turn in turns)
    stored = statistics.median(turn.stored / turn.bare for turn in turns)
    return [
        at_least("grouped FULL inserts", written, "ratio", goal=0.8, against=against),
        BenchResult("the same with judging and hand-over to the writer", stored, "ratio", against=against),
        BenchResult("facts judged, numbered and stored", statistics.median(turn.stored for turn in turns), "events/s"),
        BenchResult("bare sqlite3", statistics.median(turn.bare for turn in turns), "events/s"),
        BenchResult("one fact until it is on the disk, p50", statistics.median(waits_ms), "ms"),
        BenchResult("one fact until it is on the disk, p95", statistics.quantiles(waits_ms, n=20)[-1], "ms"),
    ]


def _turn(folder: Path, count: int) -> _Turn:
    folder.mkdir()
    facts = bench_facts(count)
    groups = [facts[start : start + _GROUP_ROWS] for start in range(0, count, _GROUP_ROWS)]
    settings = StoreSettings(path=folder / "ours.db", ballast_bytes=0, group_rows=_GROUP_ROWS)
    with bench_store(settings) as store:
        committing_ms = sum(_commit_ms(store, group) for group in groups)
    with bench_store(StoreSettings(path=folder / "flow.db", ballast_bytes=0, group_rows=_GROUP_ROWS)) as store:
        began_s = time.perf_counter()
        for stored in [store.append(group) for group in groups]:
            stored.result(60)
        took_s = time.perf_counter() - began_s
    bare = copied_rows_per_s(settings.path, folder / "bare.db", group_rows=_GROUP_ROWS)
    return _Turn(written=count / committing_ms * 1000, stored=count / took_s, bare=bare)


def _commit_ms(store: Store, group: list[Fact]) -> float:
    store.append_wait(group)
    return store.stats().last_commit_ms


def _single_waits_ms(folder: Path, count: int) -> list[float]:
    folder.mkdir()
    waits_ms = []
    with bench_store(StoreSettings(path=folder / "single.db", ballast_bytes=0)) as store:
        for fact in bench_facts(count):
            began_s = time.perf_counter()
            store.append_wait([fact])
            waits_ms.append((time.perf_counter() - began_s) * 1000)
    return waits_ms


def bench_store(settings: StoreSettings) -> Store:
    """A store of its own whose policy lets every field of a shelf count leave."""
    return Store(settings, gate=EgressGate(parse_policy(_POLICY), bytes(32)), clock=SystemClock())


def bench_facts(count: int) -> list[Fact]:
    """Facts as a busy shop has them."""
    began_at = SystemClock().now()
    return [
        ShelfCountFact(
            at=began_at + timedelta(milliseconds=number),
            mono_s=number / 1000,
            source=f"cam-{number % 8}",
            confidence=0.9 + number % 10 / 100,
            slot=f"slot-{number % 200}",
            sku=f"BR-{number % 300:04d}",
            units=number % 13,
            facings=12,
            delta=-1,
            shelf_units=number % 200,
        )
        for number in range(count)
    ]
