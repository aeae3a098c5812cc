"""Many turns side by side on the real weights: the same text as alone, and every one within one process."""

import dataclasses
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from models.config import LanguageSettings
from models.language.client import LanguageModel
from models.language.requests import Completion, CompletionRequest
from models.manifest import ActiveArtefact

PREFIX = "You are the friendly voice of a shop's information screen. " * 12
PRODUCTS = ["oat milk", "eggs", "rye bread", "butter", "orange juice", "rice", "dog food", "candles"]


@pytest.fixture(scope="module")
def shared(smollm2: ActiveArtefact) -> Iterator[LanguageModel]:
    with LanguageModel(lambda: smollm2, LanguageSettings(parallel_turns=8, queue_limit=8), prefixes=[PREFIX]) as model:
        assert model.wait_until_up(60.0)
        yield model


def free(number: int) -> CompletionRequest:
    product = PRODUCTS[number]
    return CompletionRequest(
        prefix=PREFIX,
        prompt=f"Facts: {product} is in aisle {number + 1}. Question: where is the {product}?",
        deadline_s=60.0,
        max_tokens=24,
    )


def worded(number: int) -> CompletionRequest:
    product = PRODUCTS[number]
    grammar = f"""root ::= part0 part1
part0 ::= "You will find {product} in aisle {number + 1}." | "Look in aisle {number + 1} for {product}."
part1 ::= "" | " There are {number} on the shelf." | " {number} are on the shelf, seen a minute ago."
"""
    return CompletionRequest(
        prefix=PREFIX, prompt=f"Where is the {product}?", deadline_s=60.0, grammar=grammar, max_tokens=60
    )


def schemed(number: int) -> CompletionRequest:
    schema = """{"type": "object", "required": ["product", "aisle"], "properties": {
        "product": {"type": "string", "maxLength": 20}, "aisle": {"type": "integer", "minimum": 1, "maximum": 20}}}"""
    return dataclasses.replace(free(number), json_schema=schema, max_tokens=40)


def streamed(language: LanguageModel, request: CompletionRequest) -> Completion:
    """The same as ``complete``, told piece by piece."""
    *pieces, completion = language.stream(request)
    assert isinstance(completion, Completion)
    assert "".join(map(str, pieces)) == completion.text
    return completion


def test_24_open_ended_answers_are_the_same_alone_and_beside_others(shared: LanguageModel) -> None:
    questions = (
        "Where is the {}?",
        "Tell a story about {} and a child in a shop.",
        "What can one cook with {}? Name three things.",
    )
    for prefix in (PREFIX, PREFIX * 4):
        requests = [
            dataclasses.replace(free(number), prefix=prefix, prompt=question.format(PRODUCTS[number]))
            for question in questions
            for number in range(8)
        ]
        alone = [shared.complete(request).text for request in requests]
        with ThreadPoolExecutor(8) as pool:
            assert [one.text for one in pool.map(shared.complete, requests)] == alone


@pytest.mark.parametrize("ask", [free, worded, schemed])
def test_a_greedy_answer_is_the_same_alone_and_beside_seven_others(shared: LanguageModel, ask: object) -> None:
    assert callable(ask)
    requests = [ask(number) for number in range(8)]
    alone = [shared.complete(request).text for request in requests]
    with ThreadPoolExecutor(8) as pool:
        for answer in (shared.complete, partial(streamed, shared)):
            together = list(pool.map(answer, requests))
            assert [one.text for one in together] == alone
            assert all(one.cached_tokens > 100 for one in together)


def test_a_short_turn_overtakes_a_long_one(shared: LanguageModel) -> None:
    long = CompletionRequest(prefix=PREFIX, prompt="Tell a story. " * 100, deadline_s=120.0, max_tokens=80)
    with ThreadPoolExecutor(1) as pool:
        story = pool.submit(shared.complete, long)
        assert shared.complete(worded(1)).finish == "stop"
        assert not story.done()
        assert story.result(120.0).answer_tokens <= 80
