"""The language model gives cores back while cameras are under their floor, and gets them again."""

import pytest

from models.governor import Governor


class Box:
    """A governor, its clock, and what it allowed."""

    def __init__(self, most_cores: float = 4.0) -> None:
        self.now_s = 0.0
        self.allowed: list[float] = []
        self.governor = Governor(
            most_cores=most_cores, least_cores=0.25, allow=self.allowed.append, mono_s=lambda: self.now_s
        )

    def run(self, seconds: float, *, is_short: bool) -> None:
        for _ in range(round(seconds * 10)):
            self.now_s += 0.1
            self.governor.tell(is_short)


def test_while_no_camera_is_short_the_language_model_keeps_everything() -> None:
    box = Box()
    box.run(100.0, is_short=False)
    assert box.allowed == []
    assert (box.governor.cores, box.governor.held_s, box.governor.is_holding) == (4.0, 0.0, False)


@pytest.mark.parametrize(
    ("most_cores", "steps"),
    [
        pytest.param(4.0, [3.0, 2.0, 1.0, 0.5, 0.25], id="four cores"),
        pytest.param(2.0, [1.0, 0.5, 0.25], id="two cores"),
        pytest.param(1.0, [0.5, 0.25], id="one core"),
    ],
)
def test_a_shortage_that_lasts_takes_step_by_step_and_calm_gives_them_back(
    most_cores: float, steps: list[float]
) -> None:
    box = Box(most_cores)
    box.run(10.0, is_short=True)
    assert box.allowed == steps
    box.allowed.clear()
    box.run(60.0, is_short=False)
    assert box.allowed == [*steps[-2::-1], most_cores]


def test_the_first_shortage_counts_at_once_and_the_next_step_waits_for_its_effect() -> None:
    box = Box()
    box.governor.tell(True)
    assert box.allowed == [3.0]
    box.run(0.8, is_short=True)
    assert box.allowed == [3.0]
    box.run(0.3, is_short=True)
    assert box.allowed == [3.0, 2.0]


def test_a_short_moment_in_the_calm_begins_it_again() -> None:
    box = Box()
    box.run(0.1, is_short=True)
    for _ in range(5):
        box.run(2.5, is_short=False)
        box.now_s += 0.1
        box.governor.tell(True)
    assert max(box.allowed) == 3.0


def test_the_time_with_less_than_everything_is_counted() -> None:
    box = Box()
    box.run(0.1, is_short=True)
    box.run(20.0, is_short=False)
    assert box.governor.held_s == pytest.approx(3.1, abs=0.25)
