"""What each tool gives back: plain values with their units, without sentences, so that they hold in any language."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Amount = Annotated[str, Field(description="Amount of the currency, such as 1.29.")]


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True)


class ProductTold(_Told):
    """A product that the shop sells."""

    sku: str
    title: str
    name: str
    brand: str
    size: str
    department: str
    price: Amount
    aisle: str
    bay: str
    age_limit: Annotated[int | None, Field(description="Years that a buyer must have; null where none is set.")]


class SearchTold(_Told):
    """Products that fit the words, the best first."""

    match: Annotated[Literal["one", "several", "none"], Field(description="none: the shop has no such product.")]
    total: Annotated[int, Field(description="How many fit; the list may be shorter.")]
    products: Sequence[ProductTold]
    alike: Annotated[
        Sequence[ProductTold], Field(description="Where nothing fits: what may have been meant. Ask, do not claim.")
    ] = ()


class SimilarTold(_Told):
    """Products to think of beside one."""

    sku: str
    products: Sequence[ProductTold]


class PriceTold(_Told):
    """Today's price."""

    sku: str
    amount: Amount
    currency: str
    unit_price: Annotated[str, Field(description="Of the normal price, such as 2.49/kg; empty while an offer holds.")]
    normal_amount: Annotated[str | None, Field(description="The price without the offer; null where none holds.")]
    offer_until: Annotated[date | None, Field(description="Last day of the offer.")]
    offer_text: str


class AvailabilityTold(_Told):
    """What was last seen on the shelf."""

    sku: str
    state: Annotated[
        Literal["in_stock", "out_of_stock", "unknown"],
        Field(description="unknown: no camera saw the shelf recently; it does not mean out of stock."),
    ]
    units: int | None
    age_s: Annotated[float | None, Field(description="Seconds since the shelf was seen.")]


class PlaceTold(_Told):
    """Where a product stands."""

    sku: str
    aisle: str
    bay: str


class OfferTold(_Told):
    """A product on offer today."""

    product: ProductTold
    price: PriceTold


class OffersTold(_Told):
    """Today's offers, the deepest cut first."""

    total: int
    offers: Sequence[OfferTold]


class HoursTold(_Told):
    """Opening hours of one local date."""

    day: date
    opens: Annotated[Sequence[tuple[str, str]], Field(description="From and until, local time; empty: closed all day.")]
    special: Annotated[str | None, Field(description="Why the day differs from others of its kind.")]
    is_open_now: Annotated[bool | None, Field(description="Null where the date is not today.")]


class ServiceTold(_Told):
    """Something besides goods, word for word as the shop says it."""

    name: str
    where: str


class PolicyTold(_Told):
    """Returns, services, telephone and address, word for word as the shop gave them."""

    return_days: int
    returns: Sequence[str]
    services: Sequence[ServiceTold]
    phone: str | None
    address: str | None


class AllergensTold(_Told):
    """Allergens that the shop's data list."""

    sku: str
    listed: Sequence[str]
    caution: str = "The label is what counts. An allergen that is not listed may still be in the product."


class TicketTold(_Told):
    """A colleague was called."""

    ticket: str
