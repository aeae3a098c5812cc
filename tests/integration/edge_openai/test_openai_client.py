"""The official client, unchanged, against the endpoint with the real language model and embeddings."""

import base64
import json
import math
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import pytest
from openai import OpenAI
from openai.types.chat import (
    ChatCompletionMessageFunctionToolCall,
    ChatCompletionMessageParam,
    ChatCompletionToolParam,
)
from pydantic import BaseModel, ConfigDict, Field

from tests.integration.edge_openai.conftest import CHAT, VECTORS, Endpoint

MILK: list[ChatCompletionMessageParam] = [
    {"role": "system", "content": "You are the assistant of a small shop. Answer in one short sentence."},
    {"role": "user", "content": "Facts: oat milk is in aisle 4. Question: where is the oat milk?"},
]


def test_a_chat_is_answered_with_its_usage(client: OpenAI) -> None:
    answer = client.chat.completions.create(model=CHAT, messages=MILK, max_tokens=40)
    (choice,) = answer.choices
    assert choice.message.role == "assistant"
    assert "4" in (choice.message.content or "")
    assert choice.finish_reason == "stop"
    assert answer.id.startswith("chatcmpl-")
    assert (answer.object, answer.model) == ("chat.completion", CHAT)
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert 30 < answer.usage.prompt_tokens < 80
    again = client.chat.completions.create(model=CHAT, messages=MILK, max_completion_tokens=40)
    assert again.choices[0].message.content == choice.message.content
    assert again.usage is not None
    assert again.usage.prompt_tokens_details is not None
    assert (again.usage.prompt_tokens_details.cached_tokens or 0) > 10


def test_a_stream_is_the_same_answer_in_pieces(client: OpenAI) -> None:
    whole = client.chat.completions.create(model=CHAT, messages=MILK, max_tokens=40)
    chunks = list(
        client.chat.completions.create(
            model=CHAT, messages=MILK, max_tokens=40, stream=True, stream_options={"include_usage": True}
        )
    )
    *told, last, cost = chunks
    assert {chunk.id for chunk in chunks} == {told[0].id}
    assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}
    assert told[0].choices[0].delta.role == "assistant"
    assert len(told) > 3
    said = "".join(chunk.choices[0].delta.content or "" for chunk in told)
    assert said == whole.choices[0].message.content
    assert last.choices[0].finish_reason == "stop"
    assert cost.choices == []
    assert cost.usage is not None
    assert whole.usage is not None
    assert cost.usage.completion_tokens == whole.usage.completion_tokens
    assert all(chunk.usage is None for chunk in told)


def test_an_answer_that_is_cut_off_says_so(client: OpenAI) -> None:
    answer = client.chat.completions.create(model=CHAT, messages=MILK, max_tokens=3)
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 3


def test_a_stop_string_ends_the_answer_before_it(client: OpenAI) -> None:
    answer = client.chat.completions.create(model=CHAT, messages=MILK, max_tokens=40, stop="aisle")
    assert "aisle" not in (answer.choices[0].message.content or "")
    assert answer.choices[0].finish_reason == "stop"


def test_the_same_seed_draws_the_same_answer(client: OpenAI) -> None:
    def drawn(seed: int) -> str:
        answer = client.chat.completions.create(
            model=CHAT, messages=MILK, max_tokens=30, temperature=1.5, top_p=0.95, seed=seed
        )
        return answer.choices[0].message.content or ""

    first = drawn(-7)
    assert drawn(-7) == first
    assert any(drawn(seed) != first for seed in range(3))


def test_what_was_said_before_is_read(client: OpenAI) -> None:
    earlier: list[ChatCompletionMessageParam] = [
        {"role": "user", "content": "Where is the butter?"},
        {"role": "assistant", "content": "The butter is in aisle 9, beside the cheese."},
    ]
    last: ChatCompletionMessageParam = {
        "role": "user",
        "content": [{"type": "text", "text": "Which aisle did you say the butter is in?"}],
    }
    alone = client.chat.completions.create(model=CHAT, messages=[last], max_tokens=30)
    answer = client.chat.completions.create(model=CHAT, messages=[*earlier, last], max_tokens=30)
    assert "9" in (answer.choices[0].message.content or "")
    assert "9" not in (alone.choices[0].message.content or "")
    assert answer.usage is not None
    assert alone.usage is not None
    assert answer.usage.prompt_tokens > alone.usage.prompt_tokens + 10


def test_a_text_goes_on_from_its_prompt(client: OpenAI) -> None:
    prompt = "one two three four five six seven"
    answer = client.completions.create(model=CHAT, prompt=prompt, max_tokens=8)
    assert "eight" in answer.choices[0].text
    assert answer.object == "text_completion"
    chunks = list(client.completions.create(model=CHAT, prompt=[prompt], max_tokens=8, stream=True))
    assert "".join(chunk.choices[0].text for chunk in chunks) == answer.choices[0].text
    assert chunks[-1].choices[0].finish_reason == "length"


def test_vectors_are_near_for_texts_that_are(client: OpenAI) -> None:
    texts = ["Where is the oat milk?", "In which aisle do I find oat drink?", "My printer is on fire."]
    answer = client.embeddings.create(model=VECTORS, input=texts)
    vectors = np.array([item.embedding for item in answer.data])
    assert vectors.shape == (3, 384)
    assert [item.index for item in answer.data] == [0, 1, 2]
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.3
    assert answer.usage.prompt_tokens == answer.usage.total_tokens > 15


def test_vectors_come_as_numbers_and_as_bytes(client: OpenAI) -> None:
    numbers = client.embeddings.create(model=VECTORS, input="oat milk", encoding_format="float", dimensions=384)
    raw = client.embeddings.with_raw_response.create(model=VECTORS, input="oat milk", encoding_format="base64")
    written = json.loads(raw.text)["data"][0]["embedding"]
    assert np.frombuffer(base64.b64decode(written), "<f4").tolist() == numbers.data[0].embedding
    assert math.isclose(sum(x * x for x in numbers.data[0].embedding), 1.0, abs_tol=1e-5)


def test_the_models_are_listed_and_shown(client: OpenAI) -> None:
    assert [card.id for card in client.models.list()] == [CHAT, VECTORS]
    card = client.models.retrieve(CHAT)
    assert (card.id, card.object, card.owned_by) == (CHAT, "model", "backroom")


@pytest.mark.parametrize("wanted", [1, 3])
def test_what_was_done_is_counted(endpoint: Endpoint, wanted: int) -> None:
    before = endpoint.counter.counts
    with endpoint.client() as client:
        for _ in range(wanted):
            client.chat.completions.create(model=CHAT, messages=MILK, max_tokens=4)
    after = endpoint.counter.counts
    assert after.answers - before.answers == wanted
    assert after.answer_tokens - before.answer_tokens == 4 * wanted
    assert all(a <= b for a, b in pairwise([before.prompt_tokens, after.prompt_tokens]))


FIND: ChatCompletionToolParam = {
    "type": "function",
    "function": {
        "name": "find_product",
        "description": "Tells where a product stands in the shop.",
        "parameters": {
            "type": "object",
            "properties": {"product": {"type": "string", "maxLength": 40}, "most": {"enum": [1, 2, 3]}},
            "required": ["product"],
            "additionalProperties": False,
        },
        "strict": True,
    },
}
HOURS: ChatCompletionToolParam = {
    "type": "function",
    "function": {"name": "opening_hours", "description": "Tells when the shop is open."},
}
ASKED: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Where is the oat milk?"}]


@pytest.mark.parametrize("choice", ["required", {"type": "function", "function": {"name": "find_product"}}])
def test_a_call_that_is_asked_for_comes_whole(client: OpenAI, choice: Any) -> None:
    answer = client.chat.completions.create(
        model=CHAT, messages=ASKED, tools=[FIND, HOURS], tool_choice=choice, max_tokens=120
    )
    message = answer.choices[0].message
    assert answer.choices[0].finish_reason == "tool_calls"
    assert message.content is None
    (call,) = message.tool_calls or []
    assert isinstance(call, ChatCompletionMessageFunctionToolCall)
    assert call.id.startswith("call_")
    arguments = json.loads(call.function.arguments)
    if choice == "required":
        assert call.function.name in ("find_product", "opening_hours")
    else:
        assert call.function.name == "find_product"
        assert isinstance(arguments["product"], str)


def test_a_call_is_streamed_name_first_and_arguments_in_pieces(client: OpenAI) -> None:
    wanted: Any = {"type": "function", "function": {"name": "find_product"}}
    chunks = list(
        client.chat.completions.create(
            model=CHAT, messages=ASKED, tools=[FIND], tool_choice=wanted, max_tokens=120, stream=True
        )
    )
    calls = [call for chunk in chunks for call in chunk.choices[0].delta.tool_calls or []]
    first, *rest = calls
    assert first.id
    assert first.function
    assert (first.index, first.type, first.function.name) == (0, "function", "find_product")
    assert len(rest) > 1
    assert all(call.id is None and call.index == 0 for call in rest)
    arguments = "".join(call.function.arguments or "" for call in calls if call.function)
    assert isinstance(json.loads(arguments)["product"], str)
    assert not any(chunk.choices[0].delta.content for chunk in chunks)
    assert chunks[-1].choices[0].finish_reason == "tool_calls"


@pytest.mark.parametrize("question", ["Where is the oat milk?", "Say hello to me.", "Call find_product for eggs."])
def test_where_the_model_may_choose_the_answer_is_text_or_a_whole_call(client: OpenAI, question: str) -> None:
    answer = client.chat.completions.create(
        model=CHAT, messages=[{"role": "user", "content": question}], tools=[FIND, HOURS], max_tokens=120
    )
    (choice,) = answer.choices
    if choice.message.tool_calls:
        (call,) = choice.message.tool_calls
        assert isinstance(call, ChatCompletionMessageFunctionToolCall)
        assert isinstance(json.loads(call.function.arguments), dict)
        assert choice.finish_reason == "tool_calls"
    else:
        assert choice.message.content
        assert "<tool_call>" not in choice.message.content
        assert choice.finish_reason in ("stop", "length")


def test_the_result_of_a_tool_is_answered_from(client: OpenAI) -> None:
    messages: list[ChatCompletionMessageParam] = [
        *ASKED,
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": "call_1",
                    "type": "function",
                    "function": {"name": "find_product", "arguments": '{"product": "oat milk"}'},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "Oat milk stands in aisle 7."},
    ]
    answer = client.chat.completions.create(
        model=CHAT, messages=messages, tools=[FIND], tool_choice="none", max_tokens=40
    )
    assert "7" in (answer.choices[0].message.content or "")


def test_json_comes_after_its_schema(client: OpenAI) -> None:
    class Shelf(BaseModel):
        model_config = ConfigDict(extra="forbid")
        product: str = Field(max_length=30)
        aisle: int = Field(ge=1, le=20)
        state: Literal["full", "low", "out"]

    answer = client.chat.completions.parse(
        model=CHAT,
        messages=[{"role": "user", "content": "The oat milk in aisle 4 is nearly gone. Say so as JSON."}],
        response_format=Shelf,
        max_tokens=80,
    )
    shelf = answer.choices[0].message.parsed
    assert shelf is not None
    assert 1 <= shelf.aisle <= 20
    assert answer.choices[0].finish_reason == "stop"


def test_json_without_a_schema_is_an_object(client: OpenAI) -> None:
    answer = client.chat.completions.create(
        model=CHAT,
        messages=[{"role": "user", "content": 'Give me a JSON object with the key "found" and the value true.'}],
        response_format={"type": "json_object"},
        max_tokens=100,
    )
    assert json.loads(answer.choices[0].message.content or "") == {"found": True}
