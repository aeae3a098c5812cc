"""JSON Schema as a grammar: what it accepts satisfies the schema, and what it cannot promise is refused by name."""

import json
import random
import re
from typing import Any

import jsonschema
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from models.language.gbnf import Grammar, GrammarInvalidError, GrammarState
from models.language.json_numbers import MOST, integers
from models.language.json_pattern import pattern_grammar
from models.language.json_schema import ANY_OBJECT, SchemaInvalidError, schema_grammar
from tests.unit.models.json_texts import SCHEMAS, Drawn, text_of


def start(schema: object) -> GrammarState:
    return Grammar(schema_grammar(json.dumps(schema))).start


def compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def accepts(schema: object, value: object) -> bool:
    return start(schema).after(compact(value).encode()).may_end


@given(SCHEMAS, st.integers(0, 2**32))
@settings(deadline=None, max_examples=60)
def test_every_text_of_the_grammar_satisfies_the_schema(drawn: Drawn, seed: int) -> None:
    schema, _ = drawn
    text = text_of(start(schema), random.Random(seed), soon_bytes=60, most_bytes=2000)
    assume(text is not None)
    jsonschema.validate(json.loads(text or ""), schema)


@given(st.data())
@settings(deadline=None, max_examples=60)
def test_values_that_satisfy_the_schema_are_texts_of_the_grammar(data: st.DataObject) -> None:
    schema, values = data.draw(SCHEMAS)
    value = data.draw(values)
    jsonschema.validate(value, schema)
    assert accepts(schema, value)


@given(st.integers(-MOST, MOST), st.integers(-MOST, MOST), st.data())
def test_a_range_holds_its_numbers_and_no_other(one: int, other: int, data: st.DataObject) -> None:
    least, most = sorted((one, other))
    numbers = Grammar(f"root ::= {integers(least, most)}").start
    near = st.integers(-3, 3)
    edges = [least + data.draw(near), most + data.draw(near), data.draw(st.integers(-MOST, MOST)), -least]
    for number in [*edges, 0, data.draw(st.integers(-2000, 2000))]:
        assert numbers.after(str(number).encode()).may_end == (least <= number <= most)
    assert not numbers.after(b"-0").may_end
    assert not numbers.after(b"00").may_end


TREE = {
    "$defs": {
        "node": {
            "type": "object",
            "properties": {"name": {"type": "string"}, "parts": {"type": "array", "items": {"$ref": "#/$defs/node"}}},
            "required": ["name", "parts"],
        }
    },
    "$ref": "#/$defs/node",
}
TAGGED = {
    "oneOf": [
        {"type": "object", "properties": {"kind": {"const": kind}, "n": {"type": "integer"}}, "required": ["kind"]}
        for kind in ("shelf", "till")
    ]
}


@pytest.mark.parametrize(
    ("schema", "value", "is_accepted"),
    [
        pytest.param(TREE, {"name": "a", "parts": [{"name": "b", "parts": []}]}, True, id="recursive"),
        pytest.param(TREE, {"name": "a", "parts": [{"name": "b"}]}, False, id="recursive, a member missing inside"),
        pytest.param(TAGGED, {"kind": "till", "n": 3}, True, id="one of two that a constant tells apart"),
        pytest.param(TAGGED, {"kind": "door"}, False, id="none of them"),
        pytest.param({"$ref": "#/definitions/a~1b", "definitions": {"a/b": {"const": 1}}}, 1, True, id="escaped name"),
        pytest.param({"type": "object", "additionalProperties": {"type": "integer"}}, {"a": 1, "b": 2}, True, id="map"),
        pytest.param({"type": "object", "additionalProperties": {"type": "integer"}}, {"a": "1"}, False, id="no map"),
        pytest.param({"type": "object", "properties": {}}, {}, True, id="no members"),
        pytest.param({"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 2.5}, 1, True, id="between"),
        pytest.param({"type": "integer", "exclusiveMinimum": 0, "maximum": 2.5}, 0, False, id="on an open bound"),
        pytest.param({"type": "integer", "minimum": 0, "maximum": 2.5}, 3, False, id="over a broken bound"),
        pytest.param({"enum": ["a", 1, None], "type": "string"}, 1, False, id="listed, but of another type"),
        pytest.param({"type": "string"}, 'a"\\\n\u001f\x7f\u2028 é', True, id="every kind of character"),
        pytest.param({"type": "array", "maxItems": 0}, [], True, id="no items"),
        pytest.param(True, [1, {"a": None}], True, id="anything"),
        pytest.param(json.loads(ANY_OBJECT), {"a": [1.5e-7, -2, "x"]}, True, id="any object"),
        pytest.param(json.loads(ANY_OBJECT), [1], False, id="any object is no array"),
        pytest.param({"title": "x", "description": "y", "type": "null"}, None, True, id="notes"),
    ],
)
def test_a_value_is_accepted_as_the_schema_says(schema: Any, value: object, is_accepted: bool) -> None:
    assert accepts(schema, value) == is_accepted


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        pytest.param({"type": "string", "format": "date"}, "#: format is not supported for type string", id="format"),
        pytest.param({"type": "array", "uniqueItems": True}, "uniqueItems is not supported", id="unique items"),
        pytest.param({"type": "array", "prefixItems": [{}]}, "prefixItems is not supported", id="tuples"),
        pytest.param({"type": "number", "minimum": 1}, "minimum is supported .* only where it is 0", id="bound"),
        pytest.param({"type": "number", "maximum": 1}, "maximum is not supported for type number", id="upper bound"),
        pytest.param({"type": "integer", "multipleOf": 5}, "multipleOf is not supported", id="multiples"),
        pytest.param({"allOf": [{}]}, "allOf is not supported without type", id="all of"),
        pytest.param({"not": {}}, "not is not supported", id="not"),
        pytest.param({"minLength": 3}, "minLength is not supported without type", id="no type"),
        pytest.param({"type": "string", "minimum": 3}, "minimum is not supported for type string", id="other type"),
        pytest.param({"type": "text"}, "type must be of object", id="no such type"),
        pytest.param({"type": {}}, "type must be of object", id="a type that is none"),
        pytest.param({"enum": []}, "enum holds no value", id="nothing listed"),
        pytest.param({"enum": ["a"], "minLength": 3}, "minLength is not supported beside", id="beside a list"),
        pytest.param({"anyOf": [{}], "type": "null"}, "type is not supported beside anyOf", id="beside anyOf"),
        pytest.param({"anyOf": []}, "anyOf must be a list", id="an empty union"),
        pytest.param({"oneOf": [{"type": "integer"}, {"type": "number"}]}, "use anyOf", id="overlapping types"),
        pytest.param({"oneOf": [{"const": 1}, {"const": 1.0}]}, "use anyOf", id="overlapping values"),
        pytest.param({"$ref": "https://example.com/a"}, r"\$ref must name a schema in \$defs", id="a far reference"),
        pytest.param({"$ref": "#/$defs/a"}, r"\$ref must name", id="a reference to nothing"),
        pytest.param({"type": "object", "required": ["a"]}, "required names 'a'", id="required and unknown"),
        pytest.param({"type": "object", "required": [[]]}, "required must list names", id="required is no name"),
        pytest.param({"type": "array", "minItems": None}, "minItems must be a whole number", id="no count"),
        pytest.param({"type": "string", "maxLength": True}, "maxLength must be a whole number", id="truth as a count"),
        pytest.param({"type": "integer", "minimum": 10**400}, "minimum must be a number", id="beyond a double"),
        pytest.param(
            {"type": "object", "properties": {"a": {}}, "additionalProperties": {}},
            "additionalProperties is not supported beside properties",
            id="open object",
        ),
        pytest.param({"type": "object", "patternProperties": {}}, "patternProperties is not supported", id="patterns"),
        pytest.param({"type": "string", "minLength": 3, "maxLength": 2}, "minLength is over maxLength", id="crossed"),
        pytest.param({"type": "string", "maxLength": 10**6}, "maxLength must be a whole number", id="endless"),
        pytest.param({"type": "integer", "minimum": 3, "maximum": 2}, "leave no number", id="no number left"),
        pytest.param({"type": "integer", "minimum": "3"}, "minimum must be a number", id="a bound in words"),
        pytest.param({"type": "string", "pattern": "a"}, r"must begin with \^", id="loose pattern"),
        pytest.param({"type": "string", "pattern": "^(?=a)b$"}, "pattern is not supported", id="look-ahead"),
        pytest.param({"type": "string", "pattern": "^a$", "minLength": 1}, "beside minLength", id="pattern and length"),
        pytest.param(False, "something can satisfy", id="nothing"),
        pytest.param({"properties": 3, "type": "object"}, "properties must be an object", id="no properties"),
    ],
)
def test_what_a_grammar_cannot_promise_is_refused_by_name(schema: object, message: str) -> None:
    with pytest.raises(SchemaInvalidError, match=message):
        schema_grammar(json.dumps(schema))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{", id="half a schema"),
        pytest.param("[" * 50_000, id="endless brackets"),
        pytest.param('{"enum": [NaN]}', id="no number"),
        pytest.param('{"type":"array","items":' * 40 + "{}" + "}" * 40, id="too deep"),
        pytest.param(
            json.dumps({"$defs": {f"d{n}": {"$ref": f"#/$defs/d{n + 1}"} for n in range(900)}, "$ref": "#/$defs/d0"}),
            id="a chain of references",
        ),
    ],
)
def test_what_is_no_schema_is_refused(text: str) -> None:
    with pytest.raises(SchemaInvalidError):
        schema_grammar(text)


def test_keys_brackets_and_commas_are_forced() -> None:
    schema = {
        "type": "object",
        "properties": {"aisle": {"type": "integer", "minimum": 1, "maximum": 9}, "is_open": {"type": "boolean"}},
        "required": ["aisle", "is_open"],
    }
    opened, state = start(schema).forced(99)
    assert opened == b'{"aisle":'
    assert state.after(b"4").forced(99)[0] == b',"is_open":'
    assert state.after(b'4,"is_open":t').forced(99)[0] == b"rue}"


PATTERNS = [
    r"^[A-Z]{2}-\d{3,4}$", r"^(?:yes|no)$", r"^(a|bc*)+d?$", r"^.+@.+\.com$", r"^[^aeiou]{2}$", r"^\w+$", r"^$",
    r"^(a|)$", r"^[-+]?[0-9]+(\.[0-9]+)?$", r"^[a\-z]$", r"^x{2,}$", r"^é[à-ü]$",
]  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
def test_texts_of_a_pattern_match_it(pattern: str) -> None:
    grammar = start({"type": "string", "pattern": pattern})
    for seed in range(25):
        text = text_of(grammar, random.Random(seed), soon_bytes=20, most_bytes=200)
        assert text is None or re.search(pattern, json.loads(text))


@pytest.mark.parametrize("pattern", [p for p in PATTERNS if "." not in p.replace(r"\.", "") and "[^" not in p])
def test_what_matches_a_pattern_is_accepted(pattern: str) -> None:
    @given(st.from_regex(re.compile(pattern, re.ASCII), fullmatch=True))
    @settings(max_examples=20)
    def check(text: str) -> None:
        if not text.endswith("\n"):
            assert accepts({"type": "string", "pattern": pattern}, text)

    check()


@pytest.mark.parametrize(
    "pattern",
    ["^a|b$", "^a*?$", "^a{2}?$", "^*a$", "^(a$", "^a)$", r"^\s$", r"^\bx$", r"^(a)\1$", r"^[^\w]$", '^"$', r"^\\$",
     "^[ -z]$", "^[\\d\n]$", "^a\\", "^(?i:a)$", "^a^$", "^a\\$"],
)  # fmt: skip
def test_a_pattern_that_is_not_simple_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"simple|must|repeats|brackets|backslash"):
        pattern_grammar(pattern, "anychar")


@pytest.mark.parametrize(
    "schema",
    [
        pytest.param({"enum": [f"SKU-{number:05d}" for number in range(1500)]}, id="1500 values"),
        pytest.param(
            {"anyOf": [{"type": "object", "properties": {f"{a}{b}": True for b in range(12)}} for a in range(60)]},
            id="60 objects of 12 members",
        ),
    ],
)
def test_a_large_choice_is_followed(schema: dict[str, Any]) -> None:
    assert not start(schema).is_dead


def test_a_choice_that_is_too_large_is_refused_as_that() -> None:
    with pytest.raises(GrammarInvalidError, match="more than 2048 ways to go on at one place: it offers too many"):
        start({"enum": list(range(3000))})
