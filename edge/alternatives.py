"""Which products could stand in for another: of its department, called or filed alike, near in price.

Owns that rule. Knows nothing of what is on the shelf, which the asker weighs.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal
from math import log

from edge.catalogue import Product
from edge.catalogue_words import is_free_from, is_size

_NEARLY_AS_ALIKE = 0.5

Words = Callable[[str], list[str]]
"""Brings a text to comparable words, such as `WordForms.of`."""


@dataclass(frozen=True, slots=True)
class _Entry:
    product: Product
    kinds: frozenset[str]
    free_from: frozenset[str]


class Alternatives:
    """Products of the same kind, for every product of a catalogue. Made once; any thread may ask.

    A kind is what a name or a synonym ends with: penne and fusilli are both filed as pasta. A last word with which
    other names begin is no kind but a property: ground pepper is no ground cinnamon.
    """

    def __init__(self, products: Iterable[Product], *, words_of: Words, ignored: Collection[str] = ()) -> None:
        """``words_of`` brings names to comparable words; ``ignored`` are words that name no kind, such as tin."""
        every = tuple(products)
        names = {product.sku: words_of(product.name) for product in every}
        bare = {sku: [word for word in words if not is_size(word)] for sku, words in names.items()}
        properties = {words[0] for words in bare.values() if len(words) > 1}
        self._entries = {
            product.sku: _Entry(
                product,
                _kinds(product, bare[product.sku], properties, words_of) - set(ignored),
                frozenset(word for word in names[product.sku] if is_free_from(word)),
            )
            for product in every
        }
        self._shelves: dict[tuple[str, str], list[str]] = {}
        for sku, entry in self._entries.items():
            for kind in entry.kinds:
                self._shelves.setdefault((entry.product.department, kind), []).append(sku)
        self._sizes = Counter(product.department for product in every)

    def of(self, sku: str, *, any_allergen: bool = False) -> tuple[Product, ...]:
        """The most alike first and of equals the nearer in price; never the product itself.

        What needs an age that the product does not, or lacks its "lactose-free", is left out, and so is what lists a
        further allergen, unless ``any_allergen``. Empty for an unknown number.
        """
        own = self._entries.get(sku)
        if own is None:
            return ()
        department = own.product.department
        alike: Counter[str] = Counter()
        for kind in own.kinds:
            shelf = self._shelves[department, kind]
            for other in shelf:
                alike[other] += round(100 * log(1 + self._sizes[department] / len(shelf)))  # rare kinds say more
        weighed = [(self._entries[other], weight) for other, weight in alike.items()]
        may = [(entry, weight) for entry, weight in weighed if _may_stand_in(entry, own, any_allergen=any_allergen)]
        enough = _NEARLY_AS_ALIKE * max((weight for _, weight in may), default=0)

        def key(pair: tuple[_Entry, int]) -> tuple[int, Decimal, str]:
            return -pair[1], abs(pair[0].product.price - own.product.price), pair[0].product.sku

        return tuple(entry.product for entry, weight in sorted(may, key=key) if weight >= enough)


NO_ALTERNATIVES = Alternatives((), words_of=str.split)
"""Of a shop where nothing stands in for anything."""


def _may_stand_in(other: _Entry, own: _Entry, *, any_allergen: bool) -> bool:
    return (
        other is not own
        and (any_allergen or set(other.product.allergens) <= set(own.product.allergens))
        and (other.product.age_limit or 0) <= (own.product.age_limit or 0)
        and own.free_from <= other.free_from
    )


def _kinds(product: Product, name: list[str], properties: Collection[str], words_of: Words) -> frozenset[str]:
    phrases = [words_of(keyword) for keyword in product.keywords]
    last = [word for word in name[-1:] if word not in properties]
    return frozenset((*last, *(phrase[-1] for phrase in phrases if phrase)))
