"""The replay: one recording through the live pipeline as fast as it goes, with the recording's own times.

Owns which frames are looked at (as many a second as a live camera would have, in order, none lost) and nothing else.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from vision.box_network import BoxNetwork
from vision.capture import Capture, use_one_thread
from vision.config import CameraSettings, VisionSettings
from vision.errors import FeedInvalidError
from vision.frames import Frame
from vision.masks import Masks
from vision.pipeline import CameraPipeline, References
from vision.readings import Reading
from vision.shelf_aids import NO_AIDS, ShelfAids

_EARLY_PART = 0.02  # of a frame interval: a clip's times are rounded
_REPORT_FRAMES = 25
_FEWEST_FRAMES = 2


def replay(
    video: Path,
    settings: CameraSettings,
    vision: VisionSettings,
    *,
    started_at: datetime,
    person_network: BoxNetwork | None = None,
    references: References | None = None,
    aids: ShelfAids = NO_AIDS,
    every_frame: bool = False,
    on_progress: Callable[[float], None] = lambda _: None,
) -> Iterator[list[Reading]]:
    """Yield the readings of each frame that had any. Blocks between them for as long as the work takes.

    A frame at ``media_s`` seconds was captured at ``started_at + media_s``. ``every_frame`` looks at more than
    ``analyse_fps``; ``on_progress`` gets the share done, 0..1, where the recording says how long it is.

    Raises:
        FeedUnavailableError: there is no such file.
        FeedInvalidError: it is not a video that can be read.
    """
    use_one_thread()
    frames = 0
    pipeline = CameraPipeline(settings, vision, person_network=person_network, references=references, aids=aids)
    for frame, share in _frames(video, settings, started_at, every_frame=every_frame):
        frames += 1
        readings = pipeline.process(frame)
        if frame.index % _REPORT_FRAMES == 0:
            on_progress(share)
        if readings:
            yield readings
    on_progress(1.0)
    if frames < _FEWEST_FRAMES:
        raise FeedInvalidError(f"{video} holds {frames} picture(s): a recording has at least {_FEWEST_FRAMES}")


def _frames(
    video: Path, settings: CameraSettings, started_at: datetime, *, every_frame: bool
) -> Iterator[tuple[Frame, float]]:
    interval_s = 0.0 if every_frame else 1.0 / settings.analyse_fps
    due_s, index = 0.0, -1
    masks = Masks(settings.masks)
    with Capture(str(video)) as capture:
        length_s = capture.duration_s or 0.0
        while (grabbed := capture.read()) is not None:
            index += 1
            if grabbed.media_s < due_s - _EARLY_PART * interval_s:
                continue
            due_s = max(due_s + interval_s, grabbed.media_s + interval_s / 2)
            masks.hide(grabbed.image_bgr)
            share = min(grabbed.media_s / length_s, 1.0) if length_s else 0.0
            yield (
                Frame(
                    camera_id=settings.id,
                    index=index,
                    image_bgr=grabbed.image_bgr,
                    captured_at=started_at + timedelta(seconds=grabbed.media_s),
                    mono_s=grabbed.media_s,
                    media_s=grabbed.media_s,
                ),
                share,
            )
