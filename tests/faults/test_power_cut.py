"""A short run of the power-cut simulator; `backroom bench faults` makes the long one."""

from tests.faults.power_cut import try_points


def test_a_power_cut_at_any_point_loses_nothing_that_was_accepted():
    found = try_points(160, synchronous="FULL")
    assert (found.lost, found.broken, found.examples) == (0, 0, [])
    assert found.points >= 150
    assert found.promises > 1000


def test_with_lazy_syncs_the_same_run_loses_some():
    assert try_points(60, synchronous="NORMAL").lost > 0
