"""The drain rate holds the backlog back, and no alarm with it."""

from time import monotonic

from sync.pace import Pace
from sync.records import Lane
from sync.uplink import Uplink, UplinkTools
from tests.integration.sync.conftest import FAST, HeadOffice, Mosquitto, wait_until
from tests.integration.sync.fakes import MemoryOutbox, record

_RATE = 5_000
_SINGLE = FAST.model_copy(update={"batch_rows": 1, "watchdog_s": 600.0})


def received(office: HeadOffice, lane: Lane) -> int:
    return sum(found.received for found in office.report().lanes if found.lane == lane)


def test_an_alarm_overtakes_a_backlog_that_is_held_back(
    mosquitto: Mosquitto, head_office, outbox: MemoryOutbox, uplink_to
) -> None:
    office, pace = head_office(mosquitto.endpoint).await_link(), Pace(_RATE)
    outbox.put_many(Lane.P1, 400)
    uplink: Uplink = uplink_to(mosquitto.endpoint, _SINGLE, UplinkTools(pace=pace))
    with uplink:
        wait_until(lambda: received(office, Lane.P1) > 0, "the backlog has begun")
        outbox.put(record(Lane.P0, 1, kind="feed.lost"))
        uplink.wake()
        began_s = monotonic()
        wait_until(lambda: received(office, Lane.P0) == 1, "the alarm is there")
        took_s = monotonic() - began_s
        assert took_s < 5.0
        assert received(office, Lane.P1) < 400
        assert sum(size for _, size in outbox.ledger) > _RATE
        pace.bytes_per_s = 0
        wait_until(lambda: outbox.pending == 0, "without a limit the rest is there at once")
    assert office.report().is_whole
