"""Shelf pictures for the command line: packs named, slots read as learnt on site, answers of an operator taken in.

Owns which weights serve and where a camera's learnt slots lie. Pictures stay in memory; what is drawn of them is
redacted first.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import numpy as np

from edge.errors import ConfigError
from edge.places import Places
from edge.shelf_joins import ShelfJoins
from models.config import ModelsSettings
from models.durable import LocalDisk
from models.manifest import Task
from models.onnx_session import OnnxSession
from models.registry import Registry
from vision.box_network import BoxNetwork
from vision.capture import read_picture
from vision.config import CameraSettings, SlotSettings
from vision.detector import FaceDetector, PersonDetector
from vision.masks import Masks
from vision.pictures import Picture, Quad
from vision.redact import HIDDEN_FROM_SCORE, redact
from vision.service import load_references
from vision.shelf_glance import SlotGlance, read_slots
from vision.slot_features import slot_features
from vision.slot_learning import Example, Lesson, SlotState, teach
from vision.slot_memory import SlotMemory, load_memory, save_memory

_FACE_THRESHOLD = 0.4


class LearntSlots:
    """What one camera's operator has taught."""

    def __init__(self, camera: CameraSettings, registry: Registry, places: Places) -> None:
        if not camera.slots:
            raise ConfigError(f"camera {camera.id} has no [[slots]]; draw them first: there is nothing to learn")
        self._camera = camera
        self._artefact = registry.active(Task.PERSONS)
        self._path = places.slots / f"{camera.id}.json"
        self._memory = load_memory(self._path, weights_sha256=self._artefact.manifest.sha256)

    def lesson(self) -> Lesson:
        """How well it has learnt; see `is_believed`."""
        return teach(self._memory.examples)

    def is_believed(self, lesson: Lesson) -> bool:
        """Whether its readings are claimed."""
        return lesson.is_ready(self._camera.learnt_bar)

    def confirm(self, picture: Path, states: Mapping[str, SlotState]) -> Lesson:
        """Take in what a person saw in the slots of a picture, and keep it.

        Raises:
            VisionError: it is no picture.
            ModelsError: the weights for persons give no features.
            ConfigError: the data folder cannot be written.
        """
        chosen = [slot for slot in self._camera.slots if slot.id in states]
        picture_id = sha256(picture.read_bytes()).hexdigest()[:32] if picture.is_file() else ""
        rows = self._features(read_view(picture, self._camera), chosen)
        cells = [(slot, cell) for slot in chosen for cell in range(slot.facings)]
        examples = [
            Example(picture_id, f"{slot.id}/{cell}"[-64:], states[slot.id], row)
            for (slot, cell), row in zip(cells, rows, strict=True)
        ]
        memory = self._memory.with_picture(examples)
        self._keep(memory)
        return teach(memory.examples)

    def _features(
        self, image_bgr: Picture, slots: Sequence[SlotSettings]
    ) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
        models = ModelsSettings()
        size_px = np.array([image_bgr.shape[1], image_bgr.shape[0]], np.float32)
        quads = [quad for slot in slots for quad in _cells(slot, size_px)]
        with OnnxSession(self._artefact.path, threads=models.onnx_threads, providers=models.providers) as session:
            return slot_features(session, self._artefact.manifest, image_bgr, quads)

    def _keep(self, memory: SlotMemory) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            save_memory(LocalDisk(), self._path, memory, weights_sha256=self._artefact.manifest.sha256)
        except OSError as error:
            raise ConfigError(
                f"{self._path}: cannot be written: {error.strerror}; what was learnt before stays"
            ) from error
        self._memory = memory


def _cells(slot: SlotSettings, size_px: "np.ndarray[tuple[int], np.dtype[np.float32]]") -> list[Quad]:
    """The slot's facings as quads in pixels, left to right."""
    corners = np.array(slot.polygon_norm, np.float32) * size_px
    top, bottom = corners[1] - corners[0], corners[2] - corners[3]
    edges = np.linspace(0.0, 1.0, slot.facings + 1, dtype=np.float32)
    return [
        np.stack([corners[0] + a * top, corners[0] + b * top, corners[3] + b * bottom, corners[3] + a * bottom])
        for a, b in pairwise(edges)
    ]


def read_view(path: Path, camera: CameraSettings | None) -> Picture:
    """A picture of a camera's view, uint8 (H, W, 3) BGR, with that camera's masks painted in.

    Raises:
        VisionError: there is no such picture, or it is none.
    """
    image = read_picture(path)
    Masks(() if camera is None else camera.masks).hide(image)
    return image


def glance(image_bgr: Picture, camera: CameraSettings, registry: Registry, places: Places) -> list[SlotGlance]:
    """Every slot of one picture, by the same sources as a running camera; blocks for the person network and them.

    Raises:
        VisionError: a reference picture is missing or cannot be read.
        ModelsError: weights are missing or cannot be used.
    """
    models, references = ModelsSettings(), load_references(camera.references)
    persons = registry.active(Task.PERSONS)
    with (
        BoxNetwork.open(persons, threads=models.onnx_threads, providers=models.providers) as network,
        ShelfJoins(registry, places, models) as shelves,
    ):
        people = PersonDetector(network, threshold=camera.person_threshold, shrink=camera.shrink).detect(image_bgr)
        return read_slots(
            image_bgr,
            camera.slots,
            stocked=references.stocked,
            empty=references.empty,
            sources=shelves.of(camera).sources,
            persons_px=people.xyxy_px,
        )


def redacted(image_bgr: Picture, registry: Registry, camera: CameraSettings | None) -> Picture:
    """A copy in which nobody can be recognised; blocks for two networks.

    Raises:
        ModelsError: weights for persons or faces are missing: then nothing may be drawn.
    """
    models = ModelsSettings()
    persons, faces = registry.active(Task.PERSONS), registry.active(Task.FACES)
    with (
        BoxNetwork.open(persons, threads=models.onnx_threads, providers=models.providers) as person_network,
        BoxNetwork.open(faces, threads=models.onnx_threads, providers=models.providers) as face_network,
    ):
        people = PersonDetector(person_network, threshold=HIDDEN_FROM_SCORE).detect(image_bgr)
        found = FaceDetector(face_network, threshold=_FACE_THRESHOLD).detect(image_bgr)
    return redact(image_bgr, found, people, whole_person=camera is not None and camera.whole_person_blur)
