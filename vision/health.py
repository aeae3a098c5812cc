"""Health of one feed: lost, frozen or blind, each with its true beginning and its end.

Owns the rules, on numbers and small fields that the pictures module makes; touches no picture itself. Between
begin and end nothing may be claimed about what the camera looks at, and `is_usable` turns false at once, before
a fault has lasted long enough to be told.
"""

from dataclasses import dataclass

from vision.feed_rules import BlindRule, FrozenRule
from vision.pictures import Field, Picture
from vision.readings import FeedFault, Stamp


@dataclass(frozen=True, slots=True)
class FaultChange:
    """A fault that was found (``restored_after_s`` None) or that ended after so many seconds."""

    fault: FeedFault
    began: Stamp
    restored_after_s: float | None = None


class FeedHealth:
    """Faults of one feed, one at a time. Times are the stream's own seconds and never fall."""

    def __init__(self, *, lost_after_s: float, frozen_after_s: float, blind_after_s: float) -> None:
        self._lost_after_s = lost_after_s
        self._frozen = FrozenRule(frozen_after_s)
        self._blind = BlindRule(blind_after_s)
        self._last: Stamp | None = None
        self._fault: FeedFault | None = None
        self._began: Stamp | None = None

    @property
    def fault(self) -> FeedFault | None:
        """The fault that was told and has not ended."""
        return self._fault

    @property
    def began(self) -> Stamp | None:
        """When the present fault began."""
        return self._began

    @property
    def is_usable(self) -> bool:
        """Whether the latest picture may be judged: no fault, and none suspected."""
        return self._fault is None and not self._blind.is_suspected

    def see(self, stamp: Stamp, *, sample: Picture, structure: Field | None) -> list[FaultChange]:
        """Take one frame: a sparse sample of its pixels (h, w) and its gradients in grey levels (H, W, 2).

        ``structure`` None says that it is what it was, which only a usable picture may claim.
        """
        told = [self._end(stamp)] if self._fault is FeedFault.LOST else []
        self._last = stamp
        self._frozen.see(sample, stamp, is_normal=self._fault is None and not self._blind.is_suspected)
        if structure is not None:
            self._blind.see(structure, stamp)
        if self._fault is FeedFault.BLIND and not self._blind.is_suspected:
            self._frozen.restart(sample, stamp)
            told.append(self._end(stamp))
        elif self._fault is FeedFault.FROZEN and not self._frozen.is_still:
            told.append(self._end(stamp))
        if self._fault is None:
            told += self._begin(stamp)
        return told

    def miss(self, now: Stamp) -> list[FaultChange]:
        """Say that no frame has come up to now; before the first frame, the first call starts the count."""
        if self._last is None:
            self._last = now
        if self._fault is FeedFault.LOST or now.mono_s - self._last.mono_s < self._lost_after_s:
            return []
        told = [] if self._fault is None else [self._end(now)]
        self._fault, self._began = FeedFault.LOST, self._last
        return [*told, FaultChange(FeedFault.LOST, self._last)]

    def _begin(self, stamp: Stamp) -> list[FaultChange]:
        blind = self._blind.began_if_blind(stamp)
        began = blind or (None if self._blind.is_suspected else self._frozen.began_if_frozen(stamp))
        if began is None:
            return []
        self._fault, self._began = (FeedFault.BLIND if blind else FeedFault.FROZEN), began
        return [FaultChange(self._fault, began)]

    def _end(self, stamp: Stamp) -> FaultChange:
        if self._fault is None or self._began is None:
            raise ValueError("no fault to end")
        change = FaultChange(self._fault, self._began, max(stamp.media_s - self._began.media_s, 0.0))
        self._fault = self._began = None
        return change
