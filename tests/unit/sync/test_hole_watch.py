"""A hole is asked for when it has stood still for long enough, and not before."""

from sync.cloud.coverage import LaneKey
from sync.cloud.hole_watch import HoleWatch
from sync.records import Lane
from sync.topics import NodeName

KEY = LaneKey(NodeName("acme", "store-7", "node-1"), "epoch-1", Lane.P1)


def test_a_hole_that_stands_still_is_asked_for_again_and_again() -> None:
    watch = HoleWatch(5.0)
    watch.note(KEY, 8, 0.0)
    watch.note(KEY, 8, 4.0)
    assert [watch.due(now_s) for now_s in (4.9, 5.0, 6.0, 10.0)] == [[], [(KEY, 8)], [], [(KEY, 8)]]


def test_a_hole_that_moves_is_a_backlog_on_its_way() -> None:
    watch = HoleWatch(5.0)
    for second in range(20):
        watch.note(KEY, 8 + second, float(second))
        assert watch.due(float(second)) == []


def test_a_filled_hole_is_forgotten() -> None:
    watch = HoleWatch(5.0)
    watch.note(KEY, 8, 0.0)
    watch.note(KEY, None, 1.0)
    assert watch.due(100.0) == []
