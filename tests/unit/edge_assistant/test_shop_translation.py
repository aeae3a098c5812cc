"""A shop's names and texts in another language come from files beside its own, as far as there are any."""

from decimal import Decimal
from pathlib import Path

import pytest

from edge.assistant.language import load_language
from edge.assistant.shop_translation import translated_shop
from edge.assistant.tools import ShopData
from edge.catalogue import Catalogue
from edge.errors import ConfigError
from edge.shop_info import Offers
from tests.unit.edge_assistant.shop_fixture import BERLIN, BUTTER_OFFER, INFO, SMALL

HEADER = "sku,name,department,keywords\n"
ENGLISH = load_language("en")
GERMAN = load_language("de")


def german(folder: Path, *, names: str | None = None, info: str | None = None) -> ShopData:
    if names is not None:
        (folder / "catalogue.de.csv").write_text(HEADER + names)
    if info is not None:
        (folder / "shop-info.de.toml").write_text(info)
    shop = ShopData(
        catalogue=Catalogue(SMALL), info=INFO, offers=Offers((BUTTER_OFFER,)), currency="EUR", timezone=BERLIN
    )
    files = {"catalogue": folder / "catalogue.csv", "info": folder / "shop-info.toml"}
    return translated_shop(shop, own=ENGLISH, other=GERMAN, **files)


def test_what_has_no_translation_stays_in_the_shops_language(tmp_path: Path) -> None:
    shop = german(tmp_path, names="BR-0001,Vollmilch,Molkerei,Milch;Trinkmilch\n")
    milk, skimmed = shop.catalogue.get("BR-0001"), shop.catalogue.get("BR-0002")
    assert milk is not None
    assert (milk.name, milk.department, milk.keywords) == ("Vollmilch", "Molkerei", ("Milch", "Trinkmilch"))
    assert milk.price == Decimal("1.29")
    assert skimmed is not None
    assert skimmed.name == "Semi-skimmed milk 1.5 %"


def test_sizes_are_written_as_the_language_writes_them(tmp_path: Path) -> None:
    sizes = {product.sku: product.size for product in german(tmp_path).catalogue}
    assert (sizes["BR-0004"], sizes["BR-0003"]) == ("4 Stück", "250 g")


def test_services_special_days_returns_and_offers_are_translated(tmp_path: Path) -> None:
    shop = german(
        tmp_path,
        info='returns = ["Zurück in 14 Tagen."]\n[special_days]\n"Christmas Eve" = "Heiligabend"\n[offers]\nFresh ='
        ' "Frisch"\n[services]\n"Bottle return" = { name = "Leergut", where = "am Eingang" }\n',
    )
    assert shop.info.returns.lines == ("Zurück in 14 Tagen.",)
    assert [day.name for day in shop.info.exceptions] == ["Heiligabend"]
    assert [service.name for service in shop.info.services] == ["Leergut"]
    assert [offer.text for offer in shop.offers] == ["Frisch"]


@pytest.mark.parametrize(
    ("names", "info", "complaint"),
    [
        ("BR-9999,Ding,,\n", None, "catalogue.de.csv, line 2, column sku: 'BR-9999' must be in the catalogue"),
        ("BR-0001,Milch,\n", None, "line 2: has 3 cells and must have 4"),
        (None, '[services]\nToilet = { name = "WC", where = "hinten" }\n', "services.'Toilet': the shop's own file"),
        (None, "[services]\nToilet = 1\n", "shop-info.de.toml, services.Toilet"),
    ],
)
def test_a_wrong_translation_is_named(tmp_path: Path, names: str | None, info: str | None, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        german(tmp_path, names=names, info=info)
