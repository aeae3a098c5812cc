"""How `backroom status` tells about the language model."""

from dataclasses import asdict, replace

import pytest

from edge.cli.status_command import _model
from models.language.requests import LanguageStats

UP = LanguageStats(
    is_up=True, requests=9, answered=7, late=1, turned_away=1, cancelled=0, restarts=0, queue_length=0,
    prefill_tokens_cached=900, cache_hits=6, first_token_ms=84.6, tokens_per_s=41.2, rss_mb=230.0,
)  # fmt: skip
COUNTS = "up: 7 answered, 6 on a cached prefix, 1 late"


@pytest.mark.parametrize(
    ("stats", "line"),
    [
        pytest.param(UP, f"{COUNTS}; last one began after 85 ms, 41 tokens/s", id="up"),
        pytest.param(replace(UP, tokens_per_s=None), f"{COUNTS}; last one began after 85 ms", id="a short answer"),
        pytest.param(replace(UP, first_token_ms=None, tokens_per_s=None), COUNTS, id="nothing asked yet"),
        pytest.param(
            replace(UP, is_up=False, down_because="it hung for 15 s"),
            "down: it hung for 15 s; answers use templates",
            id="down",
        ),
    ],
)
def test_the_model_is_told_with_its_figures(stats: LanguageStats, line: str) -> None:
    assert _model(asdict(stats)) == line
