"""Telephone numbers: by their form and the numbering plans, or by a word beside them. The adapter of phonenumberslite.

A bare row of digits is no telephone number here: article numbers look the same. It has to begin as international
numbers do, be set apart as national ones are and fit a country's plan, or stand beside a word such as "call".
Source: ITU-T E.164; the numbering plans are those of Google's libphonenumber.
"""

import re
from collections.abc import Iterator

import phonenumbers

from edge.second_net.machine_numbers import Digests, holds_day, is_barcode
from edge.second_net.spans import Detector, Span

_REGIONS = ("GB", "DE", "FR", "IT", "ES", "NL", "BE", "AT", "CH", "PL", "SE", "DK", "NO", "FI", "IE", "PT", "AU", "NZ")
_SEPARATOR = r"[ \t().,/\u2010-]"
_EXTENSION = r"(?:\s?(?:x|ext\.?)\s?\d{1,6})?"
_ENOUGH_DIGITS = re.compile(r"\d(?:[^\dA-Za-z\n]{0,4}\d){5}")
_INTERNATIONAL = re.compile(
    rf"(?:(?<![\w+.])\+|(?<![\w+.-])00(?=[1-9]))\s?(?:\(?\d\)?[ \t().\u2010/-]{{0,3}}){{7,14}}\d(?!\d){_EXTENSION}"
)
_AMERICAN = re.compile(
    rf"(?<![\w.])(?:\+?1[ .-])?(?:\([2-9]\d{{2}}\) ?|[2-9]\d{{2}}[-.])\d{{3}}[-. ]\d{{4}}{_EXTENSION}(?![\w-])"
)
_NATIONAL = re.compile(r"(?<![\w.,+-])\(?0\d{1,5}\)?(?:[ /.-]{1,2}\d{2,8}){1,5}(?![\w]|[.,-]\d)")
_WORD = (
    r"tele(?:phone?|f[oó]n[oe]?|foon)(?:number|nummer)?|t[eé]l|tel[eé]phone|phone|phoned|fax|whatsapp|sms|mobile|mobil"
    r"|handy(?:nummer)?|cell(?:phone)?|call(?: me| us| him| her)?|ring|dial|reach|text (?:me|us)|messages to|desk"
    r"|hotline|anrufen|rufnummer|durchwahl|portable|m[oó]vil|celular|(?:my|his|her|our|your|their) (?:new )?number"
    r"|registered|answering(?: at)?|contact"
)
_AFTER_WORD = re.compile(
    rf"(?:\b|_)(?:{_WORD})(?![^\W_])[^\d+]{{0,30}}?(\+?\(?\d(?:{_SEPARATOR}{{0,2}}\d){{5,14}}{_EXTENSION})(?!\d)",
    re.IGNORECASE,
)
_BEFORE_WORD = re.compile(
    rf"(?<![\w.])(\+?\(?\d(?:{_SEPARATOR}{{0,2}}\d){{5,14}}{_EXTENSION})\s?[-,(]?\s?(?:office|mobile|home|work|cell|fax|phone)\b",
    re.IGNORECASE,
)
_AMOUNT = re.compile(r"(?<!\d)\d{1,4}[.,]\d{2}(?!\d)(?![.,]\d{2}[.,])|,\d{3}(?!\d)")
_SHORTEST_NATIONAL, _LONGEST_NATIONAL = 9, 12
_CERTAIN_DIGITS = 9


def find_phones(text: str) -> Iterator[Span]:
    """Telephone numbers in a plain text."""
    if not _ENOUGH_DIGITS.search(text):
        return
    digests = Digests(text)
    for start, end in _candidates(text):
        if not digests.hold(start, end):
            yield Span(Detector.PHONE, start, end)


def _candidates(text: str) -> Iterator[tuple[int, int]]:
    for match in _INTERNATIONAL.finditer(text):
        if _is_international(match.group()):
            yield match.span()
    for match in _AMERICAN.finditer(text):
        yield match.span()
    for pattern in (_AFTER_WORD, _BEFORE_WORD):
        for match in pattern.finditer(text):
            if not _is_amount(match.group(1)):
                yield match.span(1)
    for match in _NATIONAL.finditer(text):
        if _is_national(match.group()):
            yield match.span()


def _is_international(written: str) -> bool:
    """A country's code and a length that its plan has; more digits are believed without the plan."""
    digits = "".join(char for char in written if char.isdigit())
    has_plus = written.startswith("+")
    if (written == digits and is_barcode(digits)) or _is_amount(written):
        return False
    try:
        number = phonenumbers.parse(written if has_plus else f"+{digits[2:]}")
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_possible_number(number) or (has_plus and len(digits) >= _CERTAIN_DIGITS)


def _is_national(written: str) -> bool:
    digits = "".join(char for char in written if char.isdigit())
    if not _SHORTEST_NATIONAL <= len(digits) <= _LONGEST_NATIONAL or holds_day(written):
        return False
    return any(_is_valid_in(region, digits) for region in _REGIONS)


def _is_valid_in(region: str, digits: str) -> bool:
    try:
        return phonenumbers.is_valid_number_for_region(phonenumbers.parse(digits, region), region)
    except phonenumbers.NumberParseException:
        return False


def _is_amount(written: str) -> bool:
    """Prices and days, which stand beside words like "ring" and "cell" too."""
    groups = written.split(".")
    in_pairs = len(groups) >= 4 and all(len(group) == 2 for group in groups)
    return not in_pairs and bool(_AMOUNT.search(written) or holds_day(written))
