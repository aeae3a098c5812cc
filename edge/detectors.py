"""The second net: finds card numbers, bank accounts, e-mail and IP addresses, telephone numbers and names in a string.

Joins the finders of `edge.second_net`, first on the text made plain, then on readable text wrapped in it (Base64,
hexadecimal). Reports places, never decides what happens to them. Called by `edge.egress` on every string that would
leave. Pure; any thread.
"""

import re
from collections.abc import Iterator

from edge.second_net.cards import find_cards
from edge.second_net.folding import fold
from edge.second_net.ibans import find_ibans
from edge.second_net.internet import find_emails, find_ips
from edge.second_net.names import find_names
from edge.second_net.phones import find_phones
from edge.second_net.spans import Detector, Span
from edge.second_net.wrapping import unwrapped

__all__ = ["Detector", "Span", "scan"]

_SHORTEST = 6
_DEEPEST = 3
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)")
_FINDERS = (find_ibans, find_cards, find_emails, find_ips, find_phones, find_names)


def scan(text: str) -> list[Span]:
    """Find what looks personal in one string, in order of place; a card hides the phone number inside it.

    What was found in a wrapped text is told as the whole token that wraps it.
    """
    return _scan(text, _DEEPEST)


def _scan(text: str, depth: int) -> list[Span]:
    if len(text) < _SHORTEST or _TIME.fullmatch(text):
        return []
    plain = fold(text)
    found: list[Span] = []
    for span in (*_found_plain(plain.text), *_found_wrapped(plain.text, depth)):
        if all(span.end <= other.start or span.start >= other.end for other in found):
            found.append(span)
    places = [Span(span.detector, *plain.original(span.start, span.end)) for span in found]
    return sorted(places, key=lambda span: span.start)


def _found_plain(text: str) -> Iterator[Span]:
    for find in _FINDERS:
        yield from find(text)


def _found_wrapped(text: str, depth: int) -> Iterator[Span]:
    if depth > 0:
        for start, end, inner in unwrapped(text):
            for detector in {span.detector: None for span in _scan(inner, depth - 1)}:
                yield Span(detector, start, end)
