"""Reference packs: one or more pictures of each product's front, with their features.

Owns how a folder of references is read and what is kept of each. Decides nothing about scenes. Stands between the
pictures that an operator gives and `vision.identity`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vision.capture import read_picture
from vision.errors import FeedInvalidError, FeedUnavailableError
from vision.keypoints import Keypoints, find_keypoints, resize
from vision.pictures import Field, Mask, Picture

HEIGHT_PX = 480
"""Every reference is brought to this height: about the size at which a shelf camera sees the largest pack."""
MOST_KEYPOINTS = 1200
_LEAST_KEYPOINTS = 40
_SAME_PLACE = 0.03  # of the height: features this close are one place, not two that look alike
_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp"})


@dataclass(frozen=True, slots=True, eq=False)
class PackReference:
    """The front of one product as it was given. Coordinates are in pixels of ``image_bgr``."""

    sku: str
    image_bgr: Picture
    keypoints: Keypoints
    neighbours: Mask
    """(N, N): which of its features lie at the same place."""

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height."""
        return self.image_bgr.shape[1], self.image_bgr.shape[0]

    @property
    def corners_px(self) -> Field:
        """(4, 2), clockwise from top left."""
        width, height = self.size_px
        return np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)


def make_reference(sku: str, image_bgr: Picture) -> PackReference | None:
    """A reference from a picture of a pack's front, cut at its edges; None where it shows too little to be known by."""
    width = max(1, round(image_bgr.shape[1] * HEIGHT_PX / image_bgr.shape[0]))
    upright = resize(image_bgr, (width, HEIGHT_PX))
    keypoints = find_keypoints(upright, most=MOST_KEYPOINTS)
    if len(keypoints) < _LEAST_KEYPOINTS:
        return None
    apart = np.linalg.norm(keypoints.xy_px[:, None] - keypoints.xy_px[None], axis=2)
    return PackReference(sku, upright, keypoints, apart < _SAME_PLACE * HEIGHT_PX)


def load_references(folder: Path) -> list[PackReference]:
    """Every ``<sku>.jpg`` and every picture in a folder ``<sku>/``; blocks some 60 ms a picture.

    Raises:
        FeedUnavailableError: the folder is missing.
        FeedInvalidError: it holds no picture, a file in it is none, or one shows too little to be known by.
    """
    if not folder.is_dir():
        raise FeedUnavailableError(f"{folder}: no such folder; give one with a picture of each pack, named by its sku")
    named = _named(folder)
    if not named:
        raise FeedInvalidError(f"{folder} holds no pictures; name each pack's picture by its sku, as cola-1l.jpg")
    references = []
    for sku, path in named:
        reference = make_reference(sku, read_picture(path))
        if reference is None:
            raise FeedInvalidError(f"{path}: too little print or too small to be known by; take a larger picture")
        references.append(reference)
    return references


def _named(folder: Path) -> Sequence[tuple[str, Path]]:
    single = [(path.stem, path) for path in sorted(folder.iterdir()) if _is_picture(path)]
    several = [(path.parent.name, path) for path in sorted(folder.glob("*/*")) if _is_picture(path)]
    return single + several


def _is_picture(path: Path) -> bool:
    return path.is_file() and path.suffix.lower() in _SUFFIXES and not path.name.startswith(".")
