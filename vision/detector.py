"""Detectors of persons and faces: a picture in, boxes out.

Owns the order of the steps (letterbox, network, decoder, back to the picture's pixels). The network is a
`Session`, received ready to run; this module opens no file. Stands between the motion gate and the tracker.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from numpy.typing import NDArray

from vision import centerface, nanodet
from vision.detections import Detections
from vision.letterbox import Picture, fill_letterbox, plan_letterbox


class Session(Protocol):
    """A network ready to run. One thread at a time."""

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> Mapping[str, NDArray[Any]]:
        """Every output by name for the inputs by name; blocks for the network's time."""
        ...


class PersonDetector:
    """Persons in a picture, by NanoDet.

    ``threshold`` is the lowest score that is returned. ``shrink`` scales the picture the network sees: the
    network knows people from COCO, where they seldom fill the picture. Over 106 frames of six scenes 0.8 found
    more people than 1.0 (recall .93 against .91) at half the work; streets seen from far away want 1.0.
    """

    def __init__(self, session: Session, *, threshold: float, shrink: float = 0.8) -> None:
        self._session = session
        self._threshold = threshold
        self._side_px = round(nanodet.SIDE_PX * shrink)

    def detect(self, image_bgr: Picture) -> Detections:
        """Persons in uint8 (H, W, 3), BGR, 0..255; boxes in its pixels, label 0, best first. Blocks."""
        size_px = (image_bgr.shape[1], image_bgr.shape[0])
        plan = plan_letterbox(size_px, side_px=self._side_px, multiple_of=nanodet.MULTIPLE_OF)
        outputs = self._session.run({nanodet.INPUT: nanodet.normalise(fill_letterbox(image_bgr, plan))})
        return plan.restore(nanodet.decode(outputs, threshold=self._threshold))


class FaceDetector:
    """Faces in a picture, by CenterFace; ``threshold`` is the lowest score that is returned."""

    def __init__(self, session: Session, *, threshold: float) -> None:
        self._session = session
        self._threshold = threshold

    def detect(self, image_bgr: Picture) -> Detections:
        """Faces in uint8 (H, W, 3), BGR, 0..255; boxes in its pixels, label 0, best first. Blocks."""
        size_px = (image_bgr.shape[1], image_bgr.shape[0])
        plan = plan_letterbox(size_px, side_px=centerface.SIDE_PX, multiple_of=centerface.MULTIPLE_OF)
        outputs = self._session.run({centerface.INPUT: centerface.normalise(fill_letterbox(image_bgr, plan))})
        return plan.restore(centerface.decode(outputs, threshold=self._threshold))
