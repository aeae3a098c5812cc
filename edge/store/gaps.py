"""Which gap rows may still be changed, and how a new gap is declared with the fewest rows.

A pure rule: no database. Weeks offline replace a metric thousands of times; each replaced number must be declared,
and a row per number would fill the outbox. A gap row that nobody was handed yet is therefore widened when the new
range touches it. Where widening makes two rows touch, the second says nothing that the first does not, and is kept
as a spare for the next range (its own number is drawn and cannot be given back).

    open rows      1-4   6-6      new 5-5     widened 1-6, spare (6-6)      new 9-9     spare becomes 9-9
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class OpenGap:
    """A gap row that nobody was handed yet; ``seq`` is its own number in lane p0, in epoch ``home_no``."""

    home_no: int
    seq: int
    fact_id: int
    epoch: str
    lane: str
    reason: str
    first: int
    last: int

    def touches(self, epoch: str, lane: str, first: int, last: int) -> bool:
        """Whether the ranges overlap or stand side by side."""
        return self.epoch == epoch and self.lane == lane and self.first <= last + 1 and first <= self.last + 1

    def covers(self, other: "OpenGap") -> bool:
        """Whether everything that ``other`` declares is declared here too."""
        same_lane = self.epoch == other.epoch and self.lane == other.lane
        return same_lane and self.first <= other.first and other.last <= self.last


class GapBook:
    """Open gap rows of the current epoch. Owned by the writer's thread."""

    def __init__(self, rows: Iterable[OpenGap] = ()) -> None:
        self._rows = {row.seq: row for row in rows}

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, row: OpenGap) -> None:
        """Remember a row just written."""
        self._rows[row.seq] = row

    def close_upto(self, seq: int) -> None:
        """Forget the rows up to a number of lane p0: they were handed out and may not change any more."""
        self._rows = {row.seq: row for row in self._rows.values() if row.seq > seq}

    def rewritten(self, epoch: str, lane: str, reason: str, *, first: int, last: int) -> OpenGap | None:
        """Change an open row so that it declares a further range; None when a new row is needed.

        A row keeps its reason when another range of the same reason touches it; ranges of unlike reasons stay apart.
        """
        near = [row for row in self._rows.values() if row.reason == reason and row.touches(epoch, lane, first, last)]
        if near:
            widened = replace(
                near[0],
                first=min(first, *(row.first for row in near)),
                last=max(last, *(row.last for row in near)),
            )
        else:
            spare = self._spare()
            if spare is None:
                return None
            widened = replace(spare, epoch=epoch, lane=lane, reason=reason, first=first, last=last)
        self._rows[widened.seq] = widened
        return widened

    def _spare(self) -> OpenGap | None:
        rows = list(self._rows.values())
        for index, row in enumerate(rows):
            if any(other.covers(row) and (not row.covers(other) or place < index) for place, other in enumerate(rows)):
                return row
        return None
