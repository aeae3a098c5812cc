"""What surrounds a patch in numbers: products beside, inside, above and below it, and the network's features there."""

import numpy as np
import pytest
from numpy.typing import NDArray

from vision.void_context import RELATIONS, Seen, pooled, relations

SIZE_PX = (200, 160)
INSIDE_UPPER, LESS_BESIDE, MORE_BESIDE, ALL_ABOVE = 3, 5, 6, 10
LEAST_GAP, MOST_GAP, SIDES_SEEN = 14, 15, 16


def seen(*products: tuple[float, float, float, float]) -> Seen:
    boxes = np.array(products, np.float32).reshape(-1, 4)
    return Seen(boxes, np.ones(len(boxes), np.float32), np.zeros((3, 20, 25), np.float32), 1 / 8)


def rows(*left_top: tuple[int, int]) -> Seen:
    return seen(*((x, y, x + 20, y + 30) for x, y in left_top))


def told(found: Seen, *box: float) -> NDArray[np.float64]:
    return relations(found, np.array([box], np.float32), SIZE_PX)[0]


def test_a_gap_between_two_packs_is_bare_inside_and_covered_beside() -> None:
    one = told(rows((20, 60), (80, 60), (20, 110), (50, 110)), 45, 60, 75, 90)
    assert one.shape == (RELATIONS,)
    assert one[INSIDE_UPPER] == pytest.approx(0.0)
    assert one[LESS_BESIDE] > 0.5
    assert one[SIDES_SEEN] == 2
    assert one[MOST_GAP] == pytest.approx(0.25)


def test_a_pack_is_covered_inside() -> None:
    assert told(rows((20, 60), (50, 60)), 50, 60, 70, 90)[INSIDE_UPPER] == pytest.approx(1.0)


def test_a_wall_above_all_packs_has_none_above_and_none_beside() -> None:
    wall = told(rows((20, 60), (50, 60)), 20, 5, 80, 40)
    assert (wall[ALL_ABOVE], wall[MORE_BESIDE], wall[SIDES_SEEN]) == (0.0, 0.0, 0.0)
    assert told(rows((20, 10), (20, 110)), 20, 60, 40, 90)[ALL_ABOVE] > 0


def test_a_mirrored_shelf_reads_the_same() -> None:
    plain, turned = rows((20, 60), (90, 65), (20, 110)), rows((160, 60), (90, 65), (160, 110))
    np.testing.assert_allclose(told(plain, 45, 60, 80, 90), told(turned, 120, 60, 155, 90), atol=1e-6)


@pytest.mark.parametrize("products", [(), ((0.0, 0.0, 0.4, 0.4),), ((-5.0, -5.0, 400.0, 400.0),)])
def test_all_numbers_are_finite_whatever_is_seen(products: tuple[tuple[float, float, float, float], ...]) -> None:
    boxes = np.array([(0, 0, 9, 9), (0, 0, 200, 160), (190, 150, 200, 160)], np.float32)
    assert np.isfinite(relations(seen(*products), boxes, SIZE_PX)).all()


def test_no_patches_give_no_rows() -> None:
    assert relations(rows((20, 60)), np.zeros((0, 4), np.float32), SIZE_PX).shape == (0, RELATIONS)


def test_features_are_pooled_in_halves_and_around() -> None:
    planes = np.zeros((2, 8, 8), np.float32)
    planes[0, :4], planes[1] = 1.0, 5.0
    given = Seen(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), planes, 1 / 8)
    box = np.array([[16, 0, 48, 64]], np.float32)
    upper, lower, deviation, beside, above, below = pooled(given, box, np.eye(2), np.zeros(2))[0].reshape(6, 2)
    np.testing.assert_allclose(upper, (1, 5), atol=0.1)
    np.testing.assert_allclose(lower, (0, 5), atol=0.1)
    np.testing.assert_allclose(beside, (0.5, 5), atol=0.1)
    np.testing.assert_allclose([above[0], below[0]], (1, 0))
    assert deviation[0] > 0.4
    assert deviation[1] == pytest.approx(0)


def test_features_are_projected_and_shifted() -> None:
    planes = np.ones((3, 1, 1), np.float32)
    given = Seen(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), planes, 1 / 8)
    told_once = pooled(given, np.array([[0, 0, 9, 9]], np.float32), np.array([[1.0, 2.0, 3.0]]), np.array([-1.0]))
    np.testing.assert_allclose(told_once[0], (5, 5, 0, 5, 5, 5))
