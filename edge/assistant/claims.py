"""Reads the claims out of an answer: every product, price, place, count, time and yes or no in it.

Owns the closed list of forms in which an answer may claim something and of words that claim nothing. What fits
neither is reported as unread, which the verifier treats as a lie. Decides nothing itself about truth.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

ClaimKind = Literal[
    "product", "quote", "price", "normal_price", "unit_price", "aisle", "bay", "count", "age", "in_stock",
    "out_of_stock", "stock_unknown", "have", "sell", "yes", "on_offer", "not_on_offer", "until_day", "age_limit",
    "shown_of", "open", "closed", "now", "again", "span", "until_time", "at_time", "day", "end",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim as it was written; ``end`` is the end of a sentence and claims nothing."""

    kind: ClaimKind
    values: tuple[str, ...] = ()


_MONEY = r"((?:[€£$]\s?\d+(?:[.,]\d+)?)|(?:\d+\.\d{2} [A-Z]{3}))(?![\d/])"
_TIME = r"(\d{1,2}:\d{2})"
_AGE = r"(just now|\d+ (?:minute|hour|second|day)s? ago)"
_DATE = r"(\d{1,2} [A-Z][a-z]+(?: \d{4})?)"
_WEEKDAY = r"(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)"

# Tried in this order at every place of the text that is not a product, quote or harmless word.
_FORMS: tuple[tuple[ClaimKind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))  # type: ignore[misc]
    for kind, pattern in (
        ("normal_price", rf"(?:instead of|normally|usually|was) {_MONEY}"),
        ("unit_price", r"(?:the )?unit price (?:is|of) ((?:[€£$]\d+\.\d{2}|\d+\.\d{2} [A-Z]{3})/\d*\s*[a-z]+)"),
        ("price", _MONEY),
        ("aisle", r"aisle ([a-z0-9][a-z0-9-]{0,15})"),
        ("bay", r"bay ([a-z0-9][a-z0-9-]{0,15})"),
        ("out_of_stock", rf"(?:the|its|this) shelf (?:was|is) empty when last seen,? {_AGE}"),
        ("stock_unknown", r"i cannot see (?:its|the|this) shelf(?: right now)?"),
        ("count", r"there (?:is|are) (\d+) on the shelf"),
        ("count", r"(\d+) on the shelf"),
        ("age", rf"seen {_AGE}"),
        ("out_of_stock", r"(?:out of stock|sold out|none left|not available|not in stock)()"),
        ("in_stock", r"(?:in stock|available)"),
        ("have", r"we have"),
        ("sell", r"we sell"),
        ("yes", r"yes"),
        ("not_on_offer", r"(?:is )?not on offer today"),
        ("on_offer", r"on offer"),
        ("age_limit", r"you must be (\d+) or over to buy it"),
        ("shown_of", r"here are (\d+) of (\d+)"),
        ("span", rf"from {_TIME} to {_TIME}"),
        ("until_time", rf"until {_TIME}"),
        ("until_day", rf"until {_DATE}"),
        ("again", r"open again"),
        ("at_time", rf"at {_TIME}"),
        ("day", rf"on ({_WEEKDAY} {_DATE[1:-1]})"),
        ("day", r"(today|tomorrow)"),
        ("now", r"(?:right )?now"),
        ("open", r"open"),
        ("closed", r"closed"),
    )
)

# Words that state nothing a shopper could rely on. No negation, no quantity, no comparison, no time is among them.
_HARMLESS_TEXT = """
a an and are ask at before but can cost costs find for found glad go happy head hello help here i in is it its look
mean of on one our place please price see shop sure that the there this to us we welcome which will with you your
"""
_HARMLESS = frozenset(_HARMLESS_TEXT.split())
_PHRASES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (r"which one do you mean", r"of course", r"i found this", r"happy to help", r"have a nice day")
)
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_END = re.compile(r"[.!?\n]+")
_SPACE = re.compile(r"[ ,:;-]+")


class UnreadError(ValueError):
    """Part of an answer that claims something in no known form."""


class ClaimReader:
    """Reads answers that are about given products and quotes. Made once per answer, pure."""

    def __init__(self, products: Mapping[str, str], quotes: Iterable[str]) -> None:
        """Take every product name of the shop, written form to SKU, and the texts that may be said word for word."""
        self._products = products
        self._quotes = tuple(sorted((quote for quote in quotes if quote), key=len, reverse=True))

    def read(self, text: str) -> list[Claim]:
        """Claims in order.

        Raises:
            UnreadError: something in the text is neither claim nor harmless; holds what.
        """
        claims: list[Claim] = []
        place = 0
        while place < len(text):
            claim, place = self._next(text, place)
            if claim is not None:
                claims.append(claim)
        return claims

    def _next(self, text: str, place: int) -> tuple[Claim | None, int]:
        for quote in self._quotes:
            if text.startswith(quote, place):
                return Claim("quote", (quote,)), place + len(quote)
        if match := _SPACE.match(text, place):
            return None, match.end()
        if match := _END.match(text, place):
            return Claim("end"), match.end()
        if named := self._product_at(text, place):
            return Claim("product", (named,)), place + len(named)
        for phrase in _PHRASES:
            if (match := phrase.match(text, place)) and _ends_word(text, match.end()):
                return None, match.end()
        for kind, form in _FORMS:
            if (match := form.match(text, place)) and _ends_word(text, match.end()):
                return Claim(kind, tuple(group or "" for group in match.groups())), match.end()
        word = _WORD.match(text, place)
        if word is None or word[0].casefold() not in _HARMLESS:
            raise UnreadError(text[place : place + 24])
        return None, word.end()

    def _product_at(self, text: str, place: int) -> str | None:
        """The longest product name that starts here; names are bounded by anything but a letter or digit."""
        for end in self._ends_from(text, place):
            if text[place:end] in self._products:
                return text[place:end]
        return None

    def _ends_from(self, text: str, place: int) -> list[int]:
        longest = max(map(len, self._products), default=0)
        last = min(len(text), place + longest)
        return [end for end in range(last, place + 1, -1) if _ends_word(text, end)]


def _ends_word(text: str, end: int) -> bool:
    return end >= len(text) or not (text[end - 1].isalnum() and text[end].isalnum())
