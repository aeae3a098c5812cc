import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.cloud.coverage import Coverage, DeclaredGap, parse_gap
from sync.cloud.intervals import IntervalSet
from sync.errors import MessageInvalidError
from sync.records import Lane

SPANS = st.lists(st.tuples(st.integers(1, 60), st.integers(0, 12)).map(lambda s: (s[0], s[0] + s[1])), max_size=25)


def numbers(spans: list[tuple[int, int]]) -> set[int]:
    return {n for first, last in spans for n in range(first, last + 1)}


@given(SPANS)
def test_an_interval_set_holds_exactly_the_numbers_that_were_added(spans):
    held, expected = IntervalSet(spans), numbers(spans)
    assert numbers(list(held)) == expected
    assert held.count == len(expected)
    assert held.max == max(expected, default=0)
    assert all((n in held) == (n in expected) for n in range(80))


@given(SPANS)
def test_intervals_are_sorted_disjoint_and_never_touch(spans):
    held = list(IntervalSet(spans))
    assert all(first <= last for first, last in held)
    assert all(a[1] + 1 < b[0] for a, b in itertools.pairwise(held))


@given(SPANS, st.randoms())
def test_the_order_of_adding_makes_no_difference(spans, random):
    shuffled = spans.copy()
    random.shuffle(shuffled)
    assert IntervalSet(spans) == IntervalSet(shuffled)


@given(SPANS, st.integers(0, 80))
def test_holes_are_what_is_missing_up_to_a_number(spans, upto):
    assert numbers(list(IntervalSet(spans).holes(upto))) == set(range(1, upto + 1)) - numbers(spans)


@given(SPANS)
def test_the_contiguous_part_ends_before_the_first_missing_number(spans):
    expected = numbers(spans)
    assert IntervalSet(spans).contiguous_upto == next(n for n in range(1, 100) if n not in expected) - 1


@given(SPANS, st.integers(1, 40), st.integers(0, 9))
def test_it_knows_whether_any_of_a_run_is_there(spans, first, more):
    assert IntervalSet(spans).has_any(first, first + more) == bool(numbers(spans) & set(range(first, first + more + 1)))


@pytest.mark.parametrize(("first", "last"), [(0, 1), (-1, 1), (3, 2)])
def test_an_impossible_interval_is_refused(first, last):
    with pytest.raises(ValueError, match="no interval"):
        IntervalSet().add(first, last)


def test_a_copy_is_independent():
    original = IntervalSet([(1, 2)])
    original.copy().add(3)
    assert list(original) == [(1, 2)]


@given(SPANS, SPANS, st.integers(0, 40))
def test_an_acknowledgement_covers_only_what_was_received_declared_or_claimed(received, gaps, claimed_upto):
    lane = Coverage(IntervalSet(received), IntervalSet(gaps), claimed_upto)
    known = numbers(received) | numbers(gaps) | set(range(1, claimed_upto + 1))
    assert set(range(1, lane.ack_upto + 1)) <= known
    assert lane.ack_upto + 1 not in known
    assert numbers(list(lane.holes())) == set(range(1, lane.max + 1)) - numbers(received) - numbers(gaps)


GAP = {"epoch": "e1", "gap_lane": "p2", "first": 3, "last": 9, "reason": "evicted"}


def test_a_gap_record_is_read():
    assert parse_gap(GAP) == DeclaredGap("e1", Lane.P2, 3, 9)


@pytest.mark.parametrize(
    "change",
    [{"first": 0}, {"first": 10}, {"last": 2**60}, {"gap_lane": "p7"}, {"epoch": ""}, {"first": "3"}, {"first": None}],
)
def test_an_impossible_gap_declares_nothing(change):
    with pytest.raises(MessageInvalidError):
        parse_gap(GAP | change)
