"""Detectors of persons and faces: a picture in, boxes out.

Owns which label is meant and from which score on. The network may have any layout that `vision.decoders` reads; its
manifest says which. Stands between the motion gate and the tracker.
"""

from vision.box_network import BoxNetwork
from vision.detections import Detections
from vision.letterbox import Picture


class PersonDetector:
    """Persons in a picture: what the weights call ``person``.

    ``threshold`` is the lowest score that is returned. ``shrink`` scales the picture that the network sees, where it
    takes any size. NanoDet knows people from COCO, where they seldom fill the picture. Over 106 frames of six scenes
    0.8 found more people than 1.0 (recall .93 against .91) at half the work; streets seen from far away want 1.0.

    Raises:
        ArtefactInvalidError: the weights know no persons.
    """

    def __init__(self, network: BoxNetwork, *, threshold: float, shrink: float = 0.8) -> None:
        self._network = network
        self._classes = (network.label_index("person"),)
        self._threshold = threshold
        self._shrink = shrink

    def detect(self, image_bgr: Picture) -> Detections:
        """Persons in uint8 (H, W, 3), BGR, 0..255; boxes in its pixels, one label, best first. Blocks."""
        return self._network.find(image_bgr, threshold=self._threshold, classes=self._classes, shrink=self._shrink)


class FaceDetector:
    """Faces in a picture: what the weights call ``face``; ``threshold`` is the lowest score that is returned.

    Raises:
        ArtefactInvalidError: the weights know no faces.
    """

    def __init__(self, network: BoxNetwork, *, threshold: float) -> None:
        self._network = network
        self._classes = (network.label_index("face"),)
        self._threshold = threshold

    def detect(self, image_bgr: Picture) -> Detections:
        """Faces in uint8 (H, W, 3), BGR, 0..255; boxes in its pixels, one label, best first. Blocks."""
        return self._network.find(image_bgr, threshold=self._threshold, classes=self._classes)
