"""The demo shop's products and offers hold together: numbers, places, allergens, age limits."""

import csv
import re
from collections import Counter
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

SHOP = Path(__file__).parents[3] / "firmware-config" / "shops" / "demo"
COLUMNS = [
    "sku",
    "name",
    "brand",
    "size",
    "price",
    "unit_price",
    "department",
    "aisle",
    "bay",
    "allergens",
    "age_limit",
    "keywords",
]
ALLERGENS = {
    "gluten",
    "crustaceans",
    "eggs",
    "fish",
    "peanuts",
    "soybeans",
    "milk",
    "nuts",
    "celery",
    "mustard",
    "sesame",
    "sulphites",
    "lupin",
    "molluscs",
}
MEASURES = {
    "g": ("kg", 1000),
    "kg": ("kg", 1),
    "ml": ("l", 1000),
    "l": ("l", 1),
    "pc": ("pc", 1),
    "pcs": ("pc", 1),
    "roll": ("roll", 1),
    "rolls": ("roll", 1),
    "washes": ("wash", 1),
}


def unit_price_of(size: str, price: str) -> str:
    """What the law wants on the tag: the price of a kilogram, a litre or a piece."""
    match = re.fullmatch(r"(?:(\d+) x )?(\d+(?:\.\d+)?) ([a-z]+)", size)
    assert match is not None, f"unreadable size {size!r}"
    per, factor = MEASURES[match[3]]
    amount = int(match[1] or 1) * Decimal(match[2])
    return f"{(Decimal(price) * factor / amount).quantize(Decimal('0.01'), ROUND_HALF_UP)}/{per}"


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    with (SHOP / "catalogue.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_catalogue_has_the_agreed_columns_and_enough_products(rows: list[dict[str, str]]) -> None:
    assert list(rows[0]) == COLUMNS
    assert len(rows) >= 320
    assert all(None not in row and None not in row.values() for row in rows)


def test_every_product_has_its_own_number_and_name(rows: list[dict[str, str]]) -> None:
    assert all(re.fullmatch(r"BR-\d{4}", row["sku"]) for row in rows)
    assert not [sku for sku, count in Counter(row["sku"] for row in rows).items() if count > 1]
    assert not [name for name, count in Counter((r["name"], r["brand"], r["size"]) for r in rows).items() if count > 1]


def test_unit_prices_follow_from_size_and_price(rows: list[dict[str, str]]) -> None:
    wrong = [row["sku"] for row in rows if row["unit_price"] != unit_price_of(row["size"], row["price"])]
    assert not wrong


def test_prices_are_plain_decimals(rows: list[dict[str, str]]) -> None:
    assert all(re.fullmatch(r"\d+\.\d{2}", row["price"]) and Decimal(row["price"]) > 0 for row in rows)


def test_every_department_has_its_aisle_and_every_product_a_bay(rows: list[dict[str, str]]) -> None:
    assert {int(row["aisle"]) for row in rows} == set(range(1, 10))
    assert all(1 <= int(row["bay"]) <= 12 for row in rows)
    aisles: dict[str, set[str]] = {}
    for row in rows:
        aisles.setdefault(row["department"], set()).add(row["aisle"])
    assert all(len(where) == 1 for where in aisles.values())


def test_allergens_are_words_of_the_european_list(rows: list[dict[str, str]]) -> None:
    named = {word for row in rows for word in row["allergens"].split(";") if word}
    assert named <= ALLERGENS
    assert len(named) >= 10


@pytest.mark.parametrize(
    ("words", "limit"),
    [
        pytest.param(("vodka", "gin ", "whisky", "rum", "liqueur"), "18", id="spirits"),
        pytest.param(("cigarette", "rolling tobacco"), "18", id="tobacco"),
        pytest.param(("pilsner", "wheat beer", "red wine", "white wine m", "rose wine"), "16", id="beer and wine"),
        pytest.param(("energy drink",), "16", id="energy drinks"),
    ],
)
def test_age_limits_stand_where_they_must(rows: list[dict[str, str]], words: tuple[str, ...], limit: str) -> None:
    matching = [row for row in rows if row["name"].lower().startswith(words)]
    if words == ("vodka", "gin ", "whisky", "rum", "liqueur"):
        matching = [row for row in rows if "spirits" in row["keywords"].split(";")]
    assert matching
    assert {row["age_limit"] for row in matching} == {limit}


def test_other_age_limits_are_empty_or_known(rows: list[dict[str, str]]) -> None:
    assert {row["age_limit"] for row in rows} == {"", "16", "18"}


def test_no_field_looks_like_a_bar_code_or_holds_an_address(rows: list[dict[str, str]]) -> None:
    text = "\n".join(";".join(row.values()) for row in rows)
    assert not re.search(r"\d{8,}|https?:|@", text)


def test_offers_name_products_and_are_cheaper(rows: list[dict[str, str]]) -> None:
    prices = {row["sku"]: Decimal(row["price"]) for row in rows}
    with (SHOP / "offers.csv").open(encoding="utf-8", newline="") as file:
        offers = list(csv.DictReader(file))
    assert list(offers[0]) == ["sku", "offer_price", "from", "to", "text"]
    assert all(Decimal(offer["offer_price"]) < prices[offer["sku"]] for offer in offers)
    assert all(offer["from"] <= offer["to"] for offer in offers)
