"""One budget for the box: how many cores the language model may keep busy while cameras are short of them.

Owns the rule and nothing else: it is told whether a camera is under its floor, and lets the language model go down a
step at once and up again a step at a time. While no camera is short the language model may use all its threads.

    threads ─short─► threads - 1 ─short─► ... ─► 1 ─short─► 1/2 ─► 1/4 ... least
       ◄── calm for a while ──┘   ◄── calm ──┘
"""

from collections.abc import Callable

_DOWN_AFTER_S = 1.0  # a step down takes so long to show: the batch under way, then some frames of each camera
_UP_AFTER_S = 3.0


class Governor:
    """Called from one thread; the figures may be read from any."""

    def __init__(
        self, *, most_cores: float, least_cores: float, allow: Callable[[float], None], mono_s: Callable[[], float]
    ) -> None:
        """Begin with all cores.

        Args:
            most_cores: what the language model may use while no camera is short.
            least_cores: what is left to it at the worst.
            allow: tells the language model; must not block.
            mono_s: the monotonic clock.
        """
        self._most = most_cores
        self._least = min(least_cores, most_cores)
        self._allow = allow
        self._mono_s = mono_s
        self._cores = most_cores
        self._stepped_s = float("-inf")
        self._short_s = float("-inf")
        self._told_s = mono_s()
        self._held_s = 0.0

    @property
    def cores(self) -> float:
        """What the language model may use now."""
        return self._cores

    @property
    def is_holding(self) -> bool:
        """Whether the language model has less than all now."""
        return self._cores < self._most

    @property
    def held_s(self) -> float:
        """For how many seconds it has had less than all, since the start."""
        return self._held_s

    def tell(self, is_short: bool) -> None:
        """Say whether a camera is under its floor now; tell the language model when that changes what it may use."""
        now_s = self._mono_s()
        if self.is_holding:
            self._held_s += now_s - self._told_s
        self._told_s = now_s
        if is_short:
            self._short_s = now_s
            if now_s - self._stepped_s >= _DOWN_AFTER_S:
                self._step(max(_less(self._cores), self._least), now_s)
        elif now_s - max(self._short_s, self._stepped_s) >= _UP_AFTER_S:
            self._step(min(_more(self._cores), self._most), now_s)

    def _step(self, cores: float, now_s: float) -> None:
        if cores != self._cores:
            self._cores, self._stepped_s = cores, now_s
            self._allow(cores)


def _less(cores: float) -> float:
    return cores - 1.0 if cores >= 2.0 else cores / 2.0


def _more(cores: float) -> float:
    return cores + 1.0 if cores >= 1.0 else min(cores * 2.0, 1.0)
