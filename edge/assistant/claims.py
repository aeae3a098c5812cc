"""Reads the claims out of an answer: every product, price, place, count, time and yes or no in it.

Forms and words that claim nothing are closed lists in a language's `claims.toml`. What fits neither is reported as
unread, which the verifier treats as a lie. Decides nothing itself about truth.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Self, get_args

from pydantic import model_validator

from edge.language_files import LanguageFile, Patterns

ClaimKind = Literal[
    "product", "quote", "price", "normal_price", "unit_price", "aisle", "bay", "count", "age", "in_stock",
    "out_of_stock", "stock_unknown", "have", "sell", "yes", "on_offer", "not_on_offer", "until_day", "age_limit",
    "shown_of", "open", "closed", "now", "again", "span", "until_time", "at_time", "day", "end",
]  # fmt: skip
_FOUND_OTHERWISE: frozenset[ClaimKind] = frozenset({"product", "quote", "end"})


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim as it was written; ``end`` is the end of a sentence and claims nothing."""

    kind: ClaimKind
    values: tuple[str, ...] = ()


class ClaimWords(LanguageFile):
    """`claims.toml`: the forms of one language."""

    money: str
    unit_price: str
    time: str
    age: str
    date: str
    weekday: str
    forms: tuple[tuple[ClaimKind, str], ...]
    phrases: tuple[str, ...]
    harmless: str
    """Words with spaces between."""

    @model_validator(mode="after")
    def _covers_every_kind(self) -> Self:
        missing = set(get_args(ClaimKind)) - _FOUND_OTHERWISE - {kind for kind, _ in self.forms}
        if missing:
            raise ValueError(f"forms must hold one at least of: {', '.join(sorted(missing))}")
        try:
            self.compiled, self.compiled_phrases  # noqa: B018 - a pattern that is none must stop the start
        except re.error as error:
            raise ValueError(f"{error.pattern!r} is no regular expression: {error}") from error
        return self

    @cached_property
    def compiled(self) -> tuple[tuple[ClaimKind, re.Pattern[str]], ...]:
        """The forms with the common patterns put into them."""
        return tuple((kind, re.compile(self._filled(form), re.IGNORECASE)) for kind, form in self.forms)

    @cached_property
    def compiled_phrases(self) -> Patterns:
        """Whole phrases that claim nothing."""
        return tuple(re.compile(phrase, re.IGNORECASE) for phrase in self.phrases)

    @cached_property
    def harmless_words(self) -> frozenset[str]:
        """Words that claim nothing."""
        return frozenset(self.harmless.split())

    def _filled(self, form: str) -> str:
        for name in ("money", "unit_price", "time", "age", "date", "weekday"):
            form = form.replace(f"{{{name}}}", getattr(self, name))
        return form


_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_END = re.compile(r"[.!?\n]+")
_SPACE = re.compile(r"[ ,:;-]+")


class UnreadError(ValueError):
    """Part of an answer that claims something in no known form."""


class ClaimReader:
    """Reads answers that are about given products and quotes. Made once per answer, pure."""

    def __init__(self, words: ClaimWords, products: Mapping[str, str], quotes: Iterable[str]) -> None:
        """Take every product name of the shop, written form to SKU, and the texts that may be said word for word."""
        self._words = words
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
        for phrase in self._words.compiled_phrases:
            if (match := phrase.match(text, place)) and _ends_word(text, match.end()):
                return None, match.end()
        for kind, form in self._words.compiled:
            if (match := form.match(text, place)) and _ends_word(text, match.end()):
                return Claim(kind, tuple(group or "" for group in match.groups())), match.end()
        word = _WORD.match(text, place)
        if word is None or word[0].casefold() not in self._words.harmless_words:
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
