"""What staff teach about a camera's slots in the console: each facing of a picture as stocked or empty.

Owns the way from a confirmed picture to the camera's learnt file, which it shares with ``backroom shelf learn``.
Pictures stay in memory; what is kept are features.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from edge.console.desk import Cell, CellState, DeskRefusedError, LessonPanel, PointNorm
from edge.places import Places
from models.config import ModelsSettings
from models.durable import LocalDisk
from models.errors import ModelsError
from models.manifest import Task
from models.onnx_session import OnnxSession
from models.registry import Registry
from vision.config import CameraSettings, SlotSettings
from vision.errors import VisionError
from vision.pictures import Picture
from vision.quads import columns_of
from vision.seats import SlotTrust, SlotView
from vision.slot_features import slot_features
from vision.slot_learning import Example, Lesson, claim, fit, teach
from vision.slot_memory import SlotMemory, load_memory, save_memory

_NAME_LETTERS = 64  # as long as the learnt file takes


class SlotTeaching:
    """The learnt slots of every camera. Any thread; blocks for a network's time."""

    def __init__(self, registry: Registry, places: Places, models: ModelsSettings) -> None:
        self._registry = registry
        self._places = places
        self._models = models
        self._lock = Lock()

    def lesson(self, camera: CameraSettings) -> LessonPanel:
        """How well a camera has learnt.

        Raises:
            DeskRefusedError: the learnt file or the weights cannot be used; says which and the cure.
        """
        return lesson_panel(teach(self._memory(camera.id).examples), bar=camera.learnt_bar)

    def cells(self, camera: CameraSettings, image_bgr: Picture, views: Sequence[SlotView]) -> tuple[Cell, ...]:
        """Every facing with its state as learnt where that is believed, else as the slot was last counted.

        Nothing is said of a slot that is covered now: staff would confirm what nobody sees.

        Raises:
            DeskRefusedError: as `lesson`.
        """
        facings = [(slot, number, quad) for slot in camera.slots for number, quad in enumerate(facing_quads(slot))]
        memory = self._memory(camera.id)
        covered = {view.slot_id for view in views if view.state is SlotTrust.OCCLUDED}
        if facings and teach(memory.examples).is_ready(camera.learnt_bar):
            empty = fit(memory.examples).empty(self._features(image_bgr, [quad for _, _, quad in facings]))
            states = [claim(float(share)) for share in empty]
        else:
            counted = {view.slot_id: _counted_state(view) for view in views}
            states = [counted.get(slot.id) for slot, _, _ in facings]
        return tuple(
            Cell(
                cell_id=f"{slot.id}/{number}",
                slot_id=slot.id,
                quad_norm=quad,
                state=None if slot.id in covered else state,
            )
            for (slot, number, quad), state in zip(facings, states, strict=True)
        )

    def confirm(
        self, camera: CameraSettings, picture_id: str, image_bgr: Picture, states: Mapping[str, CellState]
    ) -> LessonPanel:
        """Learn what staff saw in a picture's facings, and keep it.

        Raises:
            DeskRefusedError: as `lesson`, a facing is not there any more, or the file cannot be written.
        """
        quads = {f"{slot.id}/{number}": quad for slot in camera.slots for number, quad in enumerate(facing_quads(slot))}
        if not states or not states.keys() <= quads.keys():
            raise DeskRefusedError("Mark at least one place as it is drawn now, then confirm.")
        with self._lock:
            all_rows = dict(zip(quads, self._features(image_bgr, list(quads.values())), strict=True))
            rows = [all_rows[cell] for cell in states]  # all are looked at: their sizes decide the scale
            told = zip(states.items(), rows, strict=True)
            examples = [Example(picture_id, cell[-_NAME_LETTERS:], state, row) for (cell, state), row in told]
            memory = self._memory(camera.id).with_picture(examples)
            self._keep(camera.id, memory)
        return lesson_panel(teach(memory.examples), bar=camera.learnt_bar)

    def _memory(self, camera_id: str) -> SlotMemory:
        try:
            return load_memory(
                self._path(camera_id), weights_sha256=self._registry.active(Task.PERSONS).manifest.sha256
            )
        except (VisionError, ModelsError) as error:
            raise DeskRefusedError(f"Nothing can be learnt now: {error}.") from error

    def _keep(self, camera_id: str, memory: SlotMemory) -> None:
        path, sha256 = self._path(camera_id), self._registry.active(Task.PERSONS).manifest.sha256
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            save_memory(LocalDisk(), path, memory, weights_sha256=sha256)
        except OSError as error:
            raise DeskRefusedError(f"What was learnt could not be kept: {path}: {error.strerror}.") from error

    def _path(self, camera_id: str) -> Path:
        return self._places.slots / f"{camera_id}.json"

    def _features(self, image_bgr: Picture, quads_norm: Sequence[tuple[PointNorm, ...]]) -> NDArray[np.float32]:
        size_px = np.array([image_bgr.shape[1], image_bgr.shape[0]], np.float32)
        quads_px = [np.array(quad, np.float32) * size_px for quad in quads_norm]
        models = self._models
        try:
            artefact = self._registry.active(Task.PERSONS)
            with OnnxSession(artefact.path, threads=models.onnx_threads, providers=models.providers) as session:
                return slot_features(session, artefact.manifest, image_bgr, quads_px)
        except ModelsError as error:
            raise DeskRefusedError(f"Nothing can be learnt now: {error}.") from error


def facing_quads(slot: SlotSettings) -> list[tuple[PointNorm, ...]]:
    """The slot's facings, left to right, as corners from top left clockwise, shares of the picture."""
    columns = columns_of(np.array(slot.polygon_norm, np.float32), slot.facings)
    return [tuple((float(x), float(y)) for x, y in quad) for quad in columns]


def _counted_state(view: SlotView) -> CellState | None:
    """What a count says of every facing of its slot; one that is partly full, or not seen now, says it of none."""
    if view.state is not SlotTrust.STEADY:
        return None
    if view.units == 0:
        return "empty"
    return "stocked" if view.units is not None and view.units >= view.facings else None


def lesson_panel(lesson: Lesson, *, bar: float) -> LessonPanel:
    """A lesson as the console shows it."""
    return LessonPanel(
        cells=lesson.examples,
        pictures=lesson.pictures,
        empty=lesson.empty,
        accuracy=lesson.accuracy,
        claimed_share=lesson.claimed_share,
        bar=bar,
        is_believed=lesson.is_ready(bar),
    )
