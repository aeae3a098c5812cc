from datetime import UTC, datetime, timedelta
from typing import Any

from edge.console.desk import Quarter
from edge.day_curves import Hole, curves, fault_holes, quarters, silent_holes
from edge.egress import Disposition
from edge.store.rows import StoredFact

SEVEN = datetime(2026, 11, 3, 7, 0, tzinfo=UTC)


def _at(minutes: float) -> datetime:
    return SEVEN + timedelta(minutes=minutes)


def _fact(kind: str, minutes: float, **body: Any) -> StoredFact:
    return StoredFact(1, kind, "cam", _at(minutes), body, Disposition.KEPT, None)


def _counts(*told: tuple[float, str, int]) -> list[StoredFact]:
    return [_fact("shelf.count", minutes, slot=slot, units=units) for minutes, slot, units in told]


def _curve(facts: list[StoredFact], holes: tuple[Hole, ...] = ()) -> dict[str, list[tuple[float, int | None]]]:
    drawn = curves(facts, name="slot", value="units", since=SEVEN, until=_at(60), holes=holes)
    return {one.name: [((at - SEVEN).total_seconds() / 60, count) for at, count in one.points] for one in drawn}


def test_a_curve_steps_at_each_count_and_goes_on_to_the_end() -> None:
    drawn = _curve(_counts((5, "oat", 4), (10, "milk", 2), (20, "oat", 3)))

    assert drawn == {"milk": [(10, 2), (60, 2)], "oat": [(5, 4), (20, 3), (60, 3)]}


def test_the_last_count_of_yesterday_says_where_the_day_begins() -> None:
    assert _curve(_counts((-300, "oat", 6), (-30, "oat", 4), (20, "oat", 3))) == {"oat": [(0, 4), (20, 3), (60, 3)]}


def test_a_fault_breaks_the_curve_and_a_count_told_before_it_goes_on_after_it() -> None:
    drawn = _curve(_counts((5, "oat", 4)), (Hole(_at(10), _at(15)),))

    assert drawn == {"oat": [(5, 4), (10, None), (15, 4), (60, 4)]}


def test_a_fault_that_has_not_ended_leaves_no_count_now() -> None:
    assert _curve(_counts((5, "oat", 4)), (Hole(_at(40), None),)) == {"oat": [(5, 4), (40, None), (60, None)]}


def test_faults_that_follow_each_other_are_one_hole_until_the_camera_sees_again() -> None:
    told = [
        _fact("feed.blind", 12, began_at=_at(10).isoformat()),
        _fact("feed.lost", 14, began_at=_at(13).isoformat()),
        _fact("feed.restored", 20, began_at=_at(13).isoformat(), fault="lost"),
        _fact("feed.frozen", 50, began_at=_at(49).isoformat()),
    ]

    assert fault_holes(told) == [Hole(_at(10), _at(20)), Hole(_at(49), None)]


def test_a_fault_that_began_before_what_is_looked_at_ends_where_it_was_told() -> None:
    restored = _fact("feed.restored", 3, began_at=_at(-20).isoformat(), fault="blind")

    assert fault_holes([restored]) == [Hole(_at(-20), _at(3))]


def test_a_node_that_was_off_leaves_a_hole_and_one_late_beat_does_not() -> None:
    beats = [_at(minutes) for minutes in (0, 1, 2, 4.5, 5.5, 30, 31)]

    assert silent_holes(beats) == [Hole(_at(5.5), _at(30))]


def test_footfall_is_listed_by_line_and_what_began_yesterday_is_left_out() -> None:
    told = [
        _fact("footfall.count", minutes + 15, line=line, began_at=_at(minutes).isoformat(), entered=entered, left=1)
        for minutes, line, entered in ((-15, "door", 9), (0, "door", 3), (15, "till", 1), (15, "door", 2))
    ]

    assert quarters(told, since=SEVEN) == {
        "door": (Quarter(began_at=_at(0), entered=3, left=1), Quarter(began_at=_at(15), entered=2, left=1)),
        "till": (Quarter(began_at=_at(15), entered=1, left=1),),
    }
