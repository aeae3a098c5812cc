"""The grammar's path with real tokens: as strict as llama.cpp's own sampler, and the text it leads to always parses."""

import ctypes
import random
import re
from collections.abc import Iterator

import llama_cpp
import numpy as np
import pytest

from models.language.gbnf import Grammar, GrammarState
from models.language.llama import LlamaRuntime
from models.language.vocabulary import GrammarPath, Vocabulary
from models.language.wording import Wording
from models.manifest import ActiveArtefact
from tests.unit.models.random_grammars import random_grammar

KIOSK = """root ::= part0 part1
part0 ::= "Yes, we have Oat Drink 1 l." | "Yes, Oat Drink 1 l is in stock."
part1 ::= "" | " You will find it in aisle 4, bay 2." | " It is in aisle 4, bay 2."
"""


@pytest.fixture(scope="module")
def runtime(smollm2: ActiveArtefact) -> Iterator[LlamaRuntime]:
    with LlamaRuntime(smollm2.path, threads=1, context_tokens=512, chunk_tokens=16, sequences=1) as runtime:
        yield runtime


class TheirSampler:
    """llama.cpp's grammar sampler."""

    CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])

    def __init__(self, runtime: LlamaRuntime, grammar: str) -> None:
        self._all = np.zeros(len(runtime.vocabulary), dtype=self.CANDIDATE)
        self._all["id"] = np.arange(len(self._all))
        self._sampler = llama_cpp.llama_sampler_init_grammar(runtime._vocabulary_of, grammar.encode(), b"root")
        assert self._sampler

    def allowed(self) -> set[int]:
        self._all["logit"] = 0.0
        data = self._all.ctypes.data_as(llama_cpp.llama_token_data_p)
        view = llama_cpp.llama_token_data_array(data=data, size=len(self._all), selected=-1, sorted=False)
        llama_cpp.llama_sampler_apply(self._sampler, ctypes.byref(view))
        return set(np.flatnonzero(np.isfinite(self._all["logit"])).tolist())

    def take(self, token: int) -> None:
        llama_cpp.llama_sampler_accept(self._sampler, token)

    def close(self) -> None:
        llama_cpp.llama_sampler_free(self._sampler)


def allowed(state: GrammarState, vocabulary: Vocabulary) -> set[int]:
    return set(vocabulary.followers(state, 10**8) or ())


@pytest.mark.parametrize("seed", range(12))
def test_the_same_tokens_are_allowed_as_by_llama_cpp(runtime: LlamaRuntime, seed: int) -> None:
    chance = random.Random(seed)
    grammar, _ = random_grammar(chance)
    state, theirs = Grammar(grammar).start, TheirSampler(runtime, grammar)
    for _ in range(12):
        found = allowed(state, runtime.vocabulary)
        assert found == theirs.allowed()
        goes_on = sorted(found - runtime.vocabulary.ends)
        if not goes_on:
            break
        token = chance.choice(goes_on)
        state = state.after(runtime.vocabulary.piece(token))
        theirs.take(token)
    theirs.close()


@pytest.mark.parametrize("seed", range(40))
def test_the_text_parses_whatever_the_network_says(runtime: LlamaRuntime, seed: int) -> None:
    chance, noise = random.Random(seed), np.random.default_rng(seed)
    grammar, expression = random_grammar(chance)
    wording = Wording(
        runtime.vocabulary, Grammar(grammar).start, stop=(), max_tokens=200, temperature=seed % 2 * 1.0, seed=seed
    )
    finish = wording.open()
    while finish is None:
        logits = noise.normal(scale=4.0, size=len(runtime.vocabulary)).astype(np.float32)
        logits[list(runtime.vocabulary.ends)] += 24.0
        finish = wording.go_on(logits)
    if finish == "stop":
        assert re.fullmatch(expression, wording.text, re.DOTALL)
    else:
        assert not Grammar(grammar).start.after(wording.text.encode()).is_dead


def test_a_kiosk_turn_is_decided_in_as_many_steps_as_it_has_choices(runtime: LlamaRuntime) -> None:
    """Both choices go to the liked word; the spans between are the tokens that the text has on its own."""
    vocabulary = runtime.vocabulary
    wording = Wording(vocabulary, Grammar(KIOSK).start, stop=(), max_tokens=99, temperature=0.0, seed=0)
    liked = np.zeros(len(vocabulary), dtype=np.float32)
    for word in (b" O", b" It"):
        liked[next(token for token in range(len(vocabulary)) if vocabulary.piece(token) == word)] = 9.0
    assert wording.open() is None
    assert wording.text == "Yes,"
    assert wording.go_on(liked) is None
    assert wording.text == "Yes, Oat Drink 1 l is in stock."
    assert wording.go_on(liked) == "stop"
    assert wording.text == "Yes, Oat Drink 1 l is in stock. It is in aisle 4, bay 2."
    assert wording.tokens == vocabulary.natural(wording.text.encode())


def test_every_state_of_a_kiosk_turn_lists_its_tokens_quickly(runtime: LlamaRuntime) -> None:
    path = GrammarPath(Grammar(KIOSK).start, runtime.vocabulary)
    path.open()
    choices = path.allowed()
    assert choices is not None
    assert {runtime.vocabulary.piece(token) for token in choices} >= {b" O", b" we"}
