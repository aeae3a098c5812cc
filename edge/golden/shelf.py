"""The set `shelf`: a film of a shelf with known counts, told by the same pipeline that the cameras run."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from edge.demo_truth import CameraTruth, Change, Span
from edge.golden.figures import Bars, Measured, Progress
from models.manifest import ActiveArtefact
from vision.box_network import BoxNetwork
from vision.capture import Capture
from vision.config import CameraSettings, VisionSettings
from vision.frames import Frame
from vision.pipeline import CameraPipeline
from vision.readings import ShelfCounted


def run_shelf(artefact: ActiveArtefact, folder: Path, bars: Bars, progress: Progress) -> Measured:
    """How much of the film is told right, with these weights looking for who stands in front."""
    raw = json.loads((folder / "shelf" / "truth.json").read_text(encoding="utf-8"))
    truth = _shelf_truth(raw, folder / "shelf")
    told: dict[str, list[tuple[float, int]]] = {slot: [] for slot in truth.initial}
    times: list[float] = []
    with BoxNetwork.open(artefact) as network:
        pipeline = CameraPipeline(
            CameraSettings.model_validate(raw["camera"]), VisionSettings(), person_network=network
        )
        for frame in _film(truth.clip, noise_levels=bars["noise_levels"]):
            for reading in pipeline.process(frame):
                if isinstance(reading, ShelfCounted):
                    told[reading.slot_id].append((reading.media_s or 0.0, reading.units))
            times.append(frame.mono_s)
            progress(len(times), max(round(truth.duration_s * 5), len(times)))
    return len(times), shelf_figures(truth, told, times, settle_s=bars["settle_s"])


def _shelf_truth(raw: Mapping[str, Any], folder: Path) -> CameraTruth:
    return CameraTruth(
        camera=raw["camera"]["id"],
        clip=folder / raw["clip"],
        duration_s=raw["duration_s"],
        initial=raw["initial"],
        changes=tuple(Change(e["t_s"], e["slot"], e["delta"], e["units"]) for e in raw["events"]),
        occlusions=tuple(Span(o["from_s"], o["to_s"], o["what"]) for o in raw["occlusions"]),
        faults=(),
    )


def _film(clip: Path, *, noise_levels: float) -> Iterator[Frame]:
    """The clip with the noise of a sensor, the same at every call: without noise a still shelf is a frozen feed."""
    rng = np.random.default_rng(1)
    began_at = datetime(2026, 1, 1, tzinfo=UTC)
    with Capture(str(clip)) as capture:
        index = 0
        while (grabbed := capture.read()) is not None:
            noisy = grabbed.image_bgr + rng.normal(0.0, noise_levels, grabbed.image_bgr.shape)
            yield Frame(
                camera_id="golden",
                index=index,
                image_bgr=np.clip(noisy, 0, 255).astype(np.uint8),
                captured_at=began_at + timedelta(seconds=grabbed.media_s),
                mono_s=grabbed.media_s,
                media_s=grabbed.media_s,
            )
            index += 1


def shelf_figures(
    truth: CameraTruth, told: Mapping[str, Sequence[tuple[float, int]]], times: Sequence[float], *, settle_s: float
) -> dict[str, float]:
    """Share of slot-moments that are told right, and of changes that are told; moments too near a hand are left out."""
    right = asked = 0
    for time_s in times:
        if time_s < settle_s or any(o.from_s <= time_s <= o.to_s + settle_s for o in truth.occlusions):
            continue
        for slot, counts in told.items():
            known = [units for at_s, units in counts if at_s <= time_s]
            right += bool(known) and known[-1] == truth.units_at(slot, time_s)
            asked += 1
    changes = [
        any(units == change.units for at_s, units in told[change.slot] if at_s >= change.t_s - 1.0)
        for change in truth.changes
    ]
    return {"slot_accuracy": right / max(asked, 1), "changes_told": sum(changes) / max(len(changes), 1)}
