#!/usr/bin/env python3
"""Plots what a camera's file makes of a recording: people in view and every line crossing over time, as SVG.

    python -m scripts.plot_people RECORDING.avi CAMERA.toml --out people.svg [--data DIR]

For whoever places a camera's lines: hold the plot against the recording. Uses the appliance's own detector and
tracker at the file's `analyse_fps`; nothing is stored but the plot, which holds numbers only.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from edge.config import load_camera
from edge.places import DEFAULT_ARTEFACTS
from models.config import ModelsSettings
from models.manifest import Task
from models.registry import Registry
from vision.box_network import BoxNetwork
from vision.capture import Capture
from vision.config import CameraSettings
from vision.detector import PersonDetector
from vision.masks import Masks
from vision.tracker import Tracker
from vision.zones import LineCounter

WIDTH, PLOT, ROW, LEFT = 1000, 180, 46, 90
FAINT_PART = 0.6


@dataclass(frozen=True, slots=True)
class Seen:
    """One look: seconds into the recording, people in view, and (line, direction) of each crossing."""

    time_s: float
    people: int
    crossings: tuple[tuple[str, str], ...]


def watch(recording: Path, camera: CameraSettings, network: BoxNetwork) -> list[Seen]:
    """Look at the recording as the camera's file says."""
    detector = PersonDetector(network, threshold=FAINT_PART * camera.person_threshold, shrink=camera.shrink)
    tracker, masks = Tracker(sure_score=camera.person_threshold), Masks(camera.masks)
    lines, looks, due_s = [LineCounter(line) for line in camera.lines], [], 0.0
    with Capture(str(recording)) as capture:
        while (grabbed := capture.read()) is not None:
            if grabbed.media_s < due_s:
                continue
            due_s = grabbed.media_s + 0.98 / camera.analyse_fps
            masks.hide(grabbed.image_bgr)
            size_px = (grabbed.image_bgr.shape[1], grabbed.image_bgr.shape[0])
            found = masks.without_hidden(detector.detect(grabbed.image_bgr), frame_size_px=size_px)
            tracks = tracker.update(found, grabbed.media_s, frame_size_px=size_px)
            crossings = [event for line in lines for event in line.update(tracks, frame_size_px=size_px)]
            people = sum(track.is_confirmed and track.missing_s == 0.0 for track in tracks)
            looks.append(Seen(grabbed.media_s, people, tuple((c.line_id, c.direction) for c in crossings)))
    return looks


def drawing(looks: Sequence[Seen], lines: Sequence[str]) -> str:
    """The plot: a curve of people in view, and under it a row for each line with a tick for each crossing."""
    length_s, most = max(looks[-1].time_s, 1.0), max(max(look.people for look in looks), 1)
    height = 60 + PLOT + ROW * len(lines)

    def x(time_s: float) -> float:
        return LEFT + (WIDTH - LEFT - 20) * time_s / length_s

    def y(people: float) -> float:
        return 30 + PLOT * (1 - people / most)

    curve = " ".join(f"{x(look.time_s):.1f},{y(look.people):.1f}" for look in looks)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-size="13">',
        "<style>text { font-family: sans-serif }</style>",
        f'<rect width="{WIDTH}" height="{height}" fill="white"/><text x="8" y="18">people in view</text>',
        *(
            f'<path d="M{LEFT} {y(level):.1f}H{WIDTH - 20}" stroke="#ddd"/>'
            f'<text x="{LEFT - 8}" y="{y(level) + 4:.1f}" text-anchor="end">{level}</text>'
            for level in range(0, most + 1, max(most // 5, 1))
        ),
        f'<polyline points="{curve}" fill="none" stroke="#1f6f8b" stroke-width="1.5"/>',
    ]
    for row, line in enumerate(lines):
        parts += _line_row(looks, line, x=x, middle=30 + PLOT + 20 + ROW * (row + 0.5))
    parts += [
        f'<text x="{x(at):.1f}" y="{height - 8}" text-anchor="middle">{at:g} s</text>'
        for at in (0.0, round(length_s / 2), round(length_s))
    ]
    return "\n".join([*parts, "</svg>\n"])


def _line_row(looks: Sequence[Seen], line: str, *, x: Callable[[float], float], middle: float) -> list[str]:
    told = [(look.time_s, way) for look in looks for name, way in look.crossings if name == line]
    entered = sum(way == "in" for _, way in told)
    ticks = [
        f'<path d="M{x(at):.1f} {middle:.1f}v{-14 if way == "in" else 14}" stroke-width="2" '
        f'stroke="{"#2e8b57" if way == "in" else "#b5452c"}"/>'
        for at, way in told
    ]
    words = f"{escape(line)}: in {entered} (up), out {len(told) - entered} (down)"
    axis = f'<path d="M{LEFT} {middle:.1f}H{WIDTH - 20}" stroke="#999"/>'
    return [axis, f'<text x="8" y="{middle - 16:.1f}">{words}</text>', *ticks]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("recording", type=Path)
    parser.add_argument("camera", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=Path("data"))
    asked = parser.parse_args()
    camera, models = load_camera(asked.camera), ModelsSettings()
    artefact = Registry(asked.data / "models", DEFAULT_ARTEFACTS).active(Task.PERSONS)
    with BoxNetwork.open(artefact, threads=models.onnx_threads, providers=models.providers) as network:
        looks = watch(asked.recording, camera, network)
    if not looks:
        raise SystemExit(f"{asked.recording} holds no picture")
    asked.out.write_text(drawing(looks, [line.id for line in camera.lines]), encoding="utf-8")
    ways = [way for look in looks for _, way in look.crossings]
    print(
        f"{len(looks)} looks, at most {max(look.people for look in looks)} people, {len(ways)} crossings: {asked.out}"
    )


if __name__ == "__main__":
    main()
