"""A head office's product file: any order of columns under the names that such files have, terse texts, product types.

Owns which column is which and what each row must hold. Refuses the whole file for one wrong cell and names line and
column, as `edge.catalogue` does for the shop's own file. Text that is missing stays empty; nothing is guessed.
"""

import csv
import gzip
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from edge.catalogue import Catalogue, Product
from edge.catalogue_till import TillWords, readable
from edge.errors import ConfigError

NAMES: Mapping[str, tuple[str, ...]] = {
    "sku": (
        "sku",
        "product_id",
        "item_id",
        "item_no",
        "item_number",
        "article",
        "article_no",
        "plu",
        "upc",
        "ean",
        "gtin",
    ),
    "name": ("name", "description", "item_description", "product_description", "product_name", "till_text", "text"),
    "product_type": ("product_type", "sub_commodity", "sub_commodity_desc", "subcommodity", "sub_category", "type"),
    "commodity": ("commodity", "commodity_desc", "product_category", "category", "product_group", "class"),
    "department": ("department", "dept", "department_desc"),
    "brand": ("brand", "brand_name"),
    "size": ("size", "package_size", "pack_size", "curr_size_of_product", "net_content"),
    "price": ("price", "retail_price", "selling_price", "median_unit_price", "retail"),
    "unit_price": ("unit_price", "price_per_unit"),
    "aisle": ("aisle", "aisle_no"),
    "bay": ("bay", "bay_no"),
    "allergens": ("allergens",),
    "age_limit": ("age_limit", "minimum_age"),
    "keywords": ("keywords", "synonyms"),
}
"""Our column to the names that it may have in such a file, without regard to case, spaces and dashes."""
FOR_KIOSK = ("price", "department", "aisle", "bay", "allergens", "age_limit")
"""Without these a kiosk would have to leave out, or to guess, what it is asked."""
_NO_BRAND = frozenset({"national", "private", "private label", "own label"})
_SKU = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,23}")
_PRICE = re.compile(r"[0-9]{1,5}(\.[0-9]{1,4})?")
_PLACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 -]{0,15}")
_MAX_TEXT = 80
_MAX_ROWS = 200_000


@dataclass(frozen=True, slots=True)
class HeadOfficeFile:
    """What was read. ``columns``: ours to the file's; ``unused``: the file's that mean nothing to us."""

    catalogue: Catalogue
    columns: Mapping[str, str]
    unused: tuple[str, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """Columns that a kiosk needs and the file lacks."""
        return tuple(column for column in FOR_KIOSK if column not in self.columns)


def read_head_office(path: Path, words: TillWords, *, for_kiosk: bool = False) -> HeadOfficeFile:
    """Read and check a product file (UTF-8 CSV, also ``.gz``).

    Args:
        path: the file.
        words: how its till texts are read out.
        for_kiosk: refuse it without the columns `FOR_KIOSK`, and cells of them that are empty.

    Raises:
        ConfigError: unreadable, no column for a number or for a text, a wrong cell, a repeated number; says where.
    """
    rows = _rows(path)
    header = next(rows, (1, []))[1]
    columns = _columns(path, header)
    if for_kiosk and (missing := [column for column in FOR_KIOSK if column not in columns]):
        raise ConfigError(f"{path}, line 1: a kiosk also needs the columns {', '.join(missing)}")
    places = {ours: header.index(theirs) for ours, theirs in columns.items()}
    products: dict[str, Product] = {}
    for line, row in rows:
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(header):
            raise ConfigError(
                f"{path}, line {line}: has {len(row)} cells, the header {len(header)}; quote cells that hold a comma"
            )
        cells = {ours: row[place].strip() for ours, place in places.items()}
        product = _product(cells, words, _Line(path, line, columns, for_kiosk))
        if product.sku in products:
            raise ConfigError(f"{path}, line {line}, column {columns['sku']}: {product.sku} stands twice")
        products[product.sku] = product
    if not products:
        raise ConfigError(f"{path}: holds no product; add at least one line under the header")
    return HeadOfficeFile(
        Catalogue(products.values()), columns, tuple(cell for cell in header if cell not in columns.values())
    )


@dataclass(frozen=True, slots=True)
class _Line:
    """Where a cell stands, for what is said about it."""

    path: Path
    line: int
    columns: Mapping[str, str]
    for_kiosk: bool

    def wrong(self, column: str, given: str, right: str) -> ConfigError:
        return ConfigError(f"{self.path}, line {self.line}, column {self.columns[column]}: {given!r} must be {right}")


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            for row in reader:
                if reader.line_num > _MAX_ROWS:
                    raise ConfigError(f"{path}: holds over {_MAX_ROWS} lines; give one shop's products")
                yield reader.line_num, row
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: cannot be read, there is no such file") from error
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{path}: cannot be read as UTF-8 CSV: {error}") from error


def _require_commas(path: Path, header: Sequence[str]) -> None:
    for mark, name in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        if len(header) == 1 and mark in header[0]:
            raise ConfigError(f"{path}, line 1: its columns are separated by {name}; save it as CSV with commas")


def _columns(path: Path, header: Sequence[str]) -> dict[str, str]:
    plain = {re.sub(r"[^a-z0-9]+", "_", cell.casefold()).strip("_"): cell for cell in header}
    columns = {}
    for ours, names in NAMES.items():
        found = next((plain[name] for name in names if name in plain), None)
        if found is not None:
            columns[ours] = found
    for needed in (("sku",), ("name", "product_type", "commodity")):
        if not any(ours in columns for ours in needed):
            known = ", ".join(name for ours in needed for name in NAMES[ours])
            _require_commas(path, header)
            found_names = ", ".join(cell for cell in header if cell)[:200] or "nothing"
            raise ConfigError(
                f"{path}, line 1: no column for {' or '.join(needed)}; name one of its columns {known}."
                f" It has {found_names}"
            )
    if len(set(columns.values())) < len(columns):
        raise ConfigError(f"{path}, line 1: two columns have the same name")
    return columns


def _product(cells: Mapping[str, str], words: TillWords, where: _Line) -> Product:
    sku = cells["sku"]
    if not _SKU.fullmatch(sku):
        raise where.wrong("sku", sku, "1 to 24 letters, digits, dots or dashes")
    for column in ("name", "product_type", "commodity", "department", "brand", "size"):
        text = cells.get(column, "")
        if len(text) > _MAX_TEXT or not text.isprintable():
            raise where.wrong(column, text[:100], f"at most {_MAX_TEXT} printable characters")
    text = cells.get("name") or cells.get("product_type") or cells.get("commodity", "")
    brand = cells.get("brand", "")
    if where.for_kiosk:
        _check_for_kiosk(cells, text, where)
    return Product(
        sku=sku,
        name=readable(text, words) or sku,
        brand="" if brand.casefold() in _NO_BRAND else brand,
        size=cells.get("size", ""),
        price=_price(cells, where),
        unit_price=cells.get("unit_price", ""),
        department=cells.get("department", ""),
        aisle=cells.get("aisle", ""),
        bay=cells.get("bay", ""),
        allergens=_listed(cells.get("allergens", "")),
        age_limit=_age(cells, where),
        keywords=_listed(cells.get("keywords", "")),
        commodity=cells.get("commodity", ""),
        product_type=cells.get("product_type", "") or cells.get("commodity", ""),
    )


def _check_for_kiosk(cells: Mapping[str, str], text: str, where: _Line) -> None:
    for column in ("aisle", "bay"):
        if not _PLACE.fullmatch(cells[column]):
            raise where.wrong(column, cells[column], "letters and digits, at most 16, such as 4 or B2")
    if not cells["department"]:
        raise where.wrong("department", "", "the department's name")
    if not text:
        raise where.wrong("sku", cells["sku"], "a product with a description, a type or a commodity")
    if not _PRICE.fullmatch(cells["price"]):
        raise where.wrong("price", cells["price"], "an amount over 0 with a dot, such as 2.49")


def _price(cells: Mapping[str, str], where: _Line) -> Decimal:
    """The price; 0 where the file gives none, which no kiosk is given."""
    text = cells.get("price", "")
    if not text:
        return Decimal("0.00")
    if not _PRICE.fullmatch(text) or (where.for_kiosk and not Decimal(text)):
        raise where.wrong("price", text, "an amount over 0 with a dot, such as 2.49")
    return Decimal(text).quantize(Decimal("0.01"))


def _age(cells: Mapping[str, str], where: _Line) -> int | None:
    text = cells.get("age_limit", "")
    if text not in ("", "16", "18"):
        raise where.wrong("age_limit", text, "empty, 16 or 18")
    return int(text) if text else None


def _listed(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.split(";") if part.strip())
