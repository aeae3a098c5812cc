"""A short run of the hostile commands; `backroom bench faults` makes the long one."""

from tests.faults.orders import try_orders


def test_of_thousands_of_hostile_commands_none_is_carried_out_and_none_hurts():
    count = try_orders(2000)
    assert (count.executed, count.crashes, count.reasons, count.right_executed) == (0, 0, [], 1)
    assert count.audit_rows < 100
