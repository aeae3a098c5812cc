"""The shop's catalogue: what is sold, for how much, and where it stands.

Owns reading and checking `catalogue.csv`. Refuses a file with one wrong cell, naming line and column: a kiosk
that shows half a catalogue would deny products that the shop has. Search over it is in `edge.catalogue_search`.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from edge.errors import ConfigError

COLUMNS = (
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
)
_SKU = re.compile(r"[A-Z]{2}-[0-9]{4,6}")
_PRICE = re.compile(r"[0-9]{1,5}(\.[0-9]{1,2})?")
_PLACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 -]{0,15}")
_UNIT_PRICE = re.compile(r"([0-9]{1,5}\.[0-9]{2})\s*/\s*([0-9]*\s*[A-Za-z]{1,8})")
_AGE_LIMITS = {"": None, "16": 16, "18": 18}
_MAX_TEXT = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """One line of the catalogue."""

    sku: str
    name: str
    brand: str
    size: str
    price: Decimal
    """In the shop's currency, two places."""
    unit_price: str
    """As printed on the shelf label, ``4.98/kg``; may be empty."""
    department: str
    aisle: str
    bay: str
    allergens: tuple[str, ...] = ()
    age_limit: int | None = None
    keywords: tuple[str, ...] = ()
    commodity: str = ""
    """What head office groups product types under, such as YOGURT; empty where the file has no such level."""
    product_type: str = ""
    """What kind of thing it is, as head office writes it; empty where the file has no such level."""

    @property
    def title(self) -> str:
        """Brand, name and size as a shopper reads them; the brand only once."""
        branded = self.name if not self.brand or self.name.startswith(self.brand) else f"{self.brand} {self.name}"
        return f"{branded}, {self.size}" if self.size else branded


class Catalogue:
    """Every product of the shop, in the file's order."""

    def __init__(self, products: Iterable[Product]) -> None:
        self._by_sku = {product.sku: product for product in products}

    def __iter__(self) -> Iterator[Product]:
        return iter(self._by_sku.values())

    def __len__(self) -> int:
        return len(self._by_sku)

    def get(self, sku: str) -> Product | None:
        """The product with this number, or None."""
        return self._by_sku.get(sku)

    @property
    def departments(self) -> tuple[str, ...]:
        """Department names in the order in which the file first has them."""
        return tuple(dict.fromkeys(product.department for product in self))

    def in_department(self, department: str) -> tuple[Product, ...]:
        """The department's products, in the file's order; empty where there is no such department."""
        return tuple(product for product in self if product.department == department)


def load_catalogue(path: Path) -> Catalogue:
    """Read and check the catalogue (UTF-8 CSV with exactly `COLUMNS`).

    Raises:
        ConfigError: unreadable, a wrong header, a wrong cell or a repeated SKU; says line and column.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{path}: cannot be read as UTF-8 CSV: {error}") from error
    if not rows or tuple(rows[0]) != COLUMNS:
        raise ConfigError(f"{path}, line 1: the header must be exactly: {','.join(COLUMNS)}")
    products: dict[str, Product] = {}
    for line, row in enumerate(rows[1:], start=2):
        if not row:
            continue
        product = _product_of(row, where=f"{path}, line {line}")
        if product.sku in products:
            raise ConfigError(f"{path}, line {line}, column sku: {product.sku} stands twice; give each product its own")
        products[product.sku] = product
    if not products:
        raise ConfigError(f"{path}: holds no product; add at least one line under the header")
    return Catalogue(products.values())


def _product_of(row: list[str], *, where: str) -> Product:
    if len(row) != len(COLUMNS):
        raise ConfigError(f"{where}: has {len(row)} cells and must have {len(COLUMNS)}; quote cells that hold a comma")
    cells = {column: cell.strip() for column, cell in zip(COLUMNS, row, strict=True)}
    for column, limit in (("name", _MAX_TEXT), ("brand", 40), ("size", 24), ("department", 40)):
        _check_text(cells, column, limit=limit, where=where)
    _check(cells, "sku", _SKU, where=where, right="two capitals, a dash and four to six digits, such as BR-0001")
    for column in ("aisle", "bay"):
        _check(cells, column, _PLACE, where=where, right="letters and digits, at most 16, such as 4 or B2")
    if cells["unit_price"]:
        _check(cells, "unit_price", _UNIT_PRICE, where=where, right="an amount and a unit, such as 4.98/kg")
    if cells["age_limit"] not in _AGE_LIMITS:
        raise ConfigError(f"{where}, column age_limit: {cells['age_limit']!r} must be empty, 16 or 18")
    return Product(
        sku=cells["sku"],
        name=cells["name"],
        brand=cells["brand"],
        size=cells["size"],
        price=parse_price(cells["price"], where=f"{where}, column price"),
        unit_price=cells["unit_price"],
        department=cells["department"],
        aisle=cells["aisle"],
        bay=cells["bay"],
        allergens=_listed(cells["allergens"]),
        age_limit=_AGE_LIMITS[cells["age_limit"]],
        keywords=_listed(cells["keywords"]),
    )


def parse_price(text: str, *, where: str) -> Decimal:
    """A positive amount with a dot and at most two decimals.

    Raises:
        ConfigError: it is not one; ``where`` is named.
    """
    price = Decimal(text) if _PRICE.fullmatch(text) else Decimal(0)
    if price <= 0:
        raise ConfigError(f"{where}: {text!r} must be an amount over 0 with a dot, such as 2.49")
    return price.quantize(Decimal("0.01"))


def _listed(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.split(";") if part.strip())


def _check(cells: Mapping[str, str], column: str, pattern: re.Pattern[str], *, where: str, right: str) -> None:
    if not pattern.fullmatch(cells[column]):
        raise ConfigError(f"{where}, column {column}: {cells[column]!r} must be {right}")


def _check_text(cells: Mapping[str, str], column: str, *, limit: int, where: str) -> None:
    text = cells[column]
    is_required = column not in ("brand", "size")
    if (is_required and not text) or len(text) > limit or not text.isprintable():
        least = 1 if is_required else 0
        raise ConfigError(f"{where}, column {column}: {text!r} must be {least} to {limit} printable characters")
