"""The golden set of language models: the default weights pass, a liar and random weights do not."""

import tomllib
from pathlib import Path

import pytest

from edge.golden.figures import unheard, with_bars
from edge.golden.kiosk import measure, run_kiosk
from edge.golden.sets import GOLDEN, sets_of
from edge.places import DEFAULT_ARTEFACTS
from edge.questions.liar import LyingLanguage
from models.errors import ArtefactInvalidError
from models.manifest import ActiveArtefact, Task
from models.registry import Registry
from tests.unit.models.tiny_weights import tiny_gguf

BARS = tomllib.loads((GOLDEN / "bars.toml").read_text())["kiosk"]


@pytest.fixture
def weights(tmp_path: Path) -> ActiveArtefact:
    return Registry(tmp_path, DEFAULT_ARTEFACTS).active(Task.LANGUAGE)


@pytest.mark.slow
def test_the_default_weights_pass(weights: ActiveArtefact) -> None:
    assert sets_of(weights.manifest) == ("kiosk",)
    items, values = run_kiosk(weights, GOLDEN, BARS, unheard)
    assert items >= 40
    assert [figure.name for figure in with_bars(values, BARS) if not figure.holds] == []


def test_a_liar_shows_nothing_wrong_and_is_refused_as_useless() -> None:
    heard: list[tuple[int, int]] = []
    items, values = measure(LyingLanguage(["Fennmoor", "Tilbeck"]), GOLDEN, BARS, lambda *done: heard.append(done))
    assert (values["wrong_claims"], values["right_facts"]) == (0, 1.0)
    assert {f.name for f in with_bars(values, BARS) if not f.holds} == {"worded", "follows_facts"}
    assert heard[-1][1] == items


def test_weights_too_small_for_a_turn_are_refused(weights: ActiveArtefact, tmp_path: Path) -> None:
    path = tmp_path / "tiny.gguf"
    path.write_bytes(tiny_gguf())
    try:
        _, values = run_kiosk(ActiveArtefact(path, weights.manifest), GOLDEN, BARS, unheard)
    except ArtefactInvalidError:
        return
    assert {"worded", "follows_facts"} & {figure.name for figure in with_bars(values, BARS) if not figure.holds}
