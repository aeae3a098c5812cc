"""Search over the demo catalogue: right words, wrong spellings, and what the shop does not sell."""

from pathlib import Path

import pytest

from edge.assistant.language import load_language
from edge.catalogue import Catalogue, load_catalogue
from edge.catalogue_search import CatalogueSearch

CATALOGUE = load_catalogue(Path("firmware-config/shops/demo/catalogue.csv"))


@pytest.fixture(scope="module")
def search() -> CatalogueSearch:
    phrases = load_language("en").phrases
    return CatalogueSearch(CATALOGUE, never_corrected=phrases.not_misspelled, ignored=phrases.filler)


RIGHT = {
    "whole milk": "Whole milk 3.5 %",
    "spaghetti": "Spaghetti",
    "camembert": "Camembert",
    "oat milk": "Oat drink barista",
    "gluten free bread": "Gluten-free sliced bread",
    "toothpaste": "Toothpaste mint",
    "loo roll": "Toilet paper 3-ply",
    "diapers": "Nappies size 4",
    "tin foil": "Aluminium foil",
    "zucchini": "Courgettes",
    "eggplant": "Aubergine",
    "dish soap": "Washing-up liquid lemon",
    "a bottle of cola": "Cola",
    "cola can": "Cola can",
    "parmesan": "Parmesan-style hard cheese",
    "half a litre of kefir": "Kefir",
    "box of 10 eggs": "Free-range eggs M",
    "alcohol free beer": "Alcohol-free beer",
    "light bulb": "LED bulb E27",
    "dog biscuits": "Dog biscuits",
    "bag of apples": "Apples Braeburn",
    "gift card": "Gift card",
    "band aid": "Plasters assorted",
    "fish fingers": "Fish fingers",
    "basmati rice": "Basmati rice",
}
MISSPELLED = {
    "spagetti": "Spaghetti",
    "spageti": "Spaghetti",
    "camenbert": "Camembert",
    "mozarella": "Mozzarella",
    "brocoli": "Broccoli",
    "bannanas": "Bananas",
    "avacado": "Avocado ready to eat",
    "tooth paste": "Toothpaste mint",
    "toothbrsh": "Toothbrush medium",
    "orange jiuce": "Orange juice",
    "orangejuice": "Orange juice",
    "peanut buter": "Peanut butter crunchy",
    "choclate chip cookies": "Chocolate chip cookies",
    "hummous": "Hummus classic",
    "cucmber": "Cucumber",
    "pinapple": "Pineapple",
    "whole mlik": "Whole milk 3.5 %",
    "shampo": "Shampoo herbal",
    "tofu smokd": "Tofu smoked",
    "dishwaser tabs": "Dishwasher tabs",
    "basmatti rice": "Basmati rice",
    "quinao": "Quinoa",
    "mapel syrup": "Maple syrup",
    "batterys": "AA batteries",
}
SEVERAL = {
    "milk": "Whole milk 3.5 %",
    "mlik": "Whole milk 3.5 %",
    "butter": "Butter salted",
    "bread": "Wholemeal sliced bread",
    "cheese": "Gouda slices young",
    "beer": "Wheat beer",
    "red wine": "Red wine Merlot",
    "tomatos": "Cherry tomatoes",
    "ice cream": "Vanilla ice cream",
    "icecream": "Vanilla ice cream",
    "2l milk": "Whole milk 3.5 %",
    "milk 3.5%": "Whole milk 3.5 %",
}
NOT_SOLD = (
    "motor oil",
    "car tyres",
    "iphone charger",
    "sofa",
    "flowers",
    "lego",
    "kettle",
    "table",
    "strawberry ice cream",
    "sugar free milk",
    "nut free cookies",
    "alcohol free vodka",
    "winter coat",
    "garden hose",
    "printer ink",
    "aspirin",
    "running shoes",
    "laptop",
    "screws",
    "curtains",
    "wine glasses",
    "petrol",
    "the weather",
    "meaning of life",
    "sushi",
    "lobster",
    "christmas tree",
    "bicycle",
    "who invented pizza",
    "coffee filters",
    "egg cup",
    "soap dish",
    "cheese grater",
    "cookie cutter",
    "cake tin",
    "fire lighters",
    "x",
    "???",
    "12",
)


@pytest.mark.parametrize(("words", "name"), [*RIGHT.items(), *MISSPELLED.items()])
def test_one_product_is_found_by_right_and_wrong_spellings(search: CatalogueSearch, words: str, name: str) -> None:
    found = search.find(words)
    assert [product.name for product in found.products] == [name]
    assert found.kind == "one"


@pytest.mark.parametrize(("words", "name"), SEVERAL.items())
def test_a_word_that_many_products_share_gives_several(search: CatalogueSearch, words: str, name: str) -> None:
    found = search.find(words, limit=20)
    assert found.kind == "several"
    assert name in {product.name for product in found.products}
    assert found.total == len(found.products)


@pytest.mark.parametrize("words", NOT_SOLD)
def test_what_the_shop_does_not_sell_is_not_found(search: CatalogueSearch, words: str) -> None:
    assert search.find(words).kind == "none"


def test_every_product_is_found_by_its_own_title(search: CatalogueSearch) -> None:
    missed = []
    for product in CATALOGUE:
        found = search.find(product.title)
        if found.kind == "none" or found.products[0].sku != product.sku:
            missed.append(product.title)
    assert missed == []


def test_a_catalogue_without_the_word_answers_with_nothing() -> None:
    assert CatalogueSearch(Catalogue([])).find("milk").kind == "none"
