"""Search by product types over terse till texts: right types, other words, misspellings, and what is not sold."""

from decimal import Decimal

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.catalogue import Catalogue, Product
from edge.catalogue_making import till_words_of
from edge.catalogue_typed import TypedSearch

TYPES = (
    ("DAIRY", "YOGURT", "YOGURT NOT MULTI-PACKS"),
    ("DAIRY", "YOGURT", "YOGURT MULTI-PACKS"),
    ("DAIRY", "FLUID MILK PRODUCTS", "FLUID MILK WHITE ONLY"),
    ("DAIRY", "FLUID MILK PRODUCTS", "CHOCOLATE MILK"),
    ("DAIRY", "EGGS", "EGGS - LARGE"),
    ("FRZN", "ICE CREAM/MILK/SHERBTS", "PREMIUM"),
    ("FRZN", "FRZN FISH", "FRZN BRD STICK/PORTON"),
    ("GROCERY", "BAG SNACKS", "POTATO CHIPS"),
    ("GROCERY", "BAG SNACKS", "PRETZELS"),
    ("GROCERY", "CANDY - PACKAGED", "CANDY BAGS-CHOCOLATE"),
    ("GROCERY", "PNT BTR/JELLY/JAMS", "PRESERVES JAM MARMALADE"),
    ("GROCERY", "BATH TISSUES", "TOILET TISSUE"),
    ("GROCERY", "SOFT DRINKS", "SFT DRNK 2 LITER BTL CARB INCL"),
    ("DRUG GM", "DIAPERS & DISPOSABLES", "BABY DIAPERS"),
    ("DRUG GM", "ELECTRICAL", "FANS"),
)
PRODUCTS = [
    Product(
        sku=f"{place:03}{size[:1]}",
        name="",
        brand="",
        size=size,
        price=Decimal(1),
        unit_price="",
        department=department,
        aisle="1",
        bay="1",
        commodity=commodity,
        product_type=product_type,
    )
    for place, (department, commodity, product_type) in enumerate(TYPES)
    for size in ("500 g", "1 kg")
]


def named(product: Product, name: str) -> Product:
    return Product(
        sku="N" + product.sku,
        name=name,
        brand="Corvo",
        size="1 l",
        price=Decimal(1),
        unit_price="",
        department=product.department,
        aisle="1",
        bay="1",
        commodity=product.commodity,
        product_type=product.product_type,
    )


@pytest.fixture(scope="module")
def search() -> TypedSearch:
    return TypedSearch(
        Catalogue([*PRODUCTS, named(PRODUCTS[6], "Corvo hazelnut milk shake")]), words=till_words_of("en")
    )


RIGHT = {
    "yoghurt": "YOGURT NOT MULTI-PACKS",
    "where are the yogurts": "YOGURT NOT MULTI-PACKS",
    "milk": "FLUID MILK WHITE ONLY",
    "chocolate milk": "CHOCOLATE MILK",
    "large eggs": "EGGS - LARGE",
    "premium ice cream": "PREMIUM",
    "fish fingers": "FRZN BRD STICK/PORTON",
    "crisps": "POTATO CHIPS",
    "pretzles": "PRETZELS",
    "do you have any toilet paper": "TOILET TISSUE",
    "loo roll": "TOILET TISSUE",
    "nappies": "BABY DIAPERS",
    "dipers": "BABY DIAPERS",
    "fizzy drinks": "SFT DRNK 2 LITER BTL CARB INCL",
    "marmelade": "PRESERVES JAM MARMALADE",
}


@pytest.mark.parametrize(("asked", "product_type"), RIGHT.items(), ids=RIGHT)
def test_a_question_finds_its_product_type_among_the_first_three(
    search: TypedSearch, asked: str, product_type: str
) -> None:
    assert product_type in [product.product_type for product in search.find(asked).products]


@pytest.mark.parametrize(
    "asked",
    [
        "ostrich eggs",
        "pretzons",
        "mink",
        "ceiling fan",
        "bicycle tyres",
        "lawn mower",
        "milk without milk",
        "laptop",
        "milk bicycle",
    ],
)
def test_what_is_not_sold_is_not_claimed(search: TypedSearch, asked: str) -> None:
    found = search.find(asked)
    assert (found.kind, found.products) == ("none", ())


def test_a_weak_match_is_only_proposed(search: TypedSearch) -> None:
    assert search.find("ostrich eggs").proposals[0].product_type == "EGGS - LARGE"


def test_words_that_types_do_not_know_are_looked_for_in_the_items(search: TypedSearch) -> None:
    found = search.find("corvo hazelnut shake")
    assert [product.name for product in found.products] == ["Corvo hazelnut milk shake"]


def test_an_asked_size_chooses_the_item_of_a_type(search: TypedSearch) -> None:
    assert search.find("1 kg pretzels").products[0].size == "1 kg"


def test_several_items_of_one_type_are_not_one_product(search: TypedSearch) -> None:
    assert (search.find("pretzels").kind, search.find("pretzels").total) == ("several", 2)


def test_likeness_alone_proposes_and_never_claims() -> None:
    search = TypedSearch(Catalogue(PRODUCTS), words=till_words_of("en"))
    asked: list[str] = []

    def likeness(text: str) -> NDArray[np.float32]:
        asked.append(text)
        near = [0.9 if kind.type_text == "PRETZELS" else 0.1 for kind in search.kinds.kinds]
        return np.array(near, np.float32)

    search.use(likeness)
    found = search.find("salty twisted thing")
    assert (found.kind, found.proposals[0].product_type) == ("none", "PRETZELS")
    assert asked == ["salty twisted thing"]


def test_words_that_settle_it_ask_no_vector() -> None:
    search = TypedSearch(Catalogue(PRODUCTS), words=till_words_of("en"), likeness=lambda _: pytest.fail("was asked"))
    assert search.find("pretzels").kind == "several"


def test_a_question_with_a_negation_is_never_answered_by_likeness() -> None:
    search = TypedSearch(Catalogue(PRODUCTS), words=till_words_of("en"), likeness=lambda _: pytest.fail("was asked"))
    assert search.find("snack not salty").kind == "none"


def test_without_vectors_yet_the_words_answer() -> None:
    search = TypedSearch(Catalogue(PRODUCTS), words=till_words_of("en"), likeness=lambda _: None)
    assert search.find("ostrich eggs").proposals[0].product_type == "EGGS - LARGE"


def test_a_narrower_thing_leads_to_what_it_is_one_of_and_is_never_said_to_be_sold() -> None:
    found = TypedSearch(Catalogue(PRODUCTS), words=till_words_of("en")).find("pepsi")
    assert (found.kind, found.products[0].product_type) == ("several", "SFT DRNK 2 LITER BTL CARB INCL")
    single = TypedSearch(Catalogue(PRODUCTS[::2]), words=till_words_of("en")).find("pepsi")
    assert (single.kind, single.proposals[0].product_type) == ("none", "SFT DRNK 2 LITER BTL CARB INCL")
