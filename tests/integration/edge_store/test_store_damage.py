import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edge.errors import StoreUnavailableError
from edge.store.store import Store
from sync.records import Lane

Opened = Callable[..., Store]
_PAGE = 4096


def _filled(new_store: Opened, make) -> dict[str, Any]:
    """A store of some hundred records, a third of the business ones acknowledged."""
    with new_store() as store:
        epoch = store.stats().epoch
        for number in range(300):
            store.append([make.count(number % 20)])
        store.append_wait([make.crossing() for _ in range(100)])
        rows = store.outbox.take(epoch, Lane.P1, after_seq=0, limit=100)
        store.outbox.mark_sent(rows, [1] * len(rows))
        store.outbox.acknowledge(epoch, Lane.P1, 100)
        return {"epoch": epoch, "lanes": store.outbox.lanes(epoch), "facts": store.stats().facts}


def _account(store: Store, before: dict[str, Any]) -> dict[Lane, tuple[int, int]]:
    """Check the old epoch's numbers and return per lane how many wait and how many are declared lost."""
    old, new = before["epoch"], store.stats().epoch
    alarms = store.outbox.take(new, Lane.P0, after_seq=0, limit=10_000)
    gaps = [row.record.data for row in alarms if row.record.kind == "gap" and row.record.data["epoch"] == old]
    counts = {}
    for state in before["lanes"]:
        waiting = {row.seq for row in store.outbox.take(old, state.lane, after_seq=0, limit=10_000)}
        lost = {n for gap in gaps if gap["gap_lane"] == state.lane for n in range(gap["first"], gap["last"] + 1)}
        acked = set(range(1, state.acked_upto + 1))
        assert waiting | lost | acked == set(range(1, state.drawn_upto + 1)), state.lane
        assert not waiting & lost
        counts[state.lane] = (len(waiting), len(lost))
    return counts


def _damage(path: Path, pages: list[int]) -> None:
    content = bytearray(path.read_bytes())
    for page in pages:
        start = page * _PAGE
        content[start : start + _PAGE] = bytes(random.Random(page).randbytes(_PAGE))
    path.write_bytes(content)


def test_a_file_with_broken_pages_is_put_aside_and_its_loss_declared(new_store: Opened, make, tmp_path: Path) -> None:
    before = _filled(new_store, make)
    path = tmp_path / "shop.db"
    pages = path.stat().st_size // _PAGE
    _damage(path, [pages // 2, pages - 3, pages - 2])
    broken = path.read_bytes()
    with new_store() as store:
        stats = store.stats()
        assert stats.epoch != before["epoch"]
        counts = _account(store, before)
        assert sum(waiting for waiting, _ in counts.values()) > 200
        epoch_row = store.outbox.take(stats.epoch, Lane.P0, after_seq=0, limit=1)[0].record
        assert (epoch_row.data["reason"], epoch_row.data["previous_epoch"]) == ("salvaged", before["epoch"])
        assert epoch_row.data["facts_salvaged"] > 200
        assert store.append_wait([make.count(5)])
        (aside,) = tmp_path.glob("shop.db.damaged-*Z")
        assert aside.read_bytes() == broken
    with new_store() as store:
        assert (store.stats().epoch, store.stats().quick_check) == (stats.epoch, "ok")


@pytest.mark.parametrize("seed", range(12))
def test_any_broken_page_costs_only_its_own_rows_and_every_lost_number_is_declared(
    new_store: Opened, make, tmp_path: Path, seed: int
) -> None:
    before = _filled(new_store, make)
    path = tmp_path / "shop.db"
    page = random.Random(seed).randrange(path.stat().st_size // _PAGE) if seed else 0
    _damage(path, [page])
    with new_store() as store:
        counts = _account(store, before)
        assert store.append_wait([make.count(5)])
        assert sum(waiting for waiting, _ in counts.values()) >= 150, f"page {page}"


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 1000], ids=["empty file", "other content"])
def test_a_file_that_is_no_database_any_more_costs_its_rows_but_not_the_start(
    new_store: Opened, make, tmp_path: Path, content: bytes
) -> None:
    before = _filled(new_store, make)
    path = tmp_path / "shop.db"
    path.write_bytes(content)
    (tmp_path / "shop.db-wal").unlink(missing_ok=True)
    with new_store() as store:
        assert store.stats().epoch != before["epoch"]
        gaps = [row.record.data for row in store.outbox.take(store.stats().epoch, Lane.P0, after_seq=1, limit=100)]
        assert {(gap["epoch"], gap["gap_lane"], gap["last"]) for gap in gaps} == {
            (before["epoch"], state.lane.value, state.drawn_upto) for state in before["lanes"] if state.drawn_upto
        }
        assert store.append_wait([make.count(5)])


def test_an_old_copy_put_back_is_noticed_and_its_numbers_are_not_drawn_again(
    new_store: Opened, make, tmp_path: Path
) -> None:
    path = tmp_path / "shop.db"
    with new_store() as store:
        store.append_wait([make.count(1)])
        epoch = store.stats().epoch
    yesterday = path.read_bytes()
    with new_store() as store:
        store.append_wait([make.count(n) for n in range(5)])
        lanes = store.outbox.lanes(epoch)
    path.write_bytes(yesterday)
    (tmp_path / "shop.db-wal").unlink(missing_ok=True)
    with new_store() as store:
        assert store.stats().epoch != epoch
        assert _account(store, {"epoch": epoch, "lanes": lanes})[Lane.P1] == (1, 5)


def test_a_store_damaged_while_open_is_salvaged_in_place_and_goes_on(new_store: Opened, make, tmp_path: Path) -> None:
    before = _filled(new_store, make)
    path = tmp_path / "shop.db"
    with new_store() as store:
        _overwritten(path, range(4, path.stat().st_size // _PAGE))
        with pytest.raises(StoreUnavailableError):
            store.facts(limit=1000)
        (fact_id,) = store.append_wait([make.count(1)])
        assert store.stats().epoch != before["epoch"]
        assert [fact.id for fact in store.facts(limit=1, newest_first=True)] == [fact_id]
        _account(store, before)
    with new_store() as store:
        assert store.stats().quick_check == "ok"


def _overwritten(path: Path, pages: range) -> None:
    with path.open("r+b") as file:
        for page in pages:
            file.seek(page * _PAGE)
            file.write(random.Random(page).randbytes(_PAGE))


def test_a_salvage_that_died_between_its_renames_is_finished_at_the_next_start(
    new_store: Opened, make, tmp_path: Path
) -> None:
    with new_store() as store:
        ids = store.append_wait([make.count(1)])
    (tmp_path / "shop.db").rename(tmp_path / "shop.db.salvaging")
    with new_store() as store:
        assert [fact.id for fact in store.facts(kind="shelf.count")] == ids


def test_what_an_unfinished_salvage_left_is_thrown_away(new_store: Opened, make, tmp_path: Path) -> None:
    with new_store() as store:
        store.append_wait([make.count(1)])
    (tmp_path / "shop.db.salvaging").write_bytes(b"half a file")
    with new_store() as store:
        assert len(store.facts(kind="shelf.count")) == 1
    assert not (tmp_path / "shop.db.salvaging").exists()
