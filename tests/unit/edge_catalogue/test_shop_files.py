"""Reading the shop's files: what is right loads, what is wrong is named by line and column."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from edge.catalogue import COLUMNS, load_catalogue
from edge.catalogue_words import words_of
from edge.errors import ConfigError
from edge.shop_info import load_offers, load_shop_info

DEMO = Path("firmware-config/shops/demo")
HEADER = ",".join(COLUMNS)
GOOD = "BR-0001,Whole milk,Fennmoor,1 l,1.29,1.29/l,Dairy,2,1,milk;nuts,,full fat;fresh milk"
HOURS = "[hours]\n" + "\n".join(
    f'{day} = ["08:00-20:00"]' for day in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
)
RETURNS = '\n[returns]\ndays = 14\nlines = ["Within 14 days."]\n'


def test_the_demo_shop_loads() -> None:
    catalogue = load_catalogue(DEMO / "catalogue.csv")
    assert len(catalogue) >= 300
    assert len(list(load_offers(DEMO / "offers.csv", catalogue))) >= 10
    assert load_shop_info(DEMO / "shop-info.toml").returns.days == 14


def test_a_line_becomes_a_product(tmp_path: Path) -> None:
    file = tmp_path / "catalogue.csv"
    file.write_text(f"{HEADER}\n{GOOD}\n")
    (product,) = load_catalogue(file)
    assert product.title == "Fennmoor Whole milk, 1 l"
    assert product.price == Decimal("1.29")
    assert product.allergens == ("milk", "nuts")
    assert product.keywords == ("full fat", "fresh milk")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sku,name\n", "line 1: the header"),
        (f"{HEADER}\n", "holds no product"),
        (f"{HEADER}\n{GOOD},more\n", "line 2: has 13 cells"),
        (f"{HEADER}\n{GOOD}\n{GOOD}\n", "line 3, column sku: BR-0001 stands twice"),
        (f"{HEADER}\n{GOOD.replace('1.29,', '1,29,', 1)}\n", "line 2"),
        (f"{HEADER}\n{GOOD.replace(',1.29,', ',free,', 1)}\n", "line 2, column price: 'free'"),
        (f"{HEADER}\n{GOOD.replace('BR-0001', 'milk')}\n", "line 2, column sku"),
        (f"{HEADER}\n{GOOD.replace('1.29/l', 'cheap')}\n", "line 2, column unit_price"),
        (f"{HEADER}\n{GOOD.replace(',2,1,', ',,1,')}\n", "line 2, column aisle"),
        (f"{HEADER}\n{GOOD.replace('nuts,,', 'nuts,17,')}\n", "line 2, column age_limit: '17'"),
        (f"{HEADER}\n{GOOD.replace('Whole milk', '')}\n", "line 2, column name"),
    ],
)
def test_a_wrong_catalogue_is_refused_with_line_and_column(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "catalogue.csv"
    file.write_text(text)
    with pytest.raises(ConfigError, match=said):
        load_catalogue(file)


def test_a_missing_catalogue_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_catalogue(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("BR-0009,1.00,2026-01-01,2026-12-31,x", "column sku: 'BR-0009' is not in the catalogue"),
        ("BR-0001,1.29,2026-01-01,2026-12-31,x", "must be under the normal price"),
        ("BR-0001,1.00,2026-12-31,2026-01-01,x", "must not be before"),
        ("BR-0001,1.00,yesterday,2026-01-01,x", "column from: 'yesterday'"),
        ("BR-0001,1.00,2026-01-01,2026-12-31", "has 4 cells"),
    ],
)
def test_a_wrong_offer_is_refused_with_line_and_column(tmp_path: Path, line: str, said: str) -> None:
    (tmp_path / "catalogue.csv").write_text(f"{HEADER}\n{GOOD}\n")
    (tmp_path / "offers.csv").write_text(f"sku,offer_price,from,to,text\n{line}\n")
    with pytest.raises(ConfigError, match=f"line 2.*{said}"):
        load_offers(tmp_path / "offers.csv", load_catalogue(tmp_path / "catalogue.csv"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HOURS + RETURNS, "hours.*must name exactly monday"),
        (HOURS + '\nsunday = ["20:00-08:00"]' + RETURNS, "hours: sunday must open before it closes"),
        (HOURS + '\nsunday = ["8-20"]' + RETURNS, "must be a list of ranges"),
        (HOURS + '\nsunday = ["10:00-14:00", "12:00-16:00"]' + RETURNS, "in order and apart"),
        (HOURS + "\nsunday = []\n", "returns"),
        (HOURS + "\nsunday = []" + RETURNS + "\n[parking]\nfree = true\n", "parking"),
        ("hours = ", "cannot be read as TOML"),
    ],
)
def test_wrong_shop_information_is_refused_by_name(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "shop-info.toml").write_text(text)
    with pytest.raises(ConfigError, match=said):
        load_shop_info(tmp_path / "shop-info.toml")


def test_hours_follow_exceptions_and_look_ahead(tmp_path: Path) -> None:
    extra = '\n[[exceptions]]\ndate = 2026-11-23\nname = "Stocktaking"\nranges = []\n'
    (tmp_path / "shop-info.toml").write_text(HOURS + "\nsunday = []" + RETURNS + extra)
    info = load_shop_info(tmp_path / "shop-info.toml")
    assert info.on(date(2026, 11, 23)) == ((), "Stocktaking")
    assert info.open_range(datetime(2026, 11, 24, 20, 0)) is None  # noqa: DTZ001 - local shop time
    following = info.next_opening(datetime(2026, 11, 22, 12, 0))  # noqa: DTZ001 - local shop time
    assert following is not None
    assert following[0] == date(2026, 11, 24)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Crème fraîche 200 g", ["creme", "fraiche", "200g"]),
        ("1,5 l Milk 3.5 %", ["1500ml", "milk", "3.5%"]),
        ("half a litre", ["500ml"]),
        ("sugar-free cola without caffeine", ["sugarfree", "cola", "caffeinefree"]),
        ("free-range eggs", ["free", "range", "egg"]),
        (
            "tomatoes cherries dishes glasses hummus couscous",
            ["tomato", "cherry", "dish", "glass", "hummus", "couscous"],
        ),
    ],
)
def test_words_are_brought_to_one_form(text: str, words: list[str]) -> None:
    assert words_of(text) == words
