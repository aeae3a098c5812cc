"""Port to what staff may change about a camera: its drawing, its reference pictures, what it learnt; and its day.

Owns the vocabulary of the pages Draw, Teach and Today. Places are in the form of the camera's own file, as plain JSON
values; the pages never see the cameras. Every still is redacted before it comes here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from edge.console.errors import ConsoleError

Places = Mapping[str, Sequence[Mapping[str, Any]]]
"""What is drawn, by the names in the camera's file: ``slots``, ``zones``, ``lines``."""
PointNorm = tuple[float, float]
StillKind = Literal["stocked", "empty"]
CellState = Literal["stocked", "empty"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFault:
    """One thing that is wrong with a drawing."""

    kind: str
    """``slots``, ``zones`` or ``lines``."""
    index: int | None
    """Which of them; None where it is about all of them."""
    field: str
    """The field, ``polygon_norm`` say; empty where it is about the whole place."""
    sentence: str


class PlanRejectedError(ConsoleError):
    """The drawing is wrong; nothing was changed."""

    def __init__(self, faults: Sequence[PlanFault]) -> None:
        super().__init__("; ".join(fault.sentence for fault in faults))
        self.faults = tuple(faults)


class PlanOutdatedError(ConsoleError):
    """Somebody else wrote the camera's file since the drawing was begun; nothing was changed."""


class DeskRefusedError(ConsoleError):
    """It was not done; the text says why and what would help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is drawn on one camera."""

    camera_id: str
    name: str
    version: str
    """Of the camera's file; another one means that somebody wrote it."""
    places: Places
    titles: Mapping[str, str]
    """Names of the products that the slots hold, by SKU."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSaved:
    """A drawing is in the camera's file."""

    version: str
    notes: tuple[str, ...]
    """Sentences for the operator: what the file lost, whether the drawing is in effect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Still:
    """One redacted picture without any drawing on it, kept for some minutes."""

    still_id: str
    taken_at: datetime
    width_px: int
    height_px: int
    trouble: str
    """Why nothing may be learnt from it, as a sentence; empty when it may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One facing of a slot, with what the system thinks of it; None where it does not know."""

    cell_id: str
    """``slot/number``, numbers from 0 on the left."""
    slot_id: str
    quad_norm: tuple[PointNorm, ...]
    state: CellState | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonPanel:
    """How well a camera has learnt from what staff confirmed; judged on pictures left out."""

    cells: int
    pictures: int
    empty: int
    accuracy: float | None
    """Balanced over both states; None until there are enough examples."""
    claimed_share: float | None
    bar: float
    is_believed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TeachPanel:
    """All that the page Teach shows of one camera."""

    cells: tuple[Cell, ...]
    lesson: LessonPanel | None
    """None where the learnt file or the weights cannot be used; ``problem`` says why."""
    problem: str
    references: Mapping[StillKind, datetime | None]
    """When each reference picture was kept; None while there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatPanel:
    """Where people walked and stood on one day, summed over everybody: no tracks, no times of anybody."""

    seconds: tuple[tuple[float, ...], ...]
    """Seconds in each cell of the picture, row by row from the top; empty while it is not shown."""
    people: int
    """People followed that day; one who comes again counts again."""
    least_people: int
    """Under this many nothing is shown, so that it is nobody's own way."""
    follows: bool
    """Whether this camera follows people at all: it does when a zone or a line is drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A count over the day as steps; None: no data from then on."""

    name: str
    points: tuple[tuple[datetime, int | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarter:
    """Footfall of a line from ``began_at`` on."""

    began_at: datetime
    entered: int
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPanel:
    """One camera's counts since the start of the shop's day."""

    since: datetime
    until: datetime
    slots: tuple[Curve, ...]
    queues: tuple[Curve, ...]
    waits_s: Mapping[str, float]
    """About how long who joins a queue now will wait; only where enough have left it lately."""
    footfall: Mapping[str, tuple[Quarter, ...]]
    is_cut: bool
    """Whether there were more facts than are looked at: then the curves begin later than the day."""


class CameraDesk(Protocol):
    """What staff do with a camera. One thread of the console's own calls it; it may block for seconds.

    Raises:
        SourceUnavailableError: from any method, when the camera gives nothing now or there is no such camera.
    """

    def plan(self, camera_id: str) -> Plan:
        """What is drawn now."""
        ...

    def save_plan(self, camera_id: str, places: Places, *, version: str) -> PlanSaved:
        """Write a drawing into the camera's file and put it into effect.

        Raises:
            PlanRejectedError: something in it is wrong; says what and where.
            PlanOutdatedError: the file is not the ``version`` that the drawing was begun on.
            DeskRefusedError: the file cannot be written.
        """
        ...

    def products(self, text: str) -> Sequence[tuple[str, str]]:
        """Up to some twenty products whose SKU or name holds the text: SKU and name."""
        ...

    def take_still(self, camera_id: str) -> Still:
        """Keep the newest picture; the one kept before is forgotten."""
        ...

    def still_jpeg(self, camera_id: str, still_id: str) -> bytes | None:
        """The kept picture; None when it is not that one any more."""
        ...

    def reference_jpeg(self, camera_id: str, kind: StillKind) -> bytes | None:
        """A reference picture as it lies on disk; None while there is none."""
        ...

    def keep_reference(self, camera_id: str, kind: StillKind, still_id: str) -> PlanSaved:
        """Make a kept still the reference for ``kind``.

        Raises:
            DeskRefusedError: somebody is in view, a fault stands, the still is gone, or it cannot be written.
        """
        ...

    def teach(self, camera_id: str, still_id: str) -> TeachPanel:
        """The facings in a kept still with what the system thinks of them, and how well it has learnt."""
        ...

    def confirm(self, camera_id: str, still_id: str, states: Mapping[str, CellState]) -> LessonPanel:
        """Learn what staff saw in the facings of a kept still.

        Raises:
            DeskRefusedError: as `keep_reference`.
        """
        ...

    def heat(self, camera_id: str) -> HeatPanel:
        """Where people were today."""
        ...

    def day(self, camera_id: str) -> DayPanel:
        """Counts since the start of the shop's day."""
        ...
