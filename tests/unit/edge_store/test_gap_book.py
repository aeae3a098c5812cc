from hypothesis import given
from hypothesis import strategies as st

from edge.store.gaps import GapBook, OpenGap


class Declaring:
    """Keeps the rows as the outbox would, and every number that was to be declared."""

    def __init__(self) -> None:
        self.book = GapBook()
        self.rows: dict[int, OpenGap] = {}
        self.wanted: set[tuple[str, int]] = set()

    def declare(self, lane: str, first: int, last: int, reason: str = "superseded") -> None:
        self.wanted |= {(lane, number) for number in range(first, last + 1)}
        row = self.book.rewritten("e", lane, reason, first=first, last=last)
        if row is None:
            row = OpenGap(1, len(self.rows) + 1, 0, "e", lane, reason, first, last)
            self.book.add(row)
        self.rows[row.seq] = row

    @property
    def declared(self) -> set[tuple[str, int]]:
        return {(row.lane, number) for row in self.rows.values() for number in range(row.first, row.last + 1)}


def test_neighbouring_ranges_become_one_row() -> None:
    run = Declaring()
    for number in range(1, 1000):
        run.declare("p3", number, number)
    assert len(run.rows) == 1
    assert run.declared == run.wanted


def test_a_row_made_superfluous_by_a_widening_is_used_for_the_next_range() -> None:
    run = Declaring()
    for number in (1, 3, 2, 9):
        run.declare("p3", number, number)
    assert len(run.rows) == 2
    assert run.declared == run.wanted


def test_a_row_handed_out_is_not_changed_any_more() -> None:
    run = Declaring()
    run.declare("p2", 1, 5)
    run.book.close_upto(1)
    run.declare("p2", 6, 9)
    assert [(row.first, row.last) for row in run.rows.values()] == [(1, 5), (6, 9)]


def test_lanes_and_reasons_do_not_mix() -> None:
    run = Declaring()
    run.declare("p2", 1, 5)
    run.declare("p3", 6, 9)
    run.declare("p2", 6, 9, "salvage")
    assert len(run.rows) == 3


@given(st.permutations(range(1, 24)), st.sets(st.integers(1, 23)))
def test_what_is_declared_is_exactly_what_was_to_be_and_in_few_rows(order: list[int], left_out: set[int]) -> None:
    run = Declaring()
    most_runs = 1
    for number in order:
        if number in left_out:
            continue
        run.declare("p3", number, number)
        numbers = sorted(n for _, n in run.wanted)
        most_runs = max(most_runs, sum(1 for n in numbers if n - 1 not in numbers))
        assert run.declared == run.wanted
    assert len(run.rows) <= most_runs
