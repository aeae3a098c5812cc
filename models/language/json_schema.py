"""JSON Schema, written as GBNF: an answer under the grammar satisfies the schema.

Owns what of JSON Schema is understood. A keyword that is not is refused with a sentence that names it, never passed
over. The grammar is narrower than the schema in its form alone: no white space, members in the order of
``properties``, no member beside them, every character written in one way, at most 16 digits before the point and 20
behind it (every float that JSON writes without an exponent). So keys, brackets and commas are forced, and the engine
reads them in place of generating them.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn

from models.language.json_disjoint import are_disjoint, json_type
from models.language.json_numbers import MOST, integers
from models.language.json_pattern import pattern_grammar

ANY_OBJECT = '{"type": "object"}'
"""The schema of an answer that may be any JSON object."""

MAX_DEPTH = 32
MAX_LENGTH = 2000
_COMMON = r"""string ::= "\"" char* "\""
char ::= [^"\\\x00-\x1f] | "\\" ["\\bfnrt] | "\\u00" [01] [0-9a-f]
anychar ::= [^"\\\x00-\x1f\u2028\u2029] | "\\" ["\\bft] | "\\u00" [01] [0-9a-f]
natural ::= "0" | [1-9] [0-9]{0,15}
fraction ::= ("." [0-9]{1,20})? ([eE] [+-]? [0-9] [0-9]?)?
object ::= "{" (string ":" value ("," string ":" value)*)? "}"
array ::= "[" (value ("," value)*)? "]"
value ::= object | array | string | "-"? natural fraction | "true" | "false" | "null"
"""
_NOTES = frozenset(
    ("title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "discriminator", "$comment")
)
"""Keywords that say nothing about the instance."""
_ELSEWHERE = frozenset(("$defs", "definitions", "$schema", "$id"))
_KEYWORDS = {
    "object": {"properties", "required", "additionalProperties"},
    "array": {"items", "minItems", "maxItems"},
    "string": {"minLength", "maxLength", "pattern"},
    "number": {"minimum"},
    "integer": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"},
    "boolean": set(),
    "null": set(),
}


class SchemaInvalidError(Exception):
    """The schema is none, or asks for more than a grammar can promise; the sentence names the keyword."""


def schema_grammar(text: str) -> str:
    """GBNF for the JSON texts that satisfy a schema.

    Args:
        text: the schema as JSON text.

    Raises:
        SchemaInvalidError: see there.
    """
    try:
        schema = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as wrong:
        raise SchemaInvalidError("json_schema is no JSON") from wrong
    return _Writer(schema).grammar()


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


class _Writer:
    def __init__(self, root: object) -> None:
        self._root = root
        self._rules: list[str] = []
        self._names: dict[str, str] = {}
        self._kinds: Mapping[str, Callable[[Mapping[str, object], str, int], str]] = {
            "object": self._object,
            "array": self._array,
            "string": self._string,
            "number": self._number,
            "integer": self._integer,
            "boolean": lambda _schema, _at, _depth: '"true" | "false"',
            "null": lambda _schema, _at, _depth: '"null"',
        }

    def grammar(self) -> str:
        return f"root ::= {self._referred('#', '#', 0)}\n" + "\n".join(self._rules) + "\n" + _COMMON

    def _rule(self, text: str) -> str:
        """A rule of its own for what would nest too deep in brackets; its name."""
        self._rules.append(f"r{len(self._rules)} ::= {text}")
        return f"r{len(self._rules) - 1}"

    def _any(self, schema: object, at: str, depth: int) -> str:
        """The name of the rule for a schema; ``at`` says where it stands."""
        if depth > MAX_DEPTH:
            raise SchemaInvalidError(f"{at}: nests deeper than {MAX_DEPTH}")
        if schema is True:
            return "value"
        if not isinstance(schema, dict):
            raise SchemaInvalidError(f"{at}: must be a schema that something can satisfy")
        rules = {key: value for key, value in schema.items() if key not in _NOTES and key not in _ELSEWHERE}
        if "$ref" in rules:
            _refuse_beside(rules, {"$ref"}, at)
            return self._referred(rules["$ref"], at, depth)
        if "enum" in rules or "const" in rules:
            return self._enum(rules, at)
        for key in ("anyOf", "oneOf"):
            if key in rules:
                return self._either(rules, key, at, depth)
        if not rules:
            return "value"
        if "type" not in rules:
            raise SchemaInvalidError(f"{at}: {next(iter(rules))} is not supported without type")
        return self._typed(rules, at, depth)

    def _referred(self, where: object, at: str, depth: int) -> str:
        """The rule of a definition; its name is known before it is written, so that it may refer to itself."""
        target = _resolved(self._root, where)
        if target is None or not isinstance(where, str):
            raise SchemaInvalidError(f"{at}: $ref must name a schema in $defs, like #/$defs/name, here {where!r}")
        if where not in self._names:
            self._names[where] = f"d{len(self._names)}"
            self._rules.append(f"{self._names[where]} ::= {self._any(target, where, depth + 1)}")
        return self._names[where]

    def _enum(self, rules: Mapping[str, object], at: str) -> str:
        _refuse_beside(rules, {"enum", "const", "type"}, at)
        values = rules.get("enum", [rules.get("const")])
        types = _types(rules, at) if "type" in rules else None
        if not isinstance(values, list) or ("const" in rules and "enum" in rules):
            raise SchemaInvalidError(f"{at}: enum must be a list of values, and not stand beside const")
        kept = [value for value in values if types is None or _is_of(value, types)]
        if not kept:
            raise SchemaInvalidError(f"{at}: enum holds no value of the type")
        return self._rule(" | ".join(_literal(value) for value in kept))

    def _either(self, rules: Mapping[str, object], key: str, at: str, depth: int) -> str:
        _refuse_beside(rules, {key}, at)
        schemas = rules[key]
        if not isinstance(schemas, list) or not schemas:
            raise SchemaInvalidError(f"{at}: {key} must be a list of schemas")
        for number, one in enumerate(schemas if key == "oneOf" else ()):
            for other in schemas[:number]:
                if not are_disjoint(one, other, lambda where: _resolved(self._root, where)):
                    raise SchemaInvalidError(f"{at}: oneOf is not supported where two may hold at once; use anyOf")
        names = [self._any(schema, f"{at}/{key}/{i}", depth + 1) for i, schema in enumerate(schemas)]
        return self._rule(" | ".join(names))

    def _typed(self, rules: Mapping[str, object], at: str, depth: int) -> str:
        types = _types(rules, at)
        known = {"type"}.union(*(_KEYWORDS[kind] for kind in types))
        for key in rules:
            if key not in known:
                raise SchemaInvalidError(f"{at}: {key} is not supported for type {' or '.join(types)}")
        return self._rule(" | ".join(f"({self._kinds[kind](rules, at, depth)})" for kind in types))

    def _object(self, rules: Mapping[str, object], at: str, depth: int) -> str:
        properties, required, others = _object_rules(rules, at)
        if not properties:
            if others is True:
                return "object"
            if others is False:
                return '"{}"'
            member = f'string ":" {self._any(others, f"{at}/additionalProperties", depth + 1)}'
            return f'"{{" ({member} ("," {member})*)? "}}"'
        if isinstance(others, dict):
            raise SchemaInvalidError(f"{at}: additionalProperties is not supported beside properties")
        members = [
            (f'{_literal(name)} ":" {self._any(schema, f"{at}/{name}", depth + 1)}', name in required)
            for name, schema in properties.items()
        ]
        return f'"{{" {self._members(members)} "}}"'

    def _members(self, members: Sequence[tuple[str, bool]]) -> str:
        """The members in order, those that are not required perhaps left out, with commas between."""
        first, rest = '""', '""'
        for member, is_required in reversed(members):
            if is_required:
                first, rest = self._rule(f"{member} {rest}"), self._rule(f'"," {member} {rest}')
            else:
                first, rest = (
                    self._rule(f"{member} {rest} | {first}"),
                    self._rule(f'"," {member} {rest} | {rest}'),
                )
        return first

    def _array(self, rules: Mapping[str, object], at: str, depth: int) -> str:
        least, most = _counts(rules, "minItems", "maxItems", at)
        item = self._any(rules.get("items", True), f"{at}/items", depth + 1)
        if most == 0:
            return '"[]"'
        upto = "" if most is None else str(most - 1)
        some = f'{item} ("," {item}){{{max(0, least - 1)},{upto}}}'
        return f'"[" {some} "]"' if least else f'"[" ({some})? "]"'

    def _string(self, rules: Mapping[str, object], at: str, _depth: int) -> str:
        if "pattern" in rules:
            if "minLength" in rules or "maxLength" in rules:
                raise SchemaInvalidError(f"{at}: pattern is not supported beside minLength and maxLength")
            try:
                return rf'"\"" {pattern_grammar(str(rules["pattern"]), "anychar")} "\""'
            except ValueError as wrong:
                raise SchemaInvalidError(f"{at}: pattern is not supported: {wrong}") from wrong
        least, most = _counts(rules, "minLength", "maxLength", at)
        if not least and most is None:
            return "string"
        return rf'"\"" char{{{least},{"" if most is None else most}}} "\""'

    def _number(self, rules: Mapping[str, object], at: str, _depth: int) -> str:
        if _number_of(rules, "minimum", at) not in (None, 0):
            raise SchemaInvalidError(f"{at}: minimum is supported for type number only where it is 0")
        return "natural fraction" if "minimum" in rules else '"-"? natural fraction'

    def _integer(self, rules: Mapping[str, object], at: str, _depth: int) -> str:
        least, most = -MOST, MOST
        if (minimum := _number_of(rules, "minimum", at)) is not None:
            least = max(least, math.ceil(minimum))
        if (maximum := _number_of(rules, "maximum", at)) is not None:
            most = min(most, math.floor(maximum))
        if (minimum := _number_of(rules, "exclusiveMinimum", at)) is not None:
            least = max(least, math.floor(minimum) + 1)
        if (maximum := _number_of(rules, "exclusiveMaximum", at)) is not None:
            most = min(most, math.ceil(maximum) - 1)
        if least > most:
            raise SchemaInvalidError(f"{at}: minimum and maximum leave no number of at most 16 digits")
        return integers(least, most)


def _resolved(root: object, where: object) -> object:
    """What a reference names; None where there is no such thing."""
    if where == "#":
        return root
    for key in ("$defs", "definitions"):
        if isinstance(where, str) and isinstance(root, dict) and where.startswith(f"#/{key}/"):
            name = where.removeprefix(f"#/{key}/").replace("~1", "/").replace("~0", "~")
            found = root.get(key)
            return found.get(name) if isinstance(found, dict) else None
    return None


def _refuse_beside(rules: Mapping[str, object], known: set[str], at: str) -> None:
    for key in rules:
        if key not in known:
            raise SchemaInvalidError(f"{at}: {key} is not supported beside {next(iter(known & rules.keys()))}")


def _types(rules: Mapping[str, object], at: str) -> list[str]:
    named = rules["type"]
    types = [str(kind) for kind in (named if isinstance(named, list) else [named])]
    if not types or not all(kind in _KEYWORDS for kind in types):
        raise SchemaInvalidError(f"{at}: type must be of {', '.join(_KEYWORDS)}, here {named!r}")
    return types


def _is_of(value: object, types: Sequence[str]) -> bool:
    kind = json_type(value)
    return kind in types or (kind == "integer" and "number" in types)


def _object_rules(rules: Mapping[str, object], at: str) -> tuple[dict[str, object], list[object], object]:
    properties, required = rules.get("properties", {}), rules.get("required", [])
    if not isinstance(properties, dict) or not isinstance(required, list):
        raise SchemaInvalidError(f"{at}: properties must be an object and required a list")
    if not all(isinstance(name, str) for name in required):
        raise SchemaInvalidError(f"{at}: required must list names of properties, as strings")
    missing = [name for name in required if name not in properties]
    if missing:
        raise SchemaInvalidError(f"{at}: required names {missing[0]!r}, which properties does not have")
    return properties, required, rules.get("additionalProperties", "properties" not in rules)


def _counts(rules: Mapping[str, object], least: str, most: str, at: str) -> tuple[int, int | None]:
    low = _count(rules, least, at) if least in rules else 0
    high = _count(rules, most, at) if most in rules else None
    if high is not None and low > high:
        raise SchemaInvalidError(f"{at}: {least} is over {most}")
    return low, high


def _count(rules: Mapping[str, object], key: str, at: str) -> int:
    count = rules[key]
    if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= MAX_LENGTH:
        raise SchemaInvalidError(f"{at}: {key} must be a whole number from 0 to {MAX_LENGTH}")
    return count


def _number_of(rules: Mapping[str, object], key: str, at: str) -> float | int | None:
    value = rules.get(key)
    if key in rules and (isinstance(value, bool) or not isinstance(value, int | float) or not _is_finite(value)):
        raise SchemaInvalidError(f"{at}: {key} must be a number")
    return value if isinstance(value, int | float) else None


def _is_finite(value: float) -> bool:
    """Whether it is a number that a double can hold; a whole one may be too long."""
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _literal(value: object) -> str:
    """A GBNF literal for the one way in which a value is written."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
