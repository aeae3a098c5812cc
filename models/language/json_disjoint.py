"""Whether two schemas can never hold for one value: what ``oneOf`` promises and a grammar alone cannot.

Owns a proof, not a search: by type, by listed values, or by a required member that differs. Where it finds none the
schemas count as overlapping.
"""

from collections.abc import Callable
from typing import TypeAlias

_MOST_STEPS = 6
Resolve: TypeAlias = Callable[[object], object]


def are_disjoint(one: object, other: object, resolve: Resolve, *, steps: int = _MOST_STEPS) -> bool:
    """Whether no value satisfies both schemas.

    Args:
        one: a schema.
        other: another.
        resolve: gives the schema that a ``$ref`` names, or None.
        steps: how many references and members the proof may go through.
    """
    if not isinstance(one, dict) or not isinstance(other, dict) or steps == 0:
        return False
    if "$ref" in one:
        return are_disjoint(resolve(one["$ref"]), other, resolve, steps=steps - 1)
    if "$ref" in other:
        return are_disjoint(one, resolve(other["$ref"]), resolve, steps=steps - 1)
    values, others = _values(one), _values(other)
    if values is not None and others is not None:
        return not values & others
    if (kinds := _kinds(one)) is not None and (theirs := _kinds(other)) is not None and not kinds & theirs:
        return True
    return any(
        are_disjoint(one["properties"][name], other["properties"][name], resolve, steps=steps - 1)
        for name in _required(one) & _required(other)
    )


def json_type(value: object) -> str:
    """The name of a value's type, as ``type`` has it."""
    names = ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"), (list, "array"), (dict, "object"))
    return next((name for kind, name in names if isinstance(value, kind)), "null")


def _values(schema: dict[str, object]) -> set[tuple[str, object]] | None:
    """The values that a schema lists; None where it lists none, or lists and objects among them."""
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    if not isinstance(values, list) or any(isinstance(value, list | dict) for value in values):
        return None
    return {(json_type(value).replace("integer", "number"), value) for value in values}


def _kinds(schema: dict[str, object]) -> set[str] | None:
    if (values := _values(schema)) is not None:
        return {kind for kind, _ in values}
    kinds = schema.get("type")
    named = kinds if isinstance(kinds, list) else [kinds]
    return {str(kind).replace("integer", "number") for kind in named} if kinds is not None else None


def _required(schema: dict[str, object]) -> set[str]:
    """Members that any object of this schema has; none where it may be something else than an object."""
    properties, required = schema.get("properties"), schema.get("required")
    if schema.get("type") != "object" or not isinstance(properties, dict) or not isinstance(required, list):
        return set()
    return {name for name in required if isinstance(name, str) and name in properties}
