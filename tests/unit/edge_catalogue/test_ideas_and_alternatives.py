"""What the shop suggests together, and which products could stand in for one that is gone."""

from dataclasses import replace
from pathlib import Path

import pytest

from edge.alternatives import Alternatives
from edge.assistant.language import load_language
from edge.catalogue import load_catalogue
from edge.catalogue_words import words_of
from edge.errors import ConfigError
from edge.shop_ideas import load_ideas

SHOP = Path("firmware-config/shops/demo")
CATALOGUE = load_catalogue(SHOP / "catalogue.csv")
LIKE = Alternatives(CATALOGUE, words_of=words_of, ignored=load_language("en").phrases.filler)


def names_like(name: str) -> list[str]:
    product = next(product for product in CATALOGUE if product.name == name)
    return [other.name for other in LIKE.of(product.sku)]


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("Spaghetti", "Penne"),
        ("Butter salted", "Butter unsalted"),
        ("Pizza margherita", "Pizza salami"),
        ("Tuna in brine", "Tuna in sunflower oil"),
        ("Chamomile tea", "Peppermint tea"),
        ("White sugar", "Brown sugar"),
    ],
)
def test_the_most_alike_comes_first(name: str, first: str) -> None:
    assert names_like(name)[0] == first


def test_a_property_is_no_kind() -> None:
    assert "Iced coffee drink latte" not in names_like("Whole milk 3.5 %")
    assert names_like("Mustard medium hot") == []
    assert names_like("Coconut milk") == []  # tins are no kind of food


def test_what_lists_a_further_allergen_is_no_alternative() -> None:
    for product in CATALOGUE:
        for other in LIKE.of(product.sku):
            assert set(other.allergens) <= set(product.allergens)
            assert (other.age_limit or 0) <= (product.age_limit or 0)


def test_without_something_stays_without_it() -> None:
    every = [replace(product, allergens=()) for product in CATALOGUE]
    lactose_free = next(product for product in every if product.name.startswith("Lactose-free"))
    assert all("actose-free" in other.name for other in Alternatives(every, words_of=words_of).of(lactose_free.sku))


def test_the_demo_shop_has_ideas_in_every_language() -> None:
    ideas = load_ideas(SHOP / "ideas.toml", CATALOGUE)
    for language in ("en", "de", "fr", "es"):
        assert all(idea.called(language) for idea in ideas.ideas)
    spaghetti = next(product for product in CATALOGUE if product.name == "Spaghetti")
    basil = next(product for product in CATALOGUE if product.name == "Pasta sauce basil")
    assert basil.sku in ideas.with_product(spaghetti.sku)
    assert ideas.with_product("BR-9999") == ()


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"ideas\.toml: cannot be read"):
        load_ideas(tmp_path / "ideas.toml", CATALOGUE)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[[ideas]]\nnames = { en = "x" }\nskus = ["BR-0001", "BR-9999"]', "idea 1, skus: 'BR-9999' is not in"),
        ('[[ideas]]\nnames = { en = "x" }\nskus = ["BR-0001"]', r"ideas\.0\.skus"),
        ('[[ideas]]\nnames = {}\nskus = ["BR-0001", "BR-0002"]', r"ideas\.0\.names"),
        ('[[ideas]]\nnames = { english = "x" }\nskus = ["BR-0001", "BR-0002"]', r"ideas\.0\.names"),
        ("[[ideas", "cannot be read as TOML"),
        ("recipes = 3", "recipes"),
    ],
)
def test_a_wrong_file_is_named(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "ideas.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=says):
        load_ideas(tmp_path / "ideas.toml", CATALOGUE)
