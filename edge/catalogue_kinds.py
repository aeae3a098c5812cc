"""Kinds of goods: product types as a level of their own, for a shopper names a type far oftener than an item.

Owns which type a question names and how surely. Words (also other words for one thing, and corrected ones) are the
evidence; BM25 and likeness order what the evidence leaves equal, by reciprocal rank. Vectors order and propose, and
never admit. Knows nothing of single items; `edge.catalogue_search` joins both levels.
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from edge.catalogue import Product
from edge.catalogue_grouping import DEPARTMENT, Kind, grouped
from edge.catalogue_index import FullTextIndex
from edge.catalogue_spelling import corrections, is_surely_meant
from edge.catalogue_till import Phrase, TillWords
from edge.catalogue_words import is_free_from, is_size

OTHER_WORD = 0.92
"""What another word for the same thing is worth beside the word itself."""
WIDER_WORD = 0.9
"""What the word for a wider thing is worth: all of it, but not the thing itself."""
DOUBTED = 0.65
"""A correction that may as well be another word: a parrot is proposed a carrot, not sold one."""
KNOWN_BESIDE = 0.6
"""A word that this kind lacks and others have counts this much: strawberry jam is jam, ostrich eggs are no eggs."""
MIN_COVERED = 0.7
_ENDING = re.compile(r"(?:ied|ed|ing|e|y)$")
_RRF_K = 60
_CANDIDATES = 60


@dataclass(frozen=True, slots=True)
class KindHit:
    """``covered``: share of the question that the kind accounts for, 0 to 1; sure from `MIN_COVERED` on."""

    kind: Kind
    covered: float
    is_sure: bool
    is_wider: bool = False
    """What was asked for is a narrower thing, which the kind may hold or not: merlot among wines."""


@dataclass(frozen=True, slots=True)
class _Unit:
    """One thing said: the phrases that it may be, each with how sure that is."""

    said: Phrase
    meanings: Mapping[Phrase, float]
    is_known: bool
    wider: frozenset[Phrase] = frozenset()
    """Those of the meanings of which what was said is only one."""


@dataclass(frozen=True, slots=True)
class _Match:
    """What a unit is worth in a kind, by which of the kind's words, and whether those say more than was asked."""

    worth: float
    words: Phrase
    is_wider: bool


class KindIndex:
    """All kinds of one catalogue. Any thread may ask."""

    def __init__(
        self,
        products: Iterable[Product],
        words: TillWords,
        *,
        ignored: frozenset[str] = frozenset(),
        never_corrected: frozenset[str] = frozenset(),
    ) -> None:
        """Group products that have a type by it and their commodity."""
        self.words = words
        self.kinds = grouped(products, words)
        self._ignored = ignored | words.noise | words.asking
        self._never_corrected = never_corrected
        self._having: dict[str, list[int]] = defaultdict(list)
        for place, kind in enumerate(self.kinds):
            for word in kind.worth:
                self._having[word].append(place)
        self._by_stem: dict[str, list[str]] = defaultdict(list)
        for word in self._having:
            self._by_stem[_stem(word)].append(word)
        total = len(self.kinds)
        self._unknown = math.log(1 + total)
        self._idf = {word: math.log(1 + total / (1 + len(places))) for word, places in self._having.items()}
        spoken = {word for phrase in words.same for word in phrase} | set(self._having)
        self._spoken = frozenset(spoken)
        self._correctable = sorted(word for word in spoken if len(word) >= 4 and not is_size(word))
        self._index = FullTextIndex(_row(place, kind) for place, kind in enumerate(self.kinds))
        self._spelt = [" ".join(word for part in kind.type_parts for word in part) for kind in self.kinds]

    def texts(self) -> list[str]:
        """What each kind is called, for an embedder."""
        return [
            " ".join(dict.fromkeys(word for part in (*kind.type_parts, *kind.commodity_parts) for word in part))
            or kind.name
            for kind in self.kinds
        ]

    def find(self, text: str, *, likeness: NDArray[np.float32] | None = None) -> list[KindHit]:
        """Kinds that the words may name, best first; the sure ones stand before all others.

        ``likeness`` is the cosine of the question to every kind, in their order; it only orders.
        """
        units = self._units(self.words.of(text)) or self._units(self.words.of(text), ignoring=False)
        if not units:
            return []
        weights = [self._weight(unit) for unit in units]
        scored = self._scored(units, weights)
        if not scored:
            return []
        ranked = sorted(scored, key=lambda place: -scored[place][0])[:_CANDIDATES]
        order = self._fused(ranked, units, likeness)
        hits = [scored[place][1] for place in order]
        return _distinct([hit for hit in hits if hit.is_sure] + [hit for hit in hits if not hit.is_sure])

    def close(self) -> None:
        """Give the memory back."""
        self._index.close()

    def _scored(self, units: Sequence[_Unit], weights: Sequence[float]) -> dict[int, tuple[float, KindHit]]:
        places = {
            place
            for unit in units
            for phrase in unit.meanings
            for word in phrase
            for place in self._having.get(word, ())
        }
        return {place: self._score(self.kinds[place], units, weights) for place in places}

    def _score(self, kind: Kind, units: Sequence[_Unit], weights: Sequence[float]) -> tuple[float, KindHit]:
        """How well it fits, and what that says."""
        matches = [_match(kind, unit) for unit in units]
        total = covered = 0.0
        for unit, weight, match in zip(units, weights, matches, strict=True):
            is_beside = not match.worth and unit.is_known
            total += weight * (KNOWN_BESIDE if is_beside else 1.0)
            covered += weight * match.worth
        share = covered / total if total else 0.0
        meant = {word for match in matches for word in match.words}
        own = max((self._share(part, meant) for part in kind.type_parts), default=0.0)
        own = max(own, 0.85 * max((self._share(part, meant) for part in kind.commodity_parts), default=0.0))
        head = matches[-1]
        is_sure = share >= MIN_COVERED and head.worth > DEPARTMENT
        fit = share + 0.35 * own + 0.15 * head.worth + 0.06 * math.log10(len(kind.skus))
        return fit, KindHit(kind, share, is_sure, is_wider=any(match.is_wider for match in matches))

    def _share(self, part: Phrase, meant: set[str]) -> float:
        weights = {word: self._idf.get(word, self._unknown) for word in part}
        return sum(weight for word, weight in weights.items() if word in meant) / sum(weights.values())

    def _fused(
        self,
        ranked: Sequence[int],
        units: Sequence[_Unit],
        likeness: NDArray[np.float32] | None,
    ) -> list[int]:
        words = list(dict.fromkeys(word for unit in units for phrase in unit.meanings for word in phrase))
        full_text = [int(key) for key in self._index.rank(words, limit=4 * _CANDIDATES)]
        asked = " ".join(word for unit in units for word in unit.said)
        spelt = {place: self._spelt[place] for place in ranked}
        alike = [place for _, _, place in process.extract(asked, spelt, scorer=fuzz.token_set_ratio, limit=None)]
        rankings: list[tuple[float, Sequence[int]]] = [(3.0, ranked), (0.5, full_text), (0.5, alike)]
        if likeness is not None:
            rankings.append((1.0, sorted(ranked, key=lambda place: -likeness[place])))
        fused = dict.fromkeys(ranked, 0.0)
        for weight, ranking in rankings:
            for rank, place in enumerate(ranking):
                if place in fused:
                    fused[place] += weight / (_RRF_K + rank)
        return sorted(ranked, key=lambda place: -fused[place])

    def _units(self, words: Sequence[str], *, ignoring: bool = True) -> list[_Unit]:
        said = [word for word in words if not is_size(word)]
        units: list[_Unit] = []
        while said:
            phrase = self._phrase(said)
            if phrase is not None:
                units.append(self._of_phrase(phrase))
                said = said[len(phrase) :]
                continue
            if not ignoring or said[0] not in self._ignored:
                units.append(self._word(said[0], said[1] if len(said) > 1 else ""))
                if len(units[-1].said) == 2:
                    said = said[1:]
            said = said[1:]
        return units

    def _phrase(self, said: Sequence[str]) -> Phrase | None:
        """The longest beginning that has other words for it, if one of them names a kind here."""
        for count in range(min(len(said), self.words.longest), 0, -1):
            phrase = tuple(said[:count])
            others = self.words.same.get(phrase, frozenset()) | self.words.within.get(phrase, frozenset())
            if any(self._kinds_with(other) for other in others):
                return phrase
        return None

    def _of_phrase(self, phrase: Phrase) -> _Unit:
        wider = self.words.within.get(phrase, frozenset())
        same = self.words.same.get(phrase, frozenset())
        meanings = dict.fromkeys(wider, WIDER_WORD) | dict.fromkeys(same, OTHER_WORD) | {phrase: 1.0}
        return _Unit(phrase, meanings, is_known=True, wider=wider - same)

    def _kinds_with(self, phrase: Phrase) -> set[int]:
        return set.intersection(*(set(self._having.get(word, ())) for word in phrase))

    def _word(self, word: str, following: str) -> _Unit:
        known = self._known(word, following)
        if known is not None:
            return known
        if is_free_from(word) or word in self._never_corrected:
            return _Unit((word,), {}, is_known=False)
        meanings: dict[Phrase, float] = {}
        for meant, sure in corrections(word, self._correctable).items():
            sure = sure if is_surely_meant(word, meant) else sure * DOUBTED
            for phrase, also in self._said(meant, sure).items():
                meanings[phrase] = max(also, meanings.get(phrase, 0.0))
        return _Unit((word,), meanings, is_known=False)

    def _known(self, word: str, following: str) -> _Unit | None:
        """A word of ours, also abbreviated, written apart, written together, or with another ending."""
        alike: dict[Phrase, float] = {(other,): 0.85 for other in self._by_stem.get(_stem(word), ())}
        if word in self._having:
            return _Unit((word,), {**alike, (word,): 1.0}, is_known=True)
        if word in self.words.abbreviations:
            return _Unit((word,), {tuple(self.words.of(self.words.abbreviations[word])): 1.0}, is_known=True)
        if following and word + following in self._spoken:
            return _Unit((word, following), self._said(word + following, 1.0), is_known=True)
        for cut in range(3, len(word) - 2):
            if word[:cut] in self._having and word[cut:] in self._having:
                return _Unit((word,), {(word[:cut], word[cut:]): 0.95}, is_known=True)
        return _Unit((word,), alike, is_known=True) if alike else None

    def _said(self, word: str, sure: float) -> dict[Phrase, float]:
        return {(word,): sure} | {
            phrase: sure * OTHER_WORD for phrase in self.words.same.get((word,), ()) if phrase != (word,)
        }

    def _weight(self, unit: _Unit) -> float:
        """The rarer what is said, the more it says."""
        having = set[int]().union(*(self._kinds_with(phrase) for phrase in unit.meanings))
        return math.log(1 + len(self.kinds) / (1 + len(having))) if having else self._unknown


def _stem(word: str) -> str:
    """What spice and spicy, roast and roasting, slice and sliced have in common."""
    stem = _ENDING.sub("", word)
    return stem if len(stem) >= 3 else word


def _match(kind: Kind, unit: _Unit) -> _Match:
    """The best of the unit's meanings in the kind; a phrase counts whole, or by half its share."""
    best = _Match(0.0, (), is_wider=False)
    for phrase, sure in unit.meanings.items():
        worth = [kind.worth.get(word, 0.0) for word in phrase]
        value = sure * sum(worth) / len(worth)
        if not all(worth):
            value *= 0.5
        if value > best.worth:
            found = tuple(word for word, has in zip(phrase, worth, strict=True) if has)
            best = _Match(value, found, is_wider=phrase in unit.wider)
    return best


def _distinct(hits: Iterable[KindHit]) -> list[KindHit]:
    """One hit a type: the same type stands in several commodities."""
    seen: dict[str, KindHit] = {}
    for hit in hits:
        seen.setdefault(hit.kind.type_text, hit)
    return list(seen.values())


def _row(place: int, kind: Kind) -> tuple[str, str, str, str, str, str]:
    spelt = " ".join(word for part in kind.type_parts for word in part)
    above = " ".join(word for part in kind.commodity_parts for word in part)
    return (str(place), spelt, "", "", above, "")
