"""The heat of each camera's day on disk: one small file per camera and day, sums over everybody and nothing else.

Owns the files and their age. It asks the cameras for what came together since it last asked; what a node that is cut
off has not been asked for is lost, a minute at most.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from threading import Lock
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from models.durable import LocalDisk, write_durably
from vision.heat import COLUMNS, ROWS, Heat

KEPT_DAYS = 30
_Row = Annotated[tuple[Annotated[float, Field(ge=0.0)], ...], Field(min_length=COLUMNS, max_length=COLUMNS)]


class _Page(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    form: Literal[1] = 1
    people: Annotated[int, Field(ge=0)]
    seconds: Annotated[tuple[_Row, ...], Field(min_length=ROWS, max_length=ROWS)]


@dataclass(frozen=True, slots=True, eq=False)
class DayHeat:
    """The sum of a day; ``seconds`` is (ROWS, COLUMNS)."""

    seconds: NDArray[np.float32]
    people: int


class HeatBook:
    """Sums by camera and day. Any thread. What came in the minute around midnight counts for the day that begins.

    ``take`` gives a camera's `Heat` since it was last asked, None where the camera cannot be asked now; it may block.
    """

    def __init__(
        self, folder: Path, camera_ids: Sequence[str], *, take: Callable[[str], Heat | None], zone: ZoneInfo
    ) -> None:
        self._folder = folder
        self._camera_ids = tuple(camera_ids)
        self._take = take
        self._zone = zone
        self._lock = Lock()

    def collect(self, now: datetime) -> None:
        """Add what every camera saw to the day that it is in the shop, and forget old days.

        Raises:
            OSError: it cannot be written.
        """
        for camera_id in self._camera_ids:
            if not self.collect_from(camera_id, now):
                break  # the cameras are busy; what they hold waits for the next time
        self._forget(now.astimezone(self._zone).date())

    def collect_from(self, camera_id: str, now: datetime) -> bool:
        """As `collect`, for one camera; False where it cannot be asked now.

        Raises:
            OSError: it cannot be written.
        """
        with self._lock:
            heat = self._take(camera_id)
            if heat is None or not (heat.people or heat.seconds.any()):
                return heat is not None
            day = now.astimezone(self._zone).date()
            before = self._read(camera_id, day)
            rows = [[round(float(cell), 2) for cell in row] for row in before.seconds + heat.seconds]
            page = _Page(people=before.people + heat.people, seconds=tuple(map(tuple, rows)))
            path = self._path(camera_id, day)
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_durably(LocalDisk(), path, [page.model_dump_json().encode()])
            return True

    def day(self, camera_id: str, now: datetime) -> DayHeat:
        """The sum of the shop's present day, as of the last `collect`."""
        with self._lock:
            return self._read(camera_id, now.astimezone(self._zone).date())

    def _read(self, camera_id: str, day: date) -> DayHeat:
        """A damaged page counts as none: it holds nothing that anybody has to get back."""
        try:
            page = _Page.model_validate_json(self._path(camera_id, day).read_bytes())
        except (FileNotFoundError, ValidationError):
            return DayHeat(np.zeros((ROWS, COLUMNS), np.float32), 0)
        return DayHeat(np.array(page.seconds, np.float32), page.people)

    def _path(self, camera_id: str, day: date) -> Path:
        return self._folder / camera_id / f"{day.isoformat()}.json"

    def _forget(self, today: date) -> None:
        for path in self._folder.glob("*/*.json"):
            try:
                age = today - date.fromisoformat(path.stem)
            except ValueError:
                continue  # not one of ours
            if age.days > KEPT_DAYS:
                path.unlink(missing_ok=True)
