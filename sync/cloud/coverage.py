"""What one lane of one node's epoch amounts to at head office: received, declared gaps, holes.

Pure. The invariant that is checked from outside: received and declared gaps together are exactly 1..max. A hole
is reported until it closes; nothing is assumed about it. Used by the receiver's store.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sync.cloud.intervals import IntervalSet
from sync.envelope import MAX_SEQ
from sync.errors import MessageInvalidError
from sync.records import Lane, Scalar
from sync.topics import NodeName

GAP_KIND = "gap"


@dataclass(frozen=True, slots=True, order=True)
class LaneKey:
    """One numbering: a lane of one epoch of one node."""

    node: NodeName
    epoch: str
    lane: Lane


@dataclass(slots=True)
class Coverage:
    """Numbers of one lane."""

    received: IntervalSet = field(default_factory=IntervalSet)
    gaps: IntervalSet = field(default_factory=IntervalSet)
    claimed_upto: int = 0
    """The node says that up to here a receiver had acknowledged; a receiver that lost its database trusts that."""
    duplicates: int = 0
    mismatches: int = 0

    @property
    def max(self) -> int:
        """Highest number that must exist."""
        return max(self.received.max, self.gaps.max, self.claimed_upto)

    @property
    def ack_upto(self) -> int:
        """Up to here the node need not keep anything for us."""
        known = self._covered()
        if self.claimed_upto:
            known.add(1, self.claimed_upto)
        return known.contiguous_upto

    def holes(self) -> tuple[tuple[int, int], ...]:
        """Numbers that are neither received nor declared."""
        return self._covered().holes(self.max)

    def _covered(self) -> IntervalSet:
        covered = self.received.copy()
        for first, last in self.gaps:
            covered.add(first, last)
        return covered


@dataclass(frozen=True, slots=True)
class DeclaredGap:
    """Numbers that will never come, as a ``gap`` record says."""

    epoch: str
    lane: Lane
    first: int
    last: int


def parse_gap(data: Mapping[str, Scalar]) -> DeclaredGap:
    """Read the data of a ``gap`` record.

    Raises:
        MessageInvalidError: fields are missing or impossible; nothing may be taken as declared then.
    """
    match dict(data):
        case {"epoch": str(epoch), "gap_lane": str(lane), "first": int(first), "last": int(last)} if (
            epoch and lane in tuple(Lane) and 1 <= first <= last <= MAX_SEQ
        ):
            return DeclaredGap(epoch, Lane(lane), first, last)
    raise MessageInvalidError("gap record declares nothing that can be understood")
