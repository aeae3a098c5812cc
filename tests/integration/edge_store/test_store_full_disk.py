from collections.abc import Callable
from pathlib import Path

import pytest

from edge.errors import StoreFullError
from edge.store.store import Store
from sync.records import Lane

Opened = Callable[..., Store]


def _filled_up(disk: Path) -> Path:
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        block = b"x" * 4096
        try:
            while True:
                file.write(block)
        except OSError:
            pass
    return filler


def _append_until_full(store: Store, make) -> int:
    stored = 0
    for _ in range(10_000):
        try:
            stored += len(store.append_wait([make.count(n) for n in range(20)]))
        except StoreFullError:
            return stored
    raise AssertionError("the disk never got full")


def test_on_a_full_disk_alarms_still_flow_and_nothing_accepted_is_lost(
    small_disk: Path, new_store: Opened, make
) -> None:
    with new_store(path=small_disk / "shop.db", ballast_bytes=512 * 1024) as store:
        stored = len(store.append_wait([make.count(n) for n in range(20)]))
        filler = _filled_up(small_disk)
        stored += _append_until_full(store, make)
        assert store.stats().room == "full"
        assert not (small_disk / "shop.db.ballast").exists()
        epoch = store.stats().epoch
        store.append_wait([make.lost()])
        rows = store.outbox.take(epoch, Lane.P1, after_seq=0, limit=10)
        store.outbox.mark_sent(rows, [1] * len(rows))
        assert store.outbox.acknowledge(epoch, Lane.P1, 5) == 5
        with pytest.raises(StoreFullError):
            store.append([make.count(1)])

        filler.unlink()
        store.housekeep()
        assert store.stats().room == "ok"
        assert (small_disk / "shop.db.ballast").exists()
        stored += len(store.append_wait([make.count(1)]))
        state = store.outbox.lanes(epoch)[1]
        assert (state.drawn_upto, state.pending) == (stored, stored - 5)
    with new_store(path=small_disk / "shop.db", ballast_bytes=512 * 1024) as store:
        assert store.stats().quick_check == "ok"
        assert store.stats().by_kind["shelf.count"] == stored


def test_a_disk_filled_by_somebody_else_costs_old_telemetry_before_new_facts(
    small_disk: Path, new_store: Opened, make
) -> None:
    with new_store(path=small_disk / "shop.db", ballast_bytes=128 * 1024) as store:
        for _ in range(20):
            store.append_wait([make.crossing() for _ in range(100)])
        _filled_up(small_disk)
        for _ in range(4):
            store.housekeep()
        assert store.stats().by_kind.get("zone.crossing", 0) < 2000
        store.append_wait([make.count(1)])
