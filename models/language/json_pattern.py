"""Simple regular expressions, written as GBNF for the inside of a JSON string.

Owns what of a schema's ``pattern`` is understood: one expression from ``^`` to ``$`` with characters, classes, groups,
alternatives and repeats. Everything else is a `ValueError` with a sentence. The grammar is never wider than the
expression, but narrower where JSON would write a character with a backslash: only ``.`` may stand for those.
"""

import re
from collections.abc import Iterator

_WORD = re.compile(
    r"""(?P<class>\[(?:[^\]\\]|\\.)+\])
    |(?P<escape>\\.)
    |(?P<repeat>[*+?]|\{\d+(?:,\d*)?\})
    |(?P<open>\(\?:|\((?!\?))
    |(?P<mark>[|)])
    |(?P<dot>\.)
    |(?P<character>[^\\()\[\]{}*+?|^$."\x00-\x1f])""",
    re.VERBOSE,
)
_CLASSES = {"d": "0-9", "w": "A-Za-z0-9_"}
_PART = re.compile(r"\\(?P<escaped>.)|(?P<plain>.)", re.DOTALL)
MOST_GROUPS = 16


def pattern_grammar(pattern: str, any_character: str) -> str:
    """GBNF for the strings that match, without their quotes.

    Args:
        pattern: the regular expression.
        any_character: name of the rule that ``.`` stands for.

    Raises:
        ValueError: it is more than this module understands.
    """
    if not (pattern.startswith("^") and pattern.endswith("$")) or pattern.endswith(r"\$"):
        raise ValueError("it must begin with ^ and end with $")
    written, depth, before = ["("], 0, "open"
    for kind, word in _words(pattern[1:-1]):
        depth += {"(": 1, ")": -1}.get(_written(kind, word, any_character), 0)
        if not 0 <= depth <= MOST_GROUPS:
            raise ValueError("its brackets do not match, or nest too deep")
        if word == "|" and not depth:
            raise ValueError("its alternatives must stand in brackets, as in ^(a|b)$")
        if kind == "repeat" and (before in ("repeat", "open") or written[-1] == "|"):
            raise ValueError(f"{word!r} repeats nothing")
        if word in ("|", ")") and written[-1] in ("(", "|"):
            written.append('""')
        written.append(_written(kind, word, any_character))
        before = kind
    if depth:
        raise ValueError("its brackets do not match")
    return " ".join([*written, '""', ")"])


def _words(inside: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(inside):
        found = _WORD.match(inside, at)
        if found is None:
            raise ValueError(f"{inside[at : at + 12]!r} is not simple enough")
        yield str(found.lastgroup), found.group()
        at = found.end()


def _written(kind: str, word: str, any_character: str) -> str:
    match kind:
        case "class":
            return _class(word[1:-1])
        case "escape":
            return f"[{_CLASSES[word[1]]}]" if word[1] in _CLASSES else f'"{_character(word[1])}"'
        case "open":
            return "("
        case "dot":
            return any_character
        case "character":
            return f'"{word}"'
    return word


def _class(inside: str) -> str:
    is_negated = inside.startswith("^")
    parts = []
    for found in _PART.finditer(inside[1:] if is_negated else inside):
        plain, escaped = found["plain"], found["escaped"]
        if plain == "-":
            parts.append("-")
        elif escaped in _CLASSES and not is_negated:
            parts.append(_CLASSES[escaped])
        else:
            parts.append(_class_character(plain or _character(escaped)))
    if is_negated:
        return rf'[^{"".join(parts)}"\\\x00-\x1f]'
    _refuse_open_ranges(parts)
    return f"[{''.join(parts)}]"


def _class_character(character: str) -> str:
    if character in '"\\' or character < " ":
        raise ValueError(f"{character!r} would need a backslash in JSON")
    return f"\\{character}" if character in "[]^-" else character


def _refuse_open_ranges(parts: list[str]) -> None:
    """A range over the characters that JSON escapes would let them through as they are."""
    for low, dash, high in zip(parts, parts[1:], parts[2:], strict=False):
        if dash == "-" and (low[-1] <= "\\" <= high[-1] or low[-1] <= '"' <= high[-1]):
            raise ValueError(f"the range {low}-{high} holds characters that JSON would write with a backslash")


def _character(escaped: str) -> str:
    if escaped.isalnum() or escaped in '_"\\' or escaped < " ":
        raise ValueError(f"\\{escaped} is not simple enough")
    return escaped
