from random import Random

import pytest
from pydantic import ValidationError

from sync.backoff import Backoff
from sync.config import SyncSettings
from sync.drain import Drain
from sync.errors import LinkSettingsError
from sync.records import Lane
from tests.integration.sync.fakes import EPOCH, MemoryOutbox


def drained(drain: Drain, *, limit: int = 20) -> list[str]:
    ids = []
    while rows := drain.next_rows(limit):
        assert len(rows) <= limit
        ids += [row.id for row in rows]
    return ids


@pytest.fixture
def outbox() -> MemoryOutbox:
    return MemoryOutbox()


def test_every_row_leaves_exactly_once_and_each_lane_keeps_its_order(outbox):
    for lane, count in ((Lane.P0, 7), (Lane.P1, 130), (Lane.P2, 60), (Lane.P3, 3)):
        outbox.put_many(lane, count)
    drain = Drain(outbox)
    drain.rewind()
    outbox.put_many(Lane.P1, 25)
    ids = drained(drain)
    assert len(ids) == len(set(ids)) == 225
    assert [i for i in ids if ":p3:" in i] == [f"{EPOCH}:p3:{n}" for n in (1, 2, 3)]


def test_alarms_leave_before_everything_else(outbox):
    outbox.put_many(Lane.P1, 500)
    drain = Drain(outbox)
    drain.rewind()
    drain.next_rows(20)
    outbox.put_many(Lane.P0, 3)
    assert [row.lane for row in drain.next_rows(20)][:4] == [Lane.P0, Lane.P0, Lane.P0, Lane.P1]


def test_live_rows_are_not_starved_by_a_backlog_and_get_seventy_of_a_hundred(outbox):
    outbox.put_many(Lane.P1, 10_000)
    drain = Drain(outbox)
    drain.rewind()
    outbox.put_many(Lane.P1, 10_000)
    rows = drain.next_rows(100)
    assert sum(row.seq > 10_000 for row in rows) == 70


def test_no_lane_is_starved_by_a_heavier_one(outbox):
    for lane in (Lane.P1, Lane.P2, Lane.P3):
        outbox.put_many(lane, 1000)
    drain = Drain(outbox)
    drain.rewind()
    rows = drain.next_rows(100)
    shares = [sum(row.lane is lane for row in rows) for lane in (Lane.P1, Lane.P2, Lane.P3)]
    assert shares[0] > shares[1] > shares[2] > 0


def test_an_older_epoch_is_drained_beside_the_current_one(outbox):
    outbox.put_many(Lane.P1, 30)
    outbox.begin_epoch("epoch-2")
    outbox.put_many(Lane.P1, 30)
    drain = Drain(outbox)
    drain.rewind()
    ids = drained(drain)
    assert {i.split(":")[0] for i in ids[:20]} == {EPOCH, "epoch-2"}
    assert len(ids) == 60


def test_an_epoch_that_begins_later_is_noticed(outbox):
    outbox.put_many(Lane.P1, 1)
    drain = Drain(outbox)
    drain.rewind()
    outbox.begin_epoch("epoch-2")
    assert drain.is_stale()


def test_a_rewind_reads_again_what_is_still_pending(outbox):
    outbox.put_many(Lane.P1, 10)
    drain = Drain(outbox)
    drain.rewind()
    rows = drain.next_rows(10)
    outbox.mark_sent(rows, [0] * 10)
    outbox.acknowledge(EPOCH, Lane.P1, 4)
    drain.rewind()
    assert [row.seq for row in drain.next_rows(10)] == [5, 6, 7, 8, 9, 10]


def test_waits_are_drawn_from_the_whole_range_which_doubles_up_to_the_cap():
    backoff = Backoff(base_s=1.0, max_s=300.0, random=Random(1))
    ceilings = []
    for _ in range(12):
        ceilings.append(backoff.ceiling_s)
        assert 0.0 <= backoff.next_s() <= ceilings[-1]
    assert ceilings == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    backoff.reset()
    assert backoff.ceiling_s == 1.0


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"broker": "http://host"}, "mqtts://host:8883"),
        ({"broker": "mqtt://u:secret@host"}, "must not hold credentials"),
        ({"broker": "mqtt://host/path"}, "mqtts://host:8883"),
        ({"broker": "mqtt://host:99999"}, "mqtts://host:8883"),
        ({"tls_cert_file": "a.pem"}, "belong together"),
        ({"password_file": "p"}, "username"),
        ({"broker": "mqtt://host", "tls_ca_file": "ca.pem"}, "mqtts://"),
        ({"broker": "mqtt://host", "username": "n", "password_file": "p"}, "in the clear"),
        ({"backoff_base_s": 10, "backoff_max_s": 5}, "at least backoff_base_s"),
        ({"window": 21}, "less than or equal to 20"),
        ({"unknown": 1}, "Extra inputs"),
    ],
)
def test_settings_that_cannot_be_right_are_refused_with_the_cure(fields, says):
    with pytest.raises(ValidationError, match=says):
        SyncSettings(**fields)


def test_an_endpoint_shows_no_credentials(tmp_path):
    (tmp_path / "password").write_text("hunter2\n")
    settings = SyncSettings(broker="mqtts://hq.example", username="node", password_file=tmp_path / "password")
    endpoint = settings.endpoint()
    assert endpoint.address == "mqtts://hq.example:8883"
    assert endpoint.password is not None
    assert endpoint.password.get_secret_value() == "hunter2"
    assert "hunter2" not in repr(endpoint)


def test_without_a_broker_the_embedded_one_is_used():
    assert SyncSettings().endpoint(embedded_port=18_830).address == "mqtt://127.0.0.1:18830"
    with pytest.raises(LinkSettingsError):
        SyncSettings().endpoint()


def test_a_missing_password_file_is_named(tmp_path):
    settings = SyncSettings(broker="mqtt://127.0.0.1", username="node", password_file=tmp_path / "none")
    with pytest.raises(LinkSettingsError, match="none"):
        settings.endpoint()
