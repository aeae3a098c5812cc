"""A desk that is held in memory: real drawings and real lessons of cameras that are not there."""

import itertools
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import cv2
import numpy as np

from edge.camera_plan import checked, places_of, version_of
from edge.console.desk import (
    Cell,
    CellState,
    Curve,
    DayPanel,
    DeskRefusedError,
    HeatPanel,
    LessonPanel,
    Places,
    Plan,
    PlanOutdatedError,
    PlanSaved,
    Quarter,
    Still,
    StillKind,
    TeachPanel,
)
from edge.console.errors import SourceUnavailableError
from edge.slot_teaching import facing_quads
from vision.config import CameraSettings

_SLOTS = tuple(
    {
        "id": f"dairy-{number + 1}",
        "sku": f"BR-{number + 1:04d}",
        "polygon_norm": (
            (x, y),
            (x + 0.29, y + 0.005),
            (x + 0.29, y + 0.33),
            (x, y + 0.335),
        ),
        "facings": 6,
        "low_at": 1,
    }
    for number, (x, y) in enumerate(itertools.product((0.02, 0.34, 0.66), (0.08, 0.52)))
)
_TITLES = {
    f"BR-{number:04d}": title
    for number, title in enumerate(
        (
            "Farmhouse Whole Milk, 1 l",
            "Oat Drink Barista, 1 l",
            "Salted Butter, 250 g",
            "Greek Yoghurt, 500 g",
            "Gouda Slices, 200 g",
            "Free-range Eggs, 10",
            "Orange Juice with Bits, 1 l",
        ),
        start=1,
    )
}


def _cameras() -> dict[str, CameraSettings]:
    door = {
        "zones": ({"id": "queue", "kind": "queue", "polygon_norm": ((0.5, 0.5), (0.9, 0.5), (0.95, 0.9), (0.5, 0.9))},),
        "lines": ({"id": "entrance", "start_norm": (0.1, 0.6), "end_norm": (0.45, 0.55)},),
    }
    made = (
        CameraSettings.model_validate({"id": "cam-dairy", "name": "Dairy fridge", "slots": _SLOTS}),
        CameraSettings(id="cam-pantry", name="Pantry, bay 4"),
        CameraSettings(id="cam-produce", name="Produce table"),
        CameraSettings.model_validate({"id": "cam-door", "name": "Entrance", **door}),
    )
    return {camera.id: camera for camera in made}


class FakeDesk:
    """Implements the port; ``somebody_is_in_view`` and ``cannot_write`` make it refuse."""

    def __init__(self) -> None:
        self.cameras = _cameras()
        self.references: dict[tuple[str, StillKind], datetime] = {}
        self.confirmed: dict[str, dict[tuple[str, str], CellState]] = {}
        self.somebody_is_in_view = False
        self.cannot_write = False
        self.is_away = False
        self._stills: dict[str, str] = {}
        self._numbers = itertools.count(1)

    def _camera(self, camera_id: str) -> CameraSettings:
        if self.is_away or camera_id not in self.cameras:
            raise SourceUnavailableError("there is no such camera")
        return self.cameras[camera_id]

    def plan(self, camera_id: str) -> Plan:
        camera = self._camera(camera_id)
        places = places_of(camera)
        return Plan(
            camera_id=camera_id, name=camera.name, version=version_of(camera), places=places, titles=dict(_TITLES)
        )

    def save_plan(self, camera_id: str, places: Places, *, version: str) -> PlanSaved:
        camera = self._camera(camera_id)
        if version_of(camera) != version:
            raise PlanOutdatedError("somebody else changed the drawing since this page was opened")
        made = checked(camera, places, is_sold=lambda sku: sku in _TITLES)
        if self.cannot_write:
            raise DeskRefusedError("Not saved: cam.toml: cannot be written: No space left on device.")
        self.cameras[camera_id] = made
        return PlanSaved(version=version_of(made), notes=())

    def products(self, text: str) -> Sequence[tuple[str, str]]:
        return [(sku, title) for sku, title in _TITLES.items() if text.casefold() in f"{sku} {title}".casefold()]

    def take_still(self, camera_id: str) -> Still:
        self._camera(camera_id)
        self._stills[camera_id] = f"still-{next(self._numbers)}"
        trouble = "Somebody is in view. Wait until the view is clear, then take a new picture."
        return Still(
            still_id=self._stills[camera_id],
            taken_at=datetime.now(UTC),
            width_px=1280,
            height_px=720,
            trouble=trouble if self.somebody_is_in_view else "",
        )

    def still_jpeg(self, camera_id: str, still_id: str) -> bytes | None:
        return draw_still() if self._stills.get(camera_id) == still_id else None

    def reference_jpeg(self, camera_id: str, kind: StillKind) -> bytes | None:
        return draw_still() if (camera_id, kind) in self.references else None

    def keep_reference(self, camera_id: str, kind: StillKind, still_id: str) -> PlanSaved:
        self._to_learn_from(camera_id, still_id)
        self.references[camera_id, kind] = datetime.now(UTC)
        return PlanSaved(version=version_of(self.cameras[camera_id]), notes=())

    def teach(self, camera_id: str, still_id: str) -> TeachPanel:
        camera = self._camera(camera_id)
        cells = [
            Cell(cell_id=f"{slot.id}/{number}", slot_id=slot.id, quad_norm=quad, state=_guess(place, number))
            for place, slot in enumerate(camera.slots)
            for number, quad in enumerate(facing_quads(slot))
        ]
        kept: dict[StillKind, datetime | None] = {
            "stocked": self.references.get((camera_id, "stocked")),
            "empty": self.references.get((camera_id, "empty")),
        }
        return TeachPanel(cells=tuple(cells), lesson=self._lesson(camera_id), problem="", references=kept)

    def confirm(self, camera_id: str, still_id: str, states: Mapping[str, CellState]) -> LessonPanel:
        self._to_learn_from(camera_id, still_id)
        known = self.confirmed.setdefault(camera_id, {})
        known.update({(still_id, cell): state for cell, state in states.items()})
        return self._lesson(camera_id)

    def heat(self, camera_id: str) -> HeatPanel:
        follows = bool(self._camera(camera_id).lines)
        grid = [[_warmth(column, row) for column in range(32)] for row in range(18)]
        seconds = tuple(tuple(row) for row in grid) if follows else ()
        return HeatPanel(seconds=seconds, people=212 if follows else 0, least_people=5, follows=follows)

    def day(self, camera_id: str) -> DayPanel:
        camera = self._camera(camera_id)
        until = datetime.now(UTC)
        since = until.replace(hour=0, minute=0, second=0, microsecond=0)
        opening = max(since, until - timedelta(hours=9))
        slots = tuple(_sawtooth(slot.id, 6, opening, until, at) for at, slot in enumerate(camera.slots))
        queues = tuple(_sawtooth(zone.id, 4, opening, until, 2) for zone in camera.zones)
        quarters = tuple(
            Quarter(began_at=opening + timedelta(minutes=15 * n), entered=6 + int(5 * math.sin(n / 4)), left=n % 7)
            for n in range(int((until - opening).total_seconds() // 900))
        )
        footfall = {line.id: quarters for line in camera.lines}
        return DayPanel(
            since=since,
            until=until,
            slots=slots,
            queues=queues,
            waits_s={zone.id: 250.0 for zone in camera.zones},
            footfall=footfall,
            is_cut=False,
        )

    def _to_learn_from(self, camera_id: str, still_id: str) -> None:
        self._camera(camera_id)
        if self._stills.get(camera_id) != still_id:
            raise DeskRefusedError("This picture is not kept any more. Take a new one.")
        if self.somebody_is_in_view:
            raise DeskRefusedError("Somebody is in view. Wait until the view is clear, then take a new picture.")

    def _lesson(self, camera_id: str) -> LessonPanel:
        known = self.confirmed.get(camera_id, {})
        empty = sum(state == "empty" for state in known.values())
        pictures = len({picture for picture, _ in known})
        is_enough = pictures > 1 and min(empty, len(known) - empty) >= 4
        return LessonPanel(
            cells=len(known),
            pictures=pictures,
            empty=empty,
            accuracy=0.968 if is_enough else None,
            claimed_share=0.94 if is_enough else None,
            bar=0.9,
            is_believed=is_enough,
        )


def _guess(place: int, number: int) -> CellState | None:
    if place == 5:
        return None
    return "stocked" if number < (6, 1, 0, 5, 4, 0)[place] else "empty"


def _warmth(column: int, row: int) -> float:
    way = 90 * math.exp(-(((column - 4 - row * 1.1) / 2.2) ** 2)) if row > 4 else 0.0
    queue = 420 * math.exp(-(((column - 23) / 3) ** 2) - ((row - 12) / 2.4) ** 2)
    return round(way + queue, 1) if way + queue > 2 else 0.0


def _sawtooth(name: str, most: int, since: datetime, until: datetime, shift: int) -> Curve:
    points: list[tuple[datetime, int | None]] = []
    at = since + timedelta(minutes=3 * shift)
    count = most - shift % 3
    while at < until:
        is_dark = timedelta(hours=4) < at - since < timedelta(hours=4, minutes=25)
        points.append((at, None if is_dark else count))
        at += timedelta(minutes=19 + 7 * shift)
        count = most if count == 0 else count - 1
    return Curve(name=name, points=(*points, (until, count)))


def draw_still() -> bytes:
    """A drawn shelf without any slot on it, 1280x720, as JPEG."""
    image = np.full((720, 1280, 3), (176, 188, 192), np.uint8)
    colours = ((66, 120, 200), (90, 160, 90), (190, 130, 70), (70, 70, 170), (120, 170, 200), (140, 110, 160))
    for place, slot in enumerate(_SLOTS):
        (x, y), units = slot["polygon_norm"][0], (6, 1, 0, 5, 4, 2)[place]
        left, top = int(x * 1280), int(y * 720)
        cv2.rectangle(image, (left, top + 236), (left + 372, top + 252), (225, 225, 225), -1)
        for unit in range(units):
            start = left + 4 + unit * 62
            cv2.rectangle(image, (start, top + 40), (start + 54, top + 234), colours[place], -1)
            cv2.rectangle(image, (start + 8, top + 100), (start + 46, top + 160), (245, 245, 245), -1)
    return bytes(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes())
