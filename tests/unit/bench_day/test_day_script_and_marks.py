"""The rendered day keeps its own books, and its marks tell a right claim from a wrong one."""

from datetime import UTC, datetime

import pytest

from edge.bench.shop_day.marks import Claim, Marks
from edge.bench.shop_day.script import SLIGHT, Day, Fault, Playwright, Trouble
from vision.readings import FeedFault, FeedFaulted, ShelfCounted

_START = datetime(2026, 1, 1, tzinfo=UTC)
FACINGS = {"tea": 3, "rice": 2, "oil": 1}


@pytest.fixture(scope="module")
def day() -> Day:
    return Playwright(FACINGS, seed=5).write(rounds=2, visits=30)


def test_the_same_seed_writes_the_same_day(day: Day) -> None:
    again = Playwright(FACINGS, seed=5).write(rounds=2, visits=30)
    assert (again.faults, again.states) == (day.faults, day.states)


def test_every_trouble_comes_as_often_as_asked_and_one_at_a_time(day: Day) -> None:
    assert sorted(fault.trouble for fault in day.faults) == sorted([*Trouble] * 2)
    ends = [fault.to_s for fault in day.faults]
    assert all(end_s < fault.from_s for end_s, fault in zip(ends, day.faults[1:], strict=False))


def test_every_change_has_a_hand_and_only_touches_what_is_there(day: Day) -> None:
    for reach in day.reaches:
        before, after = day.state_at(reach.touch_s - 1e-6)[reach.slot_id], day.state_at(reach.touch_s)[reach.slot_id]
        for column in reach.columns:
            assert (bool(before[column]), bool(after[column])) == (not reach.is_put, reach.is_put)


def count(slot_id: str, units: int, at_s: float) -> ShelfCounted:
    return ShelfCounted(
        camera_id="c",
        captured_at=_START,
        mono_s=at_s,
        media_s=at_s,
        slot_id=slot_id,
        sku="x",
        units=units,
        facings=3,
        shelf_units=0,
        low_at=1,
        confidence=0.9,
    )


def told(fault: FeedFault, at_s: float) -> FeedFaulted:
    return FeedFaulted(
        camera_id="c", captured_at=_START, mono_s=at_s, media_s=at_s, fault=fault, began_at=_START, began_media_s=at_s
    )


def a_day(*faults: Fault) -> Day:
    return Day({"tea": (1, 1, 0)}, end_s=100.0, faults=list(faults))


@pytest.mark.parametrize(
    ("units", "is_held", "hidden", "figures"),
    [
        pytest.param(2, False, False, (1, 1, 1, 0), id="right"),
        pytest.param(3, False, False, (1, 1, 1, 1), id="right state, wrong count"),
        pytest.param(0, False, False, (1, 1, 0, 2), id="wrong state"),
        pytest.param(2, True, False, (1, 0, 0, 0), id="held"),
        pytest.param(None, False, False, (1, 0, 0, 0), id="never counted"),
        pytest.param(0, False, True, (0, 0, 0, 0), id="hidden, so not judged"),
    ],
)
def test_a_standing_claim_is_marked(
    units: int | None, is_held: bool, hidden: bool, figures: tuple[int, int, int, int]
) -> None:
    marks = Marks(a_day())
    marks.note(1.0, [], [Claim("tea", units, is_held, 1)], fault=None, hidden={"tea": hidden})
    steady = marks.steady
    assert (steady.seen, steady.claimed, steady.right, steady.error_units) == figures


def test_out_of_stock_told_of_a_hidden_slot_is_counted_apart() -> None:
    marks = Marks(a_day(Fault(10.0, 20.0, Trouble.COVERED, 1)))
    marks.note(1.0, [count("tea", 0, 1.0)], [], fault=None, hidden={"tea": True})
    marks.note(2.0, [count("tea", 0, 2.0)], [], fault=None, hidden={"tea": False})
    marks.note(12.0, [count("tea", 0, 12.0)], [], fault=None, hidden={"tea": False})
    assert ([at_s for at_s, _ in marks.false_out], [at_s for at_s, _ in marks.false_out_seen]) == ([1.0, 12.0], [2.0])


def test_troubles_are_timed_and_what_was_slight_or_nothing_is_a_false_fault() -> None:
    slight, hard = Fault(10.0, 20.0, SLIGHT[0], 1), Fault(30.0, 40.0, Trouble.TURNED_2, 1)
    marks = Marks(a_day(slight, hard))
    for fault, at_s in (
        (FeedFault.MOVED, 12.0),
        (FeedFault.FROZEN, 31.0),
        (FeedFault.MOVED, 33.5),
        (FeedFault.BLIND, 60.0),
    ):
        marks.note(at_s, [told(fault, at_s)], [], fault=fault, hidden={"tea": False})
    assert marks.told_after_s() == {Trouble.TURNED_2: [3.5]}
    assert [at_s for at_s, _ in marks.false_faults()] == [12.0, 60.0]


def test_a_trouble_that_nobody_told_has_no_time() -> None:
    marks = Marks(a_day(Fault(30.0, 40.0, Trouble.LOST, 1)))
    assert marks.told_after_s() == {Trouble.LOST: [None]}
