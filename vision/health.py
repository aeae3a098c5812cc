"""Health of one feed: lost, frozen, blind, moved or blurred, each with its true beginning and its end.

Owns the rules, on numbers and small fields that the pictures module makes; touches no picture itself. Between
begin and end nothing may be claimed about what the camera looks at, and `is_usable` turns false at once, before
a fault has lasted long enough to be told.
"""

from dataclasses import dataclass

from vision.feed_rules import BlindRule, FrozenRule
from vision.movement import Movement
from vision.pictures import Field, Picture
from vision.readings import FeedFault, Stamp
from vision.view import ViewRule


@dataclass(frozen=True, slots=True)
class FaultChange:
    """A fault that was found (``restored_after_s`` None) or that ended after so many seconds."""

    fault: FeedFault
    began: Stamp
    restored_after_s: float | None = None


class FeedHealth:
    """Faults of one feed, one at a time. Times are the stream's own seconds and never fall."""

    def __init__(
        self,
        *,
        lost_after_s: float,
        frozen_after_s: float,
        blind_after_s: float,
        moved_after_s: float,
        blurred_after_s: float,
    ) -> None:
        self._lost_after_s = lost_after_s
        self._frozen = FrozenRule(frozen_after_s)
        self._blind = BlindRule(blind_after_s)
        self._view = ViewRule(moved_after_s=moved_after_s, blurred_after_s=blurred_after_s)
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
        return self._fault is None and not (self._blind.is_suspected or self._view.is_suspected)

    @property
    def correction(self) -> Movement | None:
        """How the camera hangs now against the view that was learnt; structures are of pictures put right by it."""
        return self._view.correction

    def see(self, stamp: Stamp, *, sample: Picture, structure: Field | None) -> list[FaultChange]:
        """Take one frame: a sparse sample of its pixels (h, w) and its gradients in grey levels (H, W, 2).

        ``structure`` None says that it is what it was, which only a usable picture may claim.
        """
        told = [self._end(stamp)] if self._fault is FeedFault.LOST else []
        self._last = stamp
        self._frozen.see(sample, stamp, is_normal=self._fault is None and not self._blind.is_suspected)
        if structure is not None:
            self._blind.see(structure, stamp)
            if not self._blind.is_suspected:
                self._view.see(structure, stamp, is_normal=self._fault is None)
        if self._is_over(stamp):
            if self._fault is not FeedFault.FROZEN:
                self._frozen.restart(sample, stamp)
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
        rules = {FeedFault.BLIND: self._blind.began_if_blind}
        if not self._blind.is_suspected:
            rules |= {
                FeedFault.MOVED: self._view.began_if_moved,
                FeedFault.BLURRED: self._view.began_if_blurred,
                FeedFault.FROZEN: self._frozen.began_if_frozen,
            }
        for fault, began_if in rules.items():
            began = began_if(stamp)
            if began is not None:
                self._fault, self._began = fault, began
                return [FaultChange(fault, began)]
        return []

    def _is_over(self, stamp: Stamp) -> bool:
        match self._fault:
            case FeedFault.BLIND:
                return not self._blind.is_suspected
            case FeedFault.FROZEN:
                return not self._frozen.is_still
            case FeedFault.MOVED:
                return self._view.is_back(stamp)
            case FeedFault.BLURRED:
                return self._view.is_sharp(stamp)
            case _:
                return False

    def _end(self, stamp: Stamp) -> FaultChange:
        if self._fault is None or self._began is None:
            raise ValueError("no fault to end")
        change = FaultChange(self._fault, self._began, max(stamp.media_s - self._began.media_s, 0.0))
        self._fault = self._began = None
        return change
