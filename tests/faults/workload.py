"""A store at work under the recorder: what it promises goes to the oracle's file the moment that it is promised.

``python -m tests.faults.workload FOLDER FULL|NORMAL``. Lines of the oracle::

    accepted LANE SEQ UNITS     the store said that it has it          acking LANE UPTO    about to acknowledge up to
    sent LANE SEQ UNITS         marked as sent, so that number is out
"""

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from edge.clock import SystemClock
from edge.egress import EgressGate
from edge.egress_policy import load_policy
from edge.facts import Fact, FeedLostFact, NodeHealthFact, ShelfCountFact, ZoneCrossingFact
from edge.store import opening
from edge.store.config import StoreSettings
from edge.store.store import Store
from sync.records import Lane
from tests.faults.power import ORACLE

_ROUNDS = 60
_POLICY = Path("firmware-config/egress-policy.toml")


def open_store(folder: Path) -> Store:
    """The store of the workload: a small log that is often moved into the file, and little room in p2."""
    settings = StoreSettings(
        path=folder / "shop.db", group_ms=0.0, ballast_bytes=512 * 1024, p2_limit_rows=60, housekeeping_s=3600.0
    )
    return Store(settings, gate=EgressGate(load_policy(_POLICY), b"k" * 32), clock=SystemClock())


def facts_of(number: int) -> list[Fact]:
    """Facts of every lane; the number is in the data of the one in p1."""
    stamp = {"at": datetime.now(UTC), "mono_s": float(number), "source": "cam-1"}
    count = ShelfCountFact(**stamp, slot="s1", sku="BR-1", units=number, facings=9999, delta=None, shelf_units=number)
    health = NodeHealthFact(
        **stamp,
        uptime_s=1.0,
        cameras_ok=1,
        cameras=1,
        language_up=True,
        disk_free_share=0.5,
        rss_mb=1.0,
        skipped_frames=0,
    )
    crossings = [ZoneCrossingFact(**stamp, line="door", direction="in") for _ in range(8)]
    alarm = FeedLostFact(**stamp, began_at=stamp["at"])
    return [count, health, *crossings, *([alarm] if number % 5 == 0 else [])]


class _Worker:
    def __init__(self, store: Store, promise: Callable[[str], None]) -> None:
        self._store = store
        self._promise = promise
        self._seen = dict.fromkeys((Lane.P0, Lane.P1), 0)
        self._epoch = store.outbox.epochs()[-1]

    def accept(self, number: int) -> None:
        self._store.append_wait(facts_of(number))
        for lane, seen in self._seen.items():
            for row in self._store.outbox.take(self._epoch, lane, after_seq=seen, limit=100):
                self._promise(f"accepted {lane} {row.seq} {row.record.data.get('units', '-')}")
                self._seen[lane] = row.seq

    def deliver(self) -> None:
        for lane in Lane:
            rows = self._store.outbox.take(self._epoch, lane, after_seq=0, limit=25)
            if not rows:
                continue
            self._store.outbox.mark_sent(rows, [100] * len(rows))
            for row in rows:
                self._promise(f"sent {lane} {row.seq} {row.record.data.get('units', '-')}")
            self._promise(f"acking {lane} {rows[-1].seq}")
            self._store.outbox.acknowledge(self._epoch, lane, rows[-1].seq)


def main() -> None:
    """Work until all rounds are done."""
    folder, synchronous = Path(sys.argv[1]), sys.argv[2]
    really_open = opening.open_writer

    def opened(*arguments: object, **named: object) -> object:
        database = really_open(*arguments, **named)  # type: ignore[arg-type]
        database.conn.execute(f"PRAGMA synchronous = {synchronous}")
        return database

    opening.open_writer = opened  # type: ignore[assignment]
    oracle = os.open(folder / ORACLE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with open_store(folder) as store:
        worker = _Worker(store, lambda line: os.write(oracle, f"{line}\n".encode()) and None)
        for number in range(_ROUNDS):
            worker.accept(number)
            if number % 12 == 11:
                worker.deliver()


if __name__ == "__main__":
    main()
