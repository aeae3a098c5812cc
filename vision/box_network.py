"""A network that finds boxes, whatever its layout: a session joined with what its manifest says of it.

Owns the order of the steps (input, network, decoder, back to the picture's pixels) and the first look at the weights:
one run on a grey picture, whose outputs must be what the decoder reads. Cameras share one network.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from models.errors import ArtefactInvalidError, ModelsError
from models.manifest import ActiveArtefact, Manifest, PictureInput
from models.onnx_session import OnnxSession
from vision.decoders import check_outputs, decoder_of
from vision.detections import Detections
from vision.letterbox import Letterbox, Picture
from vision.outputs import Wanted
from vision.picture_input import InputMaker

SIZE_INPUT = "orig_target_sizes"
"""Second input of the DETR family: width and height that the boxes are multiplied by, int64 (1, 2)."""
_FIRST_LOOK_PX = (640, 480)


class Session(Protocol):
    """A network ready to run. Several threads may run it at one moment."""

    @property
    def input_shapes(self) -> Mapping[str, tuple[int | None, ...]]:
        """Lengths of every input's axes by its name; None where any length goes."""
        ...

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> Mapping[str, NDArray[Any]]:
        """Every output by name for the inputs by name; blocks for the network's time."""
        ...

    def close(self) -> None:
        """Free what it holds."""
        ...


class BoxNetwork:
    """Finds boxes of the manifest's labels; a context manager that closes its session. Any threads, also at once.

    Raises:
        ArtefactInvalidError: the manifest describes no such network, or the outputs are not what it says.
        SessionInvalidError: the weights want another input.
    """

    def __init__(self, session: Session, manifest: Manifest) -> None:
        self._session = session
        self._name = manifest.name
        self.labels = manifest.labels
        self._decoder = decoder_of(manifest)
        self._maker = InputMaker(_picture_of(manifest), side_px=self._decoder.SIDE_PX)
        self._picture_name = next((name for name in session.input_shapes if name != SIZE_INPUT), "picture")
        grey = np.full((_FIRST_LOOK_PX[1], _FIRST_LOOK_PX[0], 3), 128, np.uint8)
        plan = self._maker.plan(_FIRST_LOOK_PX)
        check_outputs(manifest, self._run(grey, plan), input_size_px=plan.input_size_px)

    @classmethod
    def open(
        cls, artefact: ActiveArtefact, *, threads: int = 1, providers: Sequence[str] = ("CPUExecutionProvider",)
    ) -> Self:
        """Load verified weights. Blocks for milliseconds to seconds.

        Raises:
            ModelsError: they cannot be used, or are not what their manifest says.
        """
        session = OnnxSession(artefact.path, threads=threads, providers=providers)
        try:
            return cls(session, artefact.manifest)
        except ModelsError:
            session.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def label_index(self, label: str) -> int:
        """Where a label stands in the manifest.

        Raises:
            ArtefactInvalidError: the weights do not know it.
        """
        if label not in self.labels:
            known = ", ".join(self.labels[:5]) + (", ..." if len(self.labels) > 5 else "")
            raise ArtefactInvalidError(f"{self._name}: no label is called {label}; there are {known or 'none'}")
        return self.labels.index(label)

    def find(
        self, image_bgr: Picture, *, threshold: float, classes: tuple[int, ...], shrink: float = 1.0
    ) -> Detections:
        """Boxes of some classes in uint8 (H, W, 3), BGR, 0..255; in its pixels, best first. Blocks.

        ``shrink`` scales the picture the network sees, where the network takes any size.
        """
        plan = self._maker.plan((image_bgr.shape[1], image_bgr.shape[0]), shrink=shrink)
        wanted = Wanted(threshold=threshold, classes=classes, input_size_px=plan.input_size_px)
        outputs = self._run(image_bgr, plan)
        with np.errstate(over="ignore", invalid="ignore"):  # bad weights give what is no number; it is dropped
            return plan.restore(self._decoder.decode(outputs, wanted))

    def prepared(self, image_bgr: Picture, *, shrink: float = 1.0) -> Callable[[], object]:
        """One bare run of the session on this picture, its input made beforehand: what all around it is measured by."""
        plan = self._maker.plan((image_bgr.shape[1], image_bgr.shape[0]), shrink=shrink)
        feeds = self._feeds(image_bgr, plan)
        return lambda: self._session.run(feeds)

    def _run(self, image_bgr: Picture, plan: Letterbox) -> Mapping[str, NDArray[Any]]:
        return self._session.run(self._feeds(image_bgr, plan))

    def _feeds(self, image_bgr: Picture, plan: Letterbox) -> dict[str, NDArray[Any]]:
        feeds: dict[str, NDArray[Any]] = {self._picture_name: self._maker.make(image_bgr, plan)}
        if SIZE_INPUT in self._session.input_shapes:
            feeds[SIZE_INPUT] = np.array([plan.input_size_px], np.int64)
        return feeds


def _picture_of(manifest: Manifest) -> PictureInput:
    if manifest.input is None or manifest.input.colour == "GREY":
        raise ArtefactInvalidError(f"{manifest.name}: detectors look at pictures in BGR or RGB")
    return manifest.input
