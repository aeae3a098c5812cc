"""Where people walked and stood, as seconds in the cells of a coarse grid, summed over everybody.

Owns the sum and what it forgets: no track, no moment and no order of steps can be read from it. Pure and cheap: one
addition a person and frame. Whoever takes the sum leaves it empty.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vision.tracker import Track

COLUMNS, ROWS = 32, 18
_LONGEST_STEP_S = 1.0
"""After a longer pause between two pictures nobody knows where people were meanwhile."""


@dataclass(frozen=True, slots=True, eq=False)
class Heat:
    """A sum taken from the grid."""

    seconds: NDArray[np.float32]
    """(ROWS, COLUMNS), row by row from the top of the picture."""
    people: int
    """Tracks that began meanwhile; one who leaves and comes again counts again."""


class HeatGrid:
    """Sums the feet of one camera's tracks. One thread at a time."""

    def __init__(self) -> None:
        self._seconds = np.zeros((ROWS, COLUMNS), np.float32)
        self._people = 0
        self._present: frozenset[int] = frozenset()
        self._last_s: float | None = None

    def add(self, tracks: Sequence[Track], *, frame_size_px: tuple[int, int], time_s: float) -> None:
        """Take one picture's tracks; ``frame_size_px`` is (width, height). Who is hidden now is nowhere."""
        step_s = 0.0 if self._last_s is None else min(max(time_s - self._last_s, 0.0), _LONGEST_STEP_S)
        self._last_s = time_s
        if not tracks:
            self._present = frozenset()
            return
        present = frozenset(track.id for track in tracks if track.id is not None)
        self._people += len(present - self._present)
        self._present = present
        width, height = frame_size_px
        for track in tracks:
            if track.id is not None and track.missing_s == 0.0:
                x, y = track.feet_px
                column = min(max(int(x / width * COLUMNS), 0), COLUMNS - 1)
                row = min(max(int(y / height * ROWS), 0), ROWS - 1)
                self._seconds[row, column] += step_s

    def take(self) -> Heat:
        """The sum since it was last taken."""
        taken = Heat(self._seconds, self._people)
        self._seconds = np.zeros((ROWS, COLUMNS), np.float32)
        self._people = 0
        return taken
