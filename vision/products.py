"""Products in a picture of a shelf, one box each: what the weights call ``product``.

Owns the size of the picture that the network sees. The network knows packs that are 25 to 60 pixels wide at its
input, so the size is chosen per camera, from how wide a usual pack is in that camera's picture.
"""

from vision import nanodet
from vision.box_network import BoxNetwork
from vision.detections import Detections
from vision.letterbox import Picture

PACK_PX = 30.0
"""Width of a usual pack at the network's input."""
MIN_SIDE_PX = 96
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


class ProductDetector:
    """Products in a picture; ``threshold`` is the lowest score that is returned, ``side_px`` from `side_for_packs`.

    Raises:
        ArtefactInvalidError: the weights know no products.
    """

    def __init__(self, network: BoxNetwork, *, threshold: float, side_px: int) -> None:
        self._network = network
        self._classes = (network.label_index("product"),)
        self._threshold = threshold
        self._shrink = side_px / nanodet.SIDE_PX

    def detect(self, image_bgr: Picture) -> Detections:
        """Products in uint8 (H, W, 3), BGR, 0..255; boxes in its pixels, one label, best first. Blocks."""
        return self._network.find(image_bgr, threshold=self._threshold, classes=self._classes, shrink=self._shrink)
