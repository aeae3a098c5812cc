"""A short outage of the long kind; `python -m tests.faults.offline` goes through thirty days of a shop."""

from tests.faults.offline import try_outage


def test_after_an_outage_everything_is_there_and_alarms_did_not_wait_behind_it():
    outage = try_outage(15_000)
    assert outage.missing == 0
    assert outage.growth < 1.5
    assert outage.p0_p99_s < 20.0
