"""What a shop tells its visitors about itself: hours and their exceptions, returns, services, offers.

Owns reading `shop-info.toml` and `offers.csv`, and the rules that turn them into "open now" and "on offer today".
Refuses a file with one wrong value, naming it. Knows local dates and times only; the caller converts UTC.
"""

import csv
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from edge.catalogue import Catalogue, parse_price
from edge.errors import ConfigError

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
OFFER_COLUMNS = ("sku", "offer_price", "from", "to", "text")
_RANGE = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-(([01][0-9]|2[0-3]):([0-5][0-9])|24:00)")
_LOOK_AHEAD_DAYS = 14

Line = Annotated[str, Field(min_length=1, max_length=160)]


@dataclass(frozen=True, slots=True, order=True)
class TimeRange:
    """Open from ``opens`` to ``closes``, as ``08:00`` and ``20:00``; ``24:00`` is the end of the day."""

    opens: str
    closes: str

    def holds(self, moment: time) -> bool:
        """Whether the shop is open at this local time of the day."""
        return self.opens <= moment.strftime("%H:%M") < self.closes


def _ranges(texts: object) -> tuple[TimeRange, ...]:
    if not isinstance(texts, list) or not all(isinstance(text, str) and _RANGE.fullmatch(text) for text in texts):
        raise ValueError('must be a list of ranges such as ["08:00-12:30", "14:00-20:00"], or [] for closed')
    ranges = tuple(TimeRange(*text.split("-")) for text in texts)
    if any(span.opens >= span.closes for span in ranges):
        raise ValueError("must open before it closes; split a night at 24:00 into two days")
    if any(earlier.closes > later.opens for earlier, later in pairwise(ranges)):
        raise ValueError("must list its ranges in order and apart")
    return ranges


def _ranges_of(day: str, texts: object) -> tuple[TimeRange, ...]:
    try:
        return _ranges(texts)
    except ValueError as error:
        raise ValueError(f"{day} {error}") from error


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SpecialDay(_Section):
    """One date with hours of its own."""

    date: date
    name: Line
    ranges: tuple[TimeRange, ...]

    _parse = field_validator("ranges", mode="before")(_ranges)


class Returns(_Section):
    """The shop's returns policy."""

    days: Annotated[int, Field(ge=0, le=365)]
    lines: Annotated[tuple[Line, ...], Field(min_length=1, max_length=8)]


class Service(_Section):
    """Something the shop has besides goods, and where."""

    name: Line
    where: Line


class ShopInfo(_Section):
    """`shop-info.toml`."""

    name: Line | None = None
    hours: dict[Weekday, tuple[TimeRange, ...]]
    exceptions: tuple[SpecialDay, ...] = ()
    returns: Returns
    services: tuple[Service, ...] = ()
    address: Line | None = None
    phone: Line | None = None

    @field_validator("hours", mode="before")
    @classmethod
    def _all_weekdays(cls, hours: object) -> object:
        if not isinstance(hours, dict) or set(hours) != set(WEEKDAYS):
            raise ValueError(f"must name exactly {', '.join(WEEKDAYS)}")
        return {day: _ranges_of(day, texts) for day, texts in hours.items()}

    def on(self, day: date) -> tuple[tuple[TimeRange, ...], str | None]:
        """Hours of a local date, and the exception's name where it is one; no range means closed."""
        for exception in self.exceptions:
            if exception.date == day:
                return exception.ranges, exception.name
        return self.hours[WEEKDAYS[day.weekday()]], None

    def open_range(self, local: datetime) -> TimeRange | None:
        """The range that holds this local moment, or None when the shop is closed."""
        ranges, _ = self.on(local.date())
        return next((span for span in ranges if span.holds(local.time())), None)

    def next_opening(self, local: datetime) -> tuple[date, TimeRange] | None:
        """When the shop opens next after this local moment; None where it stays closed for two weeks."""
        for ahead in range(_LOOK_AHEAD_DAYS + 1):
            day = local.date() + timedelta(days=ahead)
            now = local.strftime("%H:%M") if ahead == 0 else ""
            for span in self.on(day)[0]:
                if span.opens > now:
                    return day, span
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A lower price between two local dates, both included."""

    sku: str
    price: Decimal
    first_day: date
    last_day: date
    text: str

    def is_on(self, day: date) -> bool:
        """Whether the offer holds on this local date."""
        return self.first_day <= day <= self.last_day


class Offers:
    """Every offer of the file, past and coming ones too."""

    def __init__(self, offers: tuple[Offer, ...]) -> None:
        self._offers = offers

    def __iter__(self) -> Iterator[Offer]:
        return iter(self._offers)

    def on(self, day: date) -> tuple[Offer, ...]:
        """Offers that hold on this local date."""
        return tuple(offer for offer in self._offers if offer.is_on(day))

    def of(self, sku: str, day: date) -> Offer | None:
        """The lowest offer for a product on this local date, or None."""
        held = [offer for offer in self._offers if offer.sku == sku and offer.is_on(day)]
        return min(held, key=lambda offer: offer.price, default=None)


def load_shop_info(path: Path) -> ShopInfo:
    """Read and check `shop-info.toml`.

    Raises:
        ConfigError: unreadable or a wrong value; names the field and what would be right.
    """
    try:
        return ShopInfo.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as TOML: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{path}, {field}: {str(first['msg']).removeprefix('Value error, ')}") from error


def load_offers(path: Path, catalogue: Catalogue) -> Offers:
    """Read and check `offers.csv` (UTF-8, exactly `OFFER_COLUMNS`) against the catalogue's prices.

    Raises:
        ConfigError: unreadable, wrong header or cell, unknown SKU, or no saving; says line and column.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{path}: cannot be read as UTF-8 CSV: {error}") from error
    if not rows or tuple(rows[0]) != OFFER_COLUMNS:
        raise ConfigError(f"{path}, line 1: the header must be exactly: {','.join(OFFER_COLUMNS)}")
    return Offers(tuple(_offer_of(row, catalogue, f"{path}, line {n}") for n, row in enumerate(rows[1:], 2) if row))


def _offer_of(row: list[str], catalogue: Catalogue, where: str) -> Offer:
    if len(row) != len(OFFER_COLUMNS):
        raise ConfigError(f"{where}: has {len(row)} cells and must have {len(OFFER_COLUMNS)}")
    sku, price_text, first, last, text = (cell.strip() for cell in row)
    product = catalogue.get(sku)
    if product is None:
        raise ConfigError(f"{where}, column sku: {sku!r} is not in the catalogue")
    price = parse_price(price_text, where=f"{where}, column offer_price")
    if price >= product.price:
        raise ConfigError(f"{where}, column offer_price: {price} must be under the normal price {product.price}")
    first_day, last_day = _day(first, f"{where}, column from"), _day(last, f"{where}, column to")
    if first_day > last_day:
        raise ConfigError(f"{where}, column to: {last} must not be before {first}")
    if len(text) > 120 or not (text.isprintable() or not text):
        raise ConfigError(f"{where}, column text: must be at most 120 printable characters")
    return Offer(sku=sku, price=price, first_day=first_day, last_day=last_day, text=text)


def _day(text: str, where: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"{where}: {text!r} must be a date such as 2026-11-30") from error
