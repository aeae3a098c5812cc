"""The promise, over both real brokers: everything accepted arrives once, whatever dies in between."""

from itertools import groupby

import pytest

from sync.batches import pack
from sync.cloud.sink_reader_store import SinkReader
from sync.records import Lane
from tests.integration.sync.conftest import FAST, NODE, wait_until
from tests.integration.sync.fakes import EPOCH, MemoryOutbox, record


def fill(outbox: MemoryOutbox, count: int) -> None:
    for lane in (Lane.P0, Lane.P1, Lane.P2):
        outbox.put_many(lane, count)


def test_everything_acknowledged_arrived_exactly_once(broker, head_office, outbox, uplink_to):
    office = head_office(broker.endpoint).await_link()
    fill(outbox, 200)
    with uplink_to(broker.endpoint) as uplink:
        wait_until(lambda: outbox.pending == 0, "the outbox is empty")
        status = uplink.status()
    report = office.report()
    assert report.is_whole
    assert report.stored == {"shelf.count": 600}
    assert [(lane.lane, lane.max, lane.received, lane.gaps) for lane in report.lanes] == [
        ("p0", 200, 200, ()),
        ("p1", 200, 200, ()),
        ("p2", 200, 200, ()),
    ]
    assert (status.is_up, status.deleted, status.rejected_answers) == (True, 600, 0)


def test_rows_arrive_in_the_order_of_their_lane_and_with_their_data(broker, head_office, outbox, uplink_to):
    office = head_office(broker.endpoint).await_link()
    with uplink_to(broker.endpoint) as uplink:
        for number in range(30):
            outbox.put(record(Lane.P1, number))
            uplink.wake()
        wait_until(lambda: outbox.pending == 0, "the outbox is empty")
    facts = SinkReader(office.database).facts(kind="shelf.count", limit=30)
    assert [fact.data["units"] for fact in reversed(facts)] == list(range(30))
    assert {(fact.tenant, fact.store, fact.node, fact.source) for fact in facts} == {
        ("acme", "store-7", "node-1", "cam-dairy")
    }


def test_a_broker_killed_after_it_took_everything_over_loses_nothing(broker, head_office, outbox, uplink_to):
    outbox.put_many(Lane.P1, 500)
    settings = FAST.model_copy(update={"greeting_wait_s": 0.0})
    with uplink_to(broker.endpoint, settings) as uplink:
        # No receiver listens: the broker answers success and forgets.
        wait_until(lambda: uplink.status().published >= 20, "the broker took rows over")
        assert outbox.pending == 500
        broker.kill()
        wait_until(lambda: not uplink.status().is_up, "the loss is seen")
        broker.start()
        office = head_office(broker.endpoint)
        wait_until(lambda: outbox.pending == 0, "the outbox is empty")
    assert office.report().is_whole
    assert office.report().stored == {"shelf.count": 500}


def test_a_broker_killed_in_the_middle_of_five_hundred_loses_nothing(broker, head_office, outbox, uplink_to):
    office = head_office(broker.endpoint).await_link()
    outbox.put_many(Lane.P1, 500)
    with uplink_to(broker.endpoint) as uplink:
        wait_until(lambda: uplink.status().published > 100, "some went out")
        broker.kill()
        broker.start()
        wait_until(lambda: outbox.pending == 0, "the outbox is empty")
        assert uplink.status().reconnects >= 1
    report = office.report()
    assert report.is_whole
    assert report.stored == report.tallies == {"shelf.count": 500}


def test_the_shop_works_on_while_the_broker_is_away(broker, head_office, outbox, uplink_to):
    broker.kill()
    fill(outbox, 50)
    with uplink_to(broker.endpoint) as uplink:
        wait_until(lambda: "not reached" in uplink.status().reason, "the absence is known")
        fill(outbox, 50)
        wait_until(lambda: sum(uplink.status().pending.values()) == 300, "the backlog is counted")
        broker.start()
        office = head_office(broker.endpoint)
        wait_until(lambda: outbox.pending == 0, "the outbox is empty")
    assert office.report().is_whole
    assert office.report().stored == {"shelf.count": 300}


def test_a_receiver_that_comes_late_is_served_at_once_by_its_greeting(broker, head_office, outbox, uplink_to):
    outbox.put_many(Lane.P1, 100)
    settings = FAST.model_copy(update={"watchdog_s": 600.0})
    with uplink_to(broker.endpoint, settings) as uplink:
        wait_until(lambda: uplink.status().published >= 20, "the probe went out")
        office = head_office(broker.endpoint)
        wait_until(lambda: outbox.pending == 0, "the outbox is empty")
        assert uplink.status().stalls == 0
    assert office.report().is_whole


def test_without_a_receiver_only_one_window_is_sent_however_long_the_backlog(mosquitto, outbox, uplink_to):
    outbox.put_many(Lane.P1, 2000)
    settings = FAST.model_copy(update={"watchdog_s": 0.5, "backoff_max_s": 0.5})
    with uplink_to(mosquitto.endpoint, settings) as uplink:
        wait_until(lambda: uplink.status().stalls >= 2, "the watchdog spoke twice")
        status = uplink.status()
    assert status.published <= (status.stalls + 1) * 20
    assert outbox.pending == 2000


def test_a_declared_gap_closes_the_lane_and_is_acknowledged(broker, head_office, outbox, uplink_to):
    outbox.put_many(Lane.P2, 30)
    outbox.evict(Lane.P2, 5, 12)
    office = head_office(broker.endpoint).await_link()
    with uplink_to(broker.endpoint):
        wait_until(lambda: outbox.pending == 0, "the outbox is empty")
        wait_until(lambda: outbox.lanes(EPOCH)[2].acked_upto == 30, "the gap is acknowledged over")
    lane = next(lane for lane in office.report().lanes if lane.lane == "p2")
    assert (lane.max, lane.received, lane.gaps, lane.holes) == (30, 22, ((5, 12),), ())


def test_a_salvaged_store_drains_both_epochs(broker, head_office, outbox, uplink_to):
    outbox.put_many(Lane.P1, 20)
    outbox.begin_epoch("epoch-2")
    outbox.put_many(Lane.P1, 20)
    office = head_office(broker.endpoint).await_link()
    with uplink_to(broker.endpoint):
        wait_until(lambda: outbox.pending == 0, "the outbox is empty")
    lanes = office.report().lanes
    assert [(lane.epoch, lane.received) for lane in lanes] == [(EPOCH, 20), ("epoch-2", 20)]


def test_a_receiver_that_lost_its_database_goes_on_and_says_what_it_lacks(mosquitto, head_office, outbox, uplink_to):
    office = head_office(mosquitto.endpoint).await_link()
    outbox.put_many(Lane.P1, 40)
    with uplink_to(mosquitto.endpoint):
        wait_until(lambda: outbox.pending == 0, "the outbox is empty")
    office.stop()
    for path in office.database.parent.glob("head-office.db*"):
        path.unlink()
    office.start().await_link()
    outbox.put_many(Lane.P1, 10)
    with uplink_to(mosquitto.endpoint):
        wait_until(lambda: outbox.pending == 0, "the outbox is empty")
    (lane,) = office.report().lanes
    assert (lane.max, lane.received, lane.holes) == (50, 10, ((1, 40),))
    assert not office.report().is_whole


def test_a_long_backlog_beside_live_rows_neither_stalls_nor_repeats(mosquitto, head_office, outbox, uplink_to):
    office = head_office(mosquitto.endpoint).await_link()
    outbox.put_many(Lane.P1, 2000)
    with uplink_to(mosquitto.endpoint) as uplink:
        wait_until(lambda: uplink.status().published > 0, "it began")
        # Live rows overtake the backlog and stay unacknowledged until it is through.
        outbox.put_many(Lane.P1, 1000)
        uplink.wake()
        wait_until(lambda: outbox.pending == 0, "the outbox is empty", timeout_s=40.0)
        assert uplink.status().stalls == 0
    (lane,) = office.report().lanes
    assert (lane.received, lane.holes, lane.duplicates) == (3000, (), 0)


def test_presence_says_online_and_offline(mosquitto, head_office, outbox, uplink_to):
    office = head_office(mosquitto.endpoint).await_link()
    with uplink_to(mosquitto.endpoint):
        wait_until(lambda: office.report().nodes_online == 1, "the node is online")
    wait_until(lambda: office.report().nodes_online == 0, "the node said good-bye")


@pytest.mark.parametrize("batch_rows", [1, 200])
def test_the_ledger_holds_every_row_and_its_sizes_add_up_to_the_packets(
    broker, head_office, outbox, uplink_to, batch_rows
):
    head_office(broker.endpoint).await_link()
    outbox.put_many(Lane.P1, 50)
    rows = outbox.take(EPOCH, Lane.P1, after_seq=0, limit=50)
    with uplink_to(broker.endpoint, FAST.model_copy(update={"batch_rows": batch_rows})):
        wait_until(lambda: outbox.pending == 0, "the outbox is empty")
    parcels = pack(NODE, rows, batch_rows=batch_rows)
    assert dict(outbox.ledger) == {
        row.id: size for parcel in parcels for row, size in zip(parcel.rows, parcel.sizes_bytes, strict=True)
    }
    assert sum(size for _, size in outbox.ledger) == sum(parcel.message.size_bytes for parcel in parcels)


@pytest.mark.parametrize("stops", [5])
def test_a_receiver_stopped_again_and_again_applies_every_event_once(mosquitto, head_office, outbox, uplink_to, stops):
    office = head_office(mosquitto.endpoint).await_link()
    with uplink_to(mosquitto.endpoint) as uplink:
        for _ in range(stops):
            before = uplink.status().deleted
            outbox.put_many(Lane.P1, 120)
            uplink.wake()
            wait_until(lambda before=before: uplink.status().deleted > before, "some were acknowledged")
            office.stop()
            office.start().await_link()
        wait_until(lambda: outbox.pending == 0, "the outbox is empty")
    report = office.report()
    assert report.is_whole
    assert report.tallies == {"shelf.count": 120 * stops}
    seqs = [fact.event for fact in SinkReader(office.database).facts(limit=10_000)]
    assert all(len(list(group)) == 1 for _, group in groupby(sorted(seqs)))
