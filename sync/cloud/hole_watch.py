"""Which holes have stood too long, so that the node is asked to send again what it still has.

Pure. A lane's hole is its first missing number while later ones are there. Live rows travel beside the backlog, so a
hole is nothing strange as long as it moves; one that has not moved for a while was lost between node and here.
"""

from dataclasses import dataclass, field

from sync.cloud.coverage import LaneKey


@dataclass(slots=True)
class _Hole:
    first: int
    since_s: float


@dataclass(slots=True)
class HoleWatch:
    """Holes of all lanes; nothing is kept of a lane without one."""

    patience_s: float
    _holes: dict[LaneKey, _Hole] = field(default_factory=dict)

    def note(self, key: LaneKey, missing: int | None, now_s: float) -> None:
        """What a lane's first missing number is after a commit; None: it is whole."""
        if missing is None:
            self._holes.pop(key, None)
        elif (hole := self._holes.get(key)) is None or hole.first != missing:
            self._holes[key] = _Hole(missing, now_s)

    def due(self, now_s: float) -> list[tuple[LaneKey, int]]:
        """Lanes to be asked for, with the number; each again after another ``patience_s``."""
        due = []
        for key, hole in self._holes.items():
            if now_s - hole.since_s >= self.patience_s:
                hole.since_s = now_s
                due.append((key, hole.first))
        return due
