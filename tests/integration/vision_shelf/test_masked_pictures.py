"""Masks on the ways that a picture takes: live, replayed, and drawn for the console."""

import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import cv2
import numpy as np
import pytest

from edge.shelf_eyes import read_view
from vision.config import VisionSettings
from vision.drawing import Overlay, annotate
from vision.feeds import Feed
from vision.frames import Frame
from vision.masks import Masks
from vision.pictures import Picture
from vision.pipeline import CameraPipeline
from vision.readings import FeedFault, FeedFaulted, ShelfCounted
from vision.replay import replay
from vision.service import VisionService
from vision.shrunk import Shrunk

START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
LOWER_HALF = ((0.0, 0.45), (1.0, 0.45), (1.0, 1.0), (0.0, 1.0))


class WallClock:
    """The machine's clock, as the node's own would be."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def mono_s(self) -> float:
        return monotonic()


def is_hidden(frame: Frame) -> bool:
    lower = frame.image_bgr[170:]
    return len(np.unique(lower.reshape(-1, 3), axis=0)) == 1 and frame.image_bgr[:160].std() > 10


def test_no_live_frame_shows_what_is_masked(clip: Path) -> None:
    came = threading.Event()
    with Feed("cam-test", str(clip), clock=WallClock(), masks=Masks([LOWER_HALF]), on_frame=came.set) as feed:
        for _ in range(5):
            assert came.wait(10.0)
            came.clear()
            frame = feed.newest()
            assert frame is not None
            assert is_hidden(frame)


def test_a_replay_is_masked_before_anything_looks(clip: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[Frame] = []
    process = CameraPipeline.process

    def watched(pipeline: CameraPipeline, frame: Frame) -> Any:
        looked_at.append(frame)
        return process(pipeline, frame)

    monkeypatch.setattr(CameraPipeline, "process", watched)
    upper = [slot for slot in settings().slots if slot.id in ("tea", "rice")]
    camera = settings(slots=upper, masks=(LOWER_HALF,))
    batches = list(replay(clip, camera, VisionSettings(), started_at=START))
    assert looked_at
    assert all(map(is_hidden, looked_at))
    counts = [(r.slot_id, r.units) for batch in batches for r in batch if isinstance(r, ShelfCounted)]
    assert counts == [("tea", 3), ("rice", 4), ("tea", 2)], "the slots that can be seen are counted as ever"


def test_a_camera_that_is_masked_all_over_is_told_blind(clip: Path, settings: Any) -> None:
    camera = settings(slots=(), masks=(((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)),))
    batches = list(replay(clip, camera, VisionSettings(), started_at=START))
    assert [(type(r), r.fault) for batch in batches for r in batch if isinstance(r, FeedFaulted)] == [
        (FeedFaulted, FeedFault.BLIND)
    ]


def test_a_masked_part_is_hatched_in_the_console_and_the_rest_is_not() -> None:
    grey = np.full((360, 640, 3), 90, np.uint8)
    drawn = annotate(grey, Overlay(masks=(LOWER_HALF,)))
    assert (drawn[:300] == drawn[0, 0]).all()
    stripes = cv2.inRange(drawn[340:], (185, 185, 185), (195, 195, 195))
    assert 0.05 < float((stripes > 0).mean()) < 0.3


def test_a_seat_hands_out_no_picture_with_what_its_mask_covers(clip: Path, settings: Any) -> None:
    """Not even one that came from elsewhere, such as a reference picture from before the mask was drawn."""
    upper = [slot for slot in settings().slots if slot.id in ("tea", "rice")]
    camera = settings(url=str(clip), loop=True, slots=upper, masks=(LOWER_HALF,))
    old = np.random.default_rng(1).integers(0, 255, (360, 640, 3)).astype(np.uint8)
    frame = Frame(camera_id="cam-test", index=-1, image_bgr=old, captured_at=START, mono_s=0.0, media_s=0.0)
    with VisionService([camera], VisionSettings(), on_readings=lambda _: None, clock=WallClock()) as service:
        safe = service.call("cam-test", lambda seat: seat.redacted(frame))
    assert len(np.unique(safe[170:].reshape(-1, 3), axis=0)) == 1
    assert len(np.unique(old[170:].reshape(-1, 3), axis=0)) > 1


RED_BGR = (0, 0, 255)
TILL = ((0.8125, 0.5833), (0.96875, 0.5833), (0.96875, 0.8333), (0.8125, 0.8333))


def shows_red(image_bgr: np.ndarray[Any, Any]) -> bool:
    return bool(((image_bgr[..., 2] > 200) & (image_bgr[..., 1] < 60)).any())


def knocked_frames(film: Any, *, right_px: int) -> list[Frame]:
    """Twelve seconds in order to know the view, then knocked; a red part as the feed hides it, by the mask as drawn."""
    film.hold(12.0)
    knocked_at = len(film.pictures)
    film.hold(5.0)
    masks, frames = Masks([TILL]), []
    for frame in film.frames():
        image = frame.image_bgr
        cv2.rectangle(image, (522, 212), (618, 298), RED_BGR, -1)
        if frame.index >= knocked_at:
            move = np.array([[1, 0, right_px], [0, 1, 0]], np.float64)
            image = np.asarray(cv2.warpAffine(image, move, (640, 360), borderMode=cv2.BORDER_REPLICATE), np.uint8)
        masks.hide(image)
        frames.append(replace(frame, image_bgr=image))
    return frames


def test_a_mask_follows_a_slight_knock(film: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[bool] = []

    def shrunk(image_bgr: Picture) -> Shrunk:
        read.append(shows_red(image_bgr))
        return Shrunk(image_bgr)

    monkeypatch.setattr("vision.pipeline.Shrunk", shrunk)
    pipeline = CameraPipeline(settings(masks=(TILL,)), VisionSettings())
    frames = knocked_frames(film, right_px=16)
    for frame in frames:
        pipeline.process(frame)
    shown = knocked_frames(film, right_px=16)[-1].image_bgr
    assert shows_red(shown), "the feed alone leaves a strip of what lay behind the mask"
    pipeline.mask(shown)
    assert not shows_red(shown)
    assert pipeline.fault is None
    assert shown[:200, :500].std() > 10, "the rest can be seen"
    assert not any(read[-20:]), "nor is the strip analysed"


def test_of_a_camera_that_hangs_quite_otherwise_nothing_is_shown_while_it_has_masks(film: Any, settings: Any) -> None:
    pipeline = CameraPipeline(settings(masks=(TILL,)), VisionSettings())
    frames = knocked_frames(film, right_px=64)
    for frame in frames:
        pipeline.process(frame)
    assert pipeline.fault is FeedFault.MOVED
    pipeline.mask(frames[-1].image_bgr)
    assert len(np.unique(frames[-1].image_bgr.reshape(-1, 3), axis=0)) == 1


def test_a_camera_without_masks_is_shown_however_it_hangs(film: Any, settings: Any) -> None:
    pipeline = CameraPipeline(settings(), VisionSettings())
    frames = knocked_frames(film, right_px=64)
    for frame in frames:
        pipeline.process(frame)
    before = frames[-1].image_bgr.copy()
    pipeline.mask(frames[-1].image_bgr)
    assert pipeline.fault is FeedFault.MOVED
    assert (frames[-1].image_bgr == before).all()


def test_a_picture_of_a_camera_is_masked_on_the_command_line_too(tmp_path: Path, settings: Any) -> None:
    path = tmp_path / "monday.png"
    cv2.imwrite(str(path), np.random.default_rng(1).integers(0, 255, (360, 640, 3)).astype(np.uint8))
    upper = [slot for slot in settings().slots if slot.id in ("tea", "rice")]
    masked = read_view(path, settings(slots=upper, masks=(LOWER_HALF,)))
    assert len(np.unique(masked[170:].reshape(-1, 3), axis=0)) == 1
    assert len(np.unique(read_view(path, None)[170:].reshape(-1, 3), axis=0)) > 1
