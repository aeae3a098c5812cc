"""The renderer for real, small and short: the same bytes twice, a frozen stream that repeats, a seamless loop."""

import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from scripts.shop_render import plans
from scripts.shop_render.camera import Camera
from scripts.shop_render.catalogue import read_products
from scripts.shop_render.films import ShelfFilm
from scripts.shop_render.scene import Cover, Freeze, Reach, ShelfPlan
from scripts.shop_render.script import unroll
from scripts.shop_render.studio import Order, is_rendered, open_film, render_camera
from scripts.shop_render.writer import frames_of, write_clip

ROOT = Path(__file__).parents[3]
SHOP = ROOT / "firmware-config" / "shops" / "demo"
SIZE = (480, 270)
SHORT = ShelfPlan(
    view=plans.snacks_view(),
    actions=(
        Freeze(start_s=1.0, end_s=2.0),
        Reach(start_s=2.2, slot="cola-can", delta=-1),
        Cover(start_s=5.0, end_s=5.8),
    ),
)


class NoProgress:
    """Swallows what a render reports."""

    def put(self, item: tuple[str, int, int], timeout: float) -> None:
        """Take one report."""


def short_film(seed: int) -> tuple[ShelfFilm, Camera]:
    """Six seconds before the snack shelf."""
    rng = np.random.default_rng(seed)
    products = read_products(SHOP / "catalogue.csv")
    film = ShelfFilm(unroll(SHORT, 6.0, rng), products=products, size=SIZE, rng=rng)
    return film, Camera(SIZE, rng)


def short_frames(seed: int) -> list[Any]:
    """Every frame of the short film."""
    film, camera = short_film(seed)
    return list(frames_of(film, actions=SHORT.actions, camera=camera, fps=10, count=60))


@pytest.fixture(scope="module")
def frames() -> list[Any]:
    return short_frames(7)


def test_the_same_seed_gives_the_same_frames(frames: list[Any]) -> None:
    again = short_frames(7)
    assert all(np.array_equal(one, other) for one, other in zip(frames, again, strict=True))


def test_only_the_frozen_part_repeats(frames: list[Any]) -> None:
    repeats = [i for i in range(1, len(frames)) if np.array_equal(frames[i], frames[i - 1])]
    assert repeats == list(range(10, 20))


def test_a_hand_comes_and_one_unit_is_gone(frames: list[Any]) -> None:
    before, during, after = (frames[i].astype(np.int16) for i in (5, 36, 49))
    changed_during = (np.abs(during - before).max(axis=2) > 40).mean()
    changed_after = (np.abs(after - before).max(axis=2) > 40).mean()
    assert changed_during > 0.03
    assert 0.0005 < changed_after < 0.02


def test_a_covered_lens_shows_next_to_nothing(frames: list[Any]) -> None:
    assert frames[54].mean() < 40 < frames[0].mean()
    assert cv2.Laplacian(frames[54], cv2.CV_32F).std() < cv2.Laplacian(frames[0], cv2.CV_32F).std() / 3


def test_a_written_clip_can_be_read_and_its_frozen_part_still_repeats(tmp_path: Path) -> None:
    film, camera = short_film(7)
    path = tmp_path / "clip.mp4"
    write_clip(
        film, path, actions=SHORT.actions, camera=camera, size=SIZE, fps=10, duration_s=6.0, progress=lambda *_: None
    )
    capture = cv2.VideoCapture(str(path))
    shown = [frame.astype(np.int16) for ok, frame in iter(capture.read, (False, None)) if ok]
    steps = [float(np.abs(after - before).mean()) for before, after in pairwise(shown)]
    assert len(shown) == 60
    assert max(steps[12:19]) < 0.15
    assert min(steps[1:9]) > 0.3


@pytest.mark.parametrize("camera_id", list(plans.all_plans()))
def test_a_clip_ends_as_it_began(camera_id: str) -> None:
    order = Order(out=Path("unused"), shop=SHOP, size=(320, 180))
    film, _actions, _truth = open_film(order, plans.all_plans()[camera_id], np.random.default_rng(7))
    assert np.array_equal(film.picture_at(0.0).copy(), film.picture_at(plans.DURATION_S - 0.1))


def test_the_command_renders_once_and_then_returns_at_once(tmp_path: Path) -> None:
    out = tmp_path / "cache" / "demo"
    out.parent.mkdir()
    command = [
        sys.executable,
        str(ROOT / "scripts" / "render_shop.py"),
        str(out),
        "--seconds",
        "5",
        "--size",
        "320x180",
    ]
    first = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert "rendered into" in first.stdout
    truth = json.loads((out / "truth.json").read_text(encoding="utf-8"))
    assert list(truth["cameras"]) == list(plans.all_plans())
    assert all((out / camera["clip"]).stat().st_size > 1000 for camera in truth["cameras"].values())
    assert sorted(p.name for p in (out / "refs").iterdir()) == [
        f"{camera}-{kind}.png" for camera in ("cam-dairy", "cam-snacks") for kind in ("empty", "stocked")
    ]
    second = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert "already rendered" in second.stdout
    again = tmp_path / "again"
    (again / "refs").mkdir(parents=True)
    order = Order(out=out, shop=SHOP, seconds=5.0, size=(320, 180))
    assert is_rendered(order)
    assert not is_rendered(Order(out=out, shop=SHOP, seconds=6.0, size=(320, 180)))
    assert render_camera(order, "cam-dairy", again, NoProgress()) == truth["cameras"]["cam-dairy"]
    assert (again / "cam-dairy.mp4").read_bytes() == (out / "cam-dairy.mp4").read_bytes()


def test_a_size_that_cannot_be_is_refused_with_a_sentence(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "scripts" / "render_shop.py"), str(tmp_path / "x"), "--size", "big"]
    refused = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert refused.returncode == 2
    assert "not a size such as 1280x720" in refused.stderr
