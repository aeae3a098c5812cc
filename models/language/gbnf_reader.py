"""Reads GBNF text into plain rules over bytes: repeats, groups and character classes are written out.

Owns the notation's syntax alone; `models.language.gbnf` follows the rules. A character class becomes the UTF-8 byte
sequences of its characters. Anything that is no GBNF is a `ValueError` with a sentence.
"""

import re
from collections.abc import Iterator
from typing import TypeAlias

Item: TypeAlias = frozenset[int] | int
"""One of these bytes, or the rule with this number."""
Option: TypeAlias = list[Item]
END_OF_OPTION = None

MAX_REPEATS = 2000
MAX_ITEMS = 200_000
MAX_DEPTH = 64
_FIRST, _LAST = 0x1, 0x10FFFF
"""Any character but NUL, which llama.cpp never allows either."""
_SURROGATES = (0xD800, 0xDFFF)
_LENGTH_ENDS = (0x7F, 0x7FF, 0xFFFF, _LAST)

_WORD = re.compile(
    r"""(?P<space>[ \t\r\n]+|\#[^\r\n]*)
    |(?P<is>::=)
    |(?P<name>[a-zA-Z0-9_-]+)
    |(?P<literal>"(?:[^"\\]|\\.)*")
    |(?P<class>\[(?:[^\]\\]|\\.)*\])
    |(?P<repeat>[*+?]|\{\s*\d*\s*(?:,\s*\d*\s*)?\})
    |(?P<mark>[|().])""",
    re.VERBOSE | re.DOTALL,
)
_CHARACTER = re.compile(r"\\x([0-9A-Fa-f]{2})|\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})|\\(.)|(.)", re.DOTALL)
_ESCAPES = {"t": 9, "r": 13, "n": 10, "\\": 92, '"': 34, "[": 91, "]": 93, "-": 45, "^": 94}
_END = ("end", "")


def read_rules(text: str) -> tuple[list[list[Option]], int]:
    """The rules, each a list of options, and the number of ``root``.

    Raises:
        ValueError: it is no GBNF; the sentence says what is wrong.
    """
    return _Reader(text).rules_and_root()


class _Reader:
    def __init__(self, text: str) -> None:
        self._words = [*_words(text), _END]
        self._at = 0
        self._rules: list[list[Option]] = []
        self._numbers: dict[str, int] = {}
        self._items = 0
        self._depth = 0

    def rules_and_root(self) -> tuple[list[list[Option]], int]:
        defined = set()
        while self._words[self._at] != _END:
            name, mark = self._words[self._at : self._at + 2]
            if name[0] != "name" or mark[0] != "is":
                raise ValueError(f"a rule must start like name ::=, here it starts with {name[1]!r}")
            self._at += 2
            number = self._number(name[1])
            self._rules[number] = self._options()
            defined.add(name[1])
        if missing := sorted({"root", *self._numbers} - defined):
            raise ValueError(f"no rule is called {missing[0]}")
        return self._rules, self._numbers["root"]

    def _number(self, name: str) -> int:
        if name not in self._numbers:
            self._numbers[name] = self._new_rule([])
        return self._numbers[name]

    def _new_rule(self, options: list[Option]) -> int:
        self._rules.append(options)
        return len(self._rules) - 1

    def _options(self) -> list[Option]:
        options = [self._option()]
        while self._words[self._at] == ("mark", "|"):
            self._at += 1
            options.append(self._option())
        return options

    def _option(self) -> Option:
        option: Option = []
        while (symbol := self._symbol()) is not None:
            while self._words[self._at][0] == "repeat":
                symbol = self._repeated(symbol, self._words[self._at][1])
                self._at += 1
            option += symbol
            self._items += len(symbol)
            if self._items > MAX_ITEMS:
                raise ValueError(f"it is longer than {MAX_ITEMS} items")
        return option

    def _symbol(self) -> Option | None:
        """The next symbol without its repeat; None where the option ends."""
        kind, text = self._words[self._at]
        starts_rule = kind == "name" and self._words[self._at + 1][0] == "is"
        if starts_rule or kind in ("end", "is", "repeat") or text in ("|", ")"):
            if kind in ("is", "repeat") or (text == ")" and not self._depth):
                raise ValueError(f"{text!r} stands where no rule needs it")
            return None
        self._at += 1
        match kind:
            case "literal":
                return [frozenset((byte,)) for byte in _literal(text[1:-1])]
            case "name":
                return [self._number(text)]
            case "class":
                return self._class(_class_ranges(text[1:-1]))
        return self._class([(_FIRST, _LAST)]) if text == "." else self._group()

    def _group(self) -> Option:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ValueError(f"it nests deeper than {MAX_DEPTH}")
        options = self._options()
        if self._words[self._at] != ("mark", ")"):
            raise ValueError("a ( is never closed")
        self._at += 1
        self._depth -= 1
        return [self._new_rule(options)]

    def _class(self, ranges: list[tuple[int, int]]) -> Option:
        single: set[int] = set()
        options: list[Option] = []
        for low, high in ranges:
            for sequence in _byte_ranges(low, high):
                if len(sequence) == 1:
                    single.update(*sequence)
                else:
                    options.append([frozenset(byte) for byte in sequence])
        if not options:
            return [frozenset(single)]
        if single:
            options.append([frozenset(single)])
        return [self._new_rule(options)]

    def _repeated(self, symbol: Option, repeat: str) -> Option:
        least, most = _bounds(repeat)
        if max(least, most or 0) > MAX_REPEATS:
            raise ValueError(f"it repeats more than {MAX_REPEATS} times")
        if most is not None and most < least:
            raise ValueError(f"{repeat} allows no number of repeats")
        self._items += len(symbol) * max(least, most or 1)
        if self._items > MAX_ITEMS:
            raise ValueError(f"it is longer than {MAX_ITEMS} items")
        rest: Option = []
        if most is None:
            more = self._new_rule([])
            self._rules[more] = [[*symbol, more], []]
            rest = [more]
        for _ in range(0 if most is None else most - least):
            rest = [self._new_rule([[*symbol, *rest], []])]
        return symbol * least + rest


def _words(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text):
        found = _WORD.match(text, at)
        if found is None:
            raise ValueError(f"{text[at : at + 20]!r} is no GBNF")
        if found.lastgroup != "space":
            yield str(found.lastgroup), found.group()
        at = found.end()


def _bounds(repeat: str) -> tuple[int, int | None]:
    match repeat:
        case "*":
            return 0, None
        case "+":
            return 1, None
        case "?":
            return 0, 1
    least, comma, most = (part.strip() for part in repeat[1:-1].partition(","))
    if not least and not most:
        raise ValueError(f"{repeat} names no number of repeats")
    if not comma:
        return int(least), int(least)
    return int(least or 0), int(most) if most else None


def _characters(text: str) -> Iterator[tuple[int, bool]]:
    """Code points, and whether each was written as an escape."""
    for found in _CHARACTER.finditer(text):
        coded = found[1] or found[2] or found[3]
        if coded:
            yield int(coded, 16), True
        elif found[4]:
            if found[4] not in _ESCAPES:
                raise ValueError(f"\\{found[4]} is no escape")
            yield _ESCAPES[found[4]], True
        else:
            yield ord(found[5]), False


def _literal(text: str) -> bytes:
    try:
        return "".join(chr(point) for point, _ in _characters(text)).encode()
    except (UnicodeEncodeError, OverflowError) as wrong:
        raise ValueError(f"{text!r} is no text") from wrong


def _class_ranges(text: str) -> list[tuple[int, int]]:
    """Inclusive code-point ranges of what stands between the brackets."""
    is_negated = text.startswith("^")
    points = list(_characters(text[1:] if is_negated else text))
    ranges, at = [], 0
    while at < len(points):
        low = high = points[at][0]
        if at + 2 < len(points) and points[at + 1] == (ord("-"), False):
            high = points[at + 2][0]
            at += 2
        if high < low or high > _LAST:
            raise ValueError(f"[{text}] has a range that ends before it starts")
        ranges.append((low, high))
        at += 1
    return _complement(ranges) if is_negated else ranges


def _complement(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    left, begin = [], _FIRST
    for low, high in sorted(ranges):
        if low > begin:
            left.append((begin, low - 1))
        begin = max(begin, high + 1)
    return [*left, (begin, _LAST)] if begin <= _LAST else left


def _byte_ranges(low: int, high: int) -> Iterator[list[range]]:
    """UTF-8 of a code-point range, as sequences of byte ranges whose product is exactly the range.

    A range is split where the encoded length changes, around the surrogates, and where its bytes after the first
    differing one do not run through all of 0x80 to 0xBF.
    """
    if low > high:
        return
    for end in (*_LENGTH_ENDS, _SURROGATES[0] - 1, _SURROGATES[1]):
        if low <= end < high:
            yield from _byte_ranges(low, end)
            yield from _byte_ranges(end + 1, high)
            return
    if low >= _SURROGATES[0] and high <= _SURROGATES[1]:
        return
    for bits in (6, 12, 18):
        mask = (1 << bits) - 1
        if low & ~mask != high & ~mask and low > 0x7F:
            split = low | mask if low & mask else (high & ~mask) - 1 if high & mask != mask else None
            if split is not None:
                yield from _byte_ranges(low, split)
                yield from _byte_ranges(split + 1, high)
                return
    yield [range(first, last + 1) for first, last in zip(chr(low).encode(), chr(high).encode(), strict=True)]
