"""Payment card numbers: digits that pass Luhn and lie in an issuer's range, however they are set apart.

Refuses what a shop's own numbers look like: a barcode that proves itself as one, digits inside a digest. Where a word
such as "card" stands beside the number, Luhn alone is enough. Sources: ISO/IEC 7812-1 (annex B), the networks'
public range tables.
"""

import re
from collections.abc import Iterator

from edge.second_net.machine_numbers import Digests, holds_day, is_barcode
from edge.second_net.spans import Detector, Span

# First six digits (lowest, highest) and lengths by issuer.
_ISSUERS: tuple[tuple[int, int, frozenset[int]], ...] = (
    (400000, 499999, frozenset({13, 16, 18, 19})),  # Visa
    (222100, 272099, frozenset({16})),  # Mastercard, second series
    (510000, 559999, frozenset({16})),  # Mastercard
    (340000, 349999, frozenset({15})),  # American Express
    (370000, 379999, frozenset({15})),
    (300000, 305999, frozenset({14, 16})),  # Diners Club
    (309500, 309599, frozenset({14, 16})),
    (360000, 369999, frozenset({14, 16, 19})),
    (380000, 399999, frozenset({14, 16})),
    (350000, 359999, frozenset({16, 17, 18, 19})),  # JCB has 3528 to 3589; terminals are tried with all of 35
    (180000, 180099, frozenset({15})),
    (213100, 213199, frozenset({15})),
    (220000, 220499, frozenset({16, 17, 18, 19})),  # Mir
    (500000, 509999, frozenset({12, 13, 14, 15, 16, 17, 18, 19})),  # Maestro, RuPay, Elo
    (560000, 589999, frozenset({12, 13, 14, 15, 16, 17, 18, 19})),  # Maestro
    (600000, 609999, frozenset({16, 17, 18, 19})),  # Discover, RuPay
    (620000, 629999, frozenset({16, 17, 18, 19})),  # UnionPay
    (630400, 639999, frozenset({12, 13, 14, 15, 16, 17, 18, 19})),  # Maestro, InstaPayment
    (644000, 659999, frozenset({16, 17, 18, 19})),  # Discover
    (670000, 679999, frozenset({12, 13, 14, 15, 16, 17, 18, 19})),  # Maestro
    (810000, 829999, frozenset({16, 17, 18, 19})),  # UnionPay, RuPay
    (979200, 979299, frozenset({16})),  # Troy
)
_SHORTEST, _LONGEST = 12, 19
_SHOP_LENGTHS = frozenset({12, 13})
_AROUND = 40

# "4111 1111", "4111-1111", "4111.1111", "4111 - 1111": any grouping, since issuers group in their own ways.
_RUN = re.compile(r"\d(?:[ \t._/-]{0,3}\d){11,}")
# Anything else between digits only in equal steps ("4111, 1111, ..."), because lists of numbers look like that too.
_STEPS = re.compile(
    r"(?<!\d)(?:\d{4}(?P<by>[^0-9A-Za-z]{1,3})(?:\d{4}(?P=by)){1,3}\d{1,4}"
    r"|\d{4}(?P<by2>[^0-9A-Za-z]{1,3})\d{6}(?P=by2)\d{4,5}|\d(?P<by3>[^0-9A-Za-z]{1,3})(?:\d(?P=by3)){10,17}\d)(?!\d)"
)
_ENOUGH_DIGITS = re.compile(r"(?:\d\D{0,3}){11}\d")
_WORD = re.compile(
    r"card|kart|\bpa(?:y|id)\b|carte|carta|tarjeta|kaart|\b(?:credit|debit|kredit|visa|amex|maestro|diners|jcb|girocard|cc|pan)\b",
    re.IGNORECASE,
)


def find_cards(text: str) -> Iterator[Span]:
    """Cards in a plain text."""
    if not _ENOUGH_DIGITS.search(text):
        return
    digests = Digests(text)
    for run in _RUN.finditer(text):
        if not digests.hold(*run.span()):
            yield from _in_run(text, *run.span(), is_named=_is_named(text, *run.span()))
    for run in _STEPS.finditer(text):
        digits = "".join(char for char in run.group() if char.isdigit())
        if is_card_number(digits, is_named=_is_named(text, *run.span())) and not digests.hold(*run.span()):
            yield Span(Detector.CARD, *run.span())


def is_card_number(digits: str, *, is_named: bool = False) -> bool:
    """Luhn and an issuer's range; a valid barcode of a shop is no card. ``is_named``: a word says that it is a card."""
    if not _SHORTEST <= len(digits) <= _LONGEST or not _luhn(digits):
        return False
    if is_named:
        return len(set(digits)) > 1
    return _in_issuer_range(digits) and not (len(digits) in _SHOP_LENGTHS and is_barcode(digits))


def _in_run(text: str, start: int, end: int, *, is_named: bool) -> Iterator[Span]:
    """Cards in a run of digits, also with other digits stuck to them by a separator (a date, an amount)."""
    places = [place for place in range(start, end) if text[place].isdigit()]
    groups = [index for index, place in enumerate(places) if index == 0 or places[index - 1] != place - 1]
    ends = {*groups, len(places)}
    skip_to = 0
    for first in groups:
        if first < skip_to:
            continue
        for length in range(_LONGEST, _SHORTEST - 1, -1):
            last = first + length
            digits = "".join(text[place] for place in places[first:last]) if last in ends else ""
            if is_card_number(digits, is_named=is_named) and not holds_day(text[places[first] : places[last - 1] + 1]):
                yield Span(Detector.CARD, places[first], places[last - 1] + 1)
                skip_to = last
                break


def _is_named(text: str, start: int, end: int) -> bool:
    return bool(_WORD.search(text[max(0, start - _AROUND) : start]) or _WORD.search(text[end : end + _AROUND // 2]))


def _in_issuer_range(digits: str) -> bool:
    head = int(digits[:6])
    return any(low <= head <= high and len(digits) in lengths for low, high, lengths in _ISSUERS)


def _luhn(digits: str) -> bool:
    doubled = "0246813579"
    odd, even = digits[-1::-2], digits[-2::-2]
    return (sum(map(int, odd)) + sum(int(doubled[int(digit)]) for digit in even)) % 10 == 0
