"""Marks what a pipeline said of the rendered day against what was so.

Owns the figures: how often a standing claim was right, what was claimed of hidden slots, how soon each trouble was
told. Pure: takes claims and truths, frame by frame, and knows no picture.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from edge.bench.shop_day.script import SLIGHT, Day, Fault, Trouble
from vision.pipeline import slot_state
from vision.readings import FeedFault, FeedFaulted, Reading, ShelfCounted

TOLD_AS = {
    Trouble.COVERED: (FeedFault.BLIND,),
    Trouble.DARK: (FeedFault.BLIND,),
    Trouble.FROZEN: (FeedFault.FROZEN,),
    Trouble.LOST: (FeedFault.LOST,),
    Trouble.DEFOCUSED: (FeedFault.BLURRED,),
    Trouble.AWAY: (FeedFault.MOVED, FeedFault.BLIND),
}
"""Every other trouble is a camera that moved; a bare wall may be told as one or the other."""
_TAIL_S = 4.0  # a fault ends, and may be mistaken for another, up to so long after the trouble


@dataclass(frozen=True, slots=True)
class Claim:
    """What the pipeline holds of one slot at one moment; units None or held: nothing."""

    slot_id: str
    units: int | None
    is_held: bool
    low_at: int


@dataclass(frozen=True, slots=True)
class Moment:
    """What was so and what was claimed at one frame, for the plot."""

    time_s: float
    claims: tuple[Claim, ...]
    has_data: bool
    hidden: frozenset[str]


@dataclass(slots=True)
class Moments:
    """Slot-moments of one sort that were there to be seen, how many stood under a claim, and how right it was."""

    seen: int = 0
    claimed: int = 0
    right: int = 0
    error_units: int = 0

    def add(self, claim: Claim, truth: int, *, has_data: bool) -> None:
        """One slot at one moment."""
        self.seen += 1
        if claim.units is None or claim.is_held or not has_data:
            return
        self.claimed += 1
        states = [slot_state(units, low_at=claim.low_at, is_held=False) for units in (claim.units, truth)]
        self.right += states[0] == states[1]
        self.error_units += abs(claim.units - truth)


@dataclass(slots=True)
class Marks:
    """The day's figures, growing as it passes."""

    day: Day
    steady: Moments = field(default_factory=Moments)
    """The camera in order, nobody before the slot."""
    slight: Moments = field(default_factory=Moments)
    """The same with the camera slightly knocked."""
    false_out: list[tuple[float, str]] = field(default_factory=list)
    """Out-of-stock told of a slot that was hidden or not to be seen and was not empty."""
    false_out_seen: list[tuple[float, str]] = field(default_factory=list)
    """The same of a slot in plain sight."""
    told: list[tuple[float, FeedFault]] = field(default_factory=list)

    def note(
        self,
        time_s: float,
        readings: Sequence[Reading],
        claims: Sequence[Claim],
        *,
        fault: FeedFault | None,
        hidden: Mapping[str, bool],
    ) -> None:
        """Take one frame: what was told now, what stands claimed, and which slots somebody hides."""
        trouble, state = self.day.fault_at(time_s), self.day.state_at(time_s)
        is_slight = trouble is not None and trouble.trouble in SLIGHT
        can_see = trouble is None or is_slight
        for reading in readings:
            if isinstance(reading, FeedFaulted):
                self.told.append((time_s, reading.fault))
            elif isinstance(reading, ShelfCounted) and reading.units == 0 and any(state[reading.slot_id]):
                is_seen = can_see and not hidden[reading.slot_id]
                (self.false_out_seen if is_seen else self.false_out).append((time_s, reading.slot_id))
        if not can_see:
            return
        for claim in claims:
            if not hidden[claim.slot_id]:
                truth = sum(map(bool, state[claim.slot_id]))
                (self.slight if is_slight else self.steady).add(claim, truth, has_data=fault is None)

    def told_after_s(self) -> dict[Trouble, list[float | None]]:
        """For each trouble that is to be told: after how long it was, None where it was not or by another name."""
        found: dict[Trouble, list[float | None]] = {}
        for fault in self.day.faults:
            if fault.trouble not in SLIGHT:
                found.setdefault(fault.trouble, []).append(self._told_after_s(fault))
        return found

    def _told_after_s(self, fault: Fault) -> float | None:
        names = TOLD_AS.get(fault.trouble, (FeedFault.MOVED,))
        return next((at_s - fault.from_s for at_s, name in self.told if fault.has(at_s) and name in names), None)

    def false_faults(self) -> list[tuple[float, FeedFault]]:
        """Faults told when nothing, or only something slight, was amiss."""
        real = [fault for fault in self.day.faults if fault.trouble not in SLIGHT]
        return [(at_s, name) for at_s, name in self.told if not any(f.from_s <= at_s <= f.to_s + _TAIL_S for f in real)]
