"""Schemas drawn by chance, each with values that satisfy it; and texts drawn by chance from a grammar."""

import random
from typing import Any

from hypothesis import strategies as st

from models.language.gbnf import GrammarState

Drawn = tuple[dict[str, Any], st.SearchStrategy[Any]]
"""A schema and a strategy for its values, with members in the order of the schema."""

_CLOSERS = b'"]}0'
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
NAMES = st.text(st.sampled_from('ab"\\é:,'), min_size=1, max_size=4)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-999, 999) | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=4,
)


@st.composite
def strings(draw: st.DrawFn) -> Drawn:
    least, most = sorted(draw(st.tuples(st.integers(0, 4), st.integers(0, 4))))
    characters = st.characters(exclude_categories=["Cs"])
    return {"type": "string", "minLength": least, "maxLength": most}, st.text(characters, min_size=least, max_size=most)


@st.composite
def whole_numbers(draw: st.DrawFn) -> Drawn:
    least, most = sorted(draw(st.tuples(st.integers(-2000, 2000), st.integers(-2000, 2000))))
    schema = draw(st.sampled_from([{"minimum": least, "maximum": most}, {"minimum": least}, {"maximum": most}]))
    low, high = schema.get("minimum", -(10**16) + 1), schema.get("maximum", 10**16 - 1)
    return {"type": "integer", **schema}, st.integers(low, high)


@st.composite
def listed(draw: st.DrawFn) -> Drawn:
    values = draw(st.lists(st.none() | st.booleans() | st.integers(-9, 9) | TEXT, min_size=1, max_size=3))
    return {"enum": values}, st.sampled_from(values)


@st.composite
def arrays(draw: st.DrawFn, inner: st.SearchStrategy[Drawn]) -> Drawn:
    items, values = draw(inner)
    least, most = sorted(draw(st.tuples(st.integers(0, 3), st.integers(0, 3))))
    schema = {"type": "array", "items": items, "minItems": least, "maxItems": most}
    return schema, st.lists(values, min_size=least, max_size=most)


@st.composite
def objects(draw: st.DrawFn, inner: st.SearchStrategy[Drawn]) -> Drawn:
    members = draw(st.dictionaries(NAMES, inner, max_size=4))
    required = sorted(draw(st.sets(st.sampled_from(sorted(members))))) if members else []
    schema = {
        "type": "object",
        "properties": {name: schema for name, (schema, _) in members.items()},
        "required": required,
        "additionalProperties": False,
    }

    @st.composite
    def values(draw_value: st.DrawFn) -> dict[str, Any]:
        return {
            name: draw_value(value)
            for name, (_, value) in members.items()
            if name in required or draw_value(st.booleans())
        }

    return schema, values()


@st.composite
def unions(draw: st.DrawFn, inner: st.SearchStrategy[Drawn]) -> Drawn:
    options = draw(st.lists(inner, min_size=1, max_size=3))
    return {"anyOf": [schema for schema, _ in options]}, st.one_of([values for _, values in options])


PLAIN: st.SearchStrategy[Drawn] = st.one_of(
    strings(),
    whole_numbers(),
    listed(),
    st.just(({"type": "string"}, TEXT)),
    st.just(({"type": "boolean"}, st.booleans())),
    st.just(({"type": ["null", "boolean"]}, st.none() | st.booleans())),
    st.just(({"type": "number"}, st.integers(-999, 999) | st.floats(-1e9, 1e9, width=32))),
    st.just(({"type": "number", "minimum": 0}, st.floats(0.5, 1e9, width=32))),
    st.just(({}, ANYTHING)),
    st.just(({"type": "object"}, st.dictionaries(TEXT, ANYTHING, max_size=3))),
)
SCHEMAS: st.SearchStrategy[Drawn] = st.recursive(
    PLAIN, lambda inner: st.one_of(arrays(inner), objects(inner), unions(inner)), max_leaves=6
)


def text_of(start: GrammarState, chance: random.Random, *, soon_bytes: int, most_bytes: int) -> str | None:
    """A text of the grammar, drawn byte by byte; None where it did not end. After ``soon_bytes`` it hurries."""
    state, text = start, bytearray()
    while not state.may_end or (state.next_bytes and chance.random() < 0.5):
        choices = sorted(state.next_bytes)
        closers = [byte for byte in choices if byte in _CLOSERS]
        if len(text) > soon_bytes and closers:
            choices = closers
        byte = chance.choice(choices)
        text.append(byte)
        state = state.after(bytes([byte]))
        if len(text) > most_bytes:
            return None
    return text.decode()
