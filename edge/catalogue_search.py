"""Finds what a shopper means in the catalogue, spelling mistakes and all, or says that the shop has no such thing.

Full text (FTS5) and likeness (rapidfuzz) are fused by reciprocal rank (Cormack, Clarke, Buettcher 2009) and only
order products; what admits one is evidence: the share of the question's words, weighed by how rare each is, that
the product really has. A weak match is no match. Stands between `edge.catalogue` and the assistant's tools.
"""

import heapq
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from rapidfuzz import fuzz, process

from edge.catalogue import Catalogue, Product
from edge.catalogue_index import FullTextIndex
from edge.catalogue_spelling import corrections, is_near_beside
from edge.catalogue_words import is_free_from, is_size, words_of

_RRF_K = 60
_CANDIDATES = 80
_ORDERED = 400
"""Of more than these only the best are ordered by likeness: 4,000 of them took 50 ms."""
_MIN_EVIDENCE = 0.75  # tuned on tests/unit/edge_catalogue/test_catalogue_search.py: all of its 90 questions hold
_NEAR = 0.12
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Products that match, best first.

    ``one`` is a product that the words name; ``several`` must be asked back; ``none`` is "no such product here".
    """

    kind: Literal["none", "one", "several"]
    products: tuple[Product, ...] = ()
    total: int = 0
    other_size: tuple[str, ...] = ()
    """Amounts asked for that none of the matches has."""
    proposals: tuple[Product, ...] = ()
    """With ``none``: what may have been meant; never to be shown as what the shop has, only as a question back."""


class ProductSearch(Protocol):
    """Finds products by a shopper's words; any thread may ask. By items here, by types in `catalogue_typed`."""

    def find(self, text: str, *, limit: int = 3) -> SearchResult: ...


@dataclass(frozen=True, slots=True)
class _Entry:
    """One product's words by what they are."""

    product: Product
    name: tuple[str, ...]
    brand: tuple[str, ...]
    sizes: frozenset[str]
    phrases: tuple[tuple[str, ...], ...]
    all: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Asked:
    """One word of the question: what it may stand for (own word to how sure), and how much it weighs.

    A word that says nothing by itself weighs nothing, but prefers a product that has it: a bottle of cola, a cola can.
    """

    meanings: dict[str, float]
    weight: float


@dataclass(frozen=True, slots=True)
class _Hit:
    entry: _Entry
    evidence: float
    role: float
    sizes: int
    is_named: bool
    is_said: bool
    """The words stand in its name or are the shop's own other word for it, not only the end of a longer one."""


class CatalogueSearch:
    """Search over one catalogue. Any thread may call it; about 1 ms over 360 products."""

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        words: Callable[[str], list[str]] = words_of,
        never_corrected: Iterable[str] = (),
        ignored: Iterable[str] = (),
        head_first: bool = False,
    ) -> None:
        """Index the catalogue.

        ``words`` brings texts of the catalogue's language to comparable words.
        ``never_corrected`` are words people spell right although they look like one of ours: a sofa is no soda.
        Where it is several words, they are one thing, and none of the words' own: a cake tin is no cake.
        ``ignored`` are words that say nothing about the product, though some products have them in their name.
        ``head_first`` is how the language names things: "filtre à café" is a filter, as "coffee filter" is.
        """
        self._words = words
        self._head = 0 if head_first else -1
        self._entries = {product.sku: _entry_of(product, words) for product in catalogue}
        counts = Counter(word for entry in self._entries.values() for word in entry.all)
        self._by_word: dict[str, list[str]] = {}
        for sku, entry in self._entries.items():
            for word in entry.all:
                self._by_word.setdefault(word, []).append(sku)
        total = len(self._entries)
        self._weights = {word: math.log(1 + total / (1 + count)) for word, count in counts.items()}
        self._unknown_weight = math.log(1 + total)
        self._correctable = sorted(word for word in counts if len(word) >= 4 and not is_size(word))
        never = [tuple(words(text)) for text in never_corrected]
        self._never_corrected = frozenset(word for phrase in never for word in phrase)
        self._others = frozenset(phrase for phrase in never if len(phrase) > 1 and not self._has_phrase(phrase))
        self._ignored = frozenset(word for text in ignored for word in words(text))
        self._index = FullTextIndex(_row_of(entry, words) for entry in self._entries.values())

    def find(self, text: str, *, limit: int = 3) -> SearchResult:
        """Products that ``text`` (words of a product, no question around them) may mean."""
        words = self._words(text)
        if any(_stands_in(phrase, words) for phrase in self._others):
            return SearchResult("none")
        asked = self._meanings([word for word in words if not is_size(word)])
        sizes = frozenset(word for word in words if is_size(word))
        hits = self._hits(asked, sizes) if any(word.weight for word in asked) else []
        if not hits:
            return SearchResult("none")
        chosen = _choose(hits, sizes)
        kind: Literal["one", "several"] = "one" if len(chosen) == 1 and _sizes_fit(chosen[0], sizes) else "several"
        ordered = self._order(chosen, asked, text)
        products = tuple(hit.entry.product for hit in ordered[:limit])
        fits = any(_sizes_fit(hit, sizes) for hit in chosen)
        other_size = () if fits else tuple(sorted(size for size in sizes if _NUMBER.fullmatch(size) is None))
        return SearchResult(kind, products, len(chosen), other_size)

    def _hits(self, asked: list[_Asked], sizes: frozenset[str]) -> list[_Hit]:
        total = sum(word.weight for word in asked)
        head = [word for word in asked if word.weight][self._head]
        hits = []
        for sku in sorted(self._candidates(asked, total)):
            entry = self._entries[sku]
            found = [max((sure for m, sure in word.meanings.items() if m in entry.all), default=0.0) for word in asked]
            covered = sum(word.weight for word, sure in zip(asked, found, strict=True) if sure) / total
            meant = {meaning for word in asked for meaning in word.meanings if meaning in entry.all}
            if covered < _MIN_EVIDENCE or not _says_what_it_is(entry, meant):
                continue
            if not self._may_be_head(entry, head, asked):
                continue
            pairs = list(zip(asked, found, strict=True))
            evidence = sum((word.weight or total / 5) * sure for word, sure in pairs) / total
            is_named = _is_named(entry, meant, sum(bool(word.weight) for word in asked))
            hits.append(
                _Hit(entry, evidence, _role(entry, meant), len(sizes & entry.sizes), is_named, _is_said(entry, meant))
            )
        return hits

    def _candidates(self, asked: list[_Asked], total: float) -> set[str]:
        """Products that may have enough evidence: without all of the rarest words the others cannot reach it."""
        products = [
            (word.weight, [self._by_word[meaning] for meaning in word.meanings]) for word in asked if word.weight
        ]
        found: set[str] = set()
        missing = 0.0
        for weight, holding in sorted(products, key=lambda pair: sum(map(len, pair[1]))):
            if total - missing < _MIN_EVIDENCE * total:
                break
            found.update(*holding)
            missing += weight
        return found

    def _may_be_head(self, entry: _Entry, head: _Asked, asked: list[_Asked]) -> bool:
        """Whether what is asked for can be this product at all: a coffee filter is no filter coffee.

        Where the head is only the head of a synonym, all that is asked must be said: an egg cup is no pudding cup.
        """
        meant = set(head.meanings) & entry.all
        phrased = {word for phrase in entry.phrases if len(phrase) > 1 for word in phrase}
        alone = {*entry.name, *(phrase[0] for phrase in entry.phrases if len(phrase) == 1)}
        if not meant or meant & alone or not meant <= phrased:
            return True
        own = {*entry.brand, *alone, *phrased}  # its department says nothing of it: "Dairy and eggs"
        is_whole = all(own & set(word.meanings) for word in asked if word.weight)
        return is_whole and any(phrase[self._head] in meant for phrase in entry.phrases if phrase)

    def _has_phrase(self, phrase: tuple[str, ...]) -> bool:
        every = (text for entry in self._entries.values() for text in (entry.name, *entry.phrases))
        return any(_stands_in(phrase, text) for text in every)

    def _order(self, hits: list[_Hit], asked: list[_Asked], text: str) -> list[_Hit]:
        if len(hits) > _ORDERED:
            hits = heapq.nlargest(_ORDERED, hits, key=lambda hit: (hit.evidence, hit.sizes, hit.role))
        by_sku = {hit.entry.product.sku: hit for hit in hits}
        meanings = [meaning for word in asked for meaning in word.meanings]
        full_text = [sku for sku in self._index.rank(meanings, limit=_CANDIDATES) if sku in by_sku]
        titles = {sku: " ".join(hit.entry.name + hit.entry.brand) for sku, hit in by_sku.items()}
        alike = [
            sku for _, _, sku in process.extract(" ".join(self._words(text)), titles, scorer=fuzz.WRatio, limit=None)
        ]
        fused = dict.fromkeys(by_sku, 0.0)
        for ranking in (full_text, alike):
            for rank, sku in enumerate(ranking):
                fused[sku] += 1 / (_RRF_K + rank)
        shares = Counter(hit.entry.product.department for hit in hits)

        def key(hit: _Hit) -> tuple[float, int, float, float]:
            # Where most of the matches stand is what the word means in this shop: milk, not infant formula.
            role = hit.role + 0.4 * shares[hit.entry.product.department] / len(hits)
            return -round(hit.evidence, 2), -hit.sizes, -role, -fused[hit.entry.product.sku]

        return sorted(hits, key=key)

    def _meanings(self, words: list[str]) -> list[_Asked]:
        """What each word may stand for; neighbours that only exist as one word are joined, and the other way round."""
        asked: list[_Asked] = []
        rest = list(words)
        while rest:
            joined = rest[0] + rest[1] if len(rest) > 1 else ""
            if joined in self._weights and not (rest[0] in self._weights and rest[1] in self._weights):
                asked.append(_Asked({joined: 1.0}, self._weights[joined]))
                rest = rest[2:]
                continue
            asked.extend(self._meaning(rest[0]))
            rest = rest[1:]
        return asked

    def _meaning(self, word: str) -> list[_Asked]:
        if word in self._ignored:
            return [_Asked({word: 1.0} if word in self._weights else {}, 0.0)]
        if word in self._weights:
            return [_Asked({word: 1.0}, self._weights[word])]
        if is_free_from(word) or word in self._never_corrected:
            return [_Asked({}, self._unknown_weight)]
        split = self._split(word)
        if split:
            return [_Asked({part: 0.95}, self._weights[part]) for part in split]
        near = corrections(word, self._correctable)
        corrected = {meaning: sure for meaning, sure in near.items() if is_near_beside(word, meaning, self._weights)}
        if not corrected:
            return [_Asked({}, self._unknown_weight)]
        return [_Asked(corrected, max(self._weights[meaning] for meaning in corrected))]

    def _split(self, word: str) -> tuple[str, str] | None:
        for cut in range(3, len(word) - 2):
            left, right = word[:cut], word[cut:]
            if left in self._weights and right in self._weights:
                return left, right
        return None


def _entry_of(product: Product, words: Callable[[str], list[str]]) -> _Entry:
    name = tuple(words(product.name))
    brand = tuple(words(product.brand))
    sizes = frozenset(words(product.size)) | {word for word in name if is_size(word)}
    sizes |= {number[0] for size in sizes if (number := _NUMBER.match(size))}  # "10 eggs" fits a box of 10 pcs
    phrases = tuple(tuple(words(keyword)) for keyword in product.keywords)
    own = frozenset(name).union(*phrases)
    department = frozenset(words(product.department))
    named = tuple(word for word in name if len(word) > 1 and not is_size(word))
    return _Entry(product, named, brand, frozenset(sizes), phrases, own | frozenset(brand) | department)


def _row_of(entry: _Entry, words: Callable[[str], list[str]]) -> tuple[str, str, str, str, str, str]:
    product = entry.product
    keywords = " ".join(word for phrase in entry.phrases for word in phrase)
    department = " ".join(words(product.department))
    return (
        product.sku,
        " ".join(entry.name),
        " ".join(entry.brand),
        " ".join(sorted(entry.sizes)),
        keywords,
        department,
    )


def _stands_in(phrase: tuple[str, ...], words: Sequence[str]) -> bool:
    return any(tuple(words[place : place + len(phrase)]) == phrase for place in range(len(words)))


def _says_what_it_is(entry: _Entry, meant: set[str]) -> bool:
    """Part of a brand or of a synonym names nothing: a kettle is not Leaf & Kettle tea, a table is not table salt."""
    if meant & set(entry.name) or (entry.brand and set(entry.brand) <= meant):
        return True
    return any(phrase and phrase[-1] in meant for phrase in entry.phrases)


def _role(entry: _Entry, meant: set[str]) -> float:
    """How central the words are to the product: head of its name, elsewhere in it, or only in a keyword."""
    name = entry.name
    share = len(meant & set(name)) / len(name) if name else 0.0
    role = 1.0 if name and name[-1] in meant else 0.8 if name and name[0] in meant else 0.5 if share else 0.0
    if any(len(phrase) == 1 and phrase[0] in meant for phrase in entry.phrases):
        role += 0.7  # the shop's own other word for it: chips are crisps rather than chocolate chip cookies
    elif any(phrase and phrase[-1] in meant for phrase in entry.phrases):
        role += 0.4
    return role + share / 2


def _is_said(entry: _Entry, meant: set[str]) -> bool:
    return bool(meant & set(entry.name)) or any(len(phrase) == 1 and phrase[0] in meant for phrase in entry.phrases)


def _is_named(entry: _Entry, meant: set[str], asked: int) -> bool:
    """Whether the words are the whole name; brand words may stand beside it."""
    return bool(entry.name) and set(entry.name) <= meant and asked <= len(set(entry.name)) + len(entry.brand)


def _sizes_fit(hit: _Hit, sizes: frozenset[str]) -> bool:
    """A bare whole number is a quantity wanted and proves nothing; an amount with a unit must be the product's."""
    binding = {size for size in sizes if not size.isdigit()}
    return binding <= hit.entry.sizes


def _choose(hits: list[_Hit], sizes: frozenset[str]) -> list[_Hit]:
    """Keep those that the words name best; a whole name beats a part of one, a fitting size beats another."""
    best = max(hit.evidence for hit in hits)
    fitting = [hit for hit in hits if _has_amount(hit, sizes) and hit.evidence >= best - _NEAR]
    hits = fitting or hits
    named = [hit for hit in hits if hit.is_named]
    best = max(hit.evidence for hit in (named or hits))
    kept = [hit for hit in (named or hits) if hit.evidence >= best - _NEAR]
    said_in = {hit.entry.product.department for hit in kept if hit.is_said}
    kept = [hit for hit in kept if not said_in or hit.entry.product.department in said_in]  # no hot dog for a dog
    fitting = [hit for hit in kept if sizes and _sizes_fit(hit, sizes) and hit.sizes]
    return fitting or kept


def _has_amount(hit: _Hit, sizes: frozenset[str]) -> bool:
    """Whether an amount with a unit was asked for and the product has it; that says more than the whole name."""
    return any(not size.isdigit() for size in sizes) and _sizes_fit(hit, sizes)
