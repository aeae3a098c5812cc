"""Search over a catalogue that has product types: types first, then the items within them.

Owns which level answers. Where the words name a type, its items answer; where they say more than types know (a brand,
a flavour), items by their own texts do. Where neither is sure, nothing is claimed and the nearest types are proposed,
by words and by vectors: likeness alone never says that the shop has something.
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from edge.catalogue import Catalogue, Product
from edge.catalogue_kinds import KindHit, KindIndex
from edge.catalogue_search import CatalogueSearch, SearchResult
from edge.catalogue_till import TillWords, readable
from edge.catalogue_words import is_size

Likeness = Callable[[str], NDArray[np.float32] | None]
"""Cosine of a question to each of `KindIndex.texts`, in their order, or None where there are no vectors (yet)."""

SETTLED = 0.8
"""From this share of the question on the words alone decide, and no vector is asked: that saves some 20 ms."""
_NEAR = 0.12
_PROPOSED = 3
MIN_LIKENESS = 0.42
"""A type less like the question is not worth proposing."""


class TypedSearch:
    """Search over one catalogue with product types. Any thread may call it."""

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        words: TillWords,
        never_corrected: Iterable[str] = (),
        ignored: Iterable[str] = (),
        likeness: Likeness | None = None,
    ) -> None:
        """Index types, and items whose text says more than their type; the rest as in `CatalogueSearch`."""
        self._catalogue = catalogue
        self._likeness = likeness
        never_corrected, ignored = tuple(never_corrected), tuple(ignored)
        self.kinds = KindIndex(
            catalogue,
            words,
            ignored=frozenset(word for text in ignored for word in words.of(text)),
            never_corrected=frozenset(word for text in never_corrected for word in words.of(text)),
        )
        named = Catalogue(product for product in catalogue if product.name != readable(product.product_type, words))
        self._items = None
        if len(named):
            self._items = CatalogueSearch(named, words=words.of, never_corrected=never_corrected, ignored=ignored)

    def use(self, likeness: Likeness) -> None:
        """Take vectors, once there are some."""
        self._likeness = likeness

    def find(self, text: str, *, limit: int = 3) -> SearchResult:
        """Products that ``text`` (words of a product, no question around them) may mean."""
        kinds = self.find_kinds(text)
        sure = [hit for hit in kinds if hit.is_sure]
        if not (sure and sure[0].covered >= SETTLED) and self._items is not None:
            found = self._items.find(text, limit=limit)
            if found.kind != "none":
                return found
        if not sure or (sure[0].is_wider and len(sure[0].kind.skus) == 1):
            return SearchResult("none", proposals=tuple(self._best_of(hit, ()) for hit in kinds[:_PROPOSED]))
        sizes = tuple(word for word in self.kinds.words.of(text) if is_size(word))
        # The order is by fit too, which the share of the question is not: keep what is about as sure as the first.
        chosen = [hit for hit in sure if hit.covered >= sure[0].covered - _NEAR]
        products = self._some_of(chosen, sizes, limit)
        total = sum(len(hit.kind.skus) for hit in chosen)
        return SearchResult("one" if total == 1 else "several", products, total)

    def find_kinds(self, text: str) -> list[KindHit]:
        """Types that the words may name, the sure ones first; then types that are only alike.

        What says "no" or "without" is never answered by likeness: it resembles most what it excludes.
        """
        hits = self.kinds.find(text)
        if hits and hits[0].is_sure and hits[0].covered >= SETTLED:
            return hits
        is_negated = bool(self.kinds.words.excluding & set(text.casefold().split()))
        near = self._likeness(text) if self._likeness is not None and not is_negated else None
        if near is None:
            return hits
        hits = self.kinds.find(text, likeness=near)
        sure = [hit for hit in hits if hit.is_sure]
        return sure or self._proposed(hits, near)

    def _proposed(self, hits: Sequence[KindHit], near: NDArray[np.float32]) -> list[KindHit]:
        """Words and vectors take turns, the words first."""
        order = sorted(range(len(self.kinds.kinds)), key=lambda place: -near[place])[: 2 * _PROPOSED]
        alike = [KindHit(self.kinds.kinds[place], 0.0, is_sure=False) for place in order if near[place] >= MIN_LIKENESS]
        turns = [hit for pair in zip(hits, alike, strict=False) for hit in pair]
        seen = {hit.kind.type_text: hit for hit in reversed([*turns, *hits, *alike])}
        ordered = [*turns, *hits[len(alike) :], *alike[len(hits) :]]
        return [seen.pop(hit.kind.type_text) for hit in ordered if hit.kind.type_text in seen]

    def _some_of(self, hits: Sequence[KindHit], sizes: Sequence[str], limit: int) -> tuple[Product, ...]:
        """One product of each type; of a single type several that differ."""
        if len(hits) > 1:
            return tuple(self._best_of(hit, sizes) for hit in hits[:limit])
        first = self._best_of(hits[0], sizes)
        titles = {first.title: first}
        for sku in hits[0].kind.skus:
            if len(titles) >= limit:
                break
            product = self._product(sku)
            titles.setdefault(product.title, product)
        return tuple(titles.values())

    def _best_of(self, hit: KindHit, sizes: Sequence[str]) -> Product:
        """The product of an asked size, else the first: files list what sells best first, or by number."""
        wanted = frozenset(size for size in sizes if not size.isdigit())
        if wanted:
            for sku in hit.kind.skus:
                if wanted <= frozenset(self.kinds.words.of(self._product(sku).size)):
                    return self._product(sku)
        return self._product(hit.kind.skus[0])

    def _product(self, sku: str) -> Product:
        product = self._catalogue.get(sku)
        if product is None:
            raise KeyError(sku)
        return product
