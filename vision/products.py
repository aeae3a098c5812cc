"""Products in a picture of a shelf, one box each: what the weights call ``product``.

Owns the size of the picture that the network sees. The network knows packs that are 25 to 60 pixels wide at its
input, so the size is chosen per camera, from how wide a usual pack is in that camera's picture, and per slot from
how wide its facings are.
"""

from dataclasses import dataclass

import numpy as np

from vision import nanodet
from vision.box_network import BoxNetwork
from vision.detections import Detections, nms
from vision.fusion import fuse
from vision.letterbox import Picture
from vision.pictures import Quad, fit_to, rectify
from vision.quads import part_of, sides_of

PACK_PX = 36.0
"""Width of a usual pack at the network's input. An interim network's count error on 30 photographs was .097 with 36,
.107 with 30 and .123 with 44."""
MIN_SIDE_PX = 64
MAX_SIDE_PX = 960
_STEP_PX = 32
_SURE_FROM = 0.4
_FIRST_SIDE_PX, _LOOKS = 320, 2
"""The first look at a picture whose packs are of unknown width, and how many looks come before the one that counts.
On 36 far photographs and 6 close-ups a first look at 416 or 640 found no better sizes, and one look alone was wrong
by a factor of three in one close-up."""
_SEEN_WIDER = 1.05
"""Found packs are wider than labelled ones, because the narrow are missed: by this much on half of the photographs."""
_SIZES = (0.85, 1.0, 1.2)
"""Looks that are joined, in shares of the size found. Chosen on one half of 36 photographs; on the other precision .756
and recall .745 at the one size became .781 and .745 at three, count error 15.6 % 15.0 (on all: 12.6 % 11.7)."""
_FAINTEST_JOINED = 0.15
MOST_OVERLAP = 0.45
"""Of two packs. The decoder's .5 left doubles on dense rows: at the best size count error .121, with this .118."""


def side_for_packs(picture_size_px: tuple[int, int], *, pack_width_px: float) -> int:
    """Long side in pixels that a picture of (width, height) should have at the input, for packs of this width in it.

    Raises:
        ValueError: the pack has no width.
    """
    if not pack_width_px > 0:
        raise ValueError(f"a pack of {pack_width_px} pixels has no width; give it as it is in the camera's picture")
    return _stepped(max(picture_size_px) * PACK_PX / pack_width_px)


def at_scale(image_bgr: Picture, side_px: int) -> Picture:
    """The picture with a long side of ``side_px``, each pixel the mean of those it stands for; never enlarged.

    The letterbox takes every so many-th pixel. A close-up shrunk to a tenth that way is noise: precision .84, not .95.
    """
    share = side_px / max(image_bgr.shape[:2])
    if share >= 1:
        return image_bgr
    return fit_to(image_bgr, (max(1, round(image_bgr.shape[1] * share)), max(1, round(image_bgr.shape[0] * share))))


def restored(found: Detections, *, seen: Picture, picture: Picture) -> Detections:
    """Boxes found in ``seen``, another size of ``picture``, in the pixels of ``picture``."""
    grow = np.array([picture.shape[1] / seen.shape[1], picture.shape[0] / seen.shape[0]] * 2, np.float32)
    return Detections(found.xyxy_px * grow, found.score, found.label)


_BESIDE = 0.5  # of a facing: how far beside a slot its neighbours are shown to the network
_ABOVE = 0.2  # of a slot's height, and as much below
_MOST_ENLARGED = 3.0
_FAINTEST = 0.05


@dataclass(frozen=True, slots=True)
class _Cell:
    left: float
    top: float
    right: float
    bottom: float

    def match(self, box: tuple[float, float, float, float]) -> float:
        """How well a box fills the cell's width, times how much of it lies at the cell's height, 0..1."""
        left, top, right, bottom = box
        across = max(0.0, min(right, self.right) - max(left, self.left)) / max(
            max(right, self.right) - min(left, self.left), 1e-6
        )
        inside = max(0.0, min(bottom, self.bottom) - max(top, self.top)) / max(bottom - top, 1e-6)
        return across * inside


class SlotProducts:
    """The product detector's word on single slots, each looked at upright and at the network's own scale.

    Raises:
        ArtefactInvalidError: the weights know no products.
    """

    def __init__(self, network: BoxNetwork) -> None:
        self._network = network
        self._classes = (network.label_index("product"),)

    def cell_scores(self, image_bgr: Picture, corners_px: Quad, facings: int) -> tuple[float, ...]:
        """For each facing of a slot, left to right, the score of its best box times how well the box fits, 0..1.

        Blocks for the network: 2 to 6 ms a slot. ``image_bgr`` is uint8 (H, W, 3), ``corners_px`` its corner
        points from top left clockwise.
        """
        wide_px, high_px = sides_of(corners_px)
        pack_px = wide_px / facings
        shown_px = (wide_px + 2 * _BESIDE * pack_px, high_px * (1 + 2 * _ABOVE))
        side_px = side_for_packs((round(shown_px[0]), round(shown_px[1])), pack_width_px=pack_px)
        scale = min(side_px / max(shown_px), _MOST_ENLARGED)
        size_px = (max(round(shown_px[0] * scale), 8), max(round(shown_px[1] * scale), 8))
        beside = _BESIDE / facings
        patch = rectify(image_bgr, part_of(corners_px, (-beside, -_ABOVE, 1 + beside, 1 + _ABOVE)), size_px)
        shrink = max(size_px) / nanodet.SIDE_PX
        found = self._network.find(patch, threshold=_FAINTEST, classes=self._classes, shrink=shrink)
        cells = _cells(size_px, facings)
        boxes = [(*map(float, box), float(score)) for box, score in zip(found.xyxy_px, found.score, strict=True)]
        return tuple(
            max((score * cell.match((a, b, c, d)) for a, b, c, d, score in boxes), default=0.0) for cell in cells
        )


def _cells(size_px: tuple[int, int], facings: int) -> list[_Cell]:
    """The facings in a patch that shows `_BESIDE` and `_ABOVE` of their surroundings."""
    wide = size_px[0] / (facings + 2 * _BESIDE)
    top = size_px[1] * _ABOVE / (1 + 2 * _ABOVE)
    return [_Cell((n + _BESIDE) * wide, top, (n + 1 + _BESIDE) * wide, size_px[1] - top) for n in range(facings)]


class ProductDetector:
    """Products in a picture; ``threshold`` is the lowest score that is returned.

    ``side_px`` is from `side_for_packs`; where it is None, each picture's own size is found by looking twice, and what
    three sizes near it say is joined, so that a score is the mean of three.

    Raises:
        ArtefactInvalidError: the weights know no products.
    """

    def __init__(self, network: BoxNetwork, *, threshold: float, side_px: int | None = None) -> None:
        self._network = network
        self._classes = (network.label_index("product"),)
        self._threshold = threshold
        self._side_px = side_px

    def detect(self, image_bgr: Picture) -> Detections:
        """Products in uint8 (H, W, 3), BGR, 0..255; boxes in its pixels, one label, best first. Blocks."""
        if self._side_px is not None:
            return self._look(image_bgr, self._side_px, threshold=self._threshold)
        side_px = self.side_px_of(image_bgr)
        looks = [
            self._look(image_bgr, size, threshold=_FAINTEST_JOINED)
            for size in sorted({_stepped(side_px * share) for share in _SIZES})
        ]
        return nms(fuse(looks), iou_above=MOST_OVERLAP).at_least(self._threshold)

    def side_px_of(self, image_bgr: Picture) -> int:
        """Long side at the input that suits the packs of a picture. Blocks for two looks."""
        side_px = _FIRST_SIDE_PX
        for _ in range(_LOOKS):
            boxes = self._look(image_bgr, side_px, threshold=_SURE_FROM).xyxy_px
            if not len(boxes):
                return side_px
            usual = float(np.median(boxes[:, 2] - boxes[:, 0]))
            side_px = side_for_packs((image_bgr.shape[1], image_bgr.shape[0]), pack_width_px=usual)
        return _stepped(side_px * _SEEN_WIDER)

    def _look(self, image_bgr: Picture, side_px: int, *, threshold: float) -> Detections:
        seen = at_scale(image_bgr, side_px)
        shrink = side_px / nanodet.SIDE_PX
        found = self._network.find(seen, threshold=threshold, classes=self._classes, shrink=shrink)
        return restored(nms(found, iou_above=MOST_OVERLAP), seen=seen, picture=image_bgr)


def _stepped(side_px: float) -> int:
    """The nearest size that the network takes."""
    return int(min(max(round(side_px / _STEP_PX) * _STEP_PX, MIN_SIDE_PX), MAX_SIDE_PX))
