"""Sampling: the share of each token, with and without a grammar."""

from collections import Counter

import numpy as np
import pytest

from models.language.gbnf import Grammar
from models.language.requests import CompletionRequest, Message
from models.language.vocabulary import GrammarPath, Vocabulary
from models.language.wording import Wording


def shares(
    logits: list[float], *, temperature: float, grammar: str | None = None, top_p: float = 1.0
) -> dict[int, float]:
    pieces = [bytes([ord("a") + token]) for token in range(len(logits))]
    vocabulary = Vocabulary(pieces, (), lambda text: [ord(letter) - ord("a") for letter in text])
    state = None if grammar is None else Grammar(grammar).start
    draws: Counter[int] = Counter()
    wording = Wording(vocabulary, state, stop=(), max_tokens=9999, temperature=temperature, top_p=top_p, seed=3)
    for _ in range(4000):
        wording.go_on(np.array(logits, dtype=np.float32))
    draws.update(wording.tokens)
    return {token: count / 4000 for token, count in draws.items()}


def test_temperature_zero_takes_the_likeliest() -> None:
    assert shares([0.1, 0.3, 0.2], temperature=0.0) == {1: 1.0}


def test_tokens_are_drawn_by_their_share() -> None:
    drawn = shares([float(np.log(0.5)), float(np.log(0.3)), float(np.log(0.2))], temperature=1.0)
    assert drawn[0] == pytest.approx(0.5, abs=0.03)
    assert drawn[1] == pytest.approx(0.3, abs=0.03)


def test_unlikely_tokens_are_never_drawn() -> None:
    assert set(shares([0.0, -4.0, -1.0], temperature=1.5)) == {0, 2}


def test_a_nucleus_leaves_the_likeliest_in_their_proportion() -> None:
    drawn = shares([float(np.log(p)) for p in (0.5, 0.25, 0.15, 0.1)], temperature=1.0, top_p=0.7)
    assert set(drawn) == {0, 1}
    assert drawn[0] == pytest.approx(2 / 3, abs=0.03)


@pytest.mark.parametrize("most_states", [1024, 0])
def test_a_grammar_leaves_the_allowed_tokens_in_their_proportion(
    monkeypatch: pytest.MonkeyPatch, most_states: int
) -> None:
    monkeypatch.setattr(GrammarPath, "MOST_STATES", most_states)
    drawn = shares([float(np.log(p)) for p in (0.6, 0.1, 0.1, 0.2)], temperature=1.0, grammar="root ::= [bd]*")
    assert set(drawn) == {1, 3}
    assert drawn[3] == pytest.approx(2 / 3, abs=0.03)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"deadline_s": 0.0}, id="no time"),
        pytest.param({"max_tokens": 0}, id="no tokens"),
        pytest.param({"temperature": -1.0}, id="negative temperature"),
        pytest.param({"seed": -1}, id="negative seed"),
        pytest.param({"stop": ("",)}, id="empty stop string"),
        pytest.param({"prompt": "x" * 70_000}, id="endless prompt"),
        pytest.param({"earlier": (Message("user", "x" * 70_000),)}, id="endless earlier message"),
        pytest.param({"earlier": (Message("user", ""),) * 300}, id="endless conversation"),
        pytest.param({"grammar": 'root ::= "a"', "json_schema": "{}"}, id="two rules for one answer"),
        pytest.param({"is_chat": False}, id="a raw prompt with a prefix"),
        pytest.param({"top_p": 0.0}, id="a share of nothing"),
    ],
)
def test_a_request_that_can_never_be_answered_is_refused(changes: dict[str, object]) -> None:
    fields: dict[str, object] = {"prefix": "p", "prompt": "q", "deadline_s": 1.0, **changes}
    with pytest.raises(ValueError, match=next(iter(changes))):
        CompletionRequest(**fields)  # type: ignore[arg-type]


def test_half_a_character_is_refused_before_it_reaches_the_process() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        CompletionRequest(prefix="p", prompt="\ud83d", deadline_s=1.0)
