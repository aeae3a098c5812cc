"""What the tools found, as small typed values: the only things that an answer may claim.

Owns the shapes and their plain form for the screen; texts in them are written by the language's `formats`. Holds
nothing about a shopper. `edge.facts` is something else: those are events that the shop keeps; these live as long as
one answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar, Literal

from edge.shop_info import TimeRange

SuggestionReason = Literal["instead_of", "goes_with", "idea", "perhaps"]
StockState = Literal["in_stock", "out_of_stock", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolFact:
    """Base of what a tool returns."""

    kind: ClassVar[str] = ""

    def as_plain(self) -> dict[str, object]:
        """JSON-ready values under their field names, with ``kind``."""
        plain: dict[str, object] = {"kind": self.kind}
        for field in fields(self):
            plain[field.name] = _plain(getattr(self, field.name))
        return plain


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, TimeRange):
        return [value.opens, value.closes]
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductFact(ToolFact):
    """The shop sells this."""

    kind: ClassVar[str] = "product"
    sku: str
    title: str
    name: str
    brand: str
    size: str
    department: str
    age_limit: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceFact(ToolFact):
    """What it costs today; the normal price and the last day stand where an offer holds."""

    kind: ClassVar[str] = "price"
    sku: str
    amount: Decimal
    currency: str
    text: str
    unit_price: str
    """Of the normal price; empty while an offer holds, because the label's would be wrong."""
    unit_price_text: str = ""
    """With the currency, as it is said: ``€2.19/l``."""
    normal: Decimal | None = None
    normal_text: str | None = None
    until: date | None = None
    until_text: str | None = None
    offer_text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceFact(ToolFact):
    """Where it stands."""

    kind: ClassVar[str] = "place"
    sku: str
    aisle: str
    bay: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StockFact(ToolFact):
    """What was last seen on the shelf; ``unknown`` where nothing recent was seen, never "out of stock"."""

    kind: ClassVar[str] = "stock"
    sku: str
    state: StockState
    units: int | None
    age_s: float | None
    age_text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AllergenFact(ToolFact):
    """Allergens as the catalogue has them; the label is what counts."""

    kind: ClassVar[str] = "allergens"
    sku: str
    allergens: tuple[str, ...]
    names: tuple[str, ...] = ()
    """The same in the language of the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchesFact(ToolFact):
    """How many products match, of which some are shown."""

    kind: ClassVar[str] = "matches"
    total: int
    shown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PartsFact(ToolFact):
    """How many things one question named, and how many of them the shop has."""

    kind: ClassVar[str] = "parts"
    asked: int
    found: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherSizeFact(ToolFact):
    """A size that was asked for and that no product found has; ``words`` in the form of `WordForms.of`."""

    kind: ClassVar[str] = "other_size"
    text: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestionFact(ToolFact):
    """Products to think of, and why: the product ``sku``, or the shop's idea ``name``."""

    kind: ClassVar[str] = "suggestion"
    reason: SuggestionReason
    sku: str | None
    name: str
    skus: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursFact(ToolFact):
    """Hours of one local date; the ``now`` values stand only when the date is today."""

    kind: ClassVar[str] = "hours"
    day: date
    day_text: str
    """``today``, ``tomorrow``, or ``on Monday 30 November``."""
    ranges: tuple[TimeRange, ...]
    special: str | None
    is_open_now: bool | None
    closes: str | None
    next_day_text: str | None
    next_opens: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnsFact(ToolFact):
    """The returns policy, word for word."""

    kind: ClassVar[str] = "returns"
    days: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFact(ToolFact):
    """Something the shop has besides goods, and where, word for word."""

    kind: ClassVar[str] = "service"
    name: str
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFact(ToolFact):
    """A colleague was called."""

    kind: ClassVar[str] = "ticket"
    ticket: str
