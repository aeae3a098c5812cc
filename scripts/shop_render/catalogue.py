"""Reads the shop's catalogue for what is printed on packs and price tags. The catalogue's rules live elsewhere."""

import csv
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """The printed words of one product."""

    sku: str
    name: str
    brand: str
    size: str
    price: str
    unit_price: str


def read_products(catalogue: Path) -> dict[str, Product]:
    """Products by SKU.

    Raises:
        OSError: the file cannot be read.
        KeyError: a column is missing.
    """
    with catalogue.open(encoding="utf-8", newline="") as file:
        return {
            row["sku"]: Product(
                sku=row["sku"],
                name=row["name"],
                brand=row["brand"],
                size=row["size"],
                price=row["price"],
                unit_price=row["unit_price"],
            )
            for row in csv.DictReader(file)
        }
