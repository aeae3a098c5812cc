"""Renders a whole shop: one process per camera, reference pictures, clips and the truth file in one folder.

Owns the cache: a stamp with the hash of code, data and arguments stands for a finished folder. A folder is
written aside and renamed when it is whole, so that what has the final name is never half a shop.
"""

import hashlib
import json
import multiprocessing
import os
import queue
import shutil
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures import wait as wait_for
from csv import DictReader
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from scripts.shop_render import motion, plans
from scripts.shop_render.camera import Camera
from scripts.shop_render.catalogue import read_products
from scripts.shop_render.films import AisleFilm, Film, ShelfFilm
from scripts.shop_render.scene import Action, Plan, ShelfPlan
from scripts.shop_render.script import truth_of, unroll
from scripts.shop_render.writer import write_clip

STAMP = ".stamp"
TRUTH = "truth.json"
TRUTH_VERSION = 1
POLL_S = 0.2

Report = Callable[[str, int, int], None]
"""Called with (camera id, frames done, frames in all)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to render."""

    out: Path
    shop: Path
    seed: int = 7
    seconds: float = plans.DURATION_S
    size: tuple[int, int] = (1280, 720)
    fps: int = 10

    def fingerprint(self) -> str:
        """Hash of the renderer's code, the shop's data and the arguments."""
        digest = hashlib.sha256(f"{self.seed} {self.seconds} {self.size} {self.fps} {cv2.__version__}".encode())
        for path in (*sorted(Path(__file__).parent.glob("*.py")), *self.data):
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
        return digest.hexdigest()

    @property
    def data(self) -> tuple[Path, Path]:
        """The files of the shop that are printed on packs and tags."""
        return self.shop / "catalogue.csv", self.shop / "offers.csv"


def is_rendered(order: Order) -> bool:
    """Whether ``order.out`` already holds exactly this."""
    stamp = order.out / STAMP
    return stamp.is_file() and stamp.read_text(encoding="ascii").strip() == order.fingerprint()


def render(order: Order, report: Report) -> None:
    """Render every camera into ``order.out``, replacing what is there. Blocks; uses up to three processes.

    Raises:
        WriterError: a clip cannot be written.
        OSError: the folder cannot be written.
        ValueError: a plan does not fit its shelf.
    """
    aside = order.out.with_name(f"{order.out.name}.new-{os.getpid()}")
    (aside / "refs").mkdir(parents=True)
    try:
        truths = _render_all(order, aside, report)
        document = {"version": TRUTH_VERSION, "seed": order.seed, "fps": order.fps, "cameras": truths}
        (aside / TRUTH).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        (aside / STAMP).write_text(order.fingerprint() + "\n", encoding="ascii")
        _sync(aside)
        if order.out.exists():
            shutil.rmtree(order.out)
        aside.rename(order.out)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _render_all(order: Order, folder: Path, report: Report) -> dict[str, Any]:
    cameras = list(plans.all_plans())
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager, ProcessPoolExecutor(len(cameras), mp_context=context) as pool:
        progress = manager.Queue(maxsize=1000)
        jobs = {pool.submit(render_camera, order, camera_id, folder, progress): camera_id for camera_id in cameras}
        _relay(list(jobs), progress, report)
        truths = {jobs[job]: job.result() for job in as_completed(jobs)}
    return {camera_id: truths[camera_id] for camera_id in cameras}


def _relay(jobs: list[Future[dict[str, Any]]], progress: Any, report: Report) -> None:
    while not all(job.done() for job in jobs):
        try:
            report(*progress.get(timeout=POLL_S))
        except queue.Empty:
            wait_for(jobs, timeout=0)
        if any(job.done() and job.exception() is not None for job in jobs):
            return
    while not progress.empty():
        report(*progress.get(timeout=POLL_S))


def render_camera(order: Order, camera_id: str, folder: Path, progress: Any) -> dict[str, Any]:
    """Render one camera's clip and reference pictures; runs in a process of its own. Returns its truth."""
    cv2.setNumThreads(1)
    index = list(plans.all_plans()).index(camera_id)
    rng = np.random.default_rng([order.seed, index])
    film, actions, truth = open_film(order, plans.all_plans()[camera_id], rng)
    if isinstance(film, ShelfFilm):
        cv2.imwrite(str(folder / "refs" / f"{camera_id}-stocked.png"), film.painter.stocked)
        cv2.imwrite(str(folder / "refs" / f"{camera_id}-empty.png"), film.painter.empty)
    write_clip(
        film,
        folder / str(truth["clip"]),
        actions=actions,
        camera=Camera(order.size, rng),
        size=order.size,
        fps=order.fps,
        duration_s=order.seconds,
        progress=lambda done, total: progress.put((camera_id, done, total), timeout=10),
    )
    return truth


def open_film(order: Order, plan: Plan, rng: np.random.Generator) -> tuple[Film, tuple[Action, ...], dict[str, Any]]:
    """The film of a plan, the actions that the camera itself must know, and the truth."""
    if isinstance(plan, ShelfPlan):
        script = unroll(plan, order.seconds, rng)
        catalogue, offers = order.data
        film = ShelfFilm(script, products=read_products(catalogue), size=order.size, rng=rng, offers=_offered(offers))
        filmed = tuple(action for action in plan.actions if action.end_s <= order.seconds)
        return film, filmed, truth_of(script, f"{plan.view.camera_id}.mp4")
    truth = motion.truth_of(plan, f"{plan.camera_id}.mp4", order.seconds)
    return AisleFilm(plan, size=order.size, rng=rng), (), truth


def _offered(offers: Path) -> frozenset[str]:
    with offers.open(encoding="utf-8", newline="") as file:
        return frozenset(row["sku"] for row in DictReader(file))


def _sync(folder: Path) -> None:
    for path in (*folder.rglob("*"), folder):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
