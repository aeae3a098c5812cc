r"""Trains the product detector on rendered shelves, in the background, on few cores or a GPU.

    python -m scripts.train_shelf render --pool POOL --count 1500 --seed 1
    python -m scripts.train_shelf fit --pool POOL --run RUN --start package/models/nanodet.json \
        --photos PHOTOS --stop-on A.jpg,B.jpg --minutes 90
    python -m scripts.train_shelf export --pool POOL --run RUN --start package/models/nanodet.json \
        --photos PHOTOS --stop-on A.jpg,B.jpg --out models/defaults
    python -m scripts.train_shelf measure WEIGHTS.onnx --photos PHOTOS --side sku110k=640

`render` may run beside `fit`, which reads whatever bays are there. `fit --resume` goes on where a run stopped. PHOTOS
holds `images/` and `boxes.json`; nothing of it is learnt from, only the best weights are chosen on the few photographs
named, and the figures leave those out. `nanodet.json` is what `scripts/convert_nanodet.py` starts
from. Needs the extra `train`, pinned in firmware-config/requirements/train.txt; the appliance needs none of it.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import cv2

_PHOTOS = "folder with images/ and boxes.json"
_START = "nanodet.json of the npm package that scripts/convert_nanodet.py names, nanodet.bin beside it"


def main() -> None:
    """Read the arguments and do one step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    steps = parser.add_subparsers(required=True)
    for step, text in ((_render, "paint bays"), (_fit, "train"), (_export, "write weights"), (_measure, "measure")):
        one = steps.add_parser(step.__name__.removeprefix("_"), help=text)
        _ARGUMENTS[step](one)
        one.set_defaults(step=step)
    given = parser.parse_args()
    given.step(given)


def _render_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--pool", type=Path, required=True, help="folder of rendered bays")
    parser.add_argument("--count", type=int, default=1500, help="bays of this seed")
    parser.add_argument("--seed", type=int, default=1)


def _run_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--pool", type=Path, required=True, help="folder of rendered bays")
    parser.add_argument("--run", type=Path, required=True, help="folder of the run")
    parser.add_argument("--start", type=Path, required=True, help=_START)
    parser.add_argument("--photos", type=Path, required=True, help=_PHOTOS)
    parser.add_argument("--stop-on", required=True, help="names of photographs, with commas")


def _fit_arguments(parser: argparse.ArgumentParser) -> None:
    _run_arguments(parser)
    parser.add_argument("--minutes", type=float, default=90.0)
    parser.add_argument("--threads", type=int, default=1, help="more threads than free cores make it slower")
    parser.add_argument("--resume", action="store_true")


def _export_arguments(parser: argparse.ArgumentParser) -> None:
    _run_arguments(parser)
    parser.add_argument("--side", action="append", default=[], help="KIND=PIXELS at the input; else by packs")
    parser.add_argument("--note", action="append", default=[], help="a paragraph for the report")
    parser.add_argument("--out", type=Path, required=True)


def _measure_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("weights", type=Path)
    parser.add_argument("--photos", type=Path, required=True, help=_PHOTOS)
    parser.add_argument("--side", action="append", default=[], help="KIND=PIXELS at the input; else by packs")
    parser.add_argument("--threshold", type=float, default=0.4)
    parser.add_argument("--json", action="store_true")


def _render(given: argparse.Namespace) -> None:
    from scripts.shelf_training.pool import fill_pool

    cv2.setNumThreads(1)
    fill_pool(given.pool, count=given.count, seed=given.seed)


def _fit(given: argparse.Namespace) -> None:
    import torch

    from scripts.shelf_training.exporting import person_network
    from scripts.shelf_training.fit import Plan, Run
    from scripts.shelf_training.measuring import read_photos
    from scripts.shelf_training.network import ShelfNet, start_from

    torch.set_num_threads(given.threads)
    names = given.stop_on.split(",")
    photos = [photo for photo in read_photos(given.photos) if photo.name in names]
    net = ShelfNet()
    start_from(net, person_network(given.start))
    run = Run(Plan(pool=given.pool, folder=given.run, minutes=given.minutes), net, photos)
    if given.resume:
        run.resume()
    run.fit()


def _export(given: argparse.Namespace) -> None:
    from scripts.shelf_training.shipping import ship

    manifest = ship(
        given.run,
        given.out,
        start=given.start,
        pool=given.pool,
        photos=given.photos,
        stop_on=given.stop_on.split(","),
        sides_px=_sides(given.side),
        notes=given.note,
    )
    print(f"{manifest.name}: {manifest.size_bytes} bytes, SHA-256 {manifest.sha256}")


def _measure(given: argparse.Namespace) -> None:
    from dataclasses import asdict

    from scripts.shelf_training.measuring import SIDES_PX, Runtime, found_in, read_photos, scores_by_kind

    photos, runtime = read_photos(given.photos), Runtime(given.weights)
    found = found_in(photos, runtime.run, sides_px=_sides(given.side))
    scores = scores_by_kind(photos, found, threshold=given.threshold)
    times = {str(side): round(runtime.milliseconds(side), 1) for side in SIDES_PX}
    if given.json:
        print(json.dumps({"scores": {kind: asdict(one) for kind, one in scores.items()}, "milliseconds": times}))
        return
    for kind, one in scores.items():
        print(f"{kind}: precision {one.precision:.3f}, recall {one.recall:.3f}, count error {one.count_error:.1%}")
    print("ms of one thread: " + ", ".join(f"{time} at {side}" for side, time in times.items()))


def _sides(given: list[str]) -> dict[str, int]:
    return {kind: int(side) for kind, _, side in (one.partition("=") for one in given)}


_ARGUMENTS: dict[Callable[[argparse.Namespace], None], Callable[[argparse.ArgumentParser], None]] = {
    _render: _render_arguments,
    _fit: _fit_arguments,
    _export: _export_arguments,
    _measure: _measure_arguments,
}

if __name__ == "__main__":
    main()
