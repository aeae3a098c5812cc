"""What helps a camera read its shelf beside likeness; whoever joins the parts decides what there is."""

from dataclasses import dataclass

from vision.pack_watch import PackSearch
from vision.shelf import Sources


@dataclass(frozen=True, slots=True)
class ShelfAids:
    """Each may be missing: a slot is then told by what is left."""

    sources: Sources | None = None
    """Asked about single slots, in the camera's own thread."""
    packs: PackSearch | None = None
    """Names the packs of a whole picture, beside the cameras."""


NO_AIDS = ShelfAids()
