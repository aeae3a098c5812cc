"""Rendered shelves tell the truth: boxes are what can be seen, the same seed gives the same picture."""

from pathlib import Path

import numpy as np
import pytest

from scripts.shelf_training.artwork import new_brand
from scripts.shelf_training.bay import render_bay
from scripts.shelf_training.canvas import Canvas
from scripts.shelf_training.packs import FORMS, new_sku
from scripts.shelf_training.photo import bend, snap
from scripts.shelf_training.pool import bays, fill_pool, read_bay
from scripts.shelf_training.stocking import tilted
from scripts.shelf_training.stockroom import Stockroom


def pack(rows: int, columns: int) -> np.ndarray:
    return np.full((rows, columns, 4), 255, np.uint8)


@pytest.fixture(scope="module")
def room() -> Stockroom:
    return Stockroom(np.random.default_rng(1), families=1)


@pytest.mark.parametrize("form", list(FORMS))
def test_every_form_is_a_cut_out_that_touches_its_sides(form: str) -> None:
    rng = np.random.default_rng(3)
    cutout = new_sku(new_brand(rng), form, rng).cutout
    opaque = cutout[..., 3] > 60
    assert cutout.dtype == np.uint8
    assert all(side.any() for side in (opaque[0], opaque[-1], opaque[:, 0], opaque[:, -1]))
    assert (cutout[..., :3].max(axis=2)[~(cutout[..., 3] > 0)] == 0).all()


def test_a_bay_has_boxes_inside_the_picture_and_is_the_same_again(room: Stockroom) -> None:
    picture, boxes = render_bay(room, np.random.default_rng(5))
    again, same = render_bay(room, np.random.default_rng(5))
    assert len(boxes) > 10
    assert (boxes[:, :2] >= 0).all()
    assert (boxes[:, 2:] <= (picture.shape[1], picture.shape[0])).all()
    assert (boxes[:, 2:] > boxes[:, :2]).all()
    assert np.array_equal(picture, again)
    assert np.array_equal(boxes, same)


def test_a_box_is_what_can_still_be_seen() -> None:
    canvas = Canvas((100, 100))
    canvas.paste(pack(40, 20), 10, 10, counts=True)
    canvas.paste(pack(40, 20), 20, 10, counts=True)
    assert canvas.boxes(seen=0.3).tolist() == [[10, 10, 20, 50], [20, 10, 40, 50]]


def test_what_is_hidden_has_no_box() -> None:
    canvas = Canvas((100, 100))
    canvas.paste(pack(40, 20), 10, 10, counts=True)
    canvas.paste(pack(40, 15), 10, 10, counts=False)
    assert len(canvas.boxes(seen=0.3)) == 0
    canvas = Canvas((100, 100))
    canvas.paste(pack(40, 20), 10, 10, counts=True)
    canvas.cover(0, 0, 100, 100)[:] = 0
    assert len(canvas.boxes(seen=0.3)) == 0


def test_a_price_label_leaves_the_pack_behind_it_whole() -> None:
    canvas = Canvas((100, 100))
    canvas.paste(pack(40, 20), 10, 10, counts=True)
    canvas.paste(pack(10, 30), 5, 35, counts=False, hides=False)
    assert canvas.boxes(seen=0.3).tolist() == [[10, 10, 30, 50]]


def test_what_is_pasted_outside_is_cut_off() -> None:
    canvas = Canvas((50, 50))
    canvas.paste(pack(40, 20), -10, 30, counts=True)
    canvas.paste(pack(40, 20), 60, 10, counts=True)
    assert canvas.boxes(seen=0.3).tolist() == [[0, 30, 10, 50]]


def test_a_tilted_pack_loses_nothing() -> None:
    turned = tilted(pack(60, 30), 20.0)
    assert abs(int((turned[..., 3] > 127).sum()) - 60 * 30) < 0.05 * 60 * 30


def test_bending_moves_boxes_with_their_packs() -> None:
    rng = np.random.default_rng(2)
    picture = np.zeros((600, 800, 3), np.uint8)
    picture[200:300, 350:420] = 255
    for _ in range(20):
        bent, boxes = bend(picture, np.array([[350, 200, 420, 300]], np.float32), rng)
        rows, columns = np.nonzero(bent[..., 0] > 127)
        seen = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
        assert np.abs(boxes[0] - seen).max() < 8


def test_a_square_has_the_networks_scale_and_its_boxes_inside(room: Stockroom) -> None:
    rng = np.random.default_rng(4)
    bay = render_bay(room, rng)
    widths = []
    for _ in range(12):
        square, boxes = snap(*bay, 256, rng)
        assert square.shape == (256, 256, 3)
        assert square.dtype == np.uint8
        assert ((boxes >= 0) & (boxes <= 256)).all()
        assert (boxes[:, 2:] - boxes[:, :2] >= 4).all()
        widths += list(boxes[:, 2] - boxes[:, 0])
    assert 15 < np.median(widths) < 60


def test_a_pool_goes_on_where_it_stopped(tmp_path: Path) -> None:
    fill_pool(tmp_path, count=1, seed=3)
    first = (tmp_path / "bay-003-00000.npy").read_bytes()
    fill_pool(tmp_path, count=2, seed=3)
    assert [path.name for path in bays(tmp_path)] == ["bay-003-00000.npy", "bay-003-00001.npy"]
    assert (tmp_path / "bay-003-00000.npy").read_bytes() == first
    picture, boxes = read_bay(bays(tmp_path)[1])
    assert picture.ndim == 3
    assert boxes.shape[1] == 4
