"""What staff do with a running camera: draw on it, keep reference pictures, teach its slots, look at its day.

Implements the console's port over the cameras, their files and the store. A drawing is checked whole by the cameras'
own settings before a byte is written, and is in the file before it is in effect. Of a picture only the redacted copy
reaches the disk or the page.
"""

import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any

from edge.camera_days import CameraDays
from edge.camera_files import Rewritten, Tables, read_camera_file, replace_camera_file, with_tables
from edge.camera_plan import NAMED, checked, places_of, tables_of, version_of
from edge.camera_stills import Stills, hidden_slots, reference_jpeg
from edge.catalogue import Catalogue
from edge.clock import Clock
from edge.config import load_camera
from edge.console.desk import (
    CellState,
    DayPanel,
    DeskRefusedError,
    HeatPanel,
    LessonPanel,
    Places,
    Plan,
    PlanOutdatedError,
    PlanSaved,
    Still,
    StillKind,
    TeachPanel,
)
from edge.console.errors import SourceUnavailableError
from edge.desk_audit import DRAWING, LESSON, REFERENCE, DeskAudit, changes
from edge.errors import ConfigError
from edge.heat_book import HeatBook
from edge.slot_teaching import SlotTeaching
from models.durable import LocalDisk, write_durably
from vision.capture import read_picture
from vision.config import CameraSettings
from vision.errors import VisionError
from vision.service import VisionService

LEAST_PEOPLE = 5
"""Under so many on a day the heat would be somebody's own way."""
_PRODUCTS_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskParts:
    """The parts that the desk works with."""

    cameras: Sequence[CameraSettings]
    files: Mapping[str, Path]
    """Each camera's own file, by the camera's id."""
    vision: VisionService
    catalogue: Catalogue
    teaching: SlotTeaching
    heat: HeatBook
    days: CameraDays
    audit: DeskAudit
    clock: Clock


class ShopDesk:
    """The console's desk over a running shop. Any thread."""

    def __init__(self, parts: DeskParts) -> None:
        """Keep the parts; nothing is changed yet."""
        self._parts = parts
        self._stills = Stills(parts.vision, parts.clock)
        self._lock = Lock()
        self._running = {camera.id: camera for camera in parts.cameras}

    def plan(self, camera_id: str) -> Plan:
        """The drawing in the camera's file, which is what a restart would bring."""
        camera = self._in_file(camera_id)
        skus = {slot.sku for slot in camera.slots}
        titles = {sku: product.title for sku in skus if (product := self._parts.catalogue.get(sku)) is not None}
        return Plan(
            camera_id=camera_id,
            name=camera.name or camera_id,
            version=version_of(camera),
            places=places_of(camera),
            titles=titles,
        )

    def save_plan(self, camera_id: str, places: Places, *, version: str) -> PlanSaved:
        """Check the drawing, write it into the camera's file, and put it into effect."""
        with self._lock:
            in_file = self._in_file(camera_id)
            if version_of(in_file) != version:
                raise PlanOutdatedError("somebody else changed the drawing since this page was opened")
            made = checked(in_file, places, is_sold=lambda sku: self._parts.catalogue.get(sku) is not None)
            new = version_of(made)
            about = {"camera": camera_id, "was": version, "becomes": new, "masks": len(made.masks)}
            with self._parts.audit.deed(DRAWING, {**about, **changes(_named(in_file), _named(made))}):
                notes = self._write(camera_id, tables_of(made))
            drawn = {name: getattr(made, name) for name in tables_of(made)}
            return PlanSaved(version=new, notes=(*notes, *self._put_into_effect(camera_id, drawn)))

    def products(self, text: str) -> Sequence[tuple[str, str]]:
        """Products whose SKU or name holds every word of the text."""
        words = text.casefold().split()
        found = (
            (product.sku, product.title)
            for product in self._parts.catalogue
            if all(word in f"{product.sku} {product.title}".casefold() for word in words)
        )
        return [pair for pair, _ in zip(found, range(_PRODUCTS_SHOWN), strict=False)]

    def take_still(self, camera_id: str) -> Still:
        """Keep the camera's newest picture."""
        return self._stills.take(camera_id)

    def still_jpeg(self, camera_id: str, still_id: str) -> bytes | None:
        """The kept picture, redacted."""
        return self._stills.jpeg(camera_id, still_id)

    def reference_jpeg(self, camera_id: str, kind: StillKind) -> bytes | None:
        """A reference picture, redacted again: somebody may have put it there by hand."""
        path = getattr(self._camera(camera_id).references, kind)
        try:
            return None if path is None else self._stills.redacted(camera_id, read_picture(path))
        except VisionError as error:
            raise SourceUnavailableError(str(error)) from error

    def keep_reference(self, camera_id: str, kind: StillKind, still_id: str) -> PlanSaved:
        """Keep a still's redacted copy beside the camera's file and name it there."""
        kept = self._stills.to_learn_from(camera_id, still_id)
        jpeg = reference_jpeg(kept)
        with self._lock:
            target = self._file(camera_id).parent / f"{camera_id}-{kind}.jpg"
            about = {"camera": camera_id, "kind": kind, "sha256": sha256(jpeg).hexdigest()}
            with self._parts.audit.deed(REFERENCE, about):
                notes = self._keep(camera_id, kind, target, jpeg)
            references = self._camera(camera_id).references.model_copy(update={kind: target})
            effects = self._put_into_effect(camera_id, {"references": references})
            spoilt = _spoilt(hidden_slots(kept, self._camera(camera_id)))
            return PlanSaved(version=version_of(self._in_file(camera_id)), notes=(*notes, *spoilt, *effects))

    def teach(self, camera_id: str, still_id: str) -> TeachPanel:
        """The facings in a still with what the system thinks of them."""
        camera = self._camera(camera_id)
        kept = self._stills.kept(camera_id, still_id)
        if kept is None:
            raise DeskRefusedError("This picture is not kept any more. Take a new one.")
        views = self._parts.vision.view(camera_id).slots
        references: dict[StillKind, datetime | None] = {
            "stocked": _kept_at(camera.references.stocked),
            "empty": _kept_at(camera.references.empty),
        }
        try:
            cells = self._parts.teaching.cells(camera, kept.raw.frame.image_bgr, views)
            lesson, problem = self._parts.teaching.lesson(camera), ""
        except DeskRefusedError as error:
            cells, lesson, problem = (), None, str(error)
        return TeachPanel(cells=cells, lesson=lesson, problem=problem, references=references)

    def confirm(self, camera_id: str, still_id: str, states: Mapping[str, CellState]) -> LessonPanel:
        """Learn what staff saw in a still."""
        kept = self._stills.to_learn_from(camera_id, still_id)
        with self._lock:
            camera, seen = self._camera(camera_id), Counter(states.values())
            about = {"camera": camera_id, "still": still_id, "stocked": seen["stocked"], "empty": seen["empty"]}
            with self._parts.audit.deed(LESSON, about):
                lesson = self._parts.teaching.confirm(camera, still_id, kept.raw.frame.image_bgr, states)
            if lesson.is_believed:
                self._put_into_effect(camera_id, {})  # the camera reads with what it has learnt from now on
        return lesson

    def heat(self, camera_id: str) -> HeatPanel:
        """Where people were today, up to the last minute."""
        camera = self._camera(camera_id)
        day = self._parts.heat.day(camera_id, self._parts.clock.now())
        is_shown = day.people >= LEAST_PEOPLE
        return HeatPanel(
            seconds=tuple(tuple(float(cell) for cell in row) for row in day.seconds) if is_shown else (),
            people=day.people,
            least_people=LEAST_PEOPLE,
            follows=bool(camera.zones or camera.lines) and camera.detect_persons,
        )

    def collect_heat(self, now: datetime) -> None:
        """Add what the cameras saw to the day's heat.

        Raises:
            OSError: it cannot be written.
        """
        self._parts.heat.collect(now)

    def day(self, camera_id: str) -> DayPanel:
        """Counts since midnight in the shop."""
        return self._parts.days.day(self._camera(camera_id).id, self._parts.clock.now())

    def _camera(self, camera_id: str) -> CameraSettings:
        camera = self._running.get(camera_id)
        if camera is None:
            raise SourceUnavailableError("there is no such camera")
        return camera

    def _file(self, camera_id: str) -> Path:
        path = self._parts.files.get(self._camera(camera_id).id)
        if path is None:
            raise DeskRefusedError("This camera has no file of its own among the shop's settings to write to.")
        return path

    def _in_file(self, camera_id: str) -> CameraSettings:
        try:
            return load_camera(self._file(camera_id))
        except ConfigError as error:
            raise DeskRefusedError(f"The camera's file cannot be read, so nothing is drawn over it: {error}") from error

    def _keep(self, camera_id: str, kind: StillKind, target: Path, jpeg: bytes) -> list[str]:
        """Put a reference picture in its place and its name into the camera's file."""
        try:
            write_durably(LocalDisk(), target, [jpeg])
        except OSError as error:
            raise DeskRefusedError(f"The picture could not be kept: {target}: {error.strerror}.") from error
        named = tomllib.loads(_text(self._file(camera_id))).get("references", {})
        return self._write(camera_id, {"references": {**named, kind: target.name}})

    def _write(self, camera_id: str, tables: Tables) -> list[str]:
        """Put tables into the camera's file; sentences on what the file lost."""
        path = self._file(camera_id)
        try:
            former = read_camera_file(path)
            made = with_tables(former.decode(), tables)
            replace_camera_file(path, made.text, former=former)
        except (ConfigError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise DeskRefusedError(f"Not saved: {error}.") from error
        return _lost(path, made)

    def _put_into_effect(self, camera_id: str, changes: Mapping[str, object]) -> list[str]:
        camera = self._camera(camera_id).model_copy(update=changes)
        try:
            self._parts.heat.collect_from(camera_id, self._parts.clock.now())
            self._parts.vision.replace(camera)
        except (VisionError, TimeoutError, OSError) as error:
            return [f"It is in the file, but the camera goes on as before until the node is restarted: {error}."]
        self._running[camera_id] = camera
        return []


def _named(camera: CameraSettings) -> dict[str, Any]:
    """The drawing without its masks, which have no names."""
    return {kind: tables_of(camera)[kind] for kind in NAMED}


def _lost(path: Path, made: Rewritten) -> list[str]:
    if not made.comments_lost:
        return []
    lines = "A comment line" if made.comments_lost == 1 else f"{made.comments_lost} comment lines"
    return [f"{lines} inside the drawing went; the former file is {path.name}.bak."]


def _spoilt(slots: Sequence[str]) -> list[str]:
    if not slots:
        return []
    return [f"Something in {', '.join(slots)} looks like a person and was hidden, so the picture says less of it."]


def _text(path: Path) -> str:
    return read_camera_file(path).decode()


def _kept_at(path: Path | None) -> datetime | None:
    if path is None or not path.exists():
        return None
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)
