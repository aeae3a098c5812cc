"""Notices questions about what a product must not hold, where an answer by likeness could hurt somebody.

Owns reading "has no milk", "without nuts", "gluten-free", "vegan", "allergic": as words that a product's own
name or keywords must say, or as not understood. Whoever answers such a question must not guess. Pure.
"""

import re
from dataclasses import dataclass

from edge.catalogue_words import WordForms, is_free_from
from edge.language_files import LanguageFile, Patterns, Rewritten


@dataclass(frozen=True, slots=True)
class Caution:
    """What must be left out. ``is_read`` is false where the words could not be read for certain: then nobody knows."""

    is_read: bool
    free_from: tuple[str, ...] = ()
    """Single words: ``milk``, ``gluten``."""
    diets: tuple[str, ...] = ()
    """Words such as ``vegan``."""

    @property
    def own_words(self) -> frozenset[str]:
        """Words in the form of `WordForms.of` that a product must have itself."""
        return frozenset(f"{item}free" for item in self.free_from) | frozenset(self.diets)


class CautionWords(LanguageFile):
    """One language's words for it."""

    harmless: Patterns
    """Negations that say nothing about content: "I can't find"."""
    rewritten: Rewritten
    left_out: Patterns
    """What must be left out: "without nuts and milk", all of it as the group ``items``."""
    joints: re.Pattern[str]
    """What stands between several of them."""
    free: Patterns
    """One of them with the word for free of it, as one word or two: "milk-free"."""
    left: re.Pattern[str]
    """The word for free standing alone."""
    negations: Patterns
    health: Patterns
    diets: frozenset[str]


def read_caution(text: str, words: CautionWords, forms: WordForms) -> tuple[str, Caution | None]:
    """The question with every "no X" written as ``X free``, and what it must be careful about, if anything.

    ``text`` is lower case without accents.
    """
    for pattern in words.harmless:
        text = pattern.sub(" ", text)
    for pattern, written in words.rewritten:
        text = pattern.sub(written, text)
    for pattern in words.left_out:
        text = pattern.sub(lambda match: f" {_as_free(words.joints, match['items'])} ", text)
    said = forms.of(text)
    diets = tuple(dict.fromkeys(word for word in said if word in words.diets))
    free = tuple(dict.fromkeys(word.removesuffix("free") for word in said if is_free_from(word)))
    rest = text
    for pattern in words.free:
        rest = pattern.sub(" ", rest)
    negated = any(pattern.search(text) for pattern in words.negations) or bool(words.left.search(rest))
    health = any(pattern.search(text) for pattern in words.health)
    if not (diets or free or negated or health):
        return text, None
    return text, Caution(not negated and not health, free, diets)


def without(words: str, caution: Caution, forms: WordForms) -> str:
    """The words that are left to name a product once those to be left out are gone."""
    gone = caution.own_words
    return " ".join(word for word in forms.of(words) if word not in gone)


def _as_free(joints: re.Pattern[str], items: str) -> str:
    return " ".join(f"{item} free" for item in joints.sub(" ", items).split())
