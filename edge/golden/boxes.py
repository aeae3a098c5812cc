"""The sets `persons` and `faces`: pictures with true boxes, and how many of them are found at what price."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from edge.golden.figures import Bars, Measured, Progress
from models.manifest import ActiveArtefact
from vision.box_network import BoxNetwork
from vision.capture import read_picture
from vision.detections import Detections, iou
from vision.detector import FaceDetector, PersonDetector
from vision.letterbox import Picture

Detect = Callable[[Picture], Detections]

_FAINTEST = 0.05


def run_persons(artefact: ActiveArtefact, folder: Path, bars: Bars, progress: Progress) -> Measured:
    """Recall and false alarms of weights for persons."""
    with BoxNetwork.open(artefact) as network:
        detector = PersonDetector(network, threshold=_FAINTEST, shrink=bars["shrink"])
        return _run_boxes(detector.detect, folder / "persons", bars, progress)


def run_faces(artefact: ActiveArtefact, folder: Path, bars: Bars, progress: Progress) -> Measured:
    """Recall and false alarms of weights for faces."""
    with BoxNetwork.open(artefact) as network:
        return _run_boxes(FaceDetector(network, threshold=_FAINTEST).detect, folder / "faces", bars, progress)


def _run_boxes(detect: Detect, folder: Path, bars: Bars, progress: Progress) -> Measured:
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
