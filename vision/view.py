"""Whether a camera still looks at what it looked at, and sharply: the rules for a moved view and a blurred one.

Owns the doubts and how long they last; the numbers come from `vision.registration`. Touches no picture.

::

    likeness to the learnt view   at its place    at one other place   nowhere
    ──────────────────────────────────────────────────────────────────────────────────────────────
    means                         in order        moved                hidden or turned: moved, if
                                  (or blurred)                         what is seen instead stands still

Where the parts of the view agree on one movement, that decides before likeness does: a slight one is put right
(`ViewRule.correction`), a larger one is told.
"""

from dataclasses import dataclass

from vision.movement import Directions, Movement
from vision.pictures import Field
from vision.readings import Stamp
from vision.registration import LearntView, Placement, directions, is_still

_EVERY_S = 0.9
_AGAIN_S = 0.35  # when a slight movement waits to be seen twice
_LEARNING_LOOKS = 10
_YOUNG_LOOKS = 30  # a view learnt for less may have been a shopper's back: another one is learnt instead of told
_KNOWN_RATE = 0.05
_ELSEWHERE_PART = 0.4  # of the usual likeness; turned pictures reach 0.3 by chance
_AHEAD = 1.25  # a row of equal packs is like itself one pack on: up to 0.77 of the true place on our clips
_SUSPECT_REACH = 0.0125  # of the width, as all that follow: a slot may already be its neighbour
_OFF_REACH = 0.004  # less makes no difference to slots, and three times what is measured of a view in order
_SAME_REACH = 0.006
_ALIKE_REACH = 0.03  # few blocks tell a large movement roughly
_MOST_REACH = 0.04  # what a slot at the edge may lose of itself
_MOST_TURN = 0.02  # a turn by 1.1 degrees, a zoom by 2 %: more is not a sagging mount
_LARGE_TURN = 0.03  # bottles put back askew: 0.024
_SURE_BLOCKS = 13  # to put a picture right; three bottles on a bare wall, put back askew, reached 12
_SURE_PART = 0.4  # of all blocks: a row of equal packs seen from one pack aside reached 0.37, half a view hidden 0.45
_DOUBTED_PART = 0.85
_UNLIKE_PART = 0.3  # half of the view hidden leaves 0.5, two degrees of turn 0.3
_BACK_PART = 0.5
_UNLIKE_S = 2.5
_YOUNG_UNLIKE_S = 2.0
_SOFT = 0.80  # a lens 5 pixels out of focus at 1280 columns leaves 0.7; shoppers, lamps and restocking left 0.94
_SHARP = 0.88
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
        self.correction: Movement | None = None
        """How the camera hangs now against the learnt view, to be undone before its pictures are looked at."""
        self._shifted, self._slight, self._unlike, self._soft = _Doubt(), _Doubt(), _Doubt(), _Doubt()
        self._back, self._sharp = _Doubt(), _Doubt()
        self._movement = Movement()
        self._is_shifted = False
        self._instead: Directions | None = None
        self._aspect = 1.0

    @property
    def is_suspected(self) -> bool:
        """The view was last seen somewhere else: what lies at a slot's place is not the slot."""
        return self._shifted.since is not None or (
            self._slight.since is not None and self._movement.reach(self._aspect) > _SUSPECT_REACH
        )

    def see(self, structure: Field, now: Stamp, *, is_normal: bool) -> None:
        """Take one structure of a corrected picture; ``is_normal``: the feed has no fault, the view may be learnt."""
        if now.media_s - self._looked_s < (_EVERY_S if self._slight.since is None else _AGAIN_S):
            return
        self._looked_s = now.media_s
        if self._learnt is None or not self._learnt.fits(structure):
            self._start(structure, now)
            return
        is_known = self._learnt.looks >= _LEARNING_LOOKS
        placement = self._judge(self._learnt, structure, now) if is_known else self._learnt.place(structure)
        if self._is_mistaken(now):
            self._start(structure, now)
        elif is_normal and self._may_learn(placement):
            self._learnt.learn(structure, placement, now.media_s)
            rate = max(_KNOWN_RATE, 1.0 / self._learnt.looks)
            self._known += rate * (placement.likeness - self._known)

    def began_if_moved(self, now: Stamp) -> Stamp | None:
        """When the view went away, once that has lasted long enough."""
        shifted_since = self._shifted.lasted(now, self._moved_after_s) if self._is_shifted else None
        return shifted_since or self._unlike.lasted(now, _UNLIKE_S)

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
        self._aspect = structure.shape[0] / structure.shape[1]
        for doubt in (self._shifted, self._slight, self._unlike, self._soft, self._back, self._sharp):
            doubt.hold(False, now)

    def _may_learn(self, placement: Placement) -> bool:
        if self._learnt is None or self._learnt.looks < _LEARNING_LOOKS:
            return True  # whoever stood before the camera in the first picture is averaged away
        doubts = (self._shifted, self._slight, self._unlike, self._soft)
        is_doubted = any(doubt.since is not None for doubt in doubts)
        return not is_doubted and placement.likeness >= _BACK_PART * self._known

    def _is_mistaken(self, now: Stamp) -> bool:
        is_young = self._learnt is not None and self._learnt.looks < _YOUNG_LOOKS
        return is_young and self._unlike.lasted(now, _YOUNG_UNLIKE_S) is not None

    def _judge(self, learnt: LearntView, structure: Field, now: Stamp) -> Placement:
        placement = learnt.place(structure)
        movement, is_sure = self._found_movement(learnt, placement, structure)
        is_off = movement is not None and movement.reach(self._aspect) > _OFF_REACH
        is_same = movement is not None and movement.nearly(self._movement, self._aspect, within=_SAME_REACH)
        is_alike = movement is not None and movement.nearly(self._movement, self._aspect, within=_ALIKE_REACH)
        is_slight = movement is not None and is_off and is_sure and self._is_slight(movement)
        is_unlike = movement is None and placement.likeness < _UNLIKE_PART * self._known and learnt.is_gone(structure)
        is_there = not is_off and (movement is not None or placement.likeness >= _BACK_PART * self._known)
        self._correct(movement, now, is_slight=is_slight, is_same=is_same)
        self._is_shifted = is_off and not is_slight
        if self._is_shifted or is_slight or is_there:
            self._shifted.hold(self._is_shifted and (is_alike or self._shifted.since is None), now)
        self._movement = movement or self._movement
        self._unlike.hold(is_unlike and self._is_still(structure), now)
        self._back.hold(is_there, now)
        self._judge_sharpness(placement, now, is_there=is_there)
        return placement

    def _judge_sharpness(self, placement: Placement, now: Stamp, *, is_there: bool) -> None:
        is_seen = is_there and placement.sharpness is not None
        self._soft.hold(is_seen and (placement.sharpness or 0.0) < _SOFT, now)
        self._sharp.hold(is_seen and (placement.sharpness or 0.0) >= _SHARP, now)

    def _found_movement(
        self, learnt: LearntView, placement: Placement, structure: Field
    ) -> tuple[Movement | None, bool]:
        """What the parts of the view agree on, and whether enough do; else where the whole is seen better."""
        is_ahead = placement.elsewhere > _AHEAD * placement.likeness
        is_at_its_place = placement.shift_px == (0, 0) and not is_ahead
        if is_at_its_place and placement.likeness >= _DOUBTED_PART * self._known:
            return Movement(), True
        found = learnt.movement(structure, placement)
        is_sure = found is not None and found.blocks >= _SURE_BLOCKS and found.part >= _SURE_PART
        if found is not None and (is_sure or self._is_large(found.movement)):
            return found.movement, is_sure
        if is_ahead and placement.elsewhere > _ELSEWHERE_PART * self._known:
            return Movement(shift=complex(*placement.shift_px) / structure.shape[1]), False
        return None if found is None else Movement(), False

    def _is_large(self, movement: Movement) -> bool:
        """Whether goods put back askew cannot make it, however few blocks there are."""
        return movement.reach(self._aspect) > _MOST_REACH or abs(movement.turn - 1.0) > _LARGE_TURN

    def _is_slight(self, movement: Movement) -> bool:
        """Whether the camera, with what was corrected before, still hangs nearly as it did."""
        whole = (self.correction or Movement()).then(movement)
        return whole.reach(self._aspect) <= _MOST_REACH and abs(whole.turn - 1.0) <= _MOST_TURN

    def _correct(self, movement: Movement | None, now: Stamp, *, is_slight: bool, is_same: bool) -> None:
        """Undo a slight movement that was seen twice."""
        if movement is None or not (is_slight and is_same and self._slight.since is not None):
            self._slight.hold(is_slight, now)
            return
        whole = (self.correction or Movement()).then(movement)
        self.correction = whole if whole.reach(self._aspect) > _OFF_REACH / 2 else None
        self._slight.hold(False, now)

    def _is_still(self, structure: Field) -> bool:
        """Whether what is seen instead of the view is what was seen instead a moment ago: people sway."""
        seen = directions(structure)
        before, self._instead = self._instead, seen if self._unlike.since is None else self._instead
        return self._unlike.since is None or before is None or is_still(before, seen)
