"""When a picture is frozen and when it is blind: the rules on its sample and its structure.

Owns what each rule remembers of one feed; the pictures module makes the numbers. Tells no fault: that is
`vision.health`, which asks both.
"""

from collections import deque

import numpy as np

from vision import pictures
from vision.pictures import Field, Picture
from vision.readings import Stamp

_LARGEST_STEP = 0.05  # mean grey levels from frame to frame
_LIMIT_PART = 0.08  # of the camera's quiet steps; repeated frames were seen to leave 0.005 to 0.06 of them
_MOVED_PART = 0.3
_QUIET_QUANTILE = 0.2
_HISTORY = 600
_LEAST_MOVED = 0.05
_FARTHEST = 0.12  # mean grey levels from where the run began: key frames differ from what was before by 0.1
_STILL_SHARE = 0.6
_FLAT_LEVELS = 0.05  # mean gradient in grey levels under which there is no picture
_FAINT_PART = 0.08
_THIN_PART = 0.40
_UNLIKE_BELOW = 0.25
_REFERENCE_S = 20.0
_CLEAR_S = 0.4


class FrozenRule:
    """The picture repeats: hardly a step from frame to frame, and hardly any way from where the run began.

    A watched scene trembles with noise, however faint the codec leaves it; a repeated frame decodes to itself but
    for a key frame now and then. So most steps of the run must be next to nothing, measured against the quiet
    steps that this camera made before.
    """

    def __init__(self, after_s: float) -> None:
        self._after_s = after_s
        self._anchor: Picture | None = None
        self._before: Picture | None = None
        self._since: Stamp | None = None
        self._steps: deque[tuple[float, float]] = deque()
        self._history: deque[float] = deque(maxlen=_HISTORY)
        self._limit = 0.0
        self._moved = _LEAST_MOVED

    @property
    def is_still(self) -> bool:
        """The last steps are those of a repeated picture; one that is not may be the codec's key frame."""
        recent = [step for _, step in list(self._steps)[-3:]]
        return sum(step > self._moved for step in recent) < 2

    def see(self, sample: Picture, stamp: Stamp, *, is_normal: bool) -> None:
        if self._anchor is None or self._before is None or self._anchor.shape != sample.shape:
            self.restart(sample, stamp)
            return
        step = pictures.mean_change(sample, self._before)
        self._before = sample
        self._steps.append((stamp.media_s, step))
        while stamp.media_s - self._steps[0][0] > self._after_s:
            self._steps.popleft()
        if pictures.mean_change(sample, self._anchor) > _FARTHEST or not self.is_still:
            self._anchor, self._since = sample, stamp
        if is_normal:
            self._remember(step)

    def _remember(self, step: float) -> None:
        """Quiet steps of the past set the limit, so that a codec that leaves almost nothing raises no alarm."""
        self._history.append(step)
        if len(self._history) % 16 == 0 or len(self._history) < 16:
            quiet = float(np.quantile(self._history, _QUIET_QUANTILE))
            self._limit = min(_LIMIT_PART * quiet, _LARGEST_STEP)
            self._moved = max(_MOVED_PART * quiet, _LEAST_MOVED)

    def restart(self, sample: Picture, stamp: Stamp) -> None:
        self._anchor = self._before = sample
        self._since = stamp
        self._steps.clear()

    def began_if_frozen(self, now: Stamp) -> Stamp | None:
        if self._since is None or now.media_s - self._since.media_s < self._after_s or len(self._steps) < 4:
            return None
        still = sum(step <= self._limit for _, step in self._steps)
        return self._since if still >= _STILL_SHARE * len(self._steps) else None


class BlindRule:
    """Little structure is left, and it is not the scene's own: covered, dark or washed out.

    A lamp that dims weakens the scene's structure but leaves it where it was; a cover takes it away.
    """

    def __init__(self, after_s: float) -> None:
        self._after_s = after_s
        self._reference: Field | None = None
        self._referred_s = 0.0
        self._since: Stamp | None = None
        self._clear_since_s: float | None = None

    @property
    def is_suspected(self) -> bool:
        return self._since is not None

    def see(self, structure: Field, stamp: Stamp) -> None:
        if self._is_blind(structure):
            self._clear_since_s = None
            self._since = self._since or stamp
            return
        if self._since is not None:
            if self._clear_since_s is None:
                self._clear_since_s = stamp.media_s
            if stamp.media_s - self._clear_since_s < _CLEAR_S:
                return
            self._since = None
        self._refer(structure, stamp.media_s)

    def _is_blind(self, structure: Field) -> bool:
        if pictures.mean_size(structure) < _FLAT_LEVELS:
            return True
        if self._reference is None or self._reference.shape != structure.shape:
            return False
        seen, known = float(np.linalg.norm(structure)), max(float(np.linalg.norm(self._reference)), 1e-6)
        if seen >= _THIN_PART * known:
            return False
        likeness = float(np.vdot(structure, self._reference)) / max(seen * known, 1e-6)
        return seen < _FAINT_PART * known or likeness < _UNLIKE_BELOW

    def _refer(self, structure: Field, time_s: float) -> None:
        if self._reference is None or self._reference.shape != structure.shape:
            self._reference, self._referred_s = structure.copy(), time_s
            return
        weight = min((time_s - self._referred_s) / _REFERENCE_S, 1.0)
        if weight >= 0.02:
            pictures.draw_to(self._reference, structure, weight)
            self._referred_s = time_s

    def began_if_blind(self, now: Stamp) -> Stamp | None:
        if self._since is None or now.media_s - self._since.media_s < self._after_s:
            return None
        return self._since
