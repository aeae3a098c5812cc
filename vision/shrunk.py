"""A picture at the sizes at which it is looked at: a sparse sample that most frames end with, and a shrunk copy.

Owns when the copy is made: at the first question for it, since it costs seven times the sample. Keeps no full picture
longer than the frame is looked at.
"""

from vision import pictures
from vision.pictures import Picture


class Shrunk:
    """One frame's small pictures, uint8 BGR. One thread at a time."""

    __slots__ = ("_image_bgr", "_small", "sample")

    def __init__(self, image_bgr: Picture) -> None:
        self._image_bgr: Picture | None = image_bgr
        self._small: Picture | None = None
        self.sample = pictures.sparse_sample(image_bgr)
        """Every fourth pixel of every fourth row."""

    @property
    def small(self) -> Picture:
        """The shrunk picture, 240 to 480 columns of a camera's usual size.

        Raises:
            ValueError: it was not made before the frame was let go.
        """
        if self._small is None:
            if self._image_bgr is None:
                raise ValueError("the frame was let go before its shrunk copy was made")
            self._small = pictures.shrink(self._image_bgr)
        return self._small

    @property
    def has_small(self) -> bool:
        """Whether the shrunk copy was made."""
        return self._small is not None

    def let_go(self) -> None:
        """Keep the small pictures that were made, and not the frame."""
        self._image_bgr = None
