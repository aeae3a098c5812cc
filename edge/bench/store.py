"""How fast the store takes facts, beside bare sqlite3 writing the same rows in the same groups in the same run."""

import statistics
import tempfile
import time
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


def run(quick: bool, folder: Path | None = None) -> list[BenchResult]:
    """Measure in a new folder under ``folder`` (the system's temporary one by default), which is removed again.

    Store and yardstick take turns, and the ratio is the median over the turns, because a shared disk drifts.
    """
    rounds, facts, singles = (5, 4_000, 40) if quick else (11, 20_000, 200)
    with tempfile.TemporaryDirectory(prefix="bench-store-", dir=folder) as place:
        turns = [_turn(Path(place) / str(number), facts) for number in range(rounds)]
        waits_ms = _single_waits_ms(Path(place) / "single", singles)
    ours, bare = zip(*turns, strict=True)
    ratio = statistics.median(mine / theirs for mine, theirs in turns)
    return [
        at_least(
            "grouped FULL inserts", ratio, "ratio", goal=0.8, against="bare sqlite3, same rows, same groups, same run"
        ),
        BenchResult("facts stored, judged and numbered", statistics.median(ours), "facts/s"),
        BenchResult("bare sqlite3", statistics.median(bare), "facts/s"),
        BenchResult("one fact until it is on the disk, p50", statistics.median(waits_ms), "ms"),
        BenchResult("one fact until it is on the disk, p95", statistics.quantiles(waits_ms, n=20)[-1], "ms"),
    ]


def _turn(folder: Path, count: int) -> tuple[float, float]:
    """Facts a second through the store, and rows a second through bare sqlite3."""
    folder.mkdir()
    facts = _facts(count)
    settings = StoreSettings(path=folder / "ours.db", ballast_bytes=0, group_rows=_GROUP_ROWS)
    with _store(settings) as store:
        began_s = time.perf_counter()
        for stored in [store.append([fact]) for fact in facts]:
            stored.result(60)
        took_s = time.perf_counter() - began_s
    return count / took_s, copied_rows_per_s(settings.path, folder / "bare.db", group_rows=_GROUP_ROWS)


def _single_waits_ms(folder: Path, count: int) -> list[float]:
    folder.mkdir()
    waits_ms = []
    with _store(StoreSettings(path=folder / "single.db", ballast_bytes=0)) as store:
        for fact in _facts(count):
            began_s = time.perf_counter()
            store.append_wait([fact])
            waits_ms.append((time.perf_counter() - began_s) * 1000)
    return waits_ms


def _store(settings: StoreSettings) -> Store:
    return Store(settings, gate=EgressGate(parse_policy(_POLICY), bytes(32)), clock=SystemClock())


def _facts(count: int) -> list[Fact]:
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
