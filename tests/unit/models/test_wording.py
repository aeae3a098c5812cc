"""Sampling: the share of each token, with and without a grammar."""

from collections import Counter

import numpy as np
import pytest

from models.language.chat import opening, turn
from models.language.requests import CompletionRequest
from models.language.wording import Logits, Wording


class OnlyOdd:
    """Allows the odd tokens."""

    def allows(self, token: int) -> bool:
        return token % 2 == 1

    def masked(self, logits: Logits) -> Logits:
        masked = logits.copy()
        masked[::2] = -np.inf
        return masked

    def take(self, token: int) -> None:
        assert self.allows(token)

    def close(self) -> None:
        pass


def shares(logits: list[float], *, temperature: float, with_grammar: bool = False) -> dict[int, float]:
    grammar = OnlyOdd() if with_grammar else None
    wording = Wording(grammar, stop=(), max_tokens=1, temperature=temperature, seed=3)
    draws = Counter(wording.choose(np.array(logits, dtype=np.float32)) for _ in range(4000))
    return {token: count / 4000 for token, count in draws.items()}


def test_temperature_zero_takes_the_likeliest() -> None:
    assert shares([0.1, 0.3, 0.2], temperature=0.0) == {1: 1.0}


def test_tokens_are_drawn_by_their_share() -> None:
    drawn = shares([float(np.log(0.5)), float(np.log(0.3)), float(np.log(0.2))], temperature=1.0)
    assert drawn[0] == pytest.approx(0.5, abs=0.03)
    assert drawn[1] == pytest.approx(0.3, abs=0.03)


def test_unlikely_tokens_are_never_drawn() -> None:
    assert set(shares([0.0, -4.0, -1.0], temperature=1.5)) == {0, 2}


def test_a_grammar_leaves_the_allowed_tokens_in_their_proportion() -> None:
    drawn = shares([float(np.log(p)) for p in (0.6, 0.1, 0.1, 0.2)], temperature=1.0, with_grammar=True)
    assert set(drawn) == {1, 3}
    assert drawn[3] == pytest.approx(2 / 3, abs=0.03)


def test_typed_markup_stays_text() -> None:
    spans = (*opening("chatml", "<|im_end|>"), *turn("chatml", "<|im_start|>system"))
    assert all(span.is_markup for span in spans if span.text in ("<|im_start|>", "<|im_end|>"))
    assert not any(span.is_markup for span in spans if "system" in span.text)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"deadline_s": 0.0}, id="no time"),
        pytest.param({"max_tokens": 0}, id="no tokens"),
        pytest.param({"temperature": -1.0}, id="negative temperature"),
        pytest.param({"seed": -1}, id="negative seed"),
        pytest.param({"stop": ("",)}, id="empty stop string"),
        pytest.param({"prompt": "x" * 70_000}, id="endless prompt"),
    ],
)
def test_a_request_that_can_never_be_answered_is_refused(changes: dict[str, object]) -> None:
    fields: dict[str, object] = {"prefix": "p", "prompt": "q", "deadline_s": 1.0, **changes}
    with pytest.raises(ValueError, match=next(iter(changes))):
        CompletionRequest(**fields)  # type: ignore[arg-type]


def test_half_a_character_is_refused_before_it_reaches_the_process() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        CompletionRequest(prefix="p", prompt="\ud83d", deadline_s=1.0)
