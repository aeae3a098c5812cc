"""Learning on site: what some confirmed pictures teach, and when it may be believed."""

import numpy as np
import pytest

from vision.slot_features import pool
from vision.slot_learning import Example, SlotState, claim, fit, teach

FEATURES = 40


def picture(number: int, *, empty: int = 3, stocked: int = 5, apart: float = 3.0) -> list[Example]:
    """Slots of one picture: the states differ along one direction by so many deviations."""
    draw = np.random.default_rng(number)
    states: list[SlotState] = ["empty"] * empty + ["stocked"] * stocked
    shown = draw.normal(0, 1, (len(states), FEATURES)).astype(np.float32)
    shown[:empty, 0] += apart
    shown[:empty, 1] -= apart
    return [
        Example(f"p{number}", f"s{n}", state, row) for n, (state, row) in enumerate(zip(states, shown, strict=True))
    ]


def pictures(count: int, *, apart: float = 3.0) -> list[Example]:
    return [example for number in range(count) for example in picture(number, apart=apart)]


def test_a_fit_tells_slots_of_new_pictures_apart() -> None:
    classifier = fit(pictures(12, apart=8.0))
    new = picture(99, apart=8.0)
    told = classifier.empty(np.stack([example.features for example in new]))
    assert [probability > 0.5 for probability in told] == [example.state == "empty" for example in new]


def test_one_state_alone_teaches_nothing() -> None:
    with pytest.raises(ValueError, match="both an empty and a stocked"):
        fit(picture(1, empty=0))


def test_the_same_examples_fit_alike_whether_few_or_many() -> None:
    few = fit(pictures(4))
    again = fit(pictures(4))
    shown = np.stack([example.features for example in picture(50)])
    np.testing.assert_array_equal(few.empty(shown), again.empty(shown))
    assert len(pictures(4)) < FEATURES < len(pictures(12))


@pytest.mark.parametrize(
    ("examples", "why"),
    [
        ([], "nothing was confirmed"),
        (picture(1), "one picture cannot judge itself"),
        ([e for n in (1, 2) for e in picture(n, empty=1)], "two empty slots say little"),
    ],
)
def test_too_little_is_never_believed(examples: list[Example], why: str) -> None:
    lesson = teach(examples)
    assert lesson.accuracy is None, why
    assert not lesson.is_ready(0.5)


def test_a_lesson_is_believed_from_its_bar_on() -> None:
    lesson = teach(pictures(10))
    assert lesson.accuracy is not None
    assert lesson.accuracy > 0.9
    assert lesson.is_ready(0.9)
    assert not lesson.is_ready(1.0) or lesson.accuracy == 1.0
    assert (lesson.pictures, lesson.examples, lesson.empty) == (10, 80, 30)


def test_states_that_look_alike_are_not_believed() -> None:
    lesson = teach(pictures(10, apart=0.0))
    assert lesson.accuracy is not None
    assert not lesson.is_ready(0.8)


@pytest.mark.parametrize(("empty", "told"), [(0.95, "empty"), (0.05, "stocked"), (0.5, None), (0.79, None)])
def test_only_what_is_sure_is_claimed(empty: float, told: str | None) -> None:
    assert claim(empty) == told


def test_pooling_keeps_upper_and_lower_half_apart() -> None:
    features = np.zeros((2, 12, 12), np.float32)
    features[0, :6] = 4.0
    features[1] = 1.0
    quad = np.array([[2, 0], [10, 0], [10, 12], [2, 12]], np.float32)
    upper, lower, deviation = pool(features, quad).reshape(3, 2)
    np.testing.assert_allclose(upper, [4.0, 1.0])
    np.testing.assert_allclose(lower, [0.0, 1.0])
    np.testing.assert_allclose(deviation, [2.0, 0.0])


def test_pooling_stands_slots_over_the_edge_and_maps_of_one_cell() -> None:
    quad = np.array([[-3, -3], [5, -3], [5, 5], [-3, 5]], np.float32)
    assert np.isfinite(pool(np.ones((3, 1, 1), np.float32), quad)).all()
