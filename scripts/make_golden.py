#!/usr/bin/env python3
"""Renders the golden sets of models/golden: pictures of people and faces, a film of a shelf, and their truth.

    scripts/make_golden.py [--out models/golden]

Everything is painted by `scripts/shop_render`, nobody is anybody. Same code, same seed: same pictures. The bars
beside them (`bars.toml`) are kept by hand.
"""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.shelf_training.bay import render_bay  # noqa: E402 - the path above comes first
from scripts.shelf_training.photo import bend, snap  # noqa: E402
from scripts.shelf_training.stockroom import Stockroom  # noqa: E402
from scripts.shop_render.camera import Camera  # noqa: E402
from scripts.shop_render.catalogue import read_products  # noqa: E402
from scripts.shop_render.films import AisleFilm, ShelfFilm  # noqa: E402
from scripts.shop_render.floor import FloorCamera  # noqa: E402
from scripts.shop_render.layout import slot_polygons_norm  # noqa: E402
from scripts.shop_render.people import LOOKS, Pose, draw_person  # noqa: E402
from scripts.shop_render.plans import dairy_view, snacks_view  # noqa: E402
from scripts.shop_render.raster import Picture, as_picture, place, smooth_noise  # noqa: E402
from scripts.shop_render.scene import AislePlan, Dim, Reach, ShelfPlan, ShelfView, Stand, Walker  # noqa: E402
from scripts.shop_render.script import truth_of, unroll  # noqa: E402

SEED = 41
SIZE = (640, 360)
FACE_SIZE = (320, 240)
JPEG_QUALITY = 55
SHELF_SIZE = (480, 270)
Truth = list[dict[str, Any]]

CROWDS = (1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 4, 0, 0)
"""People in each picture of the floor."""
NOBODY_AT_THE_SHELF = 2
FACES = 24
NO_FACES = 8
PRODUCT_PICTURES = 5
PRODUCT_SIDE_PX = 320
FEWEST_PACKS = 20
SHELF_S = 24.0
SHELF_FPS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description="Render the golden sets.")
    parser.add_argument("--out", type=Path, default=ROOT / "models" / "golden")
    out = parser.parse_args().out
    cv2.setNumThreads(1)
    sets = (("persons", make_persons), ("faces", make_faces), ("shelf", make_shelf), ("products", make_products))
    for name, make in sets:
        folder = out / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "truth.json").write_text(json.dumps(make(folder), indent=1) + "\n", encoding="utf-8")
        print(f"{name}: {sum(f.stat().st_size for f in folder.iterdir()) / 1e3:.0f} kB")


def make_persons(folder: Path) -> dict[str, Any]:
    """The floor with up to four people, nobody hidden by another for more than a third, and shelves with nobody."""
    pictures: Truth = []
    for number, crowd in enumerate(CROWDS):
        rng = np.random.default_rng([SEED, number])
        stands = _stands(crowd, rng)
        walkers = tuple(_walker(*stand) for stand in stands)
        film = AisleFilm(_floor_plan(walkers), size=SIZE, rng=rng)
        boxes = [_seen_box(number, walker) for walker in walkers]
        pictures.append(_keep(folder, number, _exposed(film.picture_at(1.0), rng, number), boxes))
    for extra in range(NOBODY_AT_THE_SHELF):
        rng = np.random.default_rng([SEED, 100 + extra])
        film = _shelf_film(rng, dairy_view() if extra % 2 else snacks_view(), ())
        number = len(CROWDS) + extra
        pictures.append(_keep(folder, number, _exposed(film.picture_at(1.0), rng, number), []))
    return {"version": 1, "pictures": pictures}


def _stands(crowd: int, rng: np.random.Generator) -> list[tuple[int, float, float, float]]:
    """Person, place on the floor in metres, and direction of the walk, apart from each other in the picture."""
    found: list[tuple[int, float, float, float]] = []
    while len(found) < crowd:
        z = float(rng.uniform(4.0, 8.5))
        stand = (len(found) + int(rng.integers(3)) * 2, float(rng.uniform(-1.9, 1.9)), z, float(rng.uniform(-0.6, 0.6)))
        stand = (stand[0] % len(LOOKS), *stand[1:])
        left, _, right, _ = _person_box(*stand)
        others = [_person_box(*other) for other in found]
        if all(right < o[0] + (o[2] - o[0]) / 4 or left > o[2] - (o[2] - o[0]) / 4 for o in others):
            found.append(stand)
    return found


def _walker(person: int, x_m: float, z_m: float, slope: float) -> Walker:
    """Walks through its place at one second."""
    dx, dz = 1.1, slope
    return Walker(person=person, way=((0.0, x_m - dx, z_m - dz), (2.0, x_m + dx, z_m + dz)))


def _seen_box(number: int, walker: Walker) -> list[float]:
    """What one person alone changes in the picture, the soft shadow left out."""
    alone, empty = (
        AisleFilm(_floor_plan(who), size=SIZE, rng=np.random.default_rng([SEED, number + 1000])).picture_at(1.0)
        for who in ((walker,), ())
    )
    changed = np.abs(alone.astype(np.int16) - empty.astype(np.int16)).max(axis=2) > 48
    rows, columns = np.nonzero(changed.any(axis=1))[0], np.nonzero(changed.any(axis=0))[0]
    return [float(v) for v in (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)]


def _person_box(person: int, x_m: float, z_m: float, _slope: float) -> list[float]:
    camera, look = FloorCamera(SIZE), LOOKS[person]
    x, top = camera.px(x_m, look.height_m, z_m)
    foot = camera.px(x_m, 0.0, z_m - 0.1)[1]
    half = 0.33 * camera.px_per_m(0.9, z_m)
    return [round(v, 1) for v in (x - half, top, x + half, foot)]


def _floor_plan(walkers: tuple[Walker, ...]) -> AislePlan:
    line, zone = ((-1.0, 8.0), (1.0, 8.0)), ((0.0, 4.0), (1.0, 4.0), (1.0, 5.0))
    return AislePlan(
        camera_id="golden", name="golden", line_id="line", line_m=line, zone_id="zone", zone_m=zone, walkers=walkers
    )


def make_faces(folder: Path) -> dict[str, Any]:
    """Heads of several sizes, turned up to 30 degrees, before a plain wall; and walls and backs of heads."""
    pictures: Truth = []
    for number in range(FACES + NO_FACES):
        rng = np.random.default_rng([SEED, 200, number])
        picture = _wall(rng)
        is_face = number < FACES
        boxes = []
        if is_face or number % 2:
            scale = 190.0 + 16.0 * (number % FACES)
            heading = 150.0 + 30.0 * (number % 3) if is_face else 0.0
            box = _put_head(picture, LOOKS[number % len(LOOKS)], scale, heading, rng)
            boxes = [box] if is_face else []
        pictures.append(_keep(folder, number, _noisy(picture, rng), boxes))
    return {"version": 1, "pictures": pictures}


def _wall(rng: np.random.Generator) -> Picture:
    width, height = FACE_SIZE
    wall = np.empty((height, width, 3), np.float32)
    wall[:] = rng.uniform(120, 210, 3)
    wall += (smooth_noise(rng, (height, width), 30) * 8)[..., None]
    return np.asarray(np.clip(wall, 0, 255), np.uint8)


def _put_head(picture: Picture, look: Any, scale: float, heading: float, rng: np.random.Generator) -> list[float]:
    """Lay a person into the picture so that the head is in it; the box goes from chin to hair, ear to ear."""
    width, height = FACE_SIZE
    unit = look.height_m / 1.75
    x, eyes_y = width * float(rng.uniform(0.4, 0.6)), height * float(rng.uniform(0.4, 0.5))
    foot = (x, eyes_y + 1.63 * unit * scale)
    pose = Pose(heading_deg=heading, step=None)
    layer = draw_person(
        look, pose, shape=(height, width), foot_px=foot, px_per_m=scale, pitch_deg=5.0, rng=rng, fine=1.0
    )
    place(picture, as_picture(np.asarray(layer, np.float32)), 0, 0)
    half, up, down = 0.085 * unit * scale, 0.085 * unit * scale, 0.105 * unit * scale
    turned = 0.035 * np.sin(np.radians(heading)) * scale
    return [round(float(v), 1) for v in (x + turned - half, eyes_y - up, x + turned + half, eyes_y + down)]


def make_products(folder: Path) -> dict[str, Any]:
    """Squares of shelves as the product detector is trained on, of bays that it never saw."""
    rng = np.random.default_rng([SEED, 400])
    room = Stockroom(rng, families=4)
    pictures: Truth = []
    while len(pictures) < PRODUCT_PICTURES:
        picture, boxes = snap(*bend(*render_bay(room, rng), rng), PRODUCT_SIDE_PX, rng)
        if len(boxes) >= FEWEST_PACKS:
            pictures.append(_keep(folder, len(pictures), picture, np.round(boxes.astype(float), 1).tolist()))
    return {"version": 1, "pictures": pictures}


def make_shelf(folder: Path) -> dict[str, Any]:
    """The dairy shelf: a hand takes, a shopper hides a slot and takes, a hand puts back."""
    rng = np.random.default_rng([SEED, 300])
    actions = (
        Reach(start_s=3.0, slot="milk-whole", delta=-1),
        Stand(start_s=8.5, hold_s=2.5, slot="oat-drink", at_x=0.5, person=1),
        Reach(start_s=17.5, slot="milk-whole", delta=1, actor=1),
    )
    view = _full(dairy_view())
    film = _shelf_film(rng, view, actions, SHELF_SIZE)
    _write_clean(film, folder / "shelf.mp4")
    truth = truth_of(unroll(ShelfPlan(view=view, actions=actions), SHELF_S, _script_rng()), "shelf.mp4")
    polygons = slot_polygons_norm(view)
    slots = [
        {"id": s.id, "sku": s.sku, "facings": s.facings, "low_at": s.low_at, "polygon_norm": polygons[s.id]}
        for s in view.slots
    ]
    kept = {name: truth[name] for name in ("clip", "duration_s", "initial", "events", "occlusions")}
    return {"version": 1, **kept, "camera": {"id": "golden", "slots": slots}}


def _full(view: ShelfView) -> ShelfView:
    """The view with every slot full at the start: the first steady view is taken for full."""
    levels = (replace(level, slots=tuple(replace(s, initial=None) for s in level.slots)) for level in view.levels)
    return replace(view, levels=tuple(levels))


def _write_clean(film: ShelfFilm, path: Path) -> None:
    """The film without the sensor's noise, which would make it ten times as large; the judge adds noise of its own."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), SHELF_FPS, SHELF_SIZE)
    for index in range(round(SHELF_S * SHELF_FPS)):
        writer.write(film.picture_at(index / SHELF_FPS))
    writer.release()


def _shelf_film(
    rng: np.random.Generator, view: ShelfView, actions: tuple[Any, ...], size: tuple[int, int] = SIZE
) -> ShelfFilm:
    products = read_products(ROOT / "firmware-config" / "shops" / "demo" / "catalogue.csv")
    script = unroll(ShelfPlan(view=view, actions=actions), SHELF_S, _script_rng())
    return ShelfFilm(script, products=products, size=size, rng=rng)


def _script_rng() -> np.random.Generator:
    return np.random.default_rng([SEED, 301])


def _exposed(picture: Picture, rng: np.random.Generator, number: int) -> Picture:
    """Every third picture under dim lamps."""
    dims = [Dim(start_s=-9.0, end_s=9.0, share=0.7)] if number % 3 == 2 else []
    return Camera(SIZE, rng).expose(picture, 0.0, dims=dims, covers=[])


def _noisy(picture: Picture, rng: np.random.Generator) -> Picture:
    return Camera(FACE_SIZE, rng).expose(picture, 0.0, dims=[], covers=[])


def _keep(folder: Path, number: int, picture: Picture, boxes: list[list[float]]) -> dict[str, Any]:
    name = f"{number:02d}.jpg"
    cv2.imwrite(str(folder / name), picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return {"file": name, "boxes_px": boxes}


main()
