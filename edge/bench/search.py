"""How well the search finds product types in a large, terse catalogue, and how soon, beside FTS5 and rapidfuzz alone.

Owns the questions' three sources (by rule from the catalogue's types, by hand over our own catalogue, and things that
no such shop sells) and the goals. Contenders answer the same questions in turn, so that a busy machine is busy for
all. Our own catalogue and its questions lie with the tests; another is given by its path and never copied.
"""

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from rapidfuzz import fuzz, process

from edge.bench.results import BenchResult, at_least
from edge.bench.search_questions import SearchQuestion, by_hand, by_rule, our_catalogue
from edge.catalogue import Catalogue
from edge.catalogue_index import FullTextIndex
from edge.catalogue_making import load_any_catalogue, make_search, till_words_of, vectors_beside
from edge.catalogue_typed import TypedSearch
from edge.catalogue_words import words_of
from edge.errors import ConfigError
from edge.places import APPLIANCE_ROOT, DEFAULT_ARTEFACTS, Places
from models.registry import Registry

OURS = APPLIANCE_ROOT / "tests" / "bench" / "search_types.csv"
OUTSIDE = APPLIANCE_ROOT / "tests" / "bench" / "search_outside.txt"
QUESTIONS, QUICK_QUESTIONS = 200, 60
SEED = 20
_TOP = 3
_VECTORS_WITHIN_S = 600.0
_SLOW_MS = 60.0
Finder = Callable[[str], Sequence[str]]
"""Type texts of the first three that a contender finds."""


def run(quick: bool, path: Path | None = None) -> list[BenchResult]:
    """Measure; blocks for under 45 s when quick, some minutes otherwise.

    Args:
        quick: fewer questions.
        path: a product file with types; None: 28,000 rows of our own.

    Raises:
        ConfigError: the file is wrong or has no product types, or our own is not there.
    """
    words = till_words_of("en")
    began, memory = time.perf_counter(), _memory_mb()
    if path is not None:
        catalogue = load_any_catalogue(path, words).catalogue
    elif OURS.exists():
        catalogue = our_catalogue(OURS, words)
    else:
        raise ConfigError(f"{OURS} is not there; give a product file with --catalogue")
    search = make_search(catalogue, "en")
    if not isinstance(search, TypedSearch):
        raise ConfigError(f"{path}: has no product types; the search over it is what `bench kiosk` measures")
    loaded = [
        BenchResult("products", len(catalogue), "products"),
        BenchResult("product types", len(search.kinds.kinds), "types"),
        BenchResult("load", round(time.perf_counter() - began, 2), "s"),
        BenchResult("memory of catalogue and search", round(_memory_mb() - memory, 1), "MB"),
    ]
    questions = by_rule(catalogue, words, count=QUICK_QUESTIONS if quick else QUESTIONS, seed=SEED)
    with TemporaryDirectory() as empty:
        places = Places(Path(empty))
        began, memory = time.perf_counter(), _memory_mb()
        with vectors_beside(search, places, Registry(places.models, DEFAULT_ARTEFACTS)) as vectors:
            vectors.settled.wait(_VECTORS_WITHIN_S)
            loaded.append(BenchResult("vectors made after", round(time.perf_counter() - began, 2), "s"))
            loaded.append(BenchResult("memory of vectors and weights", round(_memory_mb() - memory, 1), "MB"))
            results = _by_rule(search, catalogue, questions)
            if path is None:
                results += _written_by_hand(search)
            results += _outside(search)
    return [*loaded, *results, BenchResult("machine load after the run", round(os.getloadavg()[0], 2), "processes")]


def _by_rule(search: TypedSearch, catalogue: Catalogue, questions: Sequence[SearchQuestion]) -> list[BenchResult]:
    contenders: dict[str, Finder] = {
        "ours": lambda asked: [hit.kind.type_text for hit in search.find_kinds(asked)[:_TOP]],
        "FTS5 alone": _raw_full_text(catalogue),
        "rapidfuzz alone": _raw_likeness(catalogue),
    }
    right = dict.fromkeys(contenders, 0)
    times_ms: dict[str, list[float]] = {name: [] for name in contenders}
    for question in questions:
        for name, finder in contenders.items():
            began = time.perf_counter()
            found = finder(question.asked)
            times_ms[name].append((time.perf_counter() - began) * 1000)
            right[name] += bool(question.right.intersection(found))
    shares = {name: 100 * count / len(questions) for name, count in right.items()}
    asserted = sum(_is_claimed(search, question) for question in questions)
    p95_ms = {name: float(np.percentile(times, 95)) for name, times in times_ms.items()}
    against = "questions made from types by rule, a fifth misspelled"
    results = [
        at_least("right type in the first three", round(shares["ours"], 1), "%", goal=90.0, against=against),
        BenchResult("of these said without a doubt", round(100 * asserted / len(questions), 1), "%"),
        BenchResult("questions", len(questions), "questions"),
        BenchResult("answer p50", round(float(np.percentile(times_ms["ours"], 50)), 2), "ms"),
        BenchResult("answer p95", round(p95_ms["ours"], 2), "ms", _SLOW_MS, p95_ms["ours"] < _SLOW_MS),
    ]
    for name in ("FTS5 alone", "rapidfuzz alone"):
        results.append(BenchResult(f"{name}: right type in the first three", round(shares[name], 1), "%"))
        results.append(BenchResult(f"{name}: answer p95", round(p95_ms[name], 2), "ms"))
        ratio = shares["ours"] / max(shares[name], 1.0)
        results.append(BenchResult("right answers as many times", round(ratio, 2), "times", against=name))
    return results


def _written_by_hand(search: TypedSearch) -> list[BenchResult]:
    questions = by_hand(OURS)
    found = sum(bool(q.right & {hit.kind.type_text for hit in search.find_kinds(q.asked)[:_TOP]}) for q in questions)
    share = 100 * found / len(questions)
    against = f"{len(questions)} questions in shoppers' words, written by hand"
    return [at_least("right type in the first three, by hand", round(share, 1), "%", goal=90.0, against=against)]


def _outside(search: TypedSearch) -> list[BenchResult]:
    if not OUTSIDE.exists():
        return []
    outside = OUTSIDE.read_text("utf-8").split("\n")
    asked = [line for line in outside if line]
    unknown = sum(search.find(line).kind == "none" for line in asked)
    against = f"{len(asked)} things that no grocer sells"
    share = round(100 * unknown / len(asked), 1)
    return [at_least("rightly said not to be sold", share, "%", goal=98.0, against=against)]


def _is_claimed(search: TypedSearch, question: SearchQuestion) -> bool:
    return any(product.product_type in question.right for product in search.find(question.asked).products)


def _raw_full_text(catalogue: Catalogue) -> Finder:
    """FTS5 over name, commodity and department of each product; its words as they stand."""
    index = FullTextIndex(
        (p.sku, " ".join(words_of(p.product_type)), "", "", " ".join(words_of(p.commodity)), p.department.casefold())
        for p in catalogue
    )
    types = {product.sku: product.product_type for product in catalogue}

    def find(asked: str) -> list[str]:
        found = dict.fromkeys(types[sku] for sku in index.rank(words_of(asked), limit=400))
        return list(found)[:_TOP]

    return find


def _raw_likeness(catalogue: Catalogue) -> Finder:
    """Rapidfuzz's weighted ratio over the distinct type texts; over every product it would drown in equal ones."""
    texts = {text: text.casefold() for text in dict.fromkeys(product.product_type for product in catalogue)}

    def find(asked: str) -> list[str]:
        return [text for _, _, text in process.extract(asked, texts, scorer=fuzz.WRatio, limit=_TOP)]

    return find


def _memory_mb() -> float:
    """Resident memory of this process (Linux)."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
