"""Finds out what a shopper wants: one of a few intents, and the words that name the product. Deterministic.

Owns the order in which a question is read. Refuses to guess: a question without a known form is `unknown`, and
whether its words name a product is for the search to say. How shoppers ask stands in a language's `phrases.toml`.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

from edge.assistant.asked_day import DayWords
from edge.assistant.caution import Caution, read_caution
from edge.assistant.intents import Intent
from edge.assistant.phrases import Phrases
from edge.catalogue_words import WordForms, folded
from edge.language_files import Patterns


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


class Router:
    """Routes questions of one language. Holds nothing between them; any thread may call it."""

    def __init__(self, phrases: Phrases, words: WordForms) -> None:
        self._phrases = phrases
        self.words = words
        """How the language's words are brought to one form."""
        self._filler = phrases.filler | _in_form(phrases.filler, words)
        caution = phrases.caution
        self._caution = caution.model_copy(update={"diets": _in_form(caution.diets, words)})
        self._against = {
            word: listed for said, listed in phrases.allergen_words.items() for word in _in_form([said], words)
        }
        self._weak_of_services = _in_form(phrases.services.weak, words)
        self._service_words = {other: word for word, others in phrases.services.names.items() for other in others}

    def route(self, question: str) -> Route:
        """Intent and product words of a guarded question."""
        text = folded(question)
        for pattern, written in self._phrases.slips:
            text = pattern.sub(written, text)
        bare, caution = read_caution(text, self._caution, self.words)
        for pattern in self._phrases.politeness:
            bare = pattern.sub(" ", bare)
        for forms in self._phrases.intents:
            if _is_in(bare, forms.patterns) or _is_in(text, forms.patterns):
                return self._routed(forms.name, bare, _taken_out(bare, forms.patterns), caution)
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
        return tuple(word for word in re.findall(r"[\w.%&-]+", words) if word not in self._filler)

    @property
    def day_words(self) -> DayWords:
        """How days are named."""
        return self._phrases.day_words

    def about_returns(self, words: str) -> tuple[str, ...]:
        """The words that say more than that something is to be given back."""
        return tuple(word for word in self.content(words) if word not in self._phrases.returns_words)

    def clauses(self, question: str) -> tuple[str, ...]:
        """The questions that one text asks; the text itself where it is but one."""
        return tuple(clause for clause in self._phrases.clauses.split(question) if clause.strip())

    def parts(self, words: str) -> tuple[str, ...]:
        """The products that one question names beside each other."""
        return tuple(part for part in self._phrases.joints.split(words) if self.content(part))

    def contact_asked(self, question: str) -> Literal["phone", "address"] | None:
        """``phone`` or ``address`` where the question asks for the shop's, and for nothing else."""
        contact = self._phrases.contact
        if self._asks_only(question, contact.phone):
            return "phone"
        return "address" if self._asks_only(question, contact.address) else None

    def _asks_only(self, question: str, patterns: Patterns) -> bool:
        rest = _taken_out(question, patterns)
        return rest != question and not self.content(rest)

    def points_back(self, words: str) -> bool:
        """Whether the words point at the product of the turn before."""
        return _is_in(words, self._phrases.follow_up)

    def speaks_against(self, word: str) -> frozenset[str] | None:
        """The catalogue's allergens that a product without this must not list; None where it is no allergen."""
        return self._against.get(word)

    def service_words(self, said: Iterable[str]) -> tuple[str, ...]:
        """The words that `shop-info.toml` would use for these."""
        named = (word for word in said if word not in self._phrases.services.filler)
        return tuple(self._service_words.get(word, word) for word in named)

    def may_mean_service(self, words: Collection[str]) -> bool:
        """Whether words of a service's name are enough to mean it."""
        return bool(set(words) - self._weak_of_services) or len(words) > 1

    @property
    def returning(self) -> str:
        """The word of a service's name that a question about giving something back stands for."""
        return self._phrases.services.returning


def _in_form(texts: Iterable[str], words: WordForms) -> frozenset[str]:
    return frozenset(word for text in texts for word in words.of(text))


def _taken_out(text: str, patterns: Iterable[re.Pattern[str]]) -> str:
    for pattern in patterns:
        text = pattern.sub(" ", text)
    return text


def _is_in(text: str, patterns: Iterable[re.Pattern[str]]) -> bool:
    return any(pattern.search(text) for pattern in patterns)
