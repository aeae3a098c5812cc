"""Bodies from bytes: what is taken, what is refused, and the sentence and parameter of each refusal."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.openai_api.errors import RequestInvalidError
from edge.openai_api.reading import IGNORED, REFUSED, read_body
from edge.openai_api.requests import ChatRequest, EmbeddingsRequest, TextRequest, ToolChoice

CHAT = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}
TEXT = {"model": "m", "prompt": "hello"}
VECTORS = {"model": "m", "input": "hello"}


def refusal(body: bytes | dict[str, Any], shape: Any = ChatRequest) -> RequestInvalidError:
    with pytest.raises(RequestInvalidError) as refused:
        read_body(body if isinstance(body, bytes) else json.dumps(body).encode(), shape)
    return refused.value


def chat(**more: object) -> ChatRequest:
    return read_body(json.dumps({**CHAT, **more}).encode(), ChatRequest)


def test_spellings_of_one_thing_become_one() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    assert chat(messages=[{"role": "user", "content": parts}]).messages[0].content == "a\nb"
    assert chat(stop="x").stop == ["x"]
    assert chat(stop=["x", "y"]).stop == ["x", "y"]
    named = {"type": "function", "function": {"name": "find"}}
    assert chat(tool_choice=named).tool_choice == ToolChoice(mode="required", name="find")
    assert read_body(json.dumps({**TEXT, "prompt": ["p"]}).encode(), TextRequest).prompt == "p"
    assert read_body(json.dumps(VECTORS).encode(), EmbeddingsRequest).input == ["hello"]


def test_labels_are_taken_and_do_nothing() -> None:
    assert chat(**{name: {"any": "thing"} for name in IGNORED}) == chat()


def test_null_is_as_good_as_nothing() -> None:
    optional = {name: None for name, field in ChatRequest.model_fields.items() if not field.is_required()}
    assert chat(**optional) == chat()


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_would_change_the_answer_is_refused_and_what_would_not_is_taken(name: str) -> None:
    assert chat(**{name: None}) == chat()
    for harmless in REFUSED[name]:
        assert chat(**{name: harmless}) == chat()
    error = refusal({**CHAT, name: 7})
    assert error.param == name
    assert f"{name} is not supported here" in str(error)


@pytest.mark.parametrize(
    ("change", "param", "says"),
    [
        ({"messages": []}, "messages", "at least 1"),
        ({"messages": "hello"}, "messages", "list"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "messages[0].role", "'user'"),
        ({"messages": [{"content": "x"}]}, "messages[0].role", "is missing"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content", "string"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]},
            "messages[0].content",
            "reads text only",
        ),
        ({"temperature": 2.5}, "temperature", "less than or equal to 2"),
        ({"temperature": "1"}, "temperature", "number"),
        ({"temperature": True}, "temperature", "number"),
        ({"top_p": -1}, "top_p", "greater than or equal to 0"),
        ({"max_tokens": 0}, "max_tokens", "greater than or equal to 1"),
        ({"max_tokens": 1.5}, "max_tokens", "integer"),
        ({"seed": 2**63}, "seed", "less than"),
        ({"stop": ["a"] * 5}, "stop", "at most 4"),
        ({"stop": [""]}, "stop[0]", "at least 1 character"),
        ({"stream": "yes"}, "stream", "boolean"),
        ({"n": 2}, "n", "one answer is made to each request"),
        ({"functions": []}, "functions", "as tools"),
        ({"tool_choice": "always"}, "tool_choice", '"required"'),
        ({"tool_choice": {"type": "function", "function": {}}}, "tool_choice", '"required"'),
        ({"tools": [{"type": "retrieval"}]}, "tools[0].type", "'function'"),
        ({"tools": [{"type": "function", "function": {"name": "a b"}}]}, "tools[0].function.name", "pattern"),
        ({"response_format": {"type": "json_schema", "json_schema": {"name": "x"}}}, None, "schema is missing"),
        ({"response_format": {"type": "xml"}}, "response_format.type", "'text'"),
        ({"temprature": 1}, "temprature", "is no parameter of this request"),
        ({"k" * 500: 1}, "k" * 64, "is no parameter"),
        ({"model": 7}, "model", "string"),
    ],
)
def test_a_refusal_names_the_parameter_and_says_what_would_be_right(
    change: dict[str, Any], param: str | None, says: str
) -> None:
    error = refusal({**CHAT, **change})
    assert error.param == (param or "response_format.json_schema.schema")
    assert says in str(error)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"7",
        b"\xff\xfe{}",
        b'{"model": "\xff"}',
        b'{"model": "\\ud800"}',
        b'{"model": NaN}',
        b'{"temperature": Infinity}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"seed": ' + b"9" * 10_000 + b"}",
    ],
    ids=lambda body: repr(body[:20]),
)
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    assert "The request must be" in str(refusal(body))


def test_a_number_too_large_for_a_float_is_refused() -> None:
    assert refusal(b'{"model": "m", "messages": [{"role": "user", "content": "x"}], "temperature": 1e999}').param


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"prompt": ["a", "b"]}, "prompt"),
        ({"prompt": [1, 2]}, "prompt"),
        ({"prompt": [7]}, "prompt"),
        ({"prompt": ""}, "prompt"),
        ({"prompt": None}, "prompt"),
        ({"echo": True}, "echo"),
        ({"best_of": 2}, "best_of"),
        ({"suffix": "s"}, "suffix"),
        ({"logprobs": 1}, "logprobs"),
    ],
)
def test_text_completions_refuse_what_they_cannot(change: dict[str, Any], param: str) -> None:
    assert refusal({**TEXT, **change}, TextRequest).param == param


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"input": []}, "input"),
        ({"input": ""}, "input[0]"),
        ({"input": ["a", 5]}, "input[1]"),
        ({"input": [[1, 2]]}, "input[0]"),
        ({"input": ["x"] * 129}, "input"),
        ({"input": "x" * 8193}, "input[0]"),
        ({"encoding_format": "md5"}, "encoding_format"),
        ({"dimensions": 0}, "dimensions"),
    ],
)
def test_embeddings_refuse_what_they_cannot(change: dict[str, Any], param: str) -> None:
    assert refusal({**VECTORS, **change}, EmbeddingsRequest).param == param


def test_a_sentence_never_repeats_what_was_sent() -> None:
    error = refusal({**CHAT, "messages": [{"role": "user", "content": ["my secret"]}], "temperature": "my secret"})
    assert "my secret" not in str(error)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.sampled_from(sorted({*ChatRequest.model_fields, *TextRequest.model_fields, *IGNORED, *REFUSED}))


@given(st.dictionaries(FIELDS, JSON, max_size=6), st.sampled_from([ChatRequest, TextRequest, EmbeddingsRequest]))
def test_any_json_is_read_or_refused(change: dict[str, Any], shape: Any) -> None:
    body = {"model": "m", "messages": CHAT["messages"], **change} if shape is ChatRequest else {"model": "m", **change}
    with suppress(RequestInvalidError):
        assert isinstance(read_body(json.dumps(body).encode(), shape), shape)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_in_a_sentence(body: bytes) -> None:
    assert str(refusal(body))
