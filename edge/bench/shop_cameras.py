"""Cameras that run beside a bench of the kiosk: as many as take a stated part of a core, governed as in a running shop.

Owns starting and ending them; the clips are those of `edge.bench.box`, which owns how hard they are.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from edge.bench.box import moving_cameras
from edge.clock import SystemClock
from models.config import LanguageSettings
from models.governor import Governor
from models.language.client import LanguageModel
from models.manifest import Task
from models.registry import Registry
from vision.box_network import BoxNetwork
from vision.config import VisionSettings
from vision.service import VisionService

_SETTLE_S = 2.0


@dataclass(frozen=True, slots=True)
class RunningCameras:
    """Cameras at work."""

    vision: VisionService

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.vision.views())

    @property
    def frames(self) -> int:
        """Frames looked at by now."""
        return sum(view.analysed_frames for view in self.vision.views())


@contextmanager
def running_cameras(
    folder: Path, registry: Registry, language: LanguageModel, settings: LanguageSettings, *, load: float
) -> Iterator[RunningCameras]:
    """Cameras whose person network alone would take ``load`` cores, beside this language model."""
    clock = SystemClock()
    governor = Governor(
        most_cores=float(settings.threads), least_cores=settings.least_cores, allow=language.allow, mono_s=clock.mono_s
    )
    with BoxNetwork.open(registry.active(Task.PERSONS), threads=1) as persons:
        vision = VisionService(
            moving_cameras(folder, persons, load=load),
            VisionSettings(),
            on_readings=lambda _readings: None,
            clock=clock,
            person_network=persons,
            on_turn=governor.tell,
        )
        with vision:
            Event().wait(_SETTLE_S)
            yield RunningCameras(vision)
    language.allow(float(settings.threads))
