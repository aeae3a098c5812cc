"""Products of one picture, for the command line: counted where nobody drew slots and nobody named packs."""

from models.config import ModelsSettings
from models.manifest import Task
from models.registry import Registry
from vision.box_network import BoxNetwork
from vision.detections import Detections
from vision.pictures import Picture
from vision.products import ProductDetector

_THRESHOLD = 0.39
"""Of the mean of three looks: found and missed are about as many, on half of the report's photographs."""


def products_in(image_bgr: Picture, registry: Registry) -> Detections:
    """Products of a picture, uint8 (H, W, 3), BGR, at the size that suits them; blocks for five looks.

    Raises:
        ModelsError: weights for products are missing or cannot be used.
    """
    models = ModelsSettings()
    artefact = registry.active(Task.PRODUCTS)
    with BoxNetwork.open(artefact, threads=models.onnx_threads, providers=models.providers) as network:
        return ProductDetector(network, threshold=_THRESHOLD).detect(image_bgr)
