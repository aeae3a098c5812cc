"""How shoppers ask in one language: its `phrases.toml`, compiled.

Patterns stand over the lower-cased question without accents. What a key means is said in the English file.
"""

import re
from functools import cached_property
from typing import Annotated

from pydantic import Field

from edge.assistant.asked_day import DayWords
from edge.assistant.caution import CautionWords
from edge.assistant.intents import Intent
from edge.language_files import LanguageFile, Patterns, Rewritten


class IntentForms(LanguageFile):
    """The forms of one intent; an intent may have several such entries, for the order counts."""

    name: Intent
    patterns: Patterns


class ServiceWords(LanguageFile):
    """How services of `shop-info.toml` are asked for."""

    names: dict[str, tuple[str, ...]]
    """A word of a service's name, to further names for it."""
    filler: frozenset[str]
    """Words around a service that are no part of its name."""
    weak: frozenset[str]
    """Words of a service's name by which alone it is not meant: "where can I return this" is not the bottle return."""
    returning: str
    """The word of a service's name that a question about giving something back stands for."""


class Contact(LanguageFile):
    """How the shop's telephone number and address are asked for."""

    phone: Patterns
    address: Patterns


class Phrases(LanguageFile):
    """`phrases.toml`."""

    slips: Rewritten
    """Frequent typing slips in the question's own words, to the word."""
    asks_out: Patterns
    asks_age: Patterns
    asks_every: Patterns
    claimed_price: Patterns
    """An amount of money, which is no size."""
    speaks_of_money: Patterns
    joints: re.Pattern[str]
    """What stands between two products in one question."""
    clauses: re.Pattern[str]
    """What stands between two questions in one."""
    politeness: Patterns
    filler: frozenset[str]
    not_misspelled: tuple[str, ...]
    beyond: Patterns
    """What the shop's data never hold."""
    goes_on: Patterns
    one_of_them: Patterns
    elliptic: Patterns
    """Whole questions that leave out what they are about: "and where?"."""
    asks_cheapest: Patterns
    follow_up: Patterns
    returns_words: frozenset[str]
    caution: CautionWords
    allergen_words: dict[str, frozenset[str]]
    """What shoppers call something to be left out, to the catalogue's allergens that speak against it."""
    days: DayWords
    contact: Contact
    services: ServiceWords
    intents: Annotated[tuple[IntentForms, ...], Field(min_length=1)]

    @cached_property
    def day_words(self) -> DayWords:
        """How days are named, beside words that say nothing."""
        return self.days.with_harmless(self.filler)
