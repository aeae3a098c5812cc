"""Golden sets: whether weights do in the shop's own units what they are there for, before they are put in use.

Owns the running of the sets that need eyes (persons, faces, shelf), beside the one of texts, and the comparing with
their bars. The pictures, their truth and `bars.toml` come with the program. `judge` is the port that `models.registry`
calls between the first load and the switch; weights that are wrong in a way that looks healthy end here.
"""

import json
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from edge.demo_truth import CameraTruth, Change, Span
from edge.places import APPLIANCE_ROOT
from models.embedding_golden import read_queries, score_queries
from models.embeddings import Embedder
from models.errors import ArtefactInvalidError, ArtefactRejectedError
from models.manifest import ActiveArtefact, Manifest, Task
from models.onnx_session import OnnxSession
from vision.capture import Capture, read_picture
from vision.config import CameraSettings, VisionSettings
from vision.detections import Detections, iou
from vision.detector import FaceDetector, PersonDetector
from vision.frames import Frame
from vision.letterbox import Picture
from vision.pipeline import CameraPipeline
from vision.readings import ShelfCounted

GOLDEN = APPLIANCE_ROOT / "models" / "golden"
SETS_OF_TASK: Mapping[Task, tuple[str, ...]] = {
    Task.PERSONS: ("persons", "shelf"),
    Task.FACES: ("faces",),
    Task.EMBEDDINGS: ("embeddings",),
}
"""Weights for persons also tell the shelf who stands in front of it, so that they pass its film as well."""

_FAINTEST = 0.05
_DECODERS = {"persons": "nanodet", "shelf": "nanodet", "faces": "centerface", "embeddings": None}
"""The outputs that each set's code can read; None for texts, whose network has but one."""

Progress = Callable[[int, int], None]
"""Called with pictures looked at so far and pictures in all."""
Detect = Callable[[Picture], Detections]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured number and the bar it has to reach, if it has one."""

    name: str
    value: float
    at_least: float | None = None
    at_most: float | None = None

    @property
    def holds(self) -> bool:
        """Whether it reaches its bar."""
        over = self.at_least is None or self.value >= self.at_least
        return over and (self.at_most is None or self.value <= self.at_most)

    @property
    def bar(self) -> str:
        """The bar in words; empty without one."""
        if self.at_least is not None:
            return f"at least {self.at_least:g}"
        return "" if self.at_most is None else f"at most {self.at_most:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenReport:
    """How weights did on one set."""

    name: str
    artefact: str
    items: int
    """Pictures looked at, or questions asked."""
    figures: tuple[Figure, ...]
    took_s: float

    @property
    def holds(self) -> bool:
        """Whether every figure reaches its bar."""
        return all(figure.holds for figure in self.figures)


def sets_of(manifest: Manifest) -> tuple[str, ...]:
    """The golden sets that judge an artefact; none for tasks that are judged elsewhere."""
    return (manifest.golden,) if manifest.golden else SETS_OF_TASK.get(manifest.task, ())


def judge(artefact: ActiveArtefact, *, folder: Path = GOLDEN, progress: Progress | None = None) -> None:
    """Refuse weights that are under a bar of one of their sets. Blocks for seconds.

    Raises:
        ArtefactRejectedError: a figure is under its bar; both are in the sentence.
        ArtefactInvalidError: the weights do not give what their decoder expects.
    """
    for report in run_sets(artefact, folder=folder, progress=progress):
        missed = [f"{f.name} {f.value:.3f} ({f.bar})" for f in report.figures if not f.holds]
        if missed:
            raise ArtefactRejectedError(
                f"{artefact.manifest.name} is under the bar of the golden set {report.name}: {', '.join(missed)}"
            )


def run_sets(
    artefact: ActiveArtefact, *, folder: Path = GOLDEN, progress: Progress | None = None
) -> Iterator[GoldenReport]:
    """Run every golden set of an artefact, one after the other; each blocks for seconds.

    Raises:
        ArtefactRejectedError: there is no such set, or nothing here reads the outputs of these weights.
        ArtefactInvalidError: the weights do not give what their decoder expects.
    """
    manifest = artefact.manifest
    bars = tomllib.loads((folder / "bars.toml").read_text(encoding="utf-8"))
    for name in sets_of(manifest):
        if name not in _DECODERS or name not in bars:
            raise ArtefactRejectedError(f"{manifest.name}: there is no golden set called {name}")
        if manifest.decoder != _DECODERS[name]:
            raise ArtefactRejectedError(f"{manifest.name}: nothing here reads outputs of the kind {manifest.decoder}")
        began_s = time.perf_counter()
        if name == "embeddings":
            items, values = _run_embeddings(artefact, folder / "embeddings.toml")
        else:
            items, values = _run_pictures(name, artefact, folder / name, bars[name], progress or _unheard)
        yield GoldenReport(
            name=name,
            artefact=manifest.name,
            items=items,
            figures=_with_bars(values, bars[name]),
            took_s=time.perf_counter() - began_s,
        )


def _run_pictures(
    name: str, artefact: ActiveArtefact, folder: Path, bars: Mapping[str, Any], progress: Progress
) -> tuple[int, dict[str, float]]:
    with OnnxSession(artefact.path) as session:
        try:
            return _run_set(name, session, folder, bars, progress)
        except KeyError as missing:
            raise ArtefactInvalidError(f"{artefact.manifest.name}: has no output {missing}") from missing


def _run_embeddings(artefact: ActiveArtefact, queries: Path) -> tuple[int, dict[str, float]]:
    golden = read_queries(queries)
    with Embedder.open(artefact) as embedder:
        score = score_queries(embedder, golden)
    return score.asked, {"top_3": score.top_3}


def _run_set(
    name: str, session: OnnxSession, folder: Path, bars: Mapping[str, Any], progress: Progress
) -> tuple[int, dict[str, float]]:
    if name == "shelf":
        return _run_shelf(session, folder, bars, progress)
    if name == "persons":
        persons = PersonDetector(session, threshold=_FAINTEST, shrink=bars["shrink"])
        return _run_boxes(persons.detect, folder, bars, progress)
    return _run_boxes(FaceDetector(session, threshold=_FAINTEST).detect, folder, bars, progress)


def _with_bars(values: Mapping[str, float], bars: Mapping[str, Any]) -> tuple[Figure, ...]:
    least, most = bars.get("at_least", {}), bars.get("at_most", {})
    return tuple(
        Figure(name=name, value=round(value, 4), at_least=least.get(name), at_most=most.get(name))
        for name, value in values.items()
    )


def _unheard(_done: int, _total: int) -> None:
    pass


# -- boxes


def _run_boxes(
    detect: Detect, folder: Path, bars: Mapping[str, Any], progress: Progress
) -> tuple[int, dict[str, float]]:
    pictures = json.loads((folder / "truth.json").read_text(encoding="utf-8"))["pictures"]
    hits: list[float] = []
    alarms: list[float] = []
    for number, picture in enumerate(pictures, 1):
        found = detect(read_picture(folder / picture["file"]))
        found_hits, found_alarms = match(found, picture["boxes_px"], overlap=bars["overlap"])
        hits += found_hits
        alarms += found_alarms
        progress(number, len(pictures))
    there = sum(len(picture["boxes_px"]) for picture in pictures)
    return len(pictures), detection_figures(
        hits,
        alarms,
        there=there,
        pictures=len(pictures),
        threshold=bars["threshold"],
        false_alarm_rate=bars["false_alarm_rate"],
    )


def match(found: Detections, boxes_px: Sequence[Sequence[float]], *, overlap: float) -> tuple[list[float], list[float]]:
    """Scores of the detections that are right and of those that are false alarms.

    Best score first, each takes the true box that it overlaps most and that is still free.
    """
    truth = np.array(boxes_px, np.float32).reshape(-1, 4)
    shares = iou(found.xyxy_px, truth)
    hits: list[float] = []
    alarms: list[float] = []
    for row in np.argsort(-found.score, kind="stable"):
        best = int(np.argmax(shares[row])) if len(truth) else -1
        is_right = best >= 0 and shares[row, best] >= overlap
        (hits if is_right else alarms).append(float(found.score[row]))
        if is_right:
            shares[:, best] = -1.0
    return hits, alarms


def detection_figures(
    hits: Sequence[float],
    alarms: Sequence[float],
    *,
    there: int,
    pictures: int,
    threshold: float,
    false_alarm_rate: float,
) -> dict[str, float]:
    """Recall and false alarms a picture at the threshold in use, and recall at a false-alarm rate."""
    allowed = int(false_alarm_rate * pictures)
    ranked = sorted(alarms, reverse=True)
    strictest = ranked[allowed] if len(ranked) > allowed else 0.0
    return {
        "recall": sum(score >= threshold for score in hits) / there,
        "false_alarms": sum(score >= threshold for score in alarms) / pictures,
        "recall_at_rate": sum(score > strictest for score in hits) / there,
    }


# -- shelf


def _run_shelf(
    session: OnnxSession, folder: Path, bars: Mapping[str, Any], progress: Progress
) -> tuple[int, dict[str, float]]:
    raw = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    truth = _shelf_truth(raw, folder)
    told: dict[str, list[tuple[float, int]]] = {slot: [] for slot in truth.initial}
    pipeline = CameraPipeline(CameraSettings.model_validate(raw["camera"]), VisionSettings(), person_session=session)
    times: list[float] = []
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
