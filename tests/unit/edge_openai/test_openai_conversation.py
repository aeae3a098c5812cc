"""From a chat request to what the model is asked: prefix, earlier messages, prompt, limits and grammar."""

import json
from typing import Any

import pytest

from edge.openai_api.answer_rules import MAX_SCHEMA_BYTES
from edge.openai_api.conversation import ChatTurn, chat_turn, text_turn
from edge.openai_api.errors import PromptTooLongError, RequestInvalidError
from edge.openai_api.reading import read_body
from edge.openai_api.requests import ChatRequest, TextRequest
from edge.openai_api.tools import ARGUMENTS_OPEN, CALL_ENDS, CALL_OPENS
from models.language.gbnf import Grammar
from models.language.requests import Message, Priority

FIND = {
    "type": "function",
    "function": {
        "name": "find",
        "description": "Finds a product.",
        "parameters": {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]},
    },
}
HOURS = {"type": "function", "function": {"name": "hours"}}
SCHEMA = {"type": "object", "properties": {"aisle": {"type": "integer"}}, "required": ["aisle"]}
FIND_CALL = f'{CALL_OPENS}find{ARGUMENTS_OPEN}{{"text":"milk"}}{CALL_ENDS}'
HOURS_CALL = f"{CALL_OPENS}hours{ARGUMENTS_OPEN}{{}}{CALL_ENDS}"


def turn(*messages: dict[str, Any], **more: Any) -> ChatTurn:
    body = {"model": "m", "messages": messages or [{"role": "user", "content": "hello"}], **more}
    return chat_turn(read_body(json.dumps(body).encode(), ChatRequest), max_answer_tokens=100)


def allows(found: ChatTurn, text: str) -> bool:
    assert found.request.grammar is not None
    return Grammar(found.request.grammar).start.after(text.encode()).may_end


def refusal(*messages: dict[str, Any], **more: Any) -> RequestInvalidError:
    with pytest.raises(RequestInvalidError) as refused:
        turn(*messages, **more)
    return refused.value


def test_messages_become_prefix_earlier_and_prompt() -> None:
    request = turn(
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"},
        {"role": "developer", "content": "Be kind."},
        {"role": "user", "content": "c"},
    ).request
    assert request.prefix == "Be brief.\n\nBe kind."
    assert request.earlier == (Message("user", "a"), Message("assistant", "b"))
    assert (request.prompt, request.is_chat) == ("c", True)
    assert request.priority is Priority.BACKGROUND


def test_calls_and_their_results_are_written_as_the_model_knows_them() -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "find", "arguments": '{"text":"milk"}'}}
    found = turn(
        {"role": "user", "content": "where?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "aisle 4"},
    )
    assert found.request.earlier[1] == Message("assistant", FIND_CALL)
    assert found.request.prompt == "<tool_response>\naisle 4\n</tool_response>"
    assert not allows(found, FIND_CALL)
    assert allows(found, "It is in aisle 4.")


def test_limits_and_defaults_are_those_of_this_box() -> None:
    request = turn().request
    assert (request.max_tokens, request.temperature, request.top_p, request.grammar) == (100, 0.0, 1.0, None)
    assert turn(max_tokens=5000).request.max_tokens == 100
    assert turn(max_completion_tokens=7, max_tokens=7).request.max_tokens == 7
    assert turn(seed=-1, temperature=1.5).request.seed == 2**32 - 1
    assert turn(temperature=1.5, top_p=0).request.temperature == 0.0
    assert turn(stop=["x", "y"]).request.stop == ("x", "y")
    text = text_turn(TextRequest(model="m", prompt="once"), max_answer_tokens=100)
    assert (text.prompt, text.prefix, text.is_chat, text.max_tokens) == ("once", "", False, 16)


@pytest.mark.parametrize(
    ("choice", "allowed", "refused"),
    [
        (None, [FIND_CALL, HOURS_CALL, "It is in aisle 4.", ""], ["<tool_call>", "<b>"]),
        ("auto", [FIND_CALL, HOURS_CALL, "hello"], ["<tool_call>"]),
        ("required", [FIND_CALL, HOURS_CALL], ["hello", ""]),
        ({"type": "function", "function": {"name": "hours"}}, [HOURS_CALL], [FIND_CALL, "hello"]),
        ("none", ["hello"], [FIND_CALL]),
    ],
)
def test_the_grammar_allows_what_the_choice_does(choice: Any, allowed: list[str], refused: list[str]) -> None:
    found = turn(tools=[FIND, HOURS], tool_choice=choice)
    assert [text for text in allowed if not allows(found, text)] == []
    assert [text for text in refused if allows(found, text)] == []
    assert found.may_call == (choice != "none")
    assert ("find" in found.request.prefix) == (choice in (None, "auto", "required"))


def test_json_and_calls_go_together() -> None:
    wanted = {"type": "json_schema", "json_schema": {"name": "shelf", "schema": SCHEMA, "strict": True}}
    found = turn(tools=[FIND], response_format=wanted)
    assert allows(found, FIND_CALL)
    assert allows(found, '{"aisle":4}')
    assert not allows(found, "hello")
    assert allows(turn(response_format=wanted), '{"aisle":4}')
    assert allows(turn(response_format={"type": "json_object"}), '{"any":[1,"x"]}')
    assert turn(response_format={"type": "text"}).request.grammar is None


@pytest.mark.parametrize(
    ("more", "param", "says"),
    [
        ({"tools": [FIND, FIND]}, "tools", "one name"),
        ({"tool_choice": "required"}, "tool_choice", "no tools"),
        ({"tools": [FIND], "tool_choice": {"type": "function", "function": {"name": "x"}}}, "tool_choice", "not among"),
        (
            {"tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "array"}}}]},
            "tools",
            "f must",
        ),
        (
            {"tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "not": {}}}}]},
            "tools",
            "not is not supported",
        ),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema", "is missing"),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"allOf": []}}}},
            "response_format.json_schema.schema",
            "allOf",
        ),
        (
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "x", "schema": {"enum": ["x" * MAX_SCHEMA_BYTES]}},
                }
            },
            "response_format.json_schema.schema",
            "too long",
        ),
        ({"max_tokens": 1, "max_completion_tokens": 2}, "max_completion_tokens", "differ"),
    ],
)
def test_what_does_not_fit_together_is_refused(more: dict[str, Any], param: str, says: str) -> None:
    error = refusal(**more)
    assert error.param == param
    assert says in str(error)


@pytest.mark.parametrize(
    ("messages", "param"),
    [
        ([{"role": "system", "content": "x"}], "messages[0].role"),
        ([{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}], "messages[1].role"),
        ([{"role": "user"}], "messages[0].content"),
        ([{"role": "assistant"}, {"role": "user", "content": "x"}], "messages[0].content"),
        ([{"role": "tool", "content": "x"}], "messages[0].tool_call_id"),
        ([{"role": "user", "content": "x" * 70_000}], None),
    ],
)
def test_messages_that_cannot_be_answered_are_refused(messages: list[dict[str, Any]], param: str | None) -> None:
    assert refusal(*messages).param == param


def test_texts_that_are_too_long_are_told_in_the_callers_words() -> None:
    wrong = refusal({"role": "user", "content": "x" * 70_000})
    assert isinstance(wrong, PromptTooLongError)
    assert str(wrong) == "All texts of a request together must be at most 65536 bytes."


def test_an_infinite_number_in_a_schema_is_refused() -> None:
    schema = {"type": "number", "minimum": 1e308}
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "x"}], "response_format": wanted})
    body = body.replace("1e+308", "1e999")
    with pytest.raises(RequestInvalidError, match="number"):
        chat_turn(read_body(body.encode(), ChatRequest), max_answer_tokens=10)
