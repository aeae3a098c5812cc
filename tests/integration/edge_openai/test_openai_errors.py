"""What goes wrong, as the official client sees it: its own exception classes, and when to try again."""

import json
import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import openai
import pytest
from openai import OpenAI

from edge.openai_api.config import OpenAiSettings
from models.config import LanguageSettings
from models.language.client import LanguageModel
from models.language.requests import CompletionRequest
from models.manifest import Task
from models.registry import Registry
from tests.integration.edge_openai.conftest import CHAT, KEY, VECTORS, Endpoint, WaitUntil, serving
from tests.integration.edge_openai.held_language import HeldLanguage

HELLO: Any = [{"role": "user", "content": "Hello!"}]
LONG: Any = [{"role": "user", "content": "Tell me a very long story about a shop and count every product in it."}]


@pytest.fixture
def held() -> Iterator[HeldLanguage]:
    language = HeldLanguage()
    yield language
    language.go.set()


def ask(client: OpenAI, **changes: Any) -> Any:
    return client.chat.completions.create(**{"model": CHAT, "messages": HELLO, "max_tokens": 8, **changes})


def test_a_wrong_key_is_an_authentication_error(endpoint: Endpoint) -> None:
    with endpoint.client(key="br-another-key-altogether") as client, pytest.raises(openai.AuthenticationError) as wrong:
        ask(client)
    assert wrong.value.code == "invalid_api_key"
    with endpoint.client(key="br-another-key-altogether") as client, pytest.raises(openai.AuthenticationError):
        client.models.list()


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/models", "/v1/audio/speech", "/healthz", "/docs", "/openapi.json"])
def test_nothing_is_told_without_the_key(endpoint: Endpoint, path: str) -> None:
    answer = httpx2.get(endpoint.url + path)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "invalid_api_key"
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_model_that_is_not_here_is_not_found(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as unknown:
        ask(client, model="gpt-4o")
    assert (unknown.value.code, unknown.value.param) == ("model_not_found", "model")
    assert CHAT in unknown.value.message
    with pytest.raises(openai.NotFoundError):
        ask(client, model=VECTORS)
    with pytest.raises(openai.NotFoundError):
        client.embeddings.create(model=CHAT, input="hello")
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("org/else")
    with pytest.raises(openai.NotFoundError) as nowhere:
        client.images.generate(prompt="a shop")
    assert nowhere.value.code == "unknown_url"


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"n": 2}, "n"),
        ({"logprobs": True}, "logprobs"),
        ({"logit_bias": {"5": 1}}, "logit_bias"),
        ({"modalities": ["audio"]}, "modalities"),
        ({"temperature": 3}, "temperature"),
        ({"messages": [{"role": "assistant", "content": "Hello!"}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].tool_call_id"),
        ({"max_tokens": 5, "max_completion_tokens": 6}, "max_completion_tokens"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"not": {}}}}},
            "response_format.json_schema.schema",
        ),
        ({"messages": [{"role": "user", "content": "word " * 12_000}]}, None),
        ({"messages": [{"role": "user", "content": "word " * 3_000}]}, None),
        ({"extra_body": {"colour": "blue"}}, "colour"),
    ],
)
def test_what_cannot_be_answered_is_a_bad_request_that_names_the_parameter(
    client: OpenAI, changes: dict[str, Any], param: str | None
) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        ask(client, **changes)
    assert refused.value.param == param
    assert refused.value.type == "invalid_request_error"
    with pytest.raises(openai.BadRequestError):
        ask(client, **changes, stream=True)


def test_labels_are_accepted(client: OpenAI) -> None:
    assert ask(client, user="till-2", metadata={"a": "b"}, store=False, n=1, service_tier="auto").choices


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"dimensions": 100}, "dimensions"),
        ({"input": ["short", "word " * 300]}, "input[1]"),
        ({"input": [[1]]}, "input[0]"),
    ],
)
def test_vectors_that_there_are_none_of_are_refused(client: OpenAI, changes: dict[str, Any], param: str) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        client.embeddings.create(**{"model": VECTORS, "input": "hello", **changes})
    assert refused.value.param == param


def test_a_full_line_is_a_rate_limit_with_the_time_to_retry(held: HeldLanguage, registry: Registry) -> None:
    with serving(held, registry, OpenAiSettings(parallel=1, queue_limit=0)) as endpoint, endpoint.client() as client:
        with ask(client, stream=True) as other:
            assert next(iter(other)).choices
            with pytest.raises(openai.RateLimitError) as full:
                ask(client)
            assert int(full.value.response.headers["retry-after"]) > 0
            assert full.value.code == "rate_limit_exceeded"
            held.go.set()
            assert list(other)[-1].choices[0].finish_reason == "stop"
        assert ask(client.with_options(max_retries=3)).choices[0].message.content == "One two three."


def test_a_model_that_is_down_is_a_503_with_the_time_to_retry(held: HeldLanguage, registry: Registry) -> None:
    held.is_up = False
    with serving(held, registry, OpenAiSettings()) as endpoint, endpoint.client() as client:
        for stream in (False, True):
            with pytest.raises(openai.APIStatusError) as down:
                ask(client, stream=stream)
            assert down.value.status_code == 503
            assert int(down.value.response.headers["retry-after"]) > 0
        assert client.embeddings.create(model=VECTORS, input="still there").data
        held.is_up = True
        held.go.set()
        assert ask(client).choices


def test_an_answer_that_is_late_is_told_and_not_asked_for_again(held: HeldLanguage, registry: Registry) -> None:
    with serving(held, registry, OpenAiSettings(answer_deadline_s=1.0)) as endpoint:
        with endpoint.client().with_options(max_retries=2) as client, pytest.raises(openai.APIStatusError) as late:
            ask(client)
        assert (late.value.status_code, late.value.code) == (504, "timeout")
        assert len(held.requests) == 1


def test_a_client_that_gives_up_frees_its_place(held: HeldLanguage, registry: Registry, wait_until: WaitUntil) -> None:
    with serving(held, registry, OpenAiSettings(parallel=1, queue_limit=0)) as endpoint:
        with endpoint.client(timeout_s=1.0) as client, pytest.raises(openai.APITimeoutError):
            ask(client)
        wait_until(lambda: endpoint.counter.counts.given_up == 1)
        held.go.set()
        assert held.closed.acquire(timeout=10)
        with endpoint.client() as client:
            assert ask(client.with_options(max_retries=5)).choices


def test_a_client_that_leaves_in_mid_stream_cancels_the_turn(
    client: OpenAI, language: LanguageModel, wait_until: WaitUntil
) -> None:
    before = language.stats()
    began_s = time.monotonic()
    with ask(client, messages=LONG, max_tokens=500, stream=True) as stream:
        for _, _chunk in zip(range(4), stream, strict=False):
            pass
    wait_until(lambda: language.stats().cancelled == before.cancelled + 1)
    wait_until(lambda: language.stats().queue_length == 0)
    assert time.monotonic() - began_s < 5.0


def test_a_shopper_goes_first(client: OpenAI, language: LanguageModel) -> None:
    """Two long answers are under way; the kiosk's is there long before them."""
    asked = CompletionRequest(prefix="You work in a shop.", prompt="Say hello.", deadline_s=30.0, max_tokens=12)
    alone_ms = language.complete(asked).total_ms
    streams = [ask(client, messages=LONG, max_tokens=250, temperature=1.0, seed=s, stream=True) for s in (1, 2)]
    try:
        for stream in streams:
            next(iter(stream))
        beside = language.complete(asked)
    finally:
        for stream in streams:
            stream.close()
    assert beside.total_ms < 6 * alone_ms + 200


def test_a_killed_engine_ends_streams_with_an_error_and_answers_again_soon(
    registry: Registry, wait_until: WaitUntil
) -> None:
    artefact = registry.active(Task.LANGUAGE)
    with LanguageModel(lambda: artefact, LanguageSettings(restart_first_s=0.05)) as language:
        assert language.wait_until_up(60.0)
        with serving(language, registry, OpenAiSettings(parallel=4)) as endpoint, endpoint.client() as client:
            streams = [ask(client, messages=LONG, max_tokens=400, stream=True) for _ in range(4)]
            for stream in streams:
                next(iter(stream))
            assert language.pid
            os.kill(language.pid, signal.SIGKILL)
            for stream in streams:
                with pytest.raises(openai.APIError, match="Try again"):
                    list(stream)
            killed_s = time.monotonic()
            assert ask(client.with_options(max_retries=5)).choices
            assert time.monotonic() - killed_s < 15.0
            assert endpoint.counter.counts.failed >= 4


def test_a_slow_or_endless_body_is_refused(endpoint: Endpoint) -> None:
    head = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
    url = f"{endpoint.url}/v1/chat/completions"
    long = httpx2.post(url, headers=head, content=b'{"model": "' + b"x" * (1 << 21) + b'"}')
    assert (long.status_code, long.json()["error"]["type"]) == (413, "invalid_request_error")

    def endless() -> Iterator[bytes]:
        for _ in range(64):
            yield b"x" * (1 << 16)

    unsaid = httpx2.post(url, headers=head, content=endless())
    assert unsaid.status_code == 413


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"\xff", b"[" * 90_000, b'{"model": NaN}', b'{"a":' * 90_000, json.dumps("x").encode()]
)
@pytest.mark.parametrize("path", ["chat/completions", "completions", "embeddings"])
def test_hostile_bodies_get_the_error_object(endpoint: Endpoint, path: str, body: bytes) -> None:
    answer = httpx2.post(f"{endpoint.url}/v1/{path}", headers={"authorization": f"Bearer {KEY}"}, content=body)
    assert answer.status_code == 400
    assert set(answer.json()["error"]) == {"message", "type", "param", "code"}


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "chat/completions"), ("PUT", "embeddings"), ("DELETE", "models/x")]
)
def test_another_method_is_refused_in_the_same_form(endpoint: Endpoint, method: str, path: str) -> None:
    answer = httpx2.request(method, f"{endpoint.url}/v1/{path}", headers={"authorization": f"Bearer {KEY}"})
    assert (answer.status_code, answer.json()["error"]["type"]) == (405, "invalid_request_error")
