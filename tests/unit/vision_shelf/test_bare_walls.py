"""A camera turned to a bare wall: what is seen instead of the view stands still, with few parts that show it."""

import numpy as np
import pytest

from vision import pictures
from vision.registration import directions, is_still


def wall(posters: int, *, moved_px: int = 0) -> "np.ndarray[tuple[int, ...], np.dtype[np.complex64]]":
    picture = np.full((180, 320, 3), 170, np.uint8)
    rng = np.random.default_rng(4)
    for number in range(posters):
        left, top = 15 + 46 * (number % 6) + moved_px, 8 + 60 * (number // 6)
        print_ = rng.integers(20, 230, (6, 6, 3)).repeat(6, 0).repeat(6, 1)
        picture[top : top + 36, left : left + 36] = print_
    return directions(pictures.structure(picture))


@pytest.mark.parametrize(
    ("posters", "moved_px", "still"),
    [
        pytest.param(18, 0, True, id="a busy wall"),
        pytest.param(5, 0, True, id="a bare one"),
        pytest.param(5, 8, False, id="somebody's printed back that sways"),
        pytest.param(0, 0, False, id="nothing to tell it by"),
    ],
)
def test_what_stands_still_instead_of_the_view(posters: int, moved_px: int, still: bool) -> None:
    assert is_still(wall(posters), wall(posters, moved_px=moved_px)) is still
