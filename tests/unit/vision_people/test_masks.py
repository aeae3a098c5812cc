"""Masks: what they cover is gone before anything looks, and neither a fault nor a lamp hides behind them."""

from datetime import UTC, datetime, timedelta

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError

from vision.config import CameraSettings, SlotSettings, VisionSettings
from vision.detections import Detections
from vision.frames import Frame
from vision.masks import Masks
from vision.pipeline import CameraPipeline
from vision.readings import FeedFault, FeedFaulted, FeedRestored

Picture = NDArray[np.uint8]
Polygon = tuple[tuple[float, float], ...]
START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
LEFT_HALF: Polygon = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
ALL_BUT_A_CORNER: tuple[Polygon, ...] = (
    ((0.0, 0.0), (0.8, 0.0), (0.8, 1.0), (0.0, 1.0)),
    ((0.7, 0.3), (1.0, 0.3), (1.0, 1.0), (0.7, 1.0)),
)


def busy_picture(size: tuple[int, int] = (640, 480)) -> Picture:
    tones = np.random.default_rng(1).integers(20, 230, (24, 32, 3)).astype(np.uint8)
    return np.asarray(cv2.blur(cv2.resize(tones, size, interpolation=cv2.INTER_NEAREST), (3, 3)), np.uint8)


def boxes(*xyxy: tuple[float, float, float, float]) -> Detections:
    return Detections(np.array(xyxy, np.float32), np.full(len(xyxy), 0.9, np.float32), np.zeros(len(xyxy), np.int64))


@pytest.mark.parametrize("size", [(640, 480), (1280, 720), (97, 61)])
def test_what_a_mask_covers_is_one_colour_in_a_picture_of_any_size(size: tuple[int, int]) -> None:
    picture = busy_picture(size)
    before, middle = picture.copy(), size[0] // 2
    masks = Masks([LEFT_HALF])
    masks.hide(picture)
    assert len(np.unique(picture[:, :middle].reshape(-1, 3), axis=0)) == 1
    assert (picture[:, middle + 1 :] == before[:, middle + 1 :]).all()


def test_the_colour_says_nothing_of_what_is_covered() -> None:
    dark, bright = busy_picture(), busy_picture()
    dark[:, :320], bright[:, :320] = 0, 255
    for picture in (dark, bright):
        Masks([LEFT_HALF]).hide(picture)
    assert (dark == bright).all()


def test_masks_that_overlap_uncover_nothing() -> None:
    picture = busy_picture()
    Masks(ALL_BUT_A_CORNER).hide(picture)
    assert len(np.unique(picture[150:, :].reshape(-1, 3), axis=0)) == 1


def test_a_mask_over_everything_leaves_nothing() -> None:
    picture = busy_picture()
    Masks([((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))]).hide(picture)
    assert not picture.any()


def test_nobody_is_believed_whose_box_lies_mostly_under_a_mask() -> None:
    found = boxes((100, 100, 200, 400), (280, 100, 350, 400), (290, 100, 400, 400), (310, -50, 340, 600))
    kept = Masks([LEFT_HALF]).without_hidden(found, frame_size_px=(640, 480))
    assert kept.xyxy_px[:, 0].tolist() == [290, 310]
    assert len(Masks().without_hidden(found, frame_size_px=(640, 480))) == 4


class Camera:
    """Five frames a second through a camera's whole pipeline, masked as a feed masks them."""

    def __init__(self, masks: tuple[Polygon, ...]) -> None:
        self.pipeline = CameraPipeline(CameraSettings(id="cam-1", url="x", masks=masks), VisionSettings())
        self.told: list[FeedFaulted | FeedRestored] = []
        self._masks, self._frames = Masks(masks), 0
        self._noise = np.random.default_rng(3).normal(0, 2, (7, 240, 320, 3)).astype(np.float32)
        self._last: Picture | None = None

    def watch(self, seconds: float, what: str = "shop") -> None:
        for _ in range(round(5 * seconds)):
            picture = self._picture(what)
            self._last = picture.copy()
            self._masks.hide(picture)
            time_s = self._frames / 5
            at = START + timedelta(seconds=time_s)
            frame = Frame(
                camera_id="cam-1", index=self._frames, image_bgr=picture, captured_at=at, mono_s=time_s, media_s=time_s
            )
            self.told += [r for r in self.pipeline.process(frame) if isinstance(r, FeedFaulted | FeedRestored)]
            self._frames += 1

    def _picture(self, what: str) -> Picture:
        if what == "frozen" and self._last is not None:
            return self._last
        wide = busy_picture((360, 240)).astype(np.float32)
        seen = {
            "covered": np.full((240, 320, 3), 30.0, np.float32),
            "washed out": np.full((240, 320, 3), 250.0, np.float32),
            "moved": wide[:, 30:350],
            "dimmed": 0.6 * wide[:, 10:330],
        }.get(what, wide[:, 10:330])
        return np.clip(seen + self._noise[self._frames % 7], 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("what", "fault"),
    [
        ("covered", FeedFault.BLIND),
        ("washed out", FeedFault.BLIND),
        ("frozen", FeedFault.FROZEN),
        ("moved", FeedFault.MOVED),
    ],
)
def test_a_fault_is_found_and_ends_though_most_of_the_picture_is_masked(what: str, fault: FeedFault) -> None:
    camera = Camera(ALL_BUT_A_CORNER)
    camera.watch(15)
    assert camera.told == []
    camera.watch(8, what)  # told after two to five seconds
    assert [(type(told), told.fault) for told in camera.told] == [(FeedFaulted, fault)]
    camera.watch(3)
    assert [(type(told), told.fault) for told in camera.told[1:]] == [(FeedRestored, fault)]


def test_a_lamp_that_dims_is_no_fault_and_no_movement_beside_a_mask() -> None:
    camera = Camera((LEFT_HALF,))
    camera.watch(3)
    quiet = camera.pipeline.counts.quiet_frames
    camera.watch(3, "dimmed")
    assert camera.told == []
    assert camera.pipeline.counts.quiet_frames == quiet + 15


@pytest.mark.parametrize(
    "mask",
    [
        pytest.param(LEFT_HALF, id="over the whole slot"),
        pytest.param(((0.25, 0.25), (0.3, 0.25), (0.3, 0.3)), id="inside of the slot"),
        pytest.param(((0.35, 0.35), (0.9, 0.35), (0.9, 0.9)), id="over a corner"),
    ],
)
def test_a_mask_over_a_slot_is_refused(mask: Polygon) -> None:
    slot = SlotSettings(id="tea", sku="1", polygon_norm=((0.2, 0.2), (0.4, 0.2), (0.4, 0.4), (0.2, 0.4)))
    with pytest.raises(ValidationError, match="lies over slot tea"):
        CameraSettings(id="cam-1", slots=(slot,), masks=(mask,))
    assert CameraSettings(id="cam-1", slots=(slot,), masks=(((0.5, 0.0), (1.0, 0.0), (1.0, 1.0)),)).masks
