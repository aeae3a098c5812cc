"""The second net: finds card numbers, bank accounts, e-mail addresses and phone numbers in a string.

Owns the patterns and their arithmetic proofs (Luhn, mod 97), so that a price, a barcode or a digest is not taken
for a person's datum. Reports places, never decides what happens to them. Called by `edge.egress` on every string
that would leave, and by the kiosk before a shopper's words are kept.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Detector(StrEnum):
    """What a span looks like."""

    CARD = "card"
    IBAN = "iban"
    EMAIL = "email"
    PHONE = "phone"


@dataclass(frozen=True, slots=True)
class Span:
    """Characters ``start``..``end`` (end excluded) of the scanned text."""

    detector: Detector
    start: int
    end: int


# First six digits (lowest, highest) and lengths by issuer, from the networks' public range tables, ISO/IEC 7812.
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
    (352800, 358999, frozenset({16, 17, 18, 19})),  # JCB
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
_SHORTEST_CARD, _LONGEST_CARD = 12, 19
_EAN13 = 13

# Length of an account number per country: ISO 13616 registry.
_IBAN_LENGTHS: dict[str, int] = dict(
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

# One separator at most between two digits: "4111 1111", "4111-1111", "4111.1111", "4111/1111", no-break spaces.
_DIGIT_RUN = re.compile(r"\d(?:[ \u00a0\u2009\u202f._/\u2010-\u2015-]{0,2}\d){11,}")
_DIGEST = re.compile(r"(?<![0-9a-zA-Z])(?=[0-9a-f]*[a-f])[0-9a-f]{32,}(?![0-9a-zA-Z])")
_IBAN_START = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?:[ \u00a0-]?[A-Za-z0-9]){11,30}")
_EMAIL = re.compile(
    r"[\w.!#$&'*+/=?^`{|}~-]{1,64}(?:@|%40|\uff20)(?:[\w](?:[\w-]{0,61}[\w])?\.)+[^\W\d_]{2,24}(?![\w])"
)
_PHONE_INTERNATIONAL = re.compile(
    r"(?<![\w+.])(?:\+|00(?=[1-9]))\s?(?:\(?\d\)?[ \u00a0().\u2010/-]{0,2}){7,14}\d(?!\d)"
)
_PHONE_AMERICAN = re.compile(
    r"(?<![\w.])(?:1[ .-])?(?:\(\d{3}\) ?|\d{3}[-.])\d{3}[-. ]\d{4}(?:\s?(?:x|ext\.?)\s?\d+)?(?!\w)"
)
_PHONE_AFTER_WORD = re.compile(
    r"\b(?:tel|telephone|telefon|telefono|phone|phoned|mobile|mobil|handy|cell|cellphone|fax|call|ring|sms|text me|"
    r"messages to|whatsapp|anrufen|rufnummer|t\u00e9l|t\u00e9l\u00e9phone|portable|m\u00f3vil)\b[^\d+]{0,30}"
    r"(\+?\(?\d(?:[ \u00a0().\u2010/-]{0,2}\d){5,14}(?:\s?(?:x|ext\.?)\s?\d+)?)(?!\d)",
    re.IGNORECASE,
)
_PHONE_BEFORE_WORD = re.compile(
    r"(?<![\w.])(\(?\d(?:[ \u00a0().\u2010/-]{0,2}\d){5,14})\s?[-,(]?\s?(?:office|mobile|home|work|cell|fax)\b",
    re.IGNORECASE,
)
_WORTH_A_LOOK = re.compile(r"@|%40|\uff20|(?:\d[^\dA-Za-z]{0,3}){6}\d|[A-Za-z]{2}\d{2}")


def scan(text: str) -> list[Span]:
    """Find what looks personal in one string, in order of place; a card hides the phone number inside it."""
    if len(text) < 6 or not _WORTH_A_LOOK.search(text):
        return []
    found: list[Span] = []
    for span in (*_ibans(text), *_cards(text), *_emails(text), *_phones(text)):
        if all(span.end <= other.start or span.start >= other.end for other in found):
            found.append(span)
    return sorted(found, key=lambda span: span.start)


def is_card_number(digits: str) -> bool:
    """Luhn (ISO/IEC 7812-1, annex B) and an issuer's range; a valid EAN-13 barcode is not a card."""
    if not _in_issuer_range(digits) or not _luhn(digits):
        return False
    return not (len(digits) == _EAN13 and _ean(digits))


def is_iban(text: str) -> bool:
    """Country length and mod 97 of ISO 13616; ``text`` without separators, any case."""
    account = text.upper()
    if _IBAN_LENGTHS.get(account[:2]) != len(account):
        return False
    rearranged = account[4:] + account[:4]
    return int("".join(str(int(letter, 36)) for letter in rearranged)) % 97 == 1


def _in_issuer_range(digits: str) -> bool:
    head = int(digits[:6])
    return any(low <= head <= high and len(digits) in lengths for low, high, lengths in _ISSUERS)


def _luhn(digits: str) -> bool:
    doubled = "0246813579"
    odd, even = digits[-1::-2], digits[-2::-2]
    return (sum(map(int, odd)) + sum(int(doubled[int(digit)]) for digit in even)) % 10 == 0


def _ean(digits: str) -> bool:
    return (sum(map(int, digits[-1::-2])) + 3 * sum(map(int, digits[-2::-2]))) % 10 == 0


def _cards(text: str) -> Iterator[Span]:
    digests = [match.span() for match in _DIGEST.finditer(text)]
    for run in _DIGIT_RUN.finditer(text):
        if any(start <= run.start() and run.end() <= end for start, end in digests):
            continue
        yield from _cards_in_run(text, *run.span())


def _cards_in_run(text: str, start: int, end: int) -> Iterator[Span]:
    """Cards in a run of digits, also with other digits stuck to them by a separator (a date, an amount)."""
    places = [place for place in range(start, end) if text[place].isdecimal()]
    groups = [index for index, place in enumerate(places) if index == 0 or places[index - 1] != place - 1]
    ends = {*groups, len(places)}
    skip_to = 0
    for first in groups:
        if first < skip_to:
            continue
        for length in range(_LONGEST_CARD, _SHORTEST_CARD - 1, -1):
            last = first + length
            if last in ends and is_card_number("".join(text[place] for place in places[first:last])):
                yield Span(Detector.CARD, places[first], places[last - 1] + 1)
                skip_to = last
                break


def _ibans(text: str) -> Iterator[Span]:
    for match in _IBAN_START.finditer(text):
        wanted = _IBAN_LENGTHS.get(match.group()[:2].upper())
        if wanted is None:
            continue
        places = [place for place in range(match.start(), match.end()) if text[place].isalnum()][:wanted]
        if is_iban("".join(text[place] for place in places)):
            yield Span(Detector.IBAN, places[0], places[-1] + 1)


def _emails(text: str) -> Iterator[Span]:
    for match in _EMAIL.finditer(text):
        yield Span(Detector.EMAIL, *match.span())


def _phones(text: str) -> Iterator[Span]:
    for pattern in (_PHONE_INTERNATIONAL, _PHONE_AMERICAN):
        for match in pattern.finditer(text):
            yield Span(Detector.PHONE, *match.span())
    for pattern in (_PHONE_AFTER_WORD, _PHONE_BEFORE_WORD):
        for match in pattern.finditer(text):
            yield Span(Detector.PHONE, *match.span(1))
