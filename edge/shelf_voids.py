"""Bare places of a shelf in one picture, for the command line: which weights find them."""

from models.config import ModelsSettings
from models.onnx_session import OnnxSession
from models.registry import Registry
from vision.pictures import Picture
from vision.voids import Void, VoidFinder, default_weights


def voids_in(image_bgr: Picture, registry: Registry) -> list[Void]:
    """Voids of a picture, uint8 (H, W, 3), BGR, surest first; blocks for the product network.

    The network that the finder was fitted to is used, whichever weights are active for products.

    Raises:
        ModelsError: that network is missing or is another one.
    """
    models, weights = ModelsSettings(), default_weights()
    artefact = registry.verified(weights.network)
    with OnnxSession(artefact.path, threads=models.onnx_threads, providers=models.providers) as session:
        return VoidFinder(session, artefact.manifest, weights).find(image_bgr)
