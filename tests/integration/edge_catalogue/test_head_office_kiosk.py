"""A kiosk over a head office's terse file: the real assistant by templates, and the real weights beside the search."""

import shutil
from pathlib import Path

import pytest

from edge.answering import load_shop_data, make_assistant
from edge.assistant.tools import NoStockView
from edge.catalogue_making import make_search, vectors_beside
from edge.catalogue_typed import TypedSearch
from edge.clock import SystemClock
from edge.config import load_shop
from edge.errors import ConfigError
from edge.places import DEFAULT_ARTEFACTS, DEMO_SHOP, Places
from models.registry import Registry

CATALOGUE = """Item No,Description,Sub Commodity,Commodity,Dept,Pack Size,Retail Price,Aisle,Bay,Allergens,Age Limit
00123,,YOG FRT MLT-PK,YOGURT,DAIRY,4 x 100 g,2.49,7,B,milk,
00125,,BABY DIAPERS,DIAPERS,BABY,26 pcs,8.99,11,A,,
00126,,TOILET TISSUE,BATH TISSUES,HOUSEHOLD,9 rolls,4.99,9,A,,
00127,ARDEN CHOC MLK,FLUID MILK CHOC,FLUID MILK,DAIRY,1 l,1.79,7,A,milk,
00128,,SFT DRNK 2 LITER BTL CARB INCL,SOFT DRINKS,GROCERY,2 l,1.79,3,A,,
00130,,SHMP & COND,TOILETRIES,HEALTH,250 ml,2.99,8,C,,
"""
SHOP = """[shop]
tenant = "demo"
store = "s001"
node = "n1"
name = "Terse Market"
currency = "EUR"
timezone = "Europe/Berlin"
language = "en"
catalogue = "catalogue.csv"
offers = "offers.csv"
info = "shop-info.toml"
cameras = []
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(DEMO_SHOP / "shop-info.toml", tmp_path)
    (tmp_path / "shop.toml").write_text(SHOP)
    (tmp_path / "catalogue.csv").write_text(CATALOGUE)
    (tmp_path / "offers.csv").write_text("sku,offer_price,from,to,text\n")
    return tmp_path


def test_a_kiosk_answers_from_till_texts_in_shoppers_words(folder: Path) -> None:
    shop = load_shop(folder)
    _, assistant = make_assistant(
        shop, load_shop_data(shop), NoStockView(), language=None, clock=SystemClock(), record=lambda _: None
    )

    def ask(question: str) -> str:
        return assistant.ask(question, kiosk_id="k1").answer

    assert "aisle 11, bay A" in ask("where are the nappies?")
    assert "4.99" in ask("how much is the loo roll?")
    assert "Arden chocolate milk" in ask("have you got arden chocolate milk?")
    assert "don't know" in ask("have you got ostrich eggs?")


def test_a_file_that_lacks_what_a_kiosk_needs_stops_the_start(folder: Path) -> None:
    (folder / "catalogue.csv").write_text("sku,product_type\n1,EGGS\n")
    with pytest.raises(ConfigError, match="a kiosk also needs the columns price"):
        load_shop_data(load_shop(folder))


def test_real_vectors_propose_what_no_word_says_and_claim_nothing(folder: Path, tmp_path: Path) -> None:
    search = make_search(load_shop_data(load_shop(folder)).catalogue, "en")
    assert isinstance(search, TypedSearch)
    places = Places(tmp_path / "data")
    with vectors_beside(search, places, Registry(places.models, DEFAULT_ARTEFACTS)) as vectors:
        assert vectors.settled.wait(30.0)
        found = search.find("something to wash hair")
    assert (found.kind, found.proposals[0].product_type) == ("none", "SHMP & COND")
    assert (places.search / "vectors.npz").exists()
