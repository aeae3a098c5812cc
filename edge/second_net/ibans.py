"""Bank account numbers: country, its length and the proof modulo 97, with or without spaces, dashes and dots.

Source: ISO 13616 with its registry of lengths.
"""

import re
from collections.abc import Iterator

from edge.second_net.machine_numbers import Digests
from edge.second_net.spans import Detector, Span

_LENGTHS: dict[str, int] = dict(
    pair
    for length, countries in (
        (15, "NO"),
        (16, "BE"),
        (18, "DK FK FI FO GL NL SD"),
        (19, "MK SI"),
        (20, "AT BA EE KZ LT LU MN XK"),
        (21, "CH HR LI LV"),
        (22, "BG BH CR DE GB GE IE ME RS VA"),
        (23, "AE GI IL IQ OM SO TL"),
        (24, "AD CZ ES MD PK RO SA SE SK TN VG"),
        (25, "LY PT ST"),
        (26, "IS TR"),
        (27, "BI DJ FR GR IT MC MR SM"),
        (28, "AL AZ BY CY DO GT HU LB NI PL SV"),
        (29, "BR EG PS QA UA"),
        (30, "JO KW MU YE"),
        (31, "MT SC"),
        (32, "LC"),
        (33, "RU"),
    )
    for pair in ((country, length) for country in countries.split())
)
_SHORTEST = min(_LENGTHS.values())
_START = re.compile(r"(?<![A-Za-z0-9])(?=([A-Za-z]{2}[ ]?\d{2}(?:[\s._-]{0,2}[A-Za-z0-9]){11,40}))")


def find_ibans(text: str) -> Iterator[Span]:
    """Accounts in a plain text."""
    if len(text) < _SHORTEST:
        return
    digests = Digests(text)
    for match in _START.finditer(text):
        start, end = match.span(1)
        wanted = _LENGTHS.get(text[start : start + 2].upper())
        if wanted is None or digests.hold(start, start + wanted):
            continue
        places = [place for place in range(start, end) if text[place].isalnum()][:wanted]
        last = places[-1] + 1
        if not text[last : last + 1].isalnum() and is_iban("".join(text[place] for place in places)):
            yield Span(Detector.IBAN, places[0], last)


def is_iban(text: str) -> bool:
    """Length of its country and modulo 97; ``text`` without separators, any case."""
    account = text.upper()
    if _LENGTHS.get(account[:2]) != len(account) or not (account.isascii() and account.isalnum()):
        return False
    rearranged = account[4:] + account[:4]
    return int("".join(str(int(letter, 36)) for letter in rearranged)) % 97 == 1
