"""Single pictures in a folder: the newest whole one, whatever the camera's clock and its uploads do."""

import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import cv2
import numpy as np
import pytest

from edge.config import load_camera
from vision.config import VisionSettings
from vision.errors import FeedInvalidError, FeedUnavailableError
from vision.feeds import Feed, FeedState
from vision.frames import Frame
from vision.picture_folder import PictureFolder
from vision.picture_header import size_of
from vision.pipeline import CameraPipeline
from vision.readings import FeedFault, FeedFaulted, Stamp


def jpeg(tone: int) -> bytes:
    return bytes(cv2.imencode(".jpg", np.full((48, 64, 3), tone, np.uint8))[1])


def drop(folder: Path, name: str, content: bytes, *, dated_s: float | None = None) -> None:
    (folder / name).write_bytes(content)
    if dated_s is not None:
        os.utime(folder / name, (dated_s, dated_s))


def tone_of(picture: Any) -> int | None:
    return None if picture is None else round(float(picture.mean()) / 10) * 10


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    drop(tmp_path, "yesterday.jpg", jpeg(10))
    return tmp_path


def test_what_lies_there_at_the_start_is_old_and_what_comes_is_new(folder: Path) -> None:
    pictures = PictureFolder(folder)
    assert [pictures.look(), pictures.look()] == [None, None]
    drop(folder, "a.jpg", jpeg(100))
    assert [tone_of(pictures.look()) for _ in range(3)] == [None, 100, None], "taken once, when it has settled"
    drop(folder, "a.jpg", jpeg(200), dated_s=5.0)
    assert [tone_of(pictures.look()) for _ in range(3)] == [None, 200, None], "the same name, written over"


def test_of_several_the_newest_wins(folder: Path) -> None:
    pictures = PictureFolder(folder)
    for name, tone, dated_s in (("b.jpg", 50, 300.0), ("c.JPEG", 100, 500.0), ("a.jpg", 150, 400.0)):
        drop(folder, name, jpeg(tone), dated_s=dated_s)
    assert [tone_of(pictures.look()) for _ in range(3)] == [None, 100, None]


def test_a_clock_that_went_back_hides_no_picture(folder: Path) -> None:
    drop(folder, "from-the-future.jpg", jpeg(50), dated_s=4e9)
    pictures = PictureFolder(folder)
    drop(folder, "a.jpg", jpeg(100), dated_s=1e6)
    assert [tone_of(pictures.look()) for _ in range(2)] == [None, 100]


def test_an_upload_is_left_alone_while_it_grows(folder: Path) -> None:
    pictures, whole = PictureFolder(folder), jpeg(100)
    for part in (100, 200, 300):
        drop(folder, "a.jpg", whole[:part])
        assert pictures.look() is None
    drop(folder, "a.jpg", whole)
    assert [tone_of(pictures.look()) for _ in range(2)] == [None, 100]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(jpeg(100)[:-40], id="an upload that stopped"),
        pytest.param(b"milk, eggs, bread" * 30, id="a shopping list"),
        pytest.param(b"\xff\xd8" + bytes(600) + b"\xff\xd9", id="no frame in it"),
        pytest.param(jpeg(100).replace(b"\x00\x30\x00\x40", b"\xff\xff\xff\xff"), id="four gigapixels"),
    ],
)
def test_a_wrong_file_is_refused_once_by_name_and_the_next_one_taken(folder: Path, content: bytes) -> None:
    pictures = PictureFolder(folder)
    drop(folder, "bad\nname.jpg", content)
    assert pictures.look() is None
    with pytest.raises(FeedInvalidError, match=r"bad\\nname\.jpg"):
        pictures.look()
    drop(folder, "good.jpg", jpeg(100))
    assert [tone_of(pictures.look()) for _ in range(2)] == [None, 100]


def test_other_files_folders_and_links_are_passed_over(folder: Path) -> None:
    pictures = PictureFolder(folder)
    drop(folder, "list.txt", jpeg(100))
    drop(folder, ".part.jpg", jpeg(100))
    drop(folder, "empty.jpg", b"")
    (folder / "sub.jpg").mkdir()
    (folder / "link.jpg").symlink_to(folder / "yesterday.jpg")
    assert [pictures.look() for _ in range(3)] == [None] * 3


def test_a_missing_folder_may_come_later(folder: Path) -> None:
    with pytest.raises(FeedUnavailableError, match="cannot be read"):
        PictureFolder(folder / "ftp")
    pictures = PictureFolder(folder)
    (folder / "yesterday.jpg").unlink()
    folder.rmdir()
    with pytest.raises(FeedUnavailableError):
        pictures.look()


def test_the_size_is_read_from_the_header() -> None:
    assert [size_of(jpeg(100)), size_of(b"\xff\xd8\xff"), size_of(b"")] == [(64, 48), None, None]


class WallClock:
    """The machine's clock, as the node's own would be."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def mono_s(self) -> float:
        return monotonic()


def test_a_feed_hands_out_what_comes_into_the_folder(folder: Path) -> None:
    came = threading.Event()
    with Feed("cam-yard", f"folder:{folder}", clock=WallClock(), on_frame=came.set) as feed:
        assert not came.wait(1.2), "yesterday's picture is not shown as live"
        assert (feed.state, feed.newest()) == (FeedState.WAITING, None)
        drop(folder, "a.jpg", jpeg(100))
        assert came.wait(10.0)
        newest = feed.newest()
        assert newest is not None
        assert tone_of(newest.image_bgr) == 100
        assert (feed.state, feed.problem) == (FeedState.GRABBING, None)


def test_a_camera_of_one_picture_a_minute_is_lost_after_three_and_frozen_after_five(
    settings: Callable[..., Any], shop: Any
) -> None:
    pipeline = CameraPipeline(settings(picture_every_s=60.0), VisionSettings())
    still, at = shop.picture(shop.full()), datetime(2026, 11, 2, 8, 0, tzinfo=UTC)

    def send(minute: int, picture: Any) -> list[tuple[int, FeedFault]]:
        time_s = 60.0 * minute
        frame = Frame(
            camera_id="cam-test", index=minute, image_bgr=picture, captured_at=at, mono_s=time_s, media_s=time_s
        )
        return [(minute, reading.fault) for reading in pipeline.process(frame) if isinstance(reading, FeedFaulted)]

    assert [send(minute, shop.picture(shop.full())) for minute in range(20)] == [[]] * 20
    frozen = [told for minute in range(20, 30) for told in send(minute, still)]
    assert frozen == [(26, FeedFault.FROZEN)], "seen first at 20, then repeated for five minutes"
    send(30, shop.picture(shop.full()))
    send(31, shop.picture(shop.full()))
    assert pipeline.miss(Stamp(at, 1860.0 + 170.0, 1860.0 + 170.0)) == []
    assert [
        r.fault for r in pipeline.miss(Stamp(at, 1860.0 + 181.0, 1860.0 + 181.0)) if isinstance(r, FeedFaulted)
    ] == [FeedFault.LOST]


def test_a_cameras_file_names_its_folder_beside_itself(tmp_path: Path) -> None:
    (tmp_path / "yard.toml").write_text('id = "cam-yard"\nurl = "folder:yard"\npicture_every_s = 60\n')
    assert load_camera(tmp_path / "yard.toml").url == f"folder:{tmp_path / 'yard'}"
