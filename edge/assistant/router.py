"""Finds out what a shopper wants: one of a few intents, and the words that name the product. Deterministic.

Owns the intents and reading a language's phrase file (`phrases/en.toml`). Refuses to guess: a question without a
known form is `unknown`, and whether its words name a product is for the search to say.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from typing import Any

from edge.assistant.asked_day import DayWords
from edge.assistant.caution import Caution, CautionWords, read_caution
from edge.errors import ConfigError


class Intent(StrEnum):
    """What a turn is about; the names are part of the kiosk's interface and of `kiosk.turn`."""

    WHERE_IS = "where_is"
    HOW_MUCH = "how_much"
    HAVE_YOU_GOT = "have_you_got"
    OPEN_HOURS = "open_hours"
    CALL_COLLEAGUE = "call_colleague"
    RETURNS = "returns"
    OFFERS = "offers"
    ALLERGENS = "allergens"
    SERVICES = "services"
    GREETING = "greeting"
    THANKS = "thanks"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Route:
    """Where a question goes. ``words`` is what is left of it, in the shopper's spelling."""

    intent: Intent
    words: str
    question: str
    """All of it, lower case without accents and politeness."""
    is_follow_up: bool = False
    """It names no product but points at the one of the turn before."""
    asks_out: bool = False
    """It asks whether something is sold out; "yes" would mean the opposite."""
    asks_age: bool = False
    """It asks how old one must be."""
    asks_every: bool = False
    """It asks for every product with something in it."""
    asks_cheapest: bool = False
    """It asks for the one that costs least, of those named or those on the screen."""
    goes_on: bool = False
    """It goes on with the turn before: "and the butter?"."""
    points_at_one: bool = False
    """It picks one of those on the screen: "the salted one"."""
    is_beyond: bool = False
    """It asks what the shop's data never hold, such as what goes with something."""
    caution: Caution | None = None
    """It asks for what a product must not hold; nothing may be answered by likeness."""


@dataclass(frozen=True, slots=True)
class Phrases:
    """One language's phrase file, compiled."""

    intents: tuple[tuple[Intent, tuple[re.Pattern[str], ...]], ...]
    politeness: tuple[re.Pattern[str], ...]
    follow_up: tuple[re.Pattern[str], ...]
    filler: frozenset[str]
    not_misspelled: tuple[str, ...]
    service_words: dict[str, str]
    """A further name for a service's word, to that word."""
    caution: CautionWords
    days: DayWords
    goes_on: tuple[re.Pattern[str], ...]
    one_of_them: tuple[re.Pattern[str], ...]
    elliptic: tuple[re.Pattern[str], ...]
    """Whole questions that leave out what they are about: "and where?"."""
    asks_cheapest: tuple[re.Pattern[str], ...]
    service_filler: frozenset[str]
    """Words around a service that are no part of its name."""
    beyond: tuple[re.Pattern[str], ...]
    """What the shop's data never hold."""
    returns_words: frozenset[str]
    slips: tuple[tuple[re.Pattern[str], str], ...]
    """Frequent typing slips in the question's own words, to the word."""
    asks_out: tuple[re.Pattern[str], ...]
    asks_age: tuple[re.Pattern[str], ...]
    clauses: re.Pattern[str]
    """What stands between two questions in one."""
    asks_every: tuple[re.Pattern[str], ...]
    claimed_price: tuple[re.Pattern[str], ...]
    """An amount of money, which is no size."""
    speaks_of_money: tuple[re.Pattern[str], ...]
    joints: re.Pattern[str]
    """What stands between two products in one question."""
    contact: dict[str, tuple[re.Pattern[str], ...]]
    """How the shop's ``phone`` and ``address`` are asked for."""
    allergen_words: dict[str, frozenset[str]]
    """What shoppers call something to be left out, to the catalogue's allergens that speak against it."""


def load_phrases(language: str) -> Phrases:
    """Read `phrases/<language>.toml` from the package.

    Raises:
        ConfigError: there is no such file: names the languages that there are.
    """
    folder = resources.files("edge.assistant") / "phrases"
    file = folder / f"{language}.toml"
    if not re.fullmatch(r"[a-z]{2}", language) or not file.is_file():
        known = ", ".join(sorted(entry.name[:2] for entry in folder.iterdir() if entry.name.endswith(".toml")))
        raise ConfigError(f"[shop].language: {language!r} must be one of: {known}")
    data = tomllib.loads(file.read_text(encoding="utf-8"))
    return Phrases(
        intents=tuple((Intent(entry["name"]), _compiled(entry["patterns"])) for entry in data["intents"]),
        politeness=_compiled(data["politeness"]),
        follow_up=_compiled(data["follow_up"]),
        filler=frozenset(data["filler"]),
        not_misspelled=tuple(data["not_misspelled"]),
        service_words={other: word for word, others in data["service_words"].items() for other in others},
        caution=_caution_words(data["caution"]),
        days=_day_words(data["days"], filler=data["filler"]),
        goes_on=_compiled(data["goes_on"]),
        one_of_them=_compiled(data["one_of_them"]),
        elliptic=_compiled(data["elliptic"]),
        asks_cheapest=_compiled(data["asks_cheapest"]),
        service_filler=frozenset(data["service_filler"]["words"]),
        beyond=_compiled(data["beyond"]),
        returns_words=frozenset(data["returns_words"]),
        slips=_rewritten(data["slips"]),
        asks_out=_compiled(data["asks_out"]),
        asks_age=_compiled(data["asks_age"]),
        clauses=re.compile(data["clauses"]),
        asks_every=_compiled(data["asks_every"]),
        claimed_price=_compiled(data["claimed_price"]),
        speaks_of_money=_compiled(data["speaks_of_money"]),
        joints=re.compile(data["joints"]),
        contact={what: _compiled(patterns) for what, patterns in data["contact"].items()},
        allergen_words={word: frozenset(listed) for word, listed in data["allergen_words"].items()},
    )


class Router:
    """Routes questions of one language. Holds nothing between them; any thread may call it."""

    def __init__(self, phrases: Phrases) -> None:
        self._phrases = phrases

    def route(self, question: str) -> Route:
        """Intent and product words of a guarded question."""
        text = _folded(question)
        for pattern, written in self._phrases.slips:
            text = pattern.sub(written, text)
        bare, caution = read_caution(text, self._phrases.caution)
        for pattern in self._phrases.politeness:
            bare = pattern.sub(" ", bare)
        for intent, patterns in self._phrases.intents:
            matched = [pattern for pattern in patterns if pattern.search(bare) or pattern.search(text)]
            if matched:
                rest = bare
                for pattern in patterns:
                    rest = pattern.sub(" ", rest)
                return self._routed(intent, bare, rest, caution)
        return self._routed(Intent.UNKNOWN, bare, bare, caution)

    def _routed(self, intent: Intent, bare: str, rest: str, caution: Caution | None) -> Route:
        of_money = intent is Intent.UNKNOWN and _is_in(bare, self._phrases.speaks_of_money)
        if (of_money or intent is Intent.HOW_MUCH) and _is_in(rest, self._phrases.claimed_price):
            intent, rest = Intent.HOW_MUCH, _taken_out(rest, self._phrases.claimed_price)
        words = " ".join(rest.split()).strip(" ?!.,;:-")
        says_nothing, phrases = not self.content(words), self._phrases
        return Route(
            intent,
            words,
            bare,
            is_follow_up=says_nothing and (self.points_back(bare) or _is_in(bare, phrases.elliptic)),
            asks_out=_is_in(bare, phrases.asks_out),
            asks_age=_is_in(bare, phrases.asks_age),
            asks_every=_is_in(bare, phrases.asks_every),
            asks_cheapest=_is_in(bare, phrases.asks_cheapest),
            goes_on=_is_in(bare, phrases.goes_on),
            points_at_one=_is_in(bare, phrases.one_of_them),
            is_beyond=_is_in(bare, phrases.beyond),
            caution=caution,
        )

    def content(self, words: str) -> tuple[str, ...]:
        """The words that are no filler."""
        return tuple(word for word in re.findall(r"[\w.%&-]+", words) if word not in self._phrases.filler)

    @property
    def day_words(self) -> DayWords:
        """How days are named."""
        return self._phrases.days

    def about_returns(self, words: str) -> tuple[str, ...]:
        """The words that say more than that something is to be given back."""
        return tuple(word for word in self.content(words) if word not in self._phrases.returns_words)

    def clauses(self, question: str) -> tuple[str, ...]:
        """The questions that one text asks; the text itself where it is but one."""
        return tuple(clause for clause in self._phrases.clauses.split(question) if clause.strip())

    def parts(self, words: str) -> tuple[str, ...]:
        """The products that one question names beside each other."""
        return tuple(part for part in self._phrases.joints.split(words) if self.content(part))

    def contact_asked(self, question: str) -> str | None:
        """``phone`` or ``address`` where the question asks for the shop's, and for nothing else."""
        for what, patterns in self._phrases.contact.items():
            rest = question
            for pattern in patterns:
                rest = pattern.sub(" ", rest)
            if rest != question and not self.content(rest):
                return what
        return None

    def points_back(self, words: str) -> bool:
        """Whether the words point at the product of the turn before."""
        return _is_in(words, self._phrases.follow_up)

    def speaks_against(self, word: str) -> frozenset[str] | None:
        """The catalogue's allergens that a product without this must not list; None where it is no allergen."""
        return self._phrases.allergen_words.get(word)

    def service_words(self, said: Iterable[str]) -> tuple[str, ...]:
        """The words that `shop-info.toml` would use for these."""
        named = (word for word in said if word not in self._phrases.service_filler)
        return tuple(self._phrases.service_words.get(word, word) for word in named)


def _taken_out(text: str, patterns: Iterable[re.Pattern[str]]) -> str:
    for pattern in patterns:
        text = pattern.sub(" ", text)
    return text


def _is_in(text: str, patterns: Iterable[re.Pattern[str]]) -> bool:
    return any(pattern.search(text) for pattern in patterns)


def _caution_words(data: dict[str, Any]) -> CautionWords:
    return CautionWords(
        harmless=_compiled(data["harmless"]),
        rewritten=_rewritten(data["rewritten"]),
        negations=_compiled(data["negations"]),
        health=_compiled(data["health"]),
        diets=frozenset(data["diets"]),
    )


def _day_words(data: dict[str, Any], *, filler: list[str]) -> DayWords:
    return DayWords(
        rewritten=_rewritten(data["rewritten"]),
        months=tuple(tuple(names.split()) for names in data["months"]),
        weekdays=tuple(tuple(names.split()) for names in data["weekdays"]),
        ahead=data["ahead"],
        next_week=data["next_week"],
        spans=tuple((re.compile(pattern), tuple(weekdays)) for pattern, weekdays in data["spans"]),
        harmless=frozenset(filler) | frozenset(data["harmless"]),
    )


def _rewritten(pairs: list[tuple[str, str]]) -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(pattern), written) for pattern, written in pairs)


def _compiled(patterns: list[str]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern) for pattern in patterns)


def _folded(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text.casefold().replace("\u2019", "'"))
    return "".join(char for char in folded if not unicodedata.combining(char))
