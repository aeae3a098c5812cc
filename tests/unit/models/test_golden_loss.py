"""What quantization cost, from plain figures."""

import pytest

from edge.golden.loss import Loss, losses

BARS = {
    "persons": {
        "at_least": {"recall": 0.9},
        "at_most": {"false_alarms": 0.1},
        "max_loss": {"recall": 0.02, "false_alarms": 0.04},
    }
}


@pytest.mark.parametrize(
    ("before", "after", "holds"),
    [
        pytest.param({"recall": 0.95}, {"recall": 0.94}, True, id="a little lost"),
        pytest.param({"recall": 0.95}, {"recall": 0.92}, False, id="too much lost"),
        pytest.param({"recall": 0.92}, {"recall": 0.95}, True, id="gained"),
        pytest.param({"false_alarms": 0.02}, {"false_alarms": 0.09}, False, id="more false alarms is a loss"),
        pytest.param({"false_alarms": 0.09}, {"false_alarms": 0.02}, True, id="fewer is none"),
        pytest.param({"recall": 0.95}, {"recall": 0.93}, True, id="just what may be lost, rounding aside"),
    ],
)
def test_a_loss_is_what_got_worse_whichever_way_worse_is(
    before: dict[str, float], after: dict[str, float], holds: bool
) -> None:
    (found,) = losses({"persons": before}, {"persons": after}, BARS)
    assert found.holds is holds


def test_figures_without_a_direction_or_a_partner_are_left_out() -> None:
    assert losses({"persons": {"recall": 1.0}}, {"persons": {"speed": 3.0}, "shelf": {"x": 1.0}}, BARS) == ()


def test_a_figure_without_a_bar_of_its_own_is_shown_and_may_lose_anything() -> None:
    bars = {"persons": {"at_least": {"recall": 0.5}}}
    (found,) = losses({"persons": {"recall": 1.0}}, {"persons": {"recall": 0.6}}, bars)
    assert found == Loss(name="persons.recall", before=1.0, after=0.6, loss=0.4)
    assert found.holds
