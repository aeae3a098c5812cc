"""Whether a camera still looks at what it looked at, and sharply: the rules for a moved view and a blurred one.

Owns the doubts and how long they last; the numbers come from `vision.registration`. Touches no picture.

::

    likeness to the learnt view   at its place    at one other place   nowhere
    ──────────────────────────────────────────────────────────────────────────────────────────────
    means                         in order        moved                hidden or turned: moved, if
                                  (or blurred)                         what is seen instead stands still
"""

from dataclasses import dataclass

from vision.pictures import Field
from vision.readings import Stamp
from vision.registration import Directions, LearntView, Placement, directions, likeness

_EVERY_S = 0.9
_LEARNING_LOOKS = 10
_YOUNG_LOOKS = 30  # a view learnt for less may have been a shopper's back: another one is learnt instead of told
_KNOWN_RATE = 0.05
_ELSEWHERE_PART = 0.4  # of the usual likeness; turned pictures reach 0.3 by chance
_AHEAD = 1.25  # a row of equal packs is like itself one pack on: up to 0.77 of the true place on our clips
_SAME_SHIFT_PX = 4
_UNLIKE_PART = 0.3  # half of the view hidden leaves 0.5, two degrees of turn 0.3
_BACK_PART = 0.5
_UNLIKE_S = 10.0
_STILL = 0.7
_SOFT = 0.70  # a lens 5 pixels out of focus at 1280 columns; shoppers, lamps and restocking left 0.94
_SHARP = 0.80
_CLEAR_S = 0.8


@dataclass(slots=True)
class _Doubt:
    """Something suspected without a break."""

    since: Stamp | None = None

    def hold(self, is_held: bool, now: Stamp) -> None:
        self.since = (self.since or now) if is_held else None

    def lasted(self, now: Stamp, for_s: float) -> Stamp | None:
        """When it began, if that is at least so long ago."""
        return self.since if self.since is not None and now.media_s - self.since.media_s >= for_s else None


class ViewRule:
    """Moved and blurred, for one feed. Structures are gradients in grey levels (H, W, 2)."""

    def __init__(self, *, moved_after_s: float, blurred_after_s: float) -> None:
        self._moved_after_s = moved_after_s
        self._blurred_after_s = blurred_after_s
        self._learnt: LearntView | None = None
        self._known = 0.0
        self._looked_s = float("-inf")
        self._shifted, self._unlike, self._soft = _Doubt(), _Doubt(), _Doubt()
        self._back, self._sharp = _Doubt(), _Doubt()
        self._shift_px = (0, 0)
        self._instead: Directions | None = None

    @property
    def is_suspected(self) -> bool:
        """The view was last seen somewhere else: what lies at a slot's place is not the slot."""
        return self._shifted.since is not None

    def see(self, structure: Field, now: Stamp, *, is_normal: bool) -> None:
        """Take one structure; ``is_normal`` says that the feed has no fault, so that the view may be learnt."""
        if now.media_s - self._looked_s < _EVERY_S:
            return
        self._looked_s = now.media_s
        if self._learnt is None or not self._learnt.fits(structure):
            self._start(structure, now)
            return
        placement = self._learnt.place(structure)
        if self._learnt.looks >= _LEARNING_LOOKS:
            self._judge(placement, structure, now)
        if self._is_mistaken(now):
            self._start(structure, now)
        elif is_normal and self._may_learn(placement):
            self._learnt.learn(structure, placement, now.media_s)
            rate = max(_KNOWN_RATE, 1.0 / self._learnt.looks)
            self._known += rate * (placement.likeness - self._known)

    def began_if_moved(self, now: Stamp) -> Stamp | None:
        """When the view went away, once that has lasted long enough."""
        return self._shifted.lasted(now, self._moved_after_s) or self._unlike.lasted(now, _UNLIKE_S)

    def began_if_blurred(self, now: Stamp) -> Stamp | None:
        """When the view became soft, once that has lasted long enough."""
        return self._soft.lasted(now, self._blurred_after_s)

    def is_back(self, now: Stamp) -> bool:
        """The learnt view has been seen at its place for a while."""
        return self._back.lasted(now, _CLEAR_S) is not None

    def is_sharp(self, now: Stamp) -> bool:
        """The view has been as sharp as it was for a while."""
        return self._sharp.lasted(now, _CLEAR_S) is not None

    def _start(self, structure: Field, now: Stamp) -> None:
        self._learnt, self._known = LearntView(structure, now.media_s), 0.0
        for doubt in (self._shifted, self._unlike, self._soft, self._back, self._sharp):
            doubt.hold(False, now)

    def _may_learn(self, placement: Placement) -> bool:
        if self._learnt is None or self._learnt.looks < _LEARNING_LOOKS:
            return True  # whoever stood before the camera in the first picture is averaged away
        is_doubted = any(doubt.since is not None for doubt in (self._shifted, self._unlike, self._soft))
        return not is_doubted and placement.likeness >= _BACK_PART * self._known

    def _is_mistaken(self, now: Stamp) -> bool:
        is_young = self._learnt is not None and self._learnt.looks < _YOUNG_LOOKS
        return is_young and self._unlike.lasted(now, _UNLIKE_S / 2) is not None

    def _judge(self, placement: Placement, structure: Field, now: Stamp) -> None:
        is_ahead = placement.elsewhere > _AHEAD * placement.likeness
        is_shifted = is_ahead and placement.elsewhere > _ELSEWHERE_PART * self._known
        self._shifted.hold(is_shifted and self._has_same_shift(placement), now)
        is_unlike = not is_shifted and placement.likeness < _UNLIKE_PART * self._known
        self._unlike.hold(is_unlike and self._is_still(structure), now)
        is_there = not is_shifted and placement.likeness >= _BACK_PART * self._known
        self._back.hold(is_there, now)
        is_seen = not is_shifted and not is_unlike and placement.sharpness is not None
        self._soft.hold(is_seen and (placement.sharpness or 0.0) < _SOFT, now)
        self._sharp.hold(is_there and (placement.sharpness or 0.0) >= _SHARP, now)

    def _has_same_shift(self, placement: Placement) -> bool:
        """Whether it lies where it lay; the first time, it does."""
        before, self._shift_px = self._shift_px, placement.shift_px
        if self._shifted.since is None:
            return True
        return max(abs(a - b) for a, b in zip(before, placement.shift_px, strict=True)) <= _SAME_SHIFT_PX

    def _is_still(self, structure: Field) -> bool:
        """Whether what is seen instead of the view is what was seen instead a moment ago: people sway."""
        seen = directions(structure)
        before, self._instead = self._instead, seen if self._unlike.since is None else self._instead
        return self._unlike.since is None or before is None or likeness(seen, before) >= _STILL
