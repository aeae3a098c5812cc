"""Notices questions about what a product must not hold, where an answer by likeness could hurt somebody.

Owns reading "has no milk", "without nuts", "gluten-free", "vegan", "allergic": as words that a product's own
name or keywords must say, or as not understood. Whoever answers such a question must not guess. Pure.
"""

import re
from dataclasses import dataclass

from edge.catalogue_words import words_of

_ITEM = r"[a-z]{3,}"
_MORE = rf"(?:(?:\s*,\s*|\s+)(?:and |or |nor )(?:no |any |without )?{_ITEM})*"
_JOINT = re.compile(r"\b(?:and|or|nor|no|any|without|added)\b|,")
_AFTER = re.compile(
    rf"\b(?:(?:has|have|having|contains?|containing|with|got|there is|there are|there\x27s|includes?) )?"
    r"(?:no|without|free of|free from|not contain(?:ing)?|not have|not include)\b(?: any| added)? "
    rf"(?P<items>{_ITEM}{_MORE})"
)
_CONTRACTED = re.compile(r"\b(?:does|do|has|have|is|are)n\x27?t(?= (?:contain|have|include|got)\b)")
_FREE = re.compile(rf"\b({_ITEM})free\b|\b({_ITEM})[ -]free\b(?![ -]range)")
_LEFT = re.compile(r"\bfree\b(?![ -]range)")


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
        """Words in the form of `words_of` that a product must have itself."""
        return frozenset(f"{item}free" for item in self.free_from) | frozenset(self.diets)


@dataclass(frozen=True, slots=True)
class CautionWords:
    """One language's words for it, compiled."""

    harmless: tuple[re.Pattern[str], ...]
    """Negations that say nothing about content: "I can't find"."""
    rewritten: tuple[tuple[re.Pattern[str], str], ...]
    negations: tuple[re.Pattern[str], ...]
    health: tuple[re.Pattern[str], ...]
    diets: frozenset[str]


def read_caution(text: str, words: CautionWords) -> tuple[str, Caution | None]:
    """The question with every "no X" written as ``X free``, and what it must be careful about, if anything.

    ``text`` is lower case without accents.
    """
    for pattern in words.harmless:
        text = pattern.sub(" ", text)
    for pattern, written in words.rewritten:
        text = pattern.sub(written, text)
    text = _CONTRACTED.sub("does not", text)
    text = _AFTER.sub(lambda match: f" {_as_free(match['items'])} ", text)
    text = re.sub(rf"\b({_ITEM}) (?:and|or) (?={_ITEM}[ -]free\b)", r"\1 free ", text)
    diets = tuple(dict.fromkeys(word for word in words_of(text) if word in words.diets))
    free = tuple(dict.fromkeys(word.removesuffix("free") for word in words_of(text) if _is_free(word)))
    negated = any(pattern.search(text) for pattern in words.negations) or bool(_LEFT.search(_FREE.sub(" ", text)))
    health = any(pattern.search(text) for pattern in words.health)
    if not (diets or free or negated or health):
        return text, None
    return text, Caution(not negated and not health, free, diets)


def without(words: str, caution: Caution) -> str:
    """The words that are left to name a product once those to be left out are gone."""
    gone = caution.own_words
    return " ".join(word for word in words_of(words) if word not in gone)


def _as_free(items: str) -> str:
    return " ".join(f"{item} free" for item in _JOINT.sub(" ", items).split())


def _is_free(word: str) -> bool:
    return len(word) > 6 and word.endswith("free")
