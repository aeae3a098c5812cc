"""A short painted day through the real pipeline: what the whole day promises holds on it too, and it can be drawn."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge.bench.day import LivedDay, figures, live
from edge.bench.shop_day.chart import chart_svg
from edge.bench.shop_day.script import SLIGHT, Trouble
from edge.cli import bench_command

TROUBLES = (Trouble.NUDGED_2, Trouble.TURNED_2, Trouble.COVERED)


@pytest.fixture(scope="module")
def lived() -> LivedDay:
    return live(rounds=1, visits=3, seed=20, troubles=TROUBLES)


def test_claims_are_right_and_nothing_hidden_is_told_empty(lived: LivedDay) -> None:
    steady, slight = lived.marks.steady, lived.marks.slight
    assert min(steady.claimed, slight.claimed) > 300
    assert steady.right + slight.right >= 0.99 * (steady.claimed + slight.claimed)
    assert lived.marks.false_out == lived.marks.false_out_seen == []


def test_a_nudge_is_put_right_and_every_other_trouble_is_told_within_five_seconds(lived: LivedDay) -> None:
    told = lived.marks.told_after_s()
    assert set(told) == set(TROUBLES) - set(SLIGHT)
    assert all(after_s is not None and after_s <= 5.0 for times in told.values() for after_s in times)
    assert lived.marks.false_faults() == []


def test_the_command_prints_one_object_and_draws_the_day(
    lived: LivedDay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.bench.day.live", lambda **_: lived)
    drawing = tmp_path / "day.svg"
    done = CliRunner().invoke(bench_command.app, ["day", "--quick", "--json", "--draw", str(drawing)])
    report = json.loads(done.output)
    assert (done.exit_code, report["area"]) == (0, "day")
    assert all(set(result) == {"what", "value", "unit", "goal", "holds", "against"} for result in report["results"])
    assert drawing.read_text().startswith("<svg")


def test_the_figures_have_goals_and_the_drawing_every_slot(lived: LivedDay) -> None:
    assert sum(result.goal is not None for result in figures(lived)) >= 8
    words = re.findall(r"<text[^>]*>([^<]*)</text>", chart_svg(lived.day, lived.moments))
    assert set(lived.day.first) | {trouble.value for trouble in TROUBLES} <= set(words)
