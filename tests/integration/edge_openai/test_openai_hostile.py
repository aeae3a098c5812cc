"""Whatever a program sends, it gets an answer or the error object, and the node's own words stay out of it."""

import json
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.clock import SystemClock
from edge.keys import KeyHash
from edge.openai_api.app import create_endpoint
from edge.openai_api.config import OpenAiSettings
from edge.openai_api.counts import Counter
from edge.openai_api.requests import ChatRequest, EmbeddingsRequest, TextRequest
from edge.openai_api.vectors import Embedded, Vectors
from models.manifest import Task
from tests.unit.models.fake_language import FakeLanguageModel

KEY = "br-0123456789abcdef0123"
HEAD = {"authorization": f"Bearer {KEY}"}
VALID: dict[str, dict[str, Any]] = {
    "chat/completions": {"model": "chat", "messages": [{"role": "user", "content": "hello"}]},
    "completions": {"model": "chat", "prompt": "hello"},
    "embeddings": {"model": "vectors", "input": "hello"},
}
SHAPES = {"chat/completions": ChatRequest, "completions": TextRequest, "embeddings": EmbeddingsRequest}


class NoVectors(Vectors):
    """Vectors of nothing, at once."""

    def __init__(self) -> None:
        pass

    async def embed(self, texts: Any, *, dimensions: int | None) -> Embedded:
        return Embedded(np.zeros((len(texts), 3), np.float32), len(texts))

    def close(self) -> None:
        pass


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    app = create_endpoint(
        FakeLanguageModel(lambda _asked: "Yes."),
        NoVectors(),
        lambda: {Task.LANGUAGE: "chat", Task.EMBEDDINGS: "vectors"},
        OpenAiSettings(),
        key=KeyHash.of(KEY),
        counter=Counter(),
        clock=SystemClock(),
    )
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)


def is_answered_or_refused(client: TestClient, path: str, body: bytes) -> None:
    answer = client.post(f"/v1/{path}", headers=HEAD, content=body)
    if answer.status_code == 200:
        return
    assert answer.status_code in (400, 404), answer.text
    error = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["type"] == "invalid_request_error"
    assert error["message"].endswith(".")


@settings(max_examples=300, deadline=None)
@given(path=st.sampled_from(sorted(VALID)), data=st.data())
def test_a_body_with_one_value_changed_anywhere_is_answered_or_refused(
    client: TestClient, path: str, data: st.DataObject
) -> None:
    body = json.loads(json.dumps(VALID[path]))
    name = data.draw(st.sampled_from(sorted(SHAPES[path].model_fields)))
    body[name] = data.draw(JSON)
    is_answered_or_refused(client, path, json.dumps(body).encode())


PARTS = st.fixed_dictionaries(
    {"role": st.sampled_from(["system", "user", "assistant", "tool", "developer"])},
    optional={
        "content": st.text(max_size=9)
        | st.none()
        | st.lists(st.fixed_dictionaries({"type": st.just("text"), "text": st.text(max_size=9)}), max_size=3),
        "tool_call_id": st.text(max_size=4),
        "tool_calls": st.lists(
            st.fixed_dictionaries(
                {
                    "id": st.text(max_size=4),
                    "type": st.just("function"),
                    "function": st.fixed_dictionaries(
                        {"name": st.sampled_from(["f", "g-1"]), "arguments": st.text(max_size=9)}
                    ),
                }
            ),
            max_size=2,
        ),
    },
)
TOOLS = st.lists(
    st.fixed_dictionaries(
        {
            "type": st.just("function"),
            "function": st.fixed_dictionaries(
                {"name": st.sampled_from(["f", "g-1", "H_2"])},
                optional={
                    "parameters": st.fixed_dictionaries(
                        {"type": st.just("object")},
                        optional={
                            "properties": st.dictionaries(st.text(max_size=5), JSON, max_size=3),
                            "required": JSON,
                            "x": JSON,
                        },
                    )
                },
            ),
        }
    ),
    max_size=3,
)


@settings(max_examples=300, deadline=None)
@given(
    messages=st.lists(PARTS, min_size=1, max_size=5),
    tools=TOOLS,
    choice=st.sampled_from([None, "auto", "none", "required"]),
    stream=st.booleans(),
)
def test_any_conversation_is_answered_or_refused(
    client: TestClient, messages: Any, tools: Any, choice: Any, stream: bool
) -> None:
    body = {"model": "chat", "messages": messages, "tools": tools, "tool_choice": choice, "stream": stream}
    is_answered_or_refused(client, "chat/completions", json.dumps(body).encode())


@settings(max_examples=200, deadline=None)
@given(path=st.sampled_from(sorted(VALID)), at=st.integers(0, 70), byte=st.integers(0, 255))
def test_a_body_with_one_byte_changed_is_answered_or_refused(client: TestClient, path: str, at: int, byte: int) -> None:
    body = bytearray(json.dumps(VALID[path]).encode())
    body[at % len(body)] = byte
    is_answered_or_refused(client, path, bytes(body))


@pytest.mark.parametrize(
    "schema",
    [
        {"oneOf": [{"const": i} for i in range(560)]},
        {"enum": list(range(1500))},
        {"type": "object", "properties": {f"k{i}": {"type": "boolean"} for i in range(300)}},
        {"type": "array", "items": {"$ref": "#"}, "maxItems": 2000},
        {"type": "string", "pattern": "^" + "(a|b)*" * 15 + "$"},
        {"type": "string", "minLength": 2000, "maxLength": 2000},
    ],
    ids=["pairs", "values", "members", "recursion", "pattern", "length"],
)
def test_a_schema_made_to_be_slow_is_not(client: TestClient, schema: dict[str, Any]) -> None:
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    body = json.dumps({**VALID["chat/completions"], "response_format": wanted}, separators=(",", ":")).encode()
    began_s = time.process_time()
    is_answered_or_refused(client, "chat/completions", body)
    assert time.process_time() - began_s < 2.0


def test_a_defect_of_ours_is_a_500_with_the_error_object_and_no_words(client: TestClient) -> None:
    def broken(_asked: object) -> str:
        raise ZeroDivisionError("the secret text of a request")

    app = create_endpoint(
        FakeLanguageModel(broken),
        NoVectors(),
        lambda: {Task.LANGUAGE: "chat"},
        OpenAiSettings(),
        key=KeyHash.of(KEY),
        counter=(counter := Counter()),
        clock=SystemClock(),
    )
    with TestClient(app, raise_server_exceptions=False) as broken_client:
        answer = broken_client.post("/v1/chat/completions", headers=HEAD, json=VALID["chat/completions"])
    assert answer.status_code == 500
    assert answer.json()["error"]["type"] == "server_error"
    assert "secret" not in answer.text
    assert counter.counts.failed == 1
