"""Products in a picture of a shelf, one box each: what the weights call ``product``.

Owns the size of the picture that the network sees. The network knows packs that are 25 to 60 pixels wide at its
input, so the size is chosen per camera, from how wide a usual pack is in that camera's picture.
"""

import numpy as np

from vision import nanodet
from vision.box_network import BoxNetwork
from vision.detections import Detections
from vision.letterbox import Picture
from vision.pictures import fit_to

PACK_PX = 36.0
"""Width of a usual pack at the network's input. An interim network's count error on 30 photographs was .097 with 36,
.107 with 30 and .123 with 44."""
MIN_SIDE_PX = 64
MAX_SIDE_PX = 960
_STEP_PX = 32


def side_for_packs(picture_size_px: tuple[int, int], *, pack_width_px: float) -> int:
    """Long side in pixels that a picture of (width, height) should have at the input, for packs of this width in it.

    Raises:
        ValueError: the pack has no width.
    """
    if not pack_width_px > 0:
        raise ValueError(f"a pack of {pack_width_px} pixels has no width; give it as it is in the camera's picture")
    wanted = max(picture_size_px) * PACK_PX / pack_width_px
    return int(min(max(round(wanted / _STEP_PX) * _STEP_PX, MIN_SIDE_PX), MAX_SIDE_PX))


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


class ProductDetector:
    """Products in a picture; ``threshold`` is the lowest score that is returned, ``side_px`` from `side_for_packs`.

    Raises:
        ArtefactInvalidError: the weights know no products.
    """

    def __init__(self, network: BoxNetwork, *, threshold: float, side_px: int) -> None:
        self._network = network
        self._classes = (network.label_index("product"),)
        self._threshold = threshold
        self._side_px = side_px

    def detect(self, image_bgr: Picture) -> Detections:
        """Products in uint8 (H, W, 3), BGR, 0..255; boxes in its pixels, one label, best first. Blocks."""
        seen = at_scale(image_bgr, self._side_px)
        shrink = self._side_px / nanodet.SIDE_PX
        found = self._network.find(seen, threshold=self._threshold, classes=self._classes, shrink=shrink)
        return restored(found, seen=seen, picture=image_bgr)
