"""Reads a text as it may be meant: without look-alike letters, digits for letters, letters set apart, wrapping.

Owns the list of disguises; says nothing about what the texts mean. Pure, and bounded by the length of what it is given.
Look-alikes after UTS 39 (confusables), the letters of Cyrillic and Greek that people type for Latin ones.
"""

import codecs
import re
import unicodedata
from collections.abc import Iterator

from edge.second_net.folding import fold
from edge.second_net.wrapping import unwrapped

_DEEPEST = 2
_MOST_INNER = 8
_LOOKALIKES = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501\u04bb\u04cf\u051b\u051d\u0432\u043d\u043c\u0442\u043a"
    "\u03b1\u03b5\u03bf\u03c1\u03c5\u03bd\u03b9\u03ba\u03c4\u03c7\u0131\u0261\u0269\u026a\u0280\u0274\u029f\u1d00\u1d07\u1d0f\u1d1b\u1d1c",
    "aeopcyxijsdhlqwbhmtkaeopuvixtxigiirnlaeotu",
)
_DIGITS = str.maketrans("0134578@$!|", "oieastbasil")
_ONE_AS_L = str.maketrans("1", "l")
_MIXED = re.compile(r"(?<!\S)(?=\S{0,40}[a-z])(?=\S{0,40}[013457@$!|])\S{3,40}(?!\S)")
_APART = re.compile(r"(?<![^\W_])[^\W\d_](?:[\s._*~+/|,-]{1,3}[^\W\d_]){4,}(?![^\W_])")
_BETWEEN = re.compile(r"[\W_]+")


def plain(text: str) -> str:
    """Lower case, one line, no accents, nothing invisible, letters of other scripts as the Latin ones they pass for."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", fold(text).text).casefold())
    seen = "".join(char for char in folded if not unicodedata.combining(char))
    return " ".join(seen.translate(_LOOKALIKES).replace("\u2019", "'").split())


def readings(text: str) -> Iterator[str]:
    """The text made plain, and everything else that it may be meant to say; each in the form of `plain`."""
    for one in _unwrapped(text, _DEEPEST):
        base = plain(one)
        yield base
        if _MIXED.search(base):
            yield _without_digits(base)
            yield _without_digits(base.translate(_ONE_AS_L))
        yield base[::-1]
        yield codecs.encode(base, "rot13")


def compact(text: str) -> str | None:
    """The letters alone, where the text sets at least five apart from each other; else None."""
    base = plain(text)
    return _BETWEEN.sub("", base) if _APART.search(base) else None


def _without_digits(text: str) -> str:
    return _MIXED.sub(lambda word: word[0].translate(_DIGITS), text)


def _unwrapped(text: str, depth: int) -> Iterator[str]:
    yield text
    if depth > 0:
        for _, (_, _, inner) in zip(range(_MOST_INNER), unwrapped(fold(text).text), strict=False):
            yield from _unwrapped(inner, depth - 1)
