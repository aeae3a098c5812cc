"""Whose turn it is at the vision worker: a floor for every camera first, then what changes, then the rest.

Owns the order and the meaning of "short". Pure: it is given which cameras have a frame waiting and since when each
was not looked at.

    waiting long enough for its floor ─► the one that is nearest to it, or farthest over
    else: its picture changed lately  ─► the one that waits longest
    else                              ─► the one that waits longest
"""

from collections.abc import Iterable
from dataclasses import dataclass

_EARLY_PART = 0.7  # of the longest wait that the floor allows; the turns before it and its own take the rest
_SHORT_PART = 1.2  # frames come in steps: with five a second and a floor of two, 0.4 s or 0.6 s apart

_AT_HAND_PART = 0.5
_FORGET_S = 1.0
_STARVED_BELOW = 0.9


@dataclass(frozen=True, slots=True)
class Waiting:
    """A camera with a frame that is due."""

    camera_id: str
    wait_s: float
    """Since the frame that was looked at last was taken; infinite before the first."""
    longest_s: float
    """The longest wait that its floor allows."""
    at_hand_s: float
    """For how long there has been a frame to look at."""
    is_changing: bool
    """Its picture had changed when it was looked at last."""

    @property
    def is_short(self) -> bool:
        """Whether it is under its floor although there were frames: a slow or silent camera lacks no core."""
        return self.wait_s > _SHORT_PART * self.longest_s and self.at_hand_s > _AT_HAND_PART * self.longest_s


def in_order(waiting: Iterable[Waiting]) -> list[Waiting]:
    """Whose turn it is, and who comes after if nothing changes meanwhile."""
    return sorted(waiting, key=_rank, reverse=True)


def _rank(one: Waiting) -> tuple[int, float]:
    part = one.wait_s / one.longest_s
    if part >= _EARLY_PART:
        return (2, part)
    return (int(one.is_changing), one.wait_s)


class CoreShare:
    """How much of a core the worker got while it had work: what it lacks, somebody else on this machine uses.

    A worker that has its core and is still late is slow, not starved: nobody can give it anything. One thread.
    """

    def __init__(self) -> None:
        self._worked_s = 0.0
        self._got_s = 0.0

    def note(self, *, worked_s: float, got_s: float) -> None:
        """Say how long a look took and how much time on a core the thread got in it; forgets in about a second."""
        kept = _FORGET_S / (_FORGET_S + worked_s)
        self._worked_s = self._worked_s * kept + worked_s
        self._got_s = self._got_s * kept + got_s

    @property
    def is_starved(self) -> bool:
        """Whether others kept it waiting for more than a tenth of the time."""
        return self._got_s < _STARVED_BELOW * self._worked_s
