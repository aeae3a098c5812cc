"""What the product network eats and how its outputs become boxes, the same in training, export and measuring.

The input is NanoDet's, because the weights start from it; the appliance's own decoder reads the outputs.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from models.manifest import PictureInput
from vision import nanodet
from vision.detections import Detections
from vision.outputs import Outputs, Wanted
from vision.picture_input import InputMaker
from vision.products import at_scale, restored

INPUT = "picture"
PICTURE = PictureInput(colour="BGR", multiple_of=32, mean=(103.53, 116.28, 123.675), std=(57.375, 57.12, 58.395))
LABELS = ("product",)
FAINTEST = 0.05


def batch_of(squares: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
    """Squares of one size, uint8 (S, S, 3) BGR, as float32 (N, 3, S, S)."""
    maker = InputMaker(PICTURE, side_px=squares[0].shape[0])
    return np.concatenate([maker.make(one, maker.plan((one.shape[1], one.shape[0]))) for one in squares])


def find(run: Callable[[NDArray[np.float32]], Outputs], picture: NDArray[np.uint8], *, side_px: int) -> Detections:
    """Products in a picture, in its pixels, scores from `FAINTEST` up; ``side_px`` is its long side at the input."""
    maker = InputMaker(PICTURE, side_px=side_px)
    seen = at_scale(picture, side_px)
    plan = maker.plan((seen.shape[1], seen.shape[0]))
    wanted = Wanted(threshold=FAINTEST, classes=(0,), input_size_px=plan.input_size_px)
    found = plan.restore(nanodet.decode(run(maker.make(seen, plan)), wanted))
    return restored(found, seen=seen, picture=picture)
