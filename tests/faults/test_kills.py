"""A short run of the kill loop; `backroom bench faults` makes the long one."""

from tests.faults.kills import try_kills


def test_whatever_is_killed_everything_promised_comes_once():
    count = try_kills(15)
    assert (count.lost, count.holes, count.mismatches, count.applied_twice, count.reasons) == (0, 0, 0, 0, [])
    assert count.promised > 20
