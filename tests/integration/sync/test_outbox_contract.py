"""One suite over every implementation of the outbox port: the one in memory, and the store's on SQLite."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge.clock import SystemClock
from edge.egress import EgressGate
from edge.egress_policy import load_policy
from edge.facts import ShelfCountFact
from edge.store.config import StoreSettings
from edge.store.store import Store
from sync.errors import AckRejectedError
from sync.outbox import LaneState, Outbox
from sync.records import Lane
from tests.integration.sync.conftest import wait_until
from tests.integration.sync.fakes import MemoryOutbox

POLICY = Path(__file__).parents[3] / "firmware-config" / "egress-policy.toml"


class Filled:
    """An outbox under test and a way to put business rows (lane p1) into it."""

    def __init__(self, outbox: Outbox, put: Callable[[int], None]) -> None:
        self.outbox = outbox
        self.put = put

    @property
    def epoch(self) -> str:
        return self.outbox.epochs()[-1]

    @property
    def lane(self) -> LaneState:
        return next(state for state in self.outbox.lanes(self.epoch) if state.lane is Lane.P1)

    def seqs(self, *, after_seq: int = 0, limit: int = 100) -> list[int]:
        return [row.seq for row in self.outbox.take(self.epoch, Lane.P1, after_seq=after_seq, limit=limit)]

    def send(self, count: int) -> None:
        rows = self.outbox.take(self.epoch, Lane.P1, after_seq=self.lane.sent_upto, limit=count)
        self.outbox.mark_sent(rows, [100] * len(rows))


def in_memory(_path: Path) -> Iterator[Filled]:
    outbox = MemoryOutbox()
    yield Filled(outbox, lambda count: outbox.put_many(Lane.P1, count))


def on_sqlite(path: Path) -> Iterator[Filled]:
    clock = SystemClock()
    gate = EgressGate(load_policy(POLICY), b"k" * 32)

    def fact(units: int) -> ShelfCountFact:
        return ShelfCountFact(
            at=datetime.now(UTC), mono_s=clock.mono_s(), source="cam-1", slot="s1", sku="BR-0001", units=units,
            facings=9, delta=None, shelf_units=units,
        )  # fmt: skip

    with Store(StoreSettings(path=path / "store.db", ballast_bytes=0), gate=gate, clock=clock) as store:
        yield Filled(store.outbox, lambda count: _settled(store.append([fact(n) for n in range(count)])))


def _settled(future: object) -> None:
    future.result(10)  # type: ignore[attr-defined]


@pytest.fixture(params=[in_memory, on_sqlite], ids=["memory", "sqlite"])
def filled(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Filled]:
    yield from request.param(tmp_path)


def test_the_current_epoch_is_always_there(filled):
    assert len(filled.outbox.epochs()) == 1
    assert [state.lane for state in filled.outbox.lanes(filled.epoch)] == list(Lane)


def test_numbers_are_drawn_from_one_without_a_gap(filled):
    filled.put(5)
    filled.put(5)
    assert filled.seqs() == list(range(1, 11))
    assert (filled.lane.drawn_upto, filled.lane.sent_upto, filled.lane.acked_upto) == (10, 0, 0)


def test_rows_are_taken_after_a_number_and_at_most_as_many_as_asked(filled):
    filled.put(10)
    assert filled.seqs(after_seq=3, limit=4) == [4, 5, 6, 7]
    assert filled.seqs(after_seq=10) == []


def test_taking_neither_marks_nor_deletes(filled):
    filled.put(3)
    assert filled.seqs() == filled.seqs() == [1, 2, 3]
    assert (filled.lane.pending, filled.lane.sent_upto) == (3, 0)


def test_marking_moves_the_sent_number_and_deletes_nothing(filled):
    filled.put(10)
    filled.send(4)
    assert (filled.lane.sent_upto, filled.lane.pending) == (4, 10)


def test_marking_the_same_rows_again_changes_nothing(filled):
    filled.put(10)
    rows = filled.outbox.take(filled.epoch, Lane.P1, after_seq=0, limit=10)
    filled.outbox.mark_sent(rows, [100] * 10)
    filled.outbox.mark_sent(rows[:3], [100] * 3)
    assert filled.lane.sent_upto == 10


def test_an_acknowledgement_deletes_up_to_its_number(filled):
    filled.put(10)
    filled.send(10)
    assert filled.outbox.acknowledge(filled.epoch, Lane.P1, 6) == 6
    assert filled.seqs() == [7, 8, 9, 10]
    assert (filled.lane.acked_upto, filled.lane.pending) == (6, 4)


def test_an_acknowledgement_that_comes_again_deletes_nothing(filled):
    filled.put(10)
    filled.send(10)
    filled.outbox.acknowledge(filled.epoch, Lane.P1, 6)
    assert filled.outbox.acknowledge(filled.epoch, Lane.P1, 6) == 0
    assert filled.outbox.acknowledge(filled.epoch, Lane.P1, 2) == 0
    assert filled.lane.acked_upto == 6


@pytest.mark.parametrize("upto", [5, 10, 2**40])
def test_an_acknowledgement_above_what_was_sent_deletes_nothing(filled, upto):
    filled.put(10)
    filled.send(4)
    with pytest.raises(AckRejectedError) as caught:
        filled.outbox.acknowledge(filled.epoch, Lane.P1, upto)
    assert (caught.value.upto, caught.value.sent_upto) == (upto, 4)
    assert (filled.lane.pending, filled.lane.acked_upto) == (10, 0)


def test_an_acknowledgement_for_an_epoch_that_never_was_is_refused(filled):
    filled.put(3)
    filled.send(3)
    with pytest.raises(AckRejectedError):
        filled.outbox.acknowledge("epoch-that-never-was", Lane.P1, 1)
    assert filled.lane.pending == 3


def test_rows_that_come_while_others_are_acknowledged_keep_their_numbers(filled):
    filled.put(5)
    filled.send(5)
    filled.outbox.acknowledge(filled.epoch, Lane.P1, 5)
    filled.put(5)
    assert filled.seqs() == [6, 7, 8, 9, 10]


def test_a_record_comes_back_as_it_was_taken_before(filled):
    filled.put(2)
    first = filled.outbox.take(filled.epoch, Lane.P1, after_seq=0, limit=2)
    assert first == filled.outbox.take(filled.epoch, Lane.P1, after_seq=0, limit=2)
    assert first[0].id == f"{filled.epoch}:p1:1"
    assert first[0].record.lane is Lane.P1


def test_the_whole_outbox_reaches_head_office_over_a_real_broker(filled, mosquitto, head_office):
    from sync.mqtt_link import mqtt_links
    from sync.uplink import Uplink, uplink_profile
    from tests.integration.sync.conftest import FAST, NODE

    office = head_office(mosquitto.endpoint).await_link()
    filled.put(300)
    profile = uplink_profile(NODE, mosquitto.endpoint, FAST)
    with Uplink(filled.outbox, NODE, FAST, make_link=mqtt_links(profile), broker=mosquitto.endpoint.address) as uplink:
        filled.put(50)
        uplink.wake()
        wait_until(lambda: filled.lane.pending == 0, "the lane is empty")
    report = office.report()
    assert report.is_whole
    assert report.stored["shelf.count"] == 350
