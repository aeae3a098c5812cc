"""Head office's product files: which column is which, and what is said about a wrong one."""

import gzip
from pathlib import Path

import pytest

from edge.catalogue_head_office import read_head_office
from edge.catalogue_making import load_any_catalogue, till_words_of
from edge.errors import ConfigError
from edge.places import DEMO_SHOP

WORDS = till_words_of("en")
HEADER = "Item No,Description,Sub Commodity,Commodity,Dept,Pack Size,Retail Price,Aisle,Bay,Allergens,Age Limit,Buyer"
ROW = "00123,CHOC YOG 4PK,YOG FRT,YOGURT,DAIRY,4 x 100 g,2.49,7,B,milk,,Ann"


def written(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "products.csv"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def test_columns_are_known_by_the_names_that_such_files_have(tmp_path: Path) -> None:
    read = read_head_office(written(tmp_path, HEADER, ROW), WORDS, for_kiosk=True)
    product = read.catalogue.get("00123")
    assert product is not None
    assert (product.name, product.product_type, product.commodity) == ("Chocolate yogurt 4pk", "YOG FRT", "YOGURT")
    assert (str(product.price), product.aisle, product.allergens) == ("2.49", "7", ("milk",))
    assert (read.unused, read.missing) == (("Buyer",), ())


def test_a_packed_file_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "products.csv.gz"
    path.write_bytes(gzip.compress(b"sku,product_type\n1,EGGS\n"))
    read = load_any_catalogue(path, WORDS)
    assert len(read.catalogue) == 1
    assert read.missing == ("price", "department", "aisle", "bay", "allergens", "age_limit")


def test_a_shops_own_file_is_known_by_its_header() -> None:
    assert load_any_catalogue(DEMO_SHOP / "catalogue.csv", WORDS).missing == ()


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        pytest.param(
            ("Buyer,Colour", "a,b"), "line 1: no column for sku; .*plu.* It has Buyer, Colour", id="no number"
        ),
        pytest.param(
            ("sku;name;price", "1;Eggs;2"), "line 1: its columns are separated by semicolons", id="semicolons"
        ),
        pytest.param(("sku,colour", "1,red"), "line 1: no column for name or product_type or commodity", id="no text"),
        pytest.param((HEADER, ROW.replace("2.49", "2,49")), "line 2: has 13 cells, the header 12", id="cells"),
        pytest.param(
            (HEADER, ROW.replace("2.49", "cheap")), "line 2, column Retail Price: 'cheap' must be an amount", id="price"
        ),
        pytest.param((HEADER, ROW, ROW), "line 3, column Item No: 00123 stands twice", id="twice"),
        pytest.param((HEADER, ROW.replace("00123", "a b")), "line 2, column Item No: 'a b' must be", id="number"),
        pytest.param((HEADER, ROW.replace(",7,", ",,")), "line 2, column Aisle: '' must be letters", id="place"),
        pytest.param((HEADER, ROW.replace("milk,,", "milk,21,")), "line 2, column Age Limit: '21' must be", id="age"),
        pytest.param((HEADER,), "holds no product", id="empty"),
        pytest.param(("sku,name", "1,Eggs"), "a kiosk also needs the columns price, department", id="not for a kiosk"),
    ],
)
def test_what_is_wrong_is_told_with_line_and_column(tmp_path: Path, lines: tuple[str, ...], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read_head_office(written(tmp_path, *lines), WORDS, for_kiosk=True)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b'sku,name\n"1'], ids=["no text", "open quote"])
def test_what_is_no_csv_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "products.csv"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="cannot be read as UTF-8 CSV"):
        load_any_catalogue(path, WORDS)


def test_a_broken_packed_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "products.csv.gz"
    path.write_bytes(gzip.compress(b"sku,name\n1,Eggs\n")[:-12])
    with pytest.raises(ConfigError, match="cannot be read"):
        load_any_catalogue(path, WORDS)
