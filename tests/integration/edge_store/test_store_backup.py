import os
import threading

import pytest

from edge.errors import StoreFullError, StoreUnavailableError
from edge.store import backup
from edge.store.backup import NAME, Backups, back_up
from tests.integration.sync.conftest import wait_until


def test_a_copy_made_beside_the_writing_node_holds_what_was_stored(tmp_path, open_store, new_store, make) -> None:
    store = open_store()
    ids = store.append_wait([make.count(units) for units in range(50)])
    medium = tmp_path / "medium"
    medium.mkdir()
    is_done = threading.Event()

    def write_on() -> None:
        while not is_done.is_set():
            store.append_wait([make.crossing()])

    writer = threading.Thread(target=write_on)
    writer.start()
    made = back_up(tmp_path / "shop.db", medium)
    is_done.set()
    writer.join()
    assert [path.name for path in medium.iterdir()] == [NAME]
    with new_store(path=made.path) as copy:
        assert copy.stats().quick_check == "ok"
        assert set(ids) <= {fact.id for fact in copy.facts(limit=1000)}


def test_a_failed_copy_leaves_the_last_one(tmp_path, open_store, make, monkeypatch) -> None:
    store = open_store()
    store.append_wait([make.count()])
    medium = tmp_path / "medium"
    medium.mkdir()
    before = back_up(tmp_path / "shop.db", medium).path.read_bytes()
    monkeypatch.setattr(backup, "quick_check", lambda _connection: "row 1 missing from index")
    with pytest.raises(StoreUnavailableError, match="not whole"):
        back_up(tmp_path / "shop.db", medium)
    assert [path.name for path in medium.iterdir()] == [NAME]
    assert (medium / NAME).read_bytes() == before


@pytest.mark.parametrize("missing", ["store", "folder"])
def test_what_is_missing_is_named(tmp_path, open_store, missing) -> None:
    store = tmp_path / "no.db" if missing == "store" else open_store() and tmp_path / "shop.db"
    with pytest.raises(StoreUnavailableError, match=r"no store to copy" if missing == "store" else r"is no folder"):
        back_up(store, tmp_path if missing == "store" else tmp_path / "not-mounted")


def test_a_medium_without_room_is_a_sentence(tmp_path, open_store, make, small_disk) -> None:
    open_store().append_wait([make.count(units) for units in range(3000)])
    (small_disk / "filler").write_bytes(bytes(small_disk_free(small_disk) - 64 * 1024))
    with pytest.raises(StoreFullError, match="no room"):
        back_up(tmp_path / "shop.db", small_disk)
    assert [path.name for path in small_disk.iterdir()] == ["filler"]


def small_disk_free(folder) -> int:
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize


def test_copies_are_made_by_the_clock(tmp_path, open_store, make) -> None:
    open_store().append_wait([make.count()])
    medium = tmp_path / "medium"
    medium.mkdir()
    with Backups(tmp_path / "shop.db", medium, every_h=24.0):
        wait_until((medium / NAME).exists, "a copy is made")
    first = (medium / NAME).stat().st_mtime_ns
    with Backups(tmp_path / "shop.db", medium, every_h=24.0):
        pass
    assert (medium / NAME).stat().st_mtime_ns == first
