import shutil
from datetime import UTC, datetime

import pytest

from edge.errors import StoreBusyError, StoreUnavailableError
from edge.store.backup import back_up
from edge.store.restore import restore

_NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
def crashed(tmp_path, open_store, make):
    """A data folder as kill -9 leaves it, with a copy that is older than what lies in its log."""
    store = open_store()
    ids = store.append_wait([make.count(units) for units in range(400)])
    (tmp_path / "medium").mkdir()
    copy = back_up(tmp_path / "shop.db", tmp_path / "medium").path
    for units in range(100):
        store.append_wait([make.count(units, slot=f"s{units}") for _ in range(10)])
    left = tmp_path / "crashed"
    left.mkdir()
    for file in tmp_path.glob("shop.db*"):
        shutil.copy(file, left)
    assert (left / "shop.db-wal").stat().st_size > 0
    return left / "shop.db", copy, ids


def test_after_kill_9_all_of_the_copy_is_there_and_what_lay_there_is_kept_whole(crashed, new_store) -> None:
    path, copy, ids = crashed
    restored = restore(path, copy, now=_NOW)
    assert restored.facts == len(ids) + 1
    assert restored.set_aside == path.with_name("shop.db.replaced-20261122T120000Z")
    with new_store(path=path) as store:
        assert store.stats().quick_check.startswith("the file knows fewer records")
        held = store.facts(limit=2000)
        assert set(ids) <= {fact.id for fact in held}
        told = [fact.body for fact in held if fact.kind == "store.epoch"]
        assert [body["previous_epoch"] is None for body in told] == [True, False]
    assert restore(path, restored.set_aside, now=_NOW).facts == 1401


def test_a_running_store_is_not_replaced(tmp_path, open_store, make) -> None:
    open_store().append_wait([make.count()])
    (tmp_path / "medium").mkdir()
    copy = back_up(tmp_path / "shop.db", tmp_path / "medium").path
    with pytest.raises(StoreBusyError, match="stop it first"):
        restore(tmp_path / "shop.db", copy, now=_NOW)


def test_what_is_no_whole_copy_of_ours_leaves_the_store_as_it_was(crashed, tmp_path) -> None:
    path, copy, _ = crashed
    torn = tmp_path / "torn.db"
    content = bytearray(copy.read_bytes())
    content[3 * 4096 : 9 * 4096] = bytes(6 * 4096)
    torn.write_bytes(content)
    before = {file.name: file.read_bytes() for file in path.parent.iterdir() if not file.name.endswith(".lock")}
    text = tmp_path / "text.db"
    text.write_text("these are notes of ours, not a database\n" * 200)
    empty = tmp_path / "empty.db"
    empty.touch()
    for wrong, words in ((torn, "copied|whole"), (text, "not a database"), (empty, "no table"), (path, "itself")):
        with pytest.raises(StoreUnavailableError, match=words):
            restore(path, wrong, now=_NOW)
    with pytest.raises(StoreUnavailableError, match="no such file"):
        restore(path, tmp_path / "none.db", now=_NOW)
    after = {file.name: file.read_bytes() for file in path.parent.iterdir() if not file.name.endswith(".lock")}
    assert after == before
