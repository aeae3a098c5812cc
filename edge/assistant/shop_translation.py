"""One shop's names and texts in another language, from files that lie beside its own.

`catalogue.<code>.csv` names products, departments and keywords; `shop-info.<code>.toml` the services, special days,
returns and offers. Either may be missing, and either may leave something out: that is said in the shop's own language.
Prices, places, hours and allergens are never translated. Refuses a file that names something the shop does not have.
"""

import csv
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edge.assistant.language import Language
from edge.assistant.tools import ShopData
from edge.catalogue import Catalogue, Product
from edge.errors import ConfigError
from edge.shop_info import Line, Offers, Service, ShopInfo

COLUMNS = ("sku", "name", "department", "keywords")
_MAX_NAME, _MAX_DEPARTMENT = 80, 40
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)(\s*)([^\W\d_]+)")
_POINT = re.compile(r"(?<=\d)\.(?=\d)")


class _InfoWords(BaseModel):
    """`shop-info.<code>.toml`; the keys of its tables are the shop's own texts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    returns: Annotated[tuple[Line, ...], Field(min_length=1, max_length=8)] | None = None
    special_days: dict[str, Line] = {}
    services: dict[str, Service] = {}
    offers: dict[str, Line] = {}


def translation_of(path: Path, code: str) -> Path:
    """Where the translation of a shop's file lies: ``catalogue.csv`` has ``catalogue.de.csv`` beside it."""
    return path.with_name(f"{path.stem}.{code}{path.suffix}")


def translated_shop(shop: ShopData, *, own: Language, other: Language, catalogue: Path, info: Path) -> ShopData:
    """The shop in another language; ``catalogue`` and ``info`` are the paths of its own files.

    Raises:
        ConfigError: a translation is there and wrong; says line and column, or key.
    """
    names = _read_names(translation_of(catalogue, other.code), shop.catalogue)
    words = _read_info(translation_of(info, other.code))
    where = str(translation_of(info, other.code))
    return replace(
        shop,
        catalogue=Catalogue(_translated(product, names, own, other) for product in shop.catalogue),
        info=_with_words(shop.info, words, where=where),
        offers=_offers(shop.offers, words.offers, where=where),
    )


def _translated(product: Product, names: Mapping[str, Mapping[str, str]], own: Language, other: Language) -> Product:
    cells = names.get(product.sku, {})
    amount, slash, unit = product.unit_price.partition("/")
    return replace(
        product,
        name=cells.get("name") or product.name,
        department=cells.get("department") or product.department,
        keywords=_listed(cells["keywords"]) if cells else product.keywords,
        size=_size(product.size, own, other),
        unit_price=f"{amount}/{_unit(unit.strip(), own, other, one=True)}" if slash else "",
    )


def _size(size: str, own: Language, other: Language) -> str:
    """``1.5 l`` as ``1,5 l`` and ``4 pcs`` as ``4 Stück``."""

    def written(match: re.Match[str]) -> str:
        return f"{match[1]}{match[2]}{_unit(match[3], own, other, one=match[1] == '1')}"

    return _POINT.sub(other.formats.decimal, _AMOUNT.sub(written, size))


def _unit(unit: str, own: Language, other: Language, *, one: bool) -> str:
    counted = other.words.counted.get(own.words.units.get(unit, (unit, 1))[0])
    return unit if counted is None else counted[not one]


def _with_words(info: ShopInfo, words: _InfoWords, *, where: str) -> ShopInfo:
    _check_known(words.special_days, (day.name for day in info.exceptions), f"{where}, special_days")
    _check_known(words.services, (service.name for service in info.services), f"{where}, services")
    days = [day.model_copy(update={"name": words.special_days.get(day.name, day.name)}) for day in info.exceptions]
    returns = info.returns.model_copy(update={"lines": words.returns or info.returns.lines})
    services = tuple(words.services.get(service.name, service) for service in info.services)
    return info.model_copy(update={"exceptions": tuple(days), "returns": returns, "services": services})


def _offers(offers: Offers, words: Mapping[str, str], *, where: str) -> Offers:
    _check_known(words, (offer.text for offer in offers), f"{where}, offers")
    return Offers(tuple(replace(offer, text=words.get(offer.text, offer.text)) for offer in offers))


def _check_known(given: Iterable[str], known: Iterable[str], where: str) -> None:
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise ConfigError(f"{where}.{unknown[0]!r}: the shop's own file has no such text; write it letter by letter")


def _read_info(path: Path) -> _InfoWords:
    if not path.exists():
        return _InfoWords()
    try:
        return _InfoWords.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as TOML: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ConfigError(f"{path}, {'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def _read_names(path: Path, catalogue: Catalogue) -> dict[str, dict[str, str]]:
    if not path.exists():
        return {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{path}: cannot be read as UTF-8 CSV: {error}") from error
    if not rows or tuple(rows[0]) != COLUMNS:
        raise ConfigError(f"{path}, line 1: the header must be exactly: {','.join(COLUMNS)}")
    names: dict[str, dict[str, str]] = {}
    for line, row in enumerate(rows[1:], start=2):
        cells = _cells(row, where=f"{path}, line {line}")
        if catalogue.get(cells["sku"]) is None or cells["sku"] in names:
            raise ConfigError(
                f"{path}, line {line}, column sku: {cells['sku']!r} must be in the catalogue, and once here"
            )
        names[cells["sku"]] = cells
    return names


def _cells(row: list[str], *, where: str) -> dict[str, str]:
    if len(row) != len(COLUMNS):
        raise ConfigError(f"{where}: has {len(row)} cells and must have {len(COLUMNS)}; quote cells that hold a comma")
    cells = {column: cell.strip() for column, cell in zip(COLUMNS, row, strict=True)}
    for column, limit in (("name", _MAX_NAME), ("department", _MAX_DEPARTMENT)):
        if len(cells[column]) > limit or not (cells[column].isprintable() or not cells[column]):
            raise ConfigError(f"{where}, column {column}: must be at most {limit} printable characters")
    return cells


def _listed(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.split(";") if part.strip())
