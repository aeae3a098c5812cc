"""The sources beside likeness that know something of a slot: the product detector's boxes, and what was learnt on site.

Owns how each is asked about one slot of a picture. Decides nothing: `vision.evidence` weighs the answers. Asked at
single moments, never on every frame.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from models.manifest import Manifest
from vision.evidence import Source, learnt_odds, products_odds
from vision.pictures import Picture, Quad
from vision.products import SlotProducts
from vision.quads import columns_of
from vision.slot_features import Session, features_near, scale_for
from vision.slot_learning import SlotClassifier


class LearntReader:
    """What a camera's operator has taught, asked about single slots. One thread at a time.

    ``facings_norm`` are the facings of all slots of the camera: they set the scale at which it was taught.
    """

    def __init__(
        self, classifier: SlotClassifier, session: Session, manifest: Manifest, *, facings_norm: Sequence[Quad]
    ) -> None:
        self._classifier = classifier
        self._session = session
        self._manifest = manifest
        self._facings_norm = facings_norm

    def empty(self, image_bgr: Picture, quads_px: Sequence[Quad]) -> tuple[float, ...]:
        """Probability that each facing of one slot is empty. Blocks for some milliseconds."""
        height, width = image_bgr.shape[:2]
        size = np.array((width, height), np.float32)
        scale = scale_for([quad * size for quad in self._facings_norm], max(width, height))
        rows = features_near(self._session, self._manifest, image_bgr, quads_px, scale=scale)
        return tuple(float(share) for share in self._classifier.empty(rows))


class SlotSources:
    """Every source that is there for one camera. One thread at a time; None: there is no such source."""

    def __init__(self, *, products: SlotProducts | None = None, learnt: LearntReader | None = None) -> None:
        self._products = products
        self._learnt = learnt

    def ask(self, image_bgr: Picture, corners_px: Quad, facings: int) -> Mapping[Source, tuple[float, ...]]:
        """Log odds of "stocked" for each facing of a slot, left to right, by each source. Blocks 3 to 15 ms."""
        told: dict[Source, tuple[float, ...]] = {}
        if self._products is not None:
            scores = self._products.cell_scores(image_bgr, corners_px, facings)
            told[Source.PRODUCTS] = tuple(products_odds(score) for score in scores)
        if self._learnt is not None:
            empty = self._learnt.empty(image_bgr, columns_of(corners_px, facings))
            told[Source.LEARNT] = tuple(learnt_odds(share) for share in empty)
        return told
