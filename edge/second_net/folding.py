"""Makes odd spellings plain: digits of any script, spaces and dashes of any kind, escapes of JSON, URLs and HTML.

Keeps for every plain character where it stood, so that a finding can be told in the caller's own text. Changes
nothing in a text that is plain already. Unicode categories after UAX 44; escapes after RFC 8259, RFC 3986 and HTML 5.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

_ESCAPE = re.compile(
    r"\\+u(?P<json>[0-9a-fA-F]{4})|\\+x(?P<byte>[0-9a-fA-F]{2})|%(?P<url>[0-9a-fA-F]{2})"
    r"|&#(?P<html>\d{1,6});|&#[xX](?P<htmlhex>[0-9a-fA-F]{1,5});|\\+(?P<short>[nrt])"
)
_MAY_ESCAPE = re.compile(r"[\\%&]")
_INVISIBLE = frozenset({"Cf", "Me"})
_SPACES = frozenset({"Zs", "Zl", "Zp"})
_VARIATION_SELECTORS = range(0xFE00, 0xFE10)


@dataclass(frozen=True, slots=True)
class Folded:
    """A plain text; ``places`` holds start and end of each of its characters in the original, None where equal."""

    text: str
    places: tuple[tuple[int, int], ...] | None = None

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Where characters ``start``..``end`` of the plain text stood."""
        if self.places is None:
            return start, end
        return self.places[start][0], self.places[end - 1][1]


def fold(text: str) -> Folded:
    """The text in plain characters."""
    if text.isascii() and not _MAY_ESCAPE.search(text):
        return Folded(text)
    pieces = [(plain, place) for char, place in _unescaped(text) if (plain := _plain(char))]
    return Folded("".join(char for char, _ in pieces), tuple(place for _, place in pieces))


def _unescaped(text: str) -> Iterator[tuple[str, tuple[int, int]]]:
    done = 0
    for escape in _ESCAPE.finditer(text):
        yield from ((text[place], (place, place + 1)) for place in range(done, escape.start()))
        yield _meant(escape), escape.span()
        done = escape.end()
    yield from ((text[place], (place, place + 1)) for place in range(done, len(text)))


def _meant(escape: re.Match[str]) -> str:
    if escape["short"]:
        return {"n": "\n", "r": "\r", "t": "\t"}[escape["short"]]
    if escape["html"]:
        return _char(int(escape["html"]))
    return _char(int(escape["json"] or escape["byte"] or escape["url"] or escape["htmlhex"], 16))


def _char(number: int) -> str:
    return chr(number) if 0 < number <= 0x10FFFF else " "


def _plain(char: str) -> str:
    """One character in plain form; empty when it cannot be seen."""
    if char.isascii():
        return char
    category = unicodedata.category(char)
    if category in _INVISIBLE or ord(char) in _VARIATION_SELECTORS:
        return ""
    if category in _SPACES:
        return " "
    if category == "Pd" or char == "\u2212":
        return "-"
    digit = unicodedata.digit(char, None)
    if digit is not None:
        return str(digit)
    compatible = unicodedata.normalize("NFKC", char)
    return compatible if len(compatible) == 1 else char
