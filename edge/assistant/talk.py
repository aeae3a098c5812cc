"""What the turn before was about, and what a question that leans on it means: "and the camembert?", "the cheaper one".

Owns carrying an intent over to the next question and choosing among the products that were on the screen. Holds no
words of the shopper, only what they were about. Pure.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from edge.assistant.intents import Intent
from edge.assistant.router import Route
from edge.catalogue import Product
from edge.catalogue_words import WordForms

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_OF_PRODUCTS = frozenset({Intent.WHERE_IS, Intent.HOW_MUCH, Intent.HAVE_YOU_GOT})


@dataclass(frozen=True, slots=True)
class Talk:
    """The turn before: its intent, the one product it was about, or those it asked back about."""

    intent: Intent | None = None
    sku: str | None = None
    candidates: tuple[str, ...] = ()


NOTHING = Talk()


def after(intent: Intent, sku: str | None, candidates: tuple[str, ...], *, before: Talk) -> Talk:
    """What the next question may lean on; a turn about no product leaves the product as it was."""
    if sku is None and not candidates:
        return Talk(intent, before.sku, before.candidates)
    return Talk(intent, sku, candidates)


def continued(route: Route, last: Talk) -> Route:
    """The route with the intent of the turn before, where the question has none of its own but goes on with it."""
    goes_on = route.goes_on or route.points_at_one
    if route.intent is Intent.UNKNOWN and goes_on and last.intent in _OF_PRODUCTS:
        return replace(route, intent=last.intent)
    return route


def fitting(candidates: Sequence[Product], content: Collection[str], forms: WordForms) -> tuple[Product, ...]:
    """Those of the products that were on the screen whose own words say all that is asked: "the salted one"."""
    asked = {word for text in content for word in forms.of(text)}
    return tuple(product for product in candidates if asked and asked <= own_words(product, forms))


def called(products: Sequence[Product], content: Collection[str], forms: WordForms) -> tuple[Product, ...]:
    """Those that are what the words say, not only made with it; all of them where none is, or a name does not tell."""
    asked = {word for text in content for word in forms.of(text)}
    first = [
        {word for text in (product.name, *product.keywords) for word in forms.of(text)[:1]} for product in products
    ]
    chosen = [product for product, words in zip(products, first, strict=True) if words & asked]
    return tuple(chosen) if forms.head_first and chosen else tuple(products)


def wanted(words: str, product: Product, forms: WordForms) -> int | None:
    """How many of the product are asked for; a number that is part of its name or size is no such number."""
    own = {number for word in forms.of(f"{product.name} {product.size}") for number in _NUMBER.findall(word)}
    numbers = [int(word) for word in forms.of(words) if word.isdigit() and word not in own]
    return max(numbers, default=None)


def own_words(product: Product, forms: WordForms) -> frozenset[str]:
    """Every word of a product's name, brand, size and keywords, in the form of `WordForms.of`."""
    texts = (product.name, product.brand, product.size, *product.keywords)
    return frozenset(word for text in texts for word in forms.of(text))
