"""A recording through the same eyes and the same translation as a live camera, as facts with the recording's times.

Owns the joining of replay and translator. Stores nothing and sends nothing.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from edge.facts import Fact
from edge.places import Places
from edge.shelf_joins import ShelfJoins, at_once
from edge.translate import Translator
from models.config import ModelsSettings
from models.manifest import Task
from models.registry import Registry
from vision.box_network import BoxNetwork
from vision.config import CameraSettings, VisionSettings
from vision.replay import replay
from vision.service import load_references


def replay_facts(
    video: Path,
    camera: CameraSettings,
    *,
    registry: Registry,
    places: Places,
    started_at: datetime,
    packs: Path | None = None,
    every_frame: bool = False,
    on_progress: Callable[[float], None] = lambda _: None,
) -> Iterator[list[Fact]]:
    """Yield batches of facts that became known together, in order; ``packs`` is a folder with a picture of each pack.

    Raises:
        ConfigError: the folder of packs holds something else.
        VisionError: the video or a reference picture is missing or cannot be read.
        ModelsError: weights are missing or wrong.
    """
    models, translator = ModelsSettings(), Translator()
    artefact = registry.active(Task.PERSONS)
    with (
        BoxNetwork.open(artefact, threads=models.onnx_threads, providers=models.providers) as persons,
        ShelfJoins(registry, places, models, packs=packs, search_of=at_once) as shelves,
    ):
        batches = replay(
            video,
            camera,
            VisionSettings(),
            started_at=started_at,
            person_network=persons if camera.detect_persons else None,
            references=load_references(camera.references),
            aids=shelves.of(camera),
            every_frame=every_frame,
            on_progress=on_progress,
        )
        last_at = started_at
        for readings in batches:
            last_at = readings[-1].captured_at
            if facts := translator.facts(readings):
                yield facts
        if facts := translator.due_footfall(last_at, final=True):
            yield facts
