"""Words of product names and of shoppers' questions, brought to one form so that they can be compared.

Owns folding case and accents, joining amounts with their units, plurals, and `sugar free` as one word (so that it
never matches sugar). What a language's words are stands in its `words.toml`; correction is in `catalogue_search`.
"""

import re
import unicodedata
from decimal import Decimal
from functools import cache, cached_property

from edge.language_files import LanguageFile, Patterns, Rewritten, read_language_file

_LARGE = {"ml": "l", "g": "kg"}
_DECIMAL_COMMA = re.compile(r"(?<=\d),(?=\d)")
_WORD = re.compile(r"\d+(?:\.\d+)?%?[a-z]*|[a-z]+")
_SIZE = re.compile(r"\d+(?:\.\d+)?(?:ml|g|pc|roll|wash|%)?")


class WordForms(LanguageFile):
    """`words.toml`: how one language's words are brought to one form."""

    rewritten: Rewritten
    amounts: Rewritten
    number_not_before: str
    percent: str
    free: Patterns
    """What is free of something; the first group is its name. Questions are rewritten to ``milk free`` before."""
    head_first: bool = False
    """In a name the thing itself stands first, and what is in it after: "riz au lait" is no milk."""
    joining: frozenset[str]
    plurals: Rewritten
    """Endings, to the singular; the first that fits is the only one."""
    numbers: dict[str, int]
    units: dict[str, tuple[str, int]]
    """To millilitres, grams, pieces, rolls or washes."""
    counted: dict[str, tuple[str, str]]
    """How one and several pieces, rolls and washes are written."""

    def of(self, text: str) -> list[str]:
        """Comparable words in order: folded, singular, amounts as ``500ml``, joining words left out."""
        plain = folded(text)
        for pattern, written in self.rewritten:
            plain = pattern.sub(written, plain)
        plain = _DECIMAL_COMMA.sub(".", plain.replace("'", ""))
        for pattern, written in self.amounts:
            plain = pattern.sub(written, plain)
        plain = self._number.sub(lambda match: str(self.numbers[match[1]]), plain)
        plain = self._percent.sub(r"\1% ", plain)
        plain = self._amount.sub(self._base_amount, plain)
        for pattern in self.free:
            plain = pattern.sub(lambda match: f" {self.singular(match[1])}free ", plain)
        said = (word for word in _WORD.findall(plain) if word not in self.joining)
        return [word if is_free_from(word) else self.singular(word) for word in said]

    def singular(self, word: str) -> str:
        """The word without the ending of a plural; words that only look plural keep theirs."""
        if len(word) < 4 or not word.isalpha():
            return word
        for pattern, written in self.plurals:
            if pattern.fullmatch(word):
                shorter = pattern.sub(written, word)
                return word if shorter == word else self.singular(shorter)  # what is in its form stays so
        return word

    def written_size(self, size: str) -> str:
        """An amount of `of` as people write it: ``5000ml`` is ``5 l``."""
        match = re.fullmatch(r"(\d+(?:\.\d+)?)([a-z%]*)", size)
        if match is None or not match[2]:
            return size
        amount, unit = Decimal(match[1]), match[2]
        if unit in _LARGE and amount >= 1000:
            amount, unit = amount / 1000, _LARGE[unit]
        return f"{amount.normalize():f} {self.counted.get(unit, (unit, unit))[amount != 1]}"

    @cached_property
    def _number(self) -> re.Pattern[str]:
        return re.compile(rf"\b({_any_of(self.numbers)})\b(?!{self.number_not_before})")

    @cached_property
    def _percent(self) -> re.Pattern[str]:
        return re.compile(rf"(\d+(?:[.,]\d+)?)\s*(?:%|{self.percent})")

    @cached_property
    def _amount(self) -> re.Pattern[str]:
        return re.compile(rf"(?<![\w.])(\d+(?:[.,]\d+)?)\s*({_any_of(self.units)})\b")

    def _base_amount(self, match: re.Match[str]) -> str:
        unit, factor = self.units[match[2]]
        amount = (Decimal(match[1]) * factor).normalize()
        return f"{amount:f}{unit} "


@cache
def word_forms(code: str) -> WordForms:
    """One language's forms; read once.

    Raises:
        ConfigError: there is no such language, or its file is wrong.
    """
    return read_language_file(code, "words.toml", WordForms)


def words_of(text: str) -> list[str]:
    """Comparable words of an English text."""
    return word_forms("en").of(text)


def folded(text: str) -> str:
    """Lower case without accents, with straight apostrophes."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("\u2019", "'"))
    return "".join(char for char in plain if not unicodedata.combining(char))


def is_size(word: str) -> bool:
    """Whether a word of `WordForms.of` is an amount or a bare number."""
    return _SIZE.fullmatch(word) is not None


def is_free_from(word: str) -> bool:
    """Whether a word of `WordForms.of` says that something is left out, such as ``sugarfree``."""
    return len(word) > 6 and word.endswith("free")


def _any_of(words: dict[str, int] | dict[str, tuple[str, int]]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))
