"""Questions made from product types by rule, and a large catalogue of our own to ask them of.

Owns how a till's type text becomes what a shopper types: its first part in natural order, singular or plural, some
with one slip of the finger. Deterministic by seed. The rule reads till texts with the search's own word list, so it
measures finding and ordering; whether the list knows shoppers' words is measured by the questions written by hand.
"""

import csv
import random
from collections import Counter, defaultdict
from dataclasses import dataclass
from decimal import Decimal
from itertools import product as combined
from pathlib import Path

from edge.catalogue import Catalogue, Product
from edge.catalogue_till import Phrase, TillWords, parts_of, readable

_VAGUE = frozenset(
    {"bulk", "cold", "dry", "economy", "external", "fresh", "hot", "internal", "premium", "seasonal", "value"}
)
_MISSPELLED_EVERY = 5
_BRANDS = (
    "ARDEN",
    "BELLA",
    "CORVO",
    "DELMA",
    "ESTER",
    "FARROW",
    "GALEN",
    "HOLM",
    "IVORY",
    "JUNO",
    "KESTREL",
    "LINDEN",
    "MARLO",
)
_SIZES = ("50G", "100G", "150G", "200G", "250G", "400G", "500G", "750G", "1KG", "2PK", "4PK", "6PK", "12PK", "1L")
_STRIDE = 97
"""No divisor of how many variants there are, so that every type has every brand."""
ROWS = 28_000


@dataclass(frozen=True, slots=True)
class SearchQuestion:
    """What is asked, as the search gets it, and the type texts that answer it."""

    asked: str
    right: frozenset[str]
    is_misspelled: bool = False


def by_rule(catalogue: Catalogue, words: TillWords, *, count: int, seed: int) -> list[SearchQuestion]:
    """At most ``count`` questions, each from another product type of the catalogue."""
    draw = random.Random(seed)
    commodities: dict[str, Counter[str]] = defaultdict(Counter)
    for product in catalogue:
        commodities[product.product_type][product.commodity] += 1
    types = sorted(text for text in commodities if text)
    named = defaultdict(set)
    for text in types:
        for part in parts_of(text, words):
            named[frozenset(part)].add(text)
    draw.shuffle(types)
    questions: list[SearchQuestion] = []
    for text in types:
        phrase = _asked_of(text, commodities[text].most_common(1)[0][0], words)
        if phrase is None or len(questions) == count:
            continue
        is_misspelled = len(questions) % _MISSPELLED_EVERY == 0
        said = _plural(" ".join(phrase)) if draw.random() < 0.5 else " ".join(phrase)
        asked = _slip(said, draw) if is_misspelled else said
        questions.append(SearchQuestion(asked, frozenset({text}) | named[frozenset(phrase)], is_misspelled))
    return questions


def by_hand(path: Path) -> list[SearchQuestion]:
    """Questions of our own types' file, as they stand there.

    Raises:
        OSError: it cannot be read.
    """
    return [SearchQuestion(row["asked"], frozenset({row["product_type"]})) for row in _types(path)]


def our_catalogue(path: Path, words: TillWords, *, rows: int = ROWS) -> Catalogue:
    """A catalogue of ``rows`` terse items over our own types: brand, type, a flavour or number, and size.

    Raises:
        OSError: the types' file cannot be read.
    """
    types = _types(path)
    made = combined(_BRANDS, _SIZES, range(1 + rows // (len(types) * len(_BRANDS) * len(_SIZES))))
    variants = list(made)
    products = []
    for place in range(rows):
        row = types[place % len(types)]
        brand, size, number = variants[place // len(types) * _STRIDE % len(variants)]
        text = f"{brand} {row['product_type']} NO{number} {size}"[:60]
        products.append(_product(place, text, row, brand, size, words))
    return Catalogue(products)


def _product(place: int, text: str, row: dict[str, str], brand: str, size: str, words: TillWords) -> Product:
    return Product(
        sku=f"T{place:06}",
        name=readable(text, words),
        brand=brand.capitalize(),
        size=size,
        price=Decimal("1.00"),
        unit_price="",
        department=row["department"],
        aisle="1",
        bay="1",
        commodity=row["commodity"],
        product_type=row["product_type"],
    )


def _types(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _asked_of(text: str, commodity: str, words: TillWords) -> Phrase | None:
    """The words of a type that a shopper would say; one too vague takes its commodity along; None: nothing to say."""
    parts = [part for part in parts_of(text, words) if not set(part) <= _VAGUE]
    if parts:
        return parts[0]
    vague, above = parts_of(text, words), parts_of(commodity, words)
    return (*vague[0], *above[0]) if vague and above else None


def _plural(said: str) -> str:
    last = said[-1:]
    if last == "s" or not last.isalpha():
        return said
    return (
        said[:-1] + "ies"
        if last == "y" and said[-2:-1] not in "aeiou"
        else said + ("es" if said.endswith(("ch", "sh", "x", "o")) else "s")
    )


def _slip(said: str, draw: random.Random) -> str:
    """One letter left out, doubled or swapped with its neighbour, in the longest word."""
    word = max(said.split(), key=len)
    if len(word) < 5:
        return said
    at = draw.randrange(1, len(word) - 2)
    slipped = draw.choice(
        (
            word[:at] + word[at + 1 :],
            word[:at] + word[at] + word[at:],
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        )
    )
    return said.replace(word, slipped, 1)
