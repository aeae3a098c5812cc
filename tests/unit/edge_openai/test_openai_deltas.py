"""The answer as it grows: text stays text, a call gives its name first and then its arguments, however it is cut."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.openai_api.deltas import AnswerReader, Argued, Called, Delta, Said
from edge.openai_api.tools import ARGUMENTS_OPEN, CALL_ENDS, CALL_OPENS

TEXTS = st.text(max_size=10)
ARGUMENTS = [
    "{}",
    '{"text": "milk"}',
    '{"text": "a } and a ] and a \\" and a {", "more": [{"deep": [1, 2]}, "\\\\"]}',
    '{"text": "\\\\\\""}',
]


def read(pieces: list[str], *, may_call: bool = True) -> list[Delta]:
    reader = AnswerReader(may_call=may_call)
    return [delta for piece in pieces for delta in reader.read(piece)]


def said(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas if isinstance(delta, Said))


def argued(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas if isinstance(delta, Argued))


@pytest.mark.parametrize("arguments", ARGUMENTS)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_a_call_is_read_however_it_is_cut(arguments: str, size: int) -> None:
    answer = f"{CALL_OPENS}find-it_2{ARGUMENTS_OPEN}{arguments}{CALL_ENDS}"
    deltas = read([answer[start : start + size] for start in range(0, len(answer), size)])
    assert deltas[0] == Called("find-it_2")
    assert argued(deltas) == arguments
    assert said(deltas) == ""


@given(st.text(max_size=30), st.data())
def test_text_is_told_whole_and_nothing_else_is(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=4)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert said(read(pieces, may_call=False)) == text
    if not text.startswith("<"):
        assert said(read(pieces)) == text


@given(st.recursive(TEXTS | st.integers(), lambda inner: st.dictionaries(TEXTS, inner, max_size=3), max_leaves=5))
def test_any_arguments_come_back_as_they_were(value: object) -> None:
    arguments = json.dumps({"value": value}, ensure_ascii=False)
    answer = f"{CALL_OPENS}f{ARGUMENTS_OPEN}{arguments}{CALL_ENDS}"
    assert argued(read(list(answer))) == arguments


def test_a_call_that_is_cut_off_keeps_what_there_was() -> None:
    assert read([f'{CALL_OPENS}f{ARGUMENTS_OPEN}{{"a": "b']) == [Called("f"), Argued('{"a": "b')]
    assert read([CALL_OPENS + "f"]) == []
    assert read(["<tool_"]) == []
