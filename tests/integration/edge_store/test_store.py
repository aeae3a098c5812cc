import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from edge.egress import Disposition
from edge.errors import StoreBusyError, StoreClosedError, StoreFullError
from edge.store.store import Store
from sync.errors import AckRejectedError
from sync.records import Lane

Opened = Callable[..., Store]


def _sent_and_acked(store: Store, lane: Lane) -> int:
    epoch = store.outbox.epochs()[-1]
    rows = store.outbox.take(epoch, lane, after_seq=0, limit=1000)
    store.outbox.mark_sent(rows, [100] * len(rows))
    return store.outbox.acknowledge(epoch, lane, rows[-1].seq) if rows else 0


def test_a_fact_is_stored_judged_and_numbered_in_one_go(open_store: Opened, make) -> None:
    store = open_store()
    (fact_id,) = store.append_wait([make.count(3)])
    (fact,) = store.facts(kind="shelf.count")
    (row,) = store.outbox.take(store.outbox.epochs()[-1], Lane.P1, after_seq=0, limit=10)
    assert (fact.id, fact.record_id, fact.disposition) == (fact_id, row.id, Disposition.QUEUED)
    assert fact.body["units"] == row.record.data["units"] == 3
    assert row.id == f"{store.stats().epoch}:p1:1"


def test_the_first_record_of_an_epoch_tells_that_it_began(open_store: Opened) -> None:
    store = open_store()
    (row,) = store.outbox.take(store.stats().epoch, Lane.P0, after_seq=0, limit=10)
    assert (row.record.kind, row.record.data["reason"], row.seq) == ("store.epoch", "created", 1)


def test_facts_survive_a_restart_and_numbers_go_on(new_store: Opened, make, tmp_path: Path) -> None:
    with new_store(path=tmp_path / "a.db") as first:
        ids = first.append_wait([make.count(1), make.count(2)])
        epoch = first.stats().epoch
    with new_store(path=tmp_path / "a.db") as again:
        assert again.stats().epoch == epoch
        assert again.append_wait([make.count(3)]) == [ids[-1] + 1]
        rows = again.outbox.take(epoch, Lane.P1, after_seq=0, limit=10)
        assert [row.seq for row in rows] == [1, 2, 3]


def test_a_denied_fact_stays_and_only_a_count_goes_out(open_store: Opened, make) -> None:
    store = open_store()
    ids = store.append_wait([make.leak(), make.leak(), make.count(1)])
    assert len(ids) == 3
    denied, *_ = store.facts(kind="shelf.count")
    assert (denied.disposition, denied.record_id) == (Disposition.DENIED, None)
    tombstones = store.outbox.take(store.stats().epoch, Lane.P0, after_seq=1, limit=10)
    assert [(row.record.kind, row.record.data["hits"]) for row in tombstones] == [("egress.denied", 2)]
    assert "4111" not in repr(tombstones)
    assert len(store.outbox.take(store.stats().epoch, Lane.P1, after_seq=0, limit=10)) == 1


def test_an_ack_deletes_what_was_sent_and_no_more(open_store: Opened, make) -> None:
    store = open_store()
    epoch = store.stats().epoch
    store.append_wait([make.count(n) for n in range(5)])
    rows = store.outbox.take(epoch, Lane.P1, after_seq=0, limit=3)
    store.outbox.mark_sent(rows, [10, 20, 30])
    with pytest.raises(AckRejectedError):
        store.outbox.acknowledge(epoch, Lane.P1, 4)
    with pytest.raises(AckRejectedError):
        store.outbox.acknowledge("nosuchepoch", Lane.P1, 1)
    assert store.outbox.acknowledge(epoch, Lane.P1, 2) == 2
    assert store.outbox.acknowledge(epoch, Lane.P1, 2) == 0
    state = store.outbox.lanes(epoch)[1]
    assert (state.drawn_upto, state.sent_upto, state.acked_upto, state.pending) == (5, 3, 2, 3)


def test_the_ledger_counts_every_sending_of_a_record_once_more(open_store: Opened, make, clock) -> None:
    store = open_store()
    store.append_wait([make.count(1)])
    rows = store.outbox.take(store.stats().epoch, Lane.P1, after_seq=0, limit=3)
    store.outbox.mark_sent(rows, [100])
    clock.passed_s = 60.0
    store.outbox.mark_sent(rows, [101])
    (entry,) = store.ledger()
    assert (entry.record_id, entry.sends, entry.bytes, entry.kind) == (rows[0].id, 2, 201, "shelf.count")
    assert (entry.last_sent_at - entry.first_sent_at).total_seconds() == 60
    assert "units" in entry.fields
    assert entry.policy_version == rows[0].record.policy_version


def test_an_unsent_metric_is_replaced_and_the_numbers_are_declared_in_one_row(open_store: Opened, make) -> None:
    store = open_store()
    epoch = store.stats().epoch
    for _ in range(50):
        store.append_wait([make.health("node-a"), make.health("node-b")])
    metrics = store.outbox.take(epoch, Lane.P3, after_seq=0, limit=200)
    gaps = store.outbox.take(epoch, Lane.P0, after_seq=1, limit=200)
    assert [row.seq for row in metrics] == [99, 100]
    assert [(row.record.data["first"], row.record.data["last"]) for row in gaps] == [(1, 98)]
    assert store.facts(kind="gap")[0].body["last"] == 98


def test_a_metric_that_was_handed_to_the_link_is_not_replaced(open_store: Opened, make) -> None:
    store = open_store()
    epoch = store.stats().epoch
    store.append_wait([make.health()])
    store.outbox.take(epoch, Lane.P3, after_seq=0, limit=10)
    store.append_wait([make.health()])
    assert [row.seq for row in store.outbox.take(epoch, Lane.P3, after_seq=0, limit=10)] == [1, 2]


def test_an_ack_over_declared_numbers_is_believed_only_after_their_gap_was_sent(open_store: Opened, make) -> None:
    store = open_store()
    epoch = store.stats().epoch
    store.append_wait([make.health()])
    (first,) = store.outbox.take(epoch, Lane.P3, after_seq=0, limit=1)
    store.outbox.mark_sent([first], [10])
    store.append_wait([make.health()])
    store.append_wait([make.health()])
    with pytest.raises(AckRejectedError):
        store.outbox.acknowledge(epoch, Lane.P3, 2)
    _sent_and_acked(store, Lane.P0)
    assert store.outbox.acknowledge(epoch, Lane.P3, 2) == 1
    with pytest.raises(AckRejectedError):
        store.outbox.acknowledge(epoch, Lane.P3, 3)


def test_an_ack_over_declared_numbers_is_refused_while_a_row_among_them_was_never_sent(
    open_store: Opened, make
) -> None:
    store = open_store()
    epoch = store.stats().epoch
    store.append_wait([make.health("node-b")])
    store.append_wait([make.health("node-a")])
    store.append_wait([make.health("node-a")])
    _sent_and_acked(store, Lane.P0)
    for upto in (1, 2):
        with pytest.raises(AckRejectedError):
            store.outbox.acknowledge(epoch, Lane.P3, upto)
    assert [row.seq for row in store.outbox.take(epoch, Lane.P3, after_seq=0, limit=10)] == [1, 3]


def test_a_gap_that_was_handed_to_the_link_is_not_widened_any_more(open_store: Opened, make) -> None:
    store = open_store()
    epoch = store.stats().epoch
    store.append_wait([make.health(), make.health()])
    (held,) = store.outbox.take(epoch, Lane.P0, after_seq=1, limit=10)
    store.append_wait([make.health()])
    gaps = store.outbox.take(epoch, Lane.P0, after_seq=1, limit=10)
    assert gaps[0] == held
    assert [(gap.record.data["first"], gap.record.data["last"]) for gap in gaps] == [(1, 1), (2, 2)]


def test_too_much_telemetry_loses_its_oldest_range_and_says_so(open_store: Opened, make) -> None:
    store = open_store(p2_limit_rows=100)
    epoch = store.stats().epoch
    for _ in range(30):
        store.append_wait([make.crossing() for _ in range(10)])
    rows = store.outbox.take(epoch, Lane.P2, after_seq=0, limit=1000)
    gaps = store.outbox.take(epoch, Lane.P0, after_seq=1, limit=1000)
    assert len(rows) <= 100
    assert [(gap.record.data["first"], gap.record.data["last"]) for gap in gaps] == [(1, rows[0].seq - 1)]
    assert rows[-1].seq == 300


def test_the_producer_of_business_facts_waits_for_acks_and_then_gives_up(open_store: Opened, make) -> None:
    store = open_store(p1_limit_rows=5, append_timeout_s=0.05)
    store.append_wait([make.count(n) for n in range(5)])
    with pytest.raises(StoreFullError, match="wait for the cloud"):
        store.append([make.count(9)])
    store.append_wait([make.crossing()])
    assert _sent_and_acked(store, Lane.P1) == 5
    store.append_wait([make.count(9)])


def test_a_waiting_producer_goes_on_when_an_ack_makes_room(open_store: Opened, make) -> None:
    store = open_store(p1_limit_rows=5, append_timeout_s=20.0)
    store.append_wait([make.count(n) for n in range(5)])
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(store.append_wait, [make.count(9)])
        _sent_and_acked(store, Lane.P1)
        assert len(waiting.result(10)) == 1


def test_all_facts_of_one_call_share_a_transaction_and_their_order(open_store: Opened, make) -> None:
    store = open_store(group_rows=10)
    with ThreadPoolExecutor(4) as pool:
        calls = list(pool.map(lambda n: store.append_wait([make.count(n)] * 25), range(8)))
    for ids in calls:
        assert ids == list(range(ids[0], ids[0] + 25))
    assert len({fact_id for ids in calls for fact_id in ids}) == 200


def test_pages_of_facts_go_on_where_the_last_one_ended(open_store: Opened, make) -> None:
    store = open_store()
    ids = store.append_wait([make.count(n, source="cam-2") for n in range(5)])
    assert [fact.id for fact in store.facts(source="cam-2", after_id=ids[1], limit=2)] == ids[2:4]
    assert [fact.id for fact in store.facts(source="cam-2", after_id=ids[3], limit=2, newest_first=True)] == [
        ids[2],
        ids[1],
    ]
    assert store.facts(kind="no.such") == []


def test_the_stock_view_has_the_newest_count_of_every_slot_whatever_its_age(open_store: Opened, make, clock) -> None:
    store = open_store(keep_kind_days={"shelf.count": 1.0})
    store.append_wait([make.count(1), make.count(2, slot="s2")])
    store.append_wait([make.count(7)])
    clock.passed_s = 3 * 86_400.0
    store.housekeep()
    assert [fact.body["units"] for fact in store.facts(kind="shelf.count")] == [2, 7]
    assert {place: fact.body["units"] for place, fact in store.latest_by_slot().items()} == {
        ("cam-1", "s1"): 7,
        ("cam-1", "s2"): 2,
    }
    assert len(store.outbox.take(store.stats().epoch, Lane.P1, after_seq=0, limit=10)) == 3


def test_each_kind_goes_at_its_own_age(open_store: Opened, make, clock) -> None:
    store = open_store(keep_kind_days={"zone.crossing": 2.0})
    store.append_wait([make.crossing(), make.count(1)])
    clock.passed_s = 86_400.0
    store.append_wait([make.crossing()])
    clock.passed_s = 2.5 * 86_400.0
    store.housekeep()
    assert dict(store.stats().by_kind) == {"store.epoch": 1, "shelf.count": 1, "zone.crossing": 1}


def test_a_store_over_its_size_gives_up_telemetry_first_and_stays_open(open_store: Opened, make) -> None:
    store = open_store(max_bytes=600_000, ballast_bytes=0)
    store.append_wait([make.count(n % 20) for n in range(200)])
    for _ in range(10):
        store.append_wait([make.crossing() for _ in range(100)])
    store.housekeep()
    by_kind = store.stats().by_kind
    assert by_kind["shelf.count"] == 200
    assert by_kind.get("zone.crossing", 0) < 1000
    while store.stats().room != "refusing":
        store.append_wait([make.count(n % 20) for n in range(100)])
        store.housekeep()
    with pytest.raises(StoreFullError):
        store.append([make.count(1)])
    _drain(store)
    store.housekeep()
    store.append_wait([make.count(1)])


def _drain(store: Store) -> None:
    for lane in Lane:
        while _sent_and_acked(store, lane):
            pass


def test_a_second_process_is_told_who_holds_the_store(open_store: Opened, tmp_path: Path) -> None:
    open_store()
    code = (
        "import sys; from pathlib import Path; from edge.store.lock import StoreLock; from edge.errors import *\n"
        "try: StoreLock(Path(sys.argv[1])).acquire()\n"
        "except StoreBusyError as error: print(error); sys.exit(3)"
    )
    held = subprocess.run([sys.executable, "-c", code, str(tmp_path / "shop.db.lock")], capture_output=True, timeout=30)
    assert held.returncode == 3
    assert f"process {os.getpid()}" in held.stdout.decode()


def test_a_second_store_in_the_same_process_is_refused_too(open_store: Opened) -> None:
    open_store()
    with pytest.raises(StoreBusyError, match=r"shop\.db"):
        open_store()


def test_a_closed_store_refuses_work(new_store: Opened, make) -> None:
    with new_store() as store:
        store.append_wait([make.count(1)])
    with pytest.raises(StoreClosedError):
        store.append([make.count(2)])
    with pytest.raises(StoreClosedError):
        store.facts()


def test_subscribers_hear_of_every_commit_and_one_that_fails_is_dropped(open_store: Opened, make) -> None:
    store = open_store()
    heard = threading.Event()

    def broken() -> None:
        raise RuntimeError("the console is closing")

    store.subscribe(broken)
    end = store.subscribe(heard.set)
    store.append_wait([make.count(1)])
    assert heard.wait(5)
    end()
    heard.clear()
    store.append_wait([make.count(2)])
    assert not heard.is_set()


def test_rows_with_a_flipped_bit_are_declared_and_not_sent(new_store: Opened, make, tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    with new_store() as store:
        store.append_wait([make.count(n) for n in range(3)])
    content = path.read_bytes()
    path.write_bytes(content.replace(b'"units":1,', b'"units":8,'))
    with new_store() as store:
        epoch = store.stats().epoch
        assert [row.seq for row in store.outbox.take(epoch, Lane.P1, after_seq=0, limit=10)] == [1, 3]
        *_, gap = store.outbox.take(epoch, Lane.P0, after_seq=0, limit=10)
        told = gap.record.data
        assert (told["gap_lane"], told["first"], told["last"], told["reason"]) == ("p1", 2, 2, "salvage")
        assert [fact.body["units"] for fact in store.facts(kind="shelf.count")] == [0, 2]
        assert store.stats().damaged_rows == 1
