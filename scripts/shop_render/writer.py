"""Writes one film to a video file: frame by frame, faults included, under a temporary name until it is whole.

MPEG-4 part 2 is the one inter-frame codec that the OpenCV wheel both writes and reads. While a stream is frozen
the same picture is written again and again, as a stuck encoder would send it.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2

from scripts.shop_render.camera import Camera
from scripts.shop_render.films import Film
from scripts.shop_render.raster import Picture
from scripts.shop_render.scene import Action, Cover, Dim, Freeze

CODEC = "mp4v"
PROGRESS_EVERY = 20


class WriterError(Exception):
    """The clip cannot be written; the sentence says why."""


def write_clip(
    film: Film,
    path: Path,
    *,
    actions: tuple[Action, ...],
    camera: Camera,
    size: tuple[int, int],
    fps: int,
    duration_s: float,
    progress: Callable[[int, int], None],
) -> None:
    """Film ``duration_s`` seconds into ``path``. Blocks; ``progress`` gets (frames done, frames in all).

    Raises:
        WriterError: the codec is missing, or the disk took nothing.
    """
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*CODEC), fps, size)
    if not writer.isOpened():
        raise WriterError(f"cannot write {path}: is the folder writable and the {CODEC} encoder there?")
    frames = round(duration_s * fps)
    try:
        for index, frame in enumerate(frames_of(film, actions=actions, camera=camera, fps=fps, count=frames)):
            writer.write(frame)
            if index % PROGRESS_EVERY == 0:
                progress(index, frames)
    finally:
        writer.release()
    if path.stat().st_size < 1000:
        raise WriterError(f"{path} stayed empty: is the disk full?")
    progress(frames, frames)


def frames_of(film: Film, *, actions: tuple[Action, ...], camera: Camera, fps: int, count: int) -> Iterator[Picture]:
    """Every frame of the clip in order, each made when it is asked for. Do not paint on them."""
    dims = [action for action in actions if isinstance(action, Dim)]
    covers = [action for action in actions if isinstance(action, Cover)]
    freezes = [action for action in actions if isinstance(action, Freeze)]
    last: Picture | None = None
    for index in range(count):
        time_s = index / fps
        frozen = any(freeze.start_s <= time_s < freeze.end_s for freeze in freezes)
        if last is None or not frozen:
            last = camera.expose(film.picture_at(time_s), time_s, dims=dims, covers=covers)
        yield last
