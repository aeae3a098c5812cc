"""What the cameras' shelf slots may ask beside likeness, from the weights that are active and what staff have taught.

Owns the sessions behind it, one of the product weights and one of the person weights' features, shared by all
cameras, and the reference packs. A camera whose lesson is under its bar, or whose learnt file cannot be used, is
read without what was learnt.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import structlog

from edge.errors import ConfigError
from edge.places import Places
from models.config import ModelsSettings
from models.errors import ArtefactMissingError
from models.manifest import Task
from models.onnx_session import OnnxSession
from models.registry import Registry
from vision.box_network import BoxNetwork
from vision.config import CameraSettings
from vision.errors import SlotMemoryInvalidError, VisionError
from vision.pack_search import SearchAtOnce, SearchThread
from vision.pack_watch import PackSearch
from vision.packs import PackReference, load_references
from vision.pictures import Quad
from vision.products import SlotProducts
from vision.quads import columns_of
from vision.shelf_aids import NO_AIDS, ShelfAids
from vision.slot_learning import fit, teach
from vision.slot_memory import load_memory
from vision.slot_sources import LearntReader, SlotSources

SearchOf = Callable[[Sequence[PackReference], ExitStack], PackSearch]


def beside_the_cameras(references: Sequence[PackReference], stack: ExitStack) -> PackSearch:
    """Packs are searched in a thread of low priority, for live cameras."""
    return stack.enter_context(SearchThread(references))


def at_once(references: Sequence[PackReference], _stack: ExitStack) -> PackSearch:
    """Packs are searched where they are due, for recordings."""
    return SearchAtOnce(references)


class ShelfJoins:
    """Makes the aids of each camera; a context manager that closes what is behind them.

    Args:
        registry: which weights are active.
        places: the data folder, where the learnt slots lie.
        models: threads and providers of the sessions.
        packs: folder with a picture of each pack, or None; read on entering, some 60 ms and 2.5 MB a pack.
        search_of: where packs are searched.

    Raises:
        ConfigError: the folder of packs is missing or holds something else than packs.
        ModelsError: weights are there and cannot be used.
    """

    def __init__(
        self,
        registry: Registry,
        places: Places,
        models: ModelsSettings,
        *,
        packs: Path | None = None,
        search_of: SearchOf = beside_the_cameras,
    ) -> None:
        """Keep what to open; nothing is opened yet."""
        self._registry = registry
        self._places = places
        self._models = models
        self._folder = packs
        self._search_of = search_of
        self._stack = ExitStack()
        self._search: PackSearch | None = None
        self._products: SlotProducts | None = None
        self._features: OnnxSession | None = None
        self._log = structlog.get_logger("shelf")

    def __enter__(self) -> Self:
        """Read the packs and open the product weights, where there are any."""
        if self._folder is not None:
            try:
                references = load_references(self._folder)
            except VisionError as error:
                raise ConfigError(f"packs: {error}") from error
            self._search = self._search_of(references, self._stack)
        self._products = self._open_products()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close everything."""
        self._stack.close()

    def of(self, camera: CameraSettings) -> ShelfAids:
        """The aids of a camera as things are now. Fits what was learnt, if anything."""
        if not camera.slots:
            return NO_AIDS
        learnt = self._learnt(camera)
        if self._products is None and learnt is None:
            return ShelfAids(packs=self._search)
        return ShelfAids(sources=SlotSources(products=self._products, learnt=learnt), packs=self._search)

    def _open_products(self) -> SlotProducts | None:
        try:
            artefact = self._registry.active(Task.PRODUCTS)
        except ArtefactMissingError as error:
            self._log.info("slots are told without a product detector", reason=str(error))
            return None
        models = self._models
        network = BoxNetwork.open(artefact, threads=models.onnx_threads, providers=models.providers)
        return SlotProducts(self._stack.enter_context(network))

    def _learnt(self, camera: CameraSettings) -> LearntReader | None:
        persons = self._registry.active(Task.PERSONS)
        try:
            memory = load_memory(self._places.slots / f"{camera.id}.json", weights_sha256=persons.manifest.sha256)
        except SlotMemoryInvalidError as error:
            self._log.warning("a camera is read without what it was taught", camera=camera.id, reason=str(error))
            return None
        if not teach(memory.examples).is_ready(camera.learnt_bar):
            return None
        if self._features is None:
            session = OnnxSession(persons.path, threads=self._models.onnx_threads, providers=self._models.providers)
            self._features = self._stack.enter_context(session)
        return LearntReader(fit(memory.examples), self._features, persons.manifest, facings_norm=facings_of(camera))


def facings_of(camera: CameraSettings) -> Sequence[Quad]:
    """The facings of all slots, slot by slot and left to right, as shares of the picture."""
    return [quad for slot in camera.slots for quad in columns_of(np.array(slot.polygon_norm, np.float32), slot.facings)]
