"""Groups a catalogue's products into kinds: one product type of one commodity, and the words that name it.

Owns what a word is worth by where it stands. Decides nothing about a question; that is `edge.catalogue_kinds`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from edge.catalogue import Product
from edge.catalogue_till import Phrase, TillWords, parts_of, readable

TYPE, COMMODITY, DEPARTMENT = 1.0, 0.8, 0.4
"""What a word is worth by where the kind has it."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One product type of one commodity."""

    name: str
    """Readable; what a kiosk may show."""
    type_text: str
    commodity_text: str
    skus: tuple[str, ...]
    type_parts: tuple[Phrase, ...]
    commodity_parts: tuple[Phrase, ...]
    worth: Mapping[str, float]
    """Each word that names it, and what it is worth."""


def grouped(products: Iterable[Product], words: TillWords) -> list[Kind]:
    """Kinds in the order in which their first product stands; products without a type are in none."""
    groups: dict[tuple[str, str], list[Product]] = defaultdict(list)
    for product in products:
        if product.product_type:
            groups[product.commodity, product.product_type].append(product)
    counts = Counter(
        word
        for commodity, product_type in groups
        for text in (commodity, product_type)
        for word in text.casefold().replace("/", " ").split()
        if word.isalpha() and len(word) > 2
    )
    known = [word for word, _ in counts.most_common()]
    return [_kind(commodity, product_type, own, words, known) for (commodity, product_type), own in groups.items()]


def _kind(commodity: str, product_type: str, own: Sequence[Product], words: TillWords, known: Sequence[str]) -> Kind:
    type_parts = parts_of(product_type, words, known)
    commodity_parts = parts_of(commodity, words, known)
    worth: dict[str, float] = {}
    for parts, value in (
        (type_parts, TYPE),
        (commodity_parts, COMMODITY),
        (parts_of(own[0].department, words), DEPARTMENT),
    ):
        for part in parts:
            for word in part:
                worth[word] = max(value, worth.get(word, 0.0))
    return Kind(
        readable(product_type, words),
        product_type,
        commodity,
        tuple(product.sku for product in own),
        tuple(type_parts),
        tuple(commodity_parts),
        worth,
    )
