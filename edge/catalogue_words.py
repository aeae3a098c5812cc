"""Words of product names and of shoppers' questions, brought to one form so that they can be compared.

Owns folding case and accents, joining amounts with their units, plurals, and `sugar free` as one word (so that it
never matches sugar). Knows no product and no language beyond English plurals; correction is in `catalogue_search`.
"""

import re
import unicodedata
from decimal import Decimal

_UNITS = {
    "l": ("ml", 1000),
    "litre": ("ml", 1000),
    "litres": ("ml", 1000),
    "liter": ("ml", 1000),
    "liters": ("ml", 1000),
    "ltr": ("ml", 1000),
    "pint": ("ml", 568),
    "pints": ("ml", 568),
    "pound": ("g", 454),
    "pounds": ("g", 454),
    "cl": ("ml", 10),
    "ml": ("ml", 1),
    "kg": ("g", 1000),
    "kilo": ("g", 1000),
    "kilos": ("g", 1000),
    "g": ("g", 1),
    "gram": ("g", 1),
    "grams": ("g", 1),
    "gr": ("g", 1),
    "pcs": ("pc", 1),
    "pc": ("pc", 1),
    "pieces": ("pc", 1),
    "rolls": ("roll", 1),
    "roll": ("roll", 1),
    "washes": ("wash", 1),
}
_LARGE = {"ml": "l", "g": "kg"}
_PLURAL = {"pc": "pcs", "roll": "rolls", "wash": "washes"}
_AMOUNT = re.compile(r"(?<![\w.])(\d+(?:[.,]\d+)?)\s*(" + "|".join(sorted(_UNITS, key=len, reverse=True)) + r")\b")
_SPOKEN = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "hundred": 100,
    "a hundred": 100, "dozen": 12, "a dozen": 12, "half a dozen": 6,
}  # fmt: skip
_COUNT = re.compile(rf"\b({'|'.join(sorted(_SPOKEN, key=len, reverse=True))})\b(?![ -]?packs?\b)")
_MEASURE = r"(?=(?:litres?|liters?|kilos?|pints?|pounds?|l|kg)\b)"
_ONE_AND_A_HALF = re.compile(rf"\b(?:one|a|1) and a half[ -]{_MEASURE}")
_QUARTERS = re.compile(rf"\b(?:(three|3) )?(?:a )?quarters?(?: of)?(?: an?)?[ -]{_MEASURE}")
_HALF = re.compile(rf"\bhalf(?: of)?(?: an?)?[ -]{_MEASURE}")
_WHOLE = re.compile(rf"\b(?:an?|one) {_MEASURE}")
_PERCENT = re.compile(r"(\d+(?:[.,]\d+)?)\s*(?:%|percent\b|per cent\b)")
_DECIMAL_COMMA = re.compile(r"(?<=\d),(?=\d)")
_FREE = re.compile(r"\b([a-z]{3,})[ -]free\b(?![ -]range)")
_WITHOUT = re.compile(r"\b(?:without|with no|free of|free from)(?: any)? ([a-z]{3,})")
_WORD = re.compile(r"\d+(?:\.\d+)?%?[a-z]*|[a-z]+")
_SIZE = re.compile(r"\d+(?:\.\d+)?(?:ml|g|pc|roll|wash|%)?")
_JOINING = frozenset({"a", "an", "and", "at", "for", "from", "in", "of", "on", "or", "the", "to", "with", "x"})


def words_of(text: str) -> list[str]:
    """Comparable words in order: folded, singular, amounts as ``500ml``, joining words left out."""
    folded = unicodedata.normalize("NFKD", text.casefold().replace("ß", "ss"))
    plain = "".join(char for char in folded if not unicodedata.combining(char)).replace("'", "").replace("\u2019", "")
    plain = _DECIMAL_COMMA.sub(".", plain)
    plain = _in_digits(plain)
    plain = _PERCENT.sub(r"\1% ", plain)
    plain = _AMOUNT.sub(_base_amount, plain)
    plain = _WITHOUT.sub(lambda match: f" {singular(match[1])}free ", plain)
    plain = _FREE.sub(lambda match: f"{singular(match[1])}free", plain)
    return [singular(word) for word in _WORD.findall(plain) if word not in _JOINING]


def _in_digits(text: str) -> str:
    """``a litre``, ``half a kilo`` and ``six`` as numbers; ``one`` only before a measure, for it is a pronoun too."""
    text = _ONE_AND_A_HALF.sub("1.5 ", text)
    text = _QUARTERS.sub(lambda match: "0.75 " if match[1] else "0.25 ", text)
    text = _WHOLE.sub("1 ", _HALF.sub("0.5 ", text))
    return _COUNT.sub(lambda match: match[0] if match[1] == "one" else str(_SPOKEN[match[1]]), text)


def written_size(size: str) -> str:
    """An amount of `words_of` as people write it: ``5000ml`` is ``5 l``."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([a-z%]*)", size)
    if match is None or not match[2]:
        return size
    amount, unit = Decimal(match[1]), match[2]
    if unit in _LARGE and amount >= 1000:
        amount, unit = amount / 1000, _LARGE[unit]
    return f"{amount.normalize():f} {_PLURAL.get(unit, unit)}"


def is_size(word: str) -> bool:
    """Whether a word of `words_of` is an amount or a bare number."""
    return _SIZE.fullmatch(word) is not None


def is_free_from(word: str) -> bool:
    """Whether a word of `words_of` says that something is left out, such as ``sugarfree``."""
    return len(word) > 6 and word.endswith("free")


def singular(word: str) -> str:
    """The word without an English plural ending; words that only look plural keep theirs."""
    if len(word) < 4 or not word.isalpha():
        return word
    if word.endswith(("ies", "ie")):
        return word.removesuffix("s").removesuffix("ie") + "y"
    if re.search(r"(ss|x|ch|sh|o)es$", word):
        return word[:-2]
    if word.endswith("s") and not re.search(r"(ss|us|is)$", word):
        return word[:-1]
    return word


def _base_amount(match: re.Match[str]) -> str:
    unit, factor = _UNITS[match[2]]
    amount = (Decimal(match[1]) * factor).normalize()
    return f"{amount:f}{unit} "
