"""Sets of whole numbers kept as intervals: what of 1..max came, and what is missing.

Pure. A lane that arrives in order is one interval however long it grows; a hole costs one more.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import pairwise


class IntervalSet:
    """Disjoint, sorted, non-touching closed intervals of numbers >= 1.

    ::

        1..5, 8..9      add(6, 7)  ->  1..9
    """

    def __init__(self, intervals: Iterable[tuple[int, int]] = ()) -> None:
        self._firsts: list[int] = []
        self._lasts: list[int] = []
        for first, last in intervals:
            self.add(first, last)

    def add(self, first: int, last: int | None = None) -> None:
        """Add ``first..last``, or ``first`` alone.

        Raises:
            ValueError: below 1 or backwards.
        """
        last = first if last is None else last
        if not 1 <= first <= last:
            raise ValueError(f"{first}..{last} is no interval of numbers from 1 on")
        # All intervals that overlap or touch first..last lie in [low, high).
        low = bisect_left(self._lasts, first - 1)
        high = bisect_left(self._firsts, last + 2)
        if low < high:
            first = min(first, self._firsts[low])
            last = max(last, self._lasts[high - 1])
        self._firsts[low:high] = [first]
        self._lasts[low:high] = [last]

    def __contains__(self, number: int) -> bool:
        index = bisect_left(self._lasts, number)
        return index < len(self._lasts) and self._firsts[index] <= number

    def has_any(self, first: int, last: int) -> bool:
        """Whether any of ``first..last`` is in the set."""
        index = bisect_left(self._lasts, first)
        return index < len(self._lasts) and self._firsts[index] <= last

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(zip(self._firsts, self._lasts, strict=True))

    def __len__(self) -> int:
        """How many intervals, not numbers."""
        return len(self._firsts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IntervalSet) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # mutable

    @property
    def count(self) -> int:
        """How many numbers."""
        return sum(last - first + 1 for first, last in self)

    @property
    def max(self) -> int:
        """Highest number, 0 while empty."""
        return self._lasts[-1] if self._lasts else 0

    @property
    def contiguous_upto(self) -> int:
        """Highest n with all of 1..n in the set, 0 while 1 is missing."""
        return self._lasts[0] if self._firsts and self._firsts[0] == 1 else 0

    def holes(self, upto: int) -> tuple[tuple[int, int], ...]:
        """Intervals of 1..upto that are not in the set."""
        edges = [(0, 0), *((first, last) for first, last in self if first <= upto), (upto + 1, upto + 1)]
        return tuple((left[1] + 1, right[0] - 1) for left, right in pairwise(edges) if right[0] - left[1] > 1)

    def copy(self) -> "IntervalSet":
        """An independent copy."""
        other = IntervalSet()
        other._firsts, other._lasts = self._firsts.copy(), self._lasts.copy()
        return other
