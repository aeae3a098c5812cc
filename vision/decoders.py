"""The layouts of outputs that can be read, by the name that a manifest gives as its `decoder`.

Owns the list of decoders and the comparing of real outputs with what one wants. Each decoder is a module of its own:
a new layout is a module with `SIDE_PX`, `shapes` and `decode`, its name in `models.manifest`, and a line here.
"""

from collections.abc import Mapping
from typing import Protocol

from models.errors import ArtefactInvalidError
from models.manifest import Manifest
from vision import centerface, detr, nanodet, rtdetr, rtdetr_scores, yolo, yolo_end_to_end, yolox
from vision.detections import Detections
from vision.outputs import Outputs, Shape, SizePx, Wanted, fits, readable


class Decoder(Protocol):
    """One layout of outputs."""

    SIDE_PX: int
    """The picture's long side in the input, in pixels, where the network takes any."""

    def shapes(self, labels: int, input_size_px: SizePx, /) -> Mapping[str, Shape]:
        """What the outputs must look like for so many classes and an input of (width, height)."""
        ...

    def decode(self, outputs: Outputs, wanted: Wanted, /) -> Detections:
        """The wanted boxes in the input's pixels, best first."""
        ...


DECODERS: Mapping[str, Decoder] = {
    "nanodet": nanodet,
    "centerface": centerface,
    "yolo": yolo,
    "yolo-end-to-end": yolo_end_to_end,
    "yolox": yolox,
    "rtdetr": rtdetr,
    "rtdetr-scores": rtdetr_scores,
    "detr": detr,
}


def decoder_of(manifest: Manifest) -> Decoder:
    """The decoder that a manifest names.

    Raises:
        ArtefactInvalidError: it names none, or one that is not known.
    """
    if manifest.decoder is None or manifest.decoder not in DECODERS:
        raise ArtefactInvalidError(
            f"{manifest.name}: decoder {manifest.decoder} reads no boxes; there are {', '.join(DECODERS)}"
        )
    return DECODERS[manifest.decoder]


def check_outputs(manifest: Manifest, outputs: Outputs, *, input_size_px: SizePx) -> None:
    """Compare what a network gave for an input of (width, height) with what its decoder reads.

    Raises:
        ArtefactInvalidError: they differ; the sentence names both, and the decoder that would fit, if one would.
    """
    labels = len(manifest.labels)
    wanted = decoder_of(manifest).shapes(labels, input_size_px)
    if fits(outputs, wanted):
        return
    came = {name: array.shape for name, array in outputs.items()}
    others = [name for name, other in DECODERS.items() if fits(outputs, other.shapes(labels, input_size_px))]
    width, height = input_size_px
    raise ArtefactInvalidError(
        f"{manifest.name}: for {labels} labels and a picture of {width} x {height} the decoder {manifest.decoder} "
        f"expects {readable(wanted)}; these weights give {readable(came)}"
        + (f", which the decoder {' or '.join(others)} reads" if others else "")
    )
