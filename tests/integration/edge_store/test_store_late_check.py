import pytest

from edge.store import opening
from edge.store.late_check import UNDER_WAY
from tests.integration.sync.conftest import wait_until


@pytest.fixture
def everything_is_large(monkeypatch) -> None:
    monkeypatch.setattr(opening, "AT_START_BYTES", 0)


@pytest.mark.usefixtures("everything_is_large")
def test_a_large_store_is_open_before_it_is_checked_and_checked_soon(new_store, make) -> None:
    with new_store() as store:
        ids = store.append_wait([make.count(units) for units in range(200)])
        assert store.stats().quick_check == "ok"  # new: there is nothing to check
    with new_store() as store:
        assert store.append_wait([make.count()])
        wait_until(lambda: store.stats().quick_check == "ok", "the check is through")
        assert set(ids) <= {fact.id for fact in store.facts(limit=1000)}


@pytest.mark.usefixtures("everything_is_large")
def test_what_the_late_check_finds_is_salvaged_while_the_node_runs(tmp_path, new_store, make) -> None:
    with new_store() as store:
        store.append_wait([make.count(units) for units in range(2000)])
    file = tmp_path / "shop.db"
    contents = bytearray(file.read_bytes())
    middle = len(contents) // 2 // 4096 * 4096
    contents[middle : middle + 4096] = b"\xff" * 4096
    file.write_bytes(contents)
    with new_store() as store:
        wait_until(lambda: store.stats().quick_check not in ("ok", UNDER_WAY), "the damage is told")
        wait_until(lambda: bool(list(tmp_path.glob("shop.db.damaged-*"))), "the file is put aside")
        assert store.append_wait([make.count()])
