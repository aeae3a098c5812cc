"""Rendered bays on disk: one process writes them, training reads whatever is there, both may stop at any time.

`bay-<number>.npy` is the picture, `bay-<number>.boxes.npy` the truth, written first, so that a picture never lies
there without it. Uncompressed, because training maps the file and reads only the square it cuts.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scripts.shelf_training.bay import render_bay
from scripts.shelf_training.colours import Picture
from scripts.shelf_training.photo import bend
from scripts.shelf_training.stockroom import Stockroom

_RENEWED = 4


def fill_pool(folder: Path, *, count: int, seed: int) -> None:
    """Render bays until the folder holds ``count`` of this seed; goes on where an earlier run stopped."""
    folder.mkdir(parents=True, exist_ok=True)
    start = sum(1 for _ in folder.glob(f"bay-{seed:03d}-*.boxes.npy"))
    rng = np.random.default_rng([seed, start])
    room = Stockroom(rng)
    for number in range(start, count):
        room.renew(rng, _RENEWED)
        picture, boxes = bend(*render_bay(room, rng), rng)
        stem = folder / f"bay-{seed:03d}-{number:05d}"
        np.save(stem.with_suffix(".boxes.npy"), boxes)
        partial = stem.with_suffix(".part.npy")
        np.save(partial, picture)
        partial.rename(stem.with_suffix(".npy"))


def bays(folder: Path) -> list[Path]:
    """The pictures that are there now, in order."""
    return sorted(path for path in folder.glob("bay-*.npy") if len(path.suffixes) == 1)


def read_bay(path: Path) -> tuple[Picture, NDArray[np.float32]]:
    """One bay and its boxes; the picture is mapped, not read."""
    return np.load(path, mmap_mode="r"), np.load(path.with_suffix(".boxes.npy"))
