"""The assistant's tools: read-only questions to the catalogue, the shop's data and the shelf, answered as typed facts.

Owns turning data into facts at one moment of the shop's local time. Refuses to guess: no reading, an old one or one
from the future is `unknown`. Knows nothing about shoppers or staff and runs no free-form query.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

from edge.alternatives import NO_ALTERNATIVES, Alternatives
from edge.assistant.formats import Formats
from edge.assistant.tool_facts import (
    AllergenFact,
    HoursFact,
    PlaceFact,
    PriceFact,
    ProductFact,
    ReturnsFact,
    ServiceFact,
    StockFact,
    ToolFact,
)
from edge.catalogue import Catalogue, Product
from edge.catalogue_search import ProductSearch, SearchResult
from edge.clock import Clock
from edge.shop_ideas import NO_IDEAS, Idea, Ideas
from edge.shop_info import Offers, ShopInfo

_FUTURE_SLACK_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """Units last seen of one SKU, summed over its slots, and when every one of them was last seen."""

    units: int
    seen_at: datetime
    """Aware UTC. The moment up to which the shelf is known to hold ``units``, not the moment of the last change."""


class StockView(Protocol):
    """The latest shelf counts; any thread may ask, and the answer comes at once."""

    def stock(self, sku: str) -> Stock | None:
        """What was last seen, or None where nothing is known (no camera, blind, frozen, never counted)."""
        ...


class NoStockView:
    """A shop without shelf cameras: nothing is known of any shelf."""

    def stock(self, sku: str) -> Stock | None:  # noqa: ARG002 - the port's name
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopData:
    """The files of one shop, loaded and checked."""

    catalogue: Catalogue
    info: ShopInfo
    offers: Offers
    currency: str
    timezone: ZoneInfo
    ideas: Ideas = NO_IDEAS
    alike: Alternatives = NO_ALTERNATIVES


class Tools:
    """Everything that the assistant may find out. Any thread may call it."""

    def __init__(
        self,
        shop: ShopData,
        search: ProductSearch,
        stock: StockView,
        *,
        formats: Formats,
        clock: Clock,
        stock_max_age_s: float = 900.0,
    ) -> None:
        self.shop = shop
        self.formats = formats
        self.search = search
        self._stock = stock
        self._clock = clock
        self._stock_max_age_s = stock_max_age_s

    def local_now(self) -> datetime:
        """Now in the shop's timezone."""
        return self._clock.now().astimezone(self.shop.timezone)

    def find(self, text: str, *, limit: int = 3) -> SearchResult:
        """Products that the words may mean, at most ``limit`` of them."""
        return self.search.find(text, limit=limit)

    def product(self, sku: str) -> Product | None:
        """A product by its number."""
        return self.shop.catalogue.get(sku)

    def about(self, product: Product) -> tuple[ToolFact, ...]:
        """Everything an answer card shows: product, price, place, stock."""
        return (self.sold(product), self.price(product), self.place(product), self.stock(product))

    def sold(self, product: Product) -> ProductFact:
        """The shop sells it."""
        return ProductFact(
            sku=product.sku,
            title=product.title,
            name=product.name,
            brand=product.brand,
            size=product.size,
            department=product.department,
            age_limit=product.age_limit,
        )

    def price(self, product: Product) -> PriceFact:
        """Today's price, with the offer that holds."""
        currency = self.shop.currency
        today = self.local_now().date()
        offer = self.shop.offers.of(product.sku, today)
        if offer is None:
            return PriceFact(
                sku=product.sku,
                amount=product.price,
                currency=currency,
                text=self.formats.money_words(product.price, currency),
                unit_price=product.unit_price,
                unit_price_text=self._unit_price_text(product.unit_price),
            )
        return PriceFact(
            sku=product.sku,
            amount=offer.price,
            currency=currency,
            text=self.formats.money_words(offer.price, currency),
            unit_price="",
            normal=product.price,
            normal_text=self.formats.money_words(product.price, currency),
            until=offer.last_day,
            until_text=self.formats.date_words(offer.last_day, today=today),
            offer_text=offer.text,
        )

    def place(self, product: Product) -> PlaceFact:
        """Aisle and bay."""
        return PlaceFact(sku=product.sku, aisle=product.aisle, bay=product.bay)

    def stock(self, product: Product) -> StockFact:
        """What was last seen on the shelf, or that it is unknown."""
        seen = self._stock.stock(product.sku)
        age_s = None if seen is None else (self._clock.now() - seen.seen_at).total_seconds()
        if seen is None or age_s is None or not -_FUTURE_SLACK_S <= age_s <= self._stock_max_age_s:
            return StockFact(sku=product.sku, state="unknown", units=None, age_s=None, age_text=None)
        age_s = max(0.0, age_s)
        return StockFact(
            sku=product.sku,
            state="in_stock" if seen.units > 0 else "out_of_stock",
            units=seen.units,
            age_s=round(age_s, 1),
            age_text=self.formats.age_words(age_s),
        )

    def allergens(self, product: Product) -> AllergenFact:
        """What the catalogue lists."""
        names = tuple(map(self.formats.allergen_words, product.allergens))
        return AllergenFact(sku=product.sku, allergens=product.allergens, names=names)

    def alternatives(self, product: Product, *, any_allergen: bool = False) -> tuple[Product, ...]:
        """What could stand in for it and was not seen to be gone; what was seen on its shelf comes first.

        What lists an allergen that the product does not is among them only with ``any_allergen``.
        """
        alike = self._known(other.sku for other in self.shop.alike.of(product.sku, any_allergen=any_allergen))
        others = [(self.stock(other).state, other) for other in alike]
        left = [pair for pair in others if pair[0] != "out_of_stock"]
        return tuple(other for _, other in sorted(left, key=lambda pair: pair[0] != "in_stock"))

    def goes_with(self, product: Product) -> tuple[Product, ...]:
        """What the shop suggests with it; empty where it suggests nothing."""
        return self._known(self.shop.ideas.with_product(product.sku))

    def of_idea(self, idea: Idea) -> tuple[Product, ...]:
        """The products of one of the shop's ideas."""
        return self._known(idea.skus)

    def _known(self, skus: Iterable[str]) -> tuple[Product, ...]:
        return tuple(found for sku in skus if (found := self.product(sku)) is not None)

    def offers_today(self, products: Sequence[Product] = ()) -> tuple[Product, ...]:
        """Products on offer today, the deepest cut first; only among ``products`` where given."""
        today = self.local_now().date()
        wanted = {product.sku for product in products}
        found = []
        for offer in self.shop.offers.on(today):
            product = self.product(offer.sku)
            if product is not None and (not wanted or product.sku in wanted):
                found.append((offer.price / product.price, product))
        return tuple(product for _, product in sorted(found, key=lambda pair: (pair[0], pair[1].sku)))

    def hours(self, day: date | None = None) -> HoursFact:
        """Hours of a local date (default today), and for today whether the shop is open now and when next."""
        local = self.local_now()
        asked = local.date() if day is None else day
        ranges, special = self.shop.info.on(asked)
        is_today = asked == local.date()
        now = self.shop.info.open_range(local) if is_today else None
        following = self.shop.info.next_opening(local) if is_today and now is None else None
        return HoursFact(
            day=asked,
            day_text=self.formats.day_words(asked, today=local.date()),
            ranges=ranges,
            special=special,
            is_open_now=(now is not None) if is_today else None,
            closes=now.closes if now else None,
            next_day_text=self.formats.day_words(following[0], today=local.date()) if following else None,
            next_opens=following[1].opens if following else None,
        )

    def returns(self) -> ReturnsFact:
        """The policy, word for word."""
        policy = self.shop.info.returns
        return ReturnsFact(days=policy.days, lines=policy.lines)

    def services(self) -> tuple[ServiceFact, ...]:
        """Everything the shop has besides goods."""
        return tuple(ServiceFact(name=service.name, where=service.where) for service in self.shop.info.services)

    def contact(self, what: Literal["phone", "address"], *, called: str) -> ServiceFact | None:
        """The shop's telephone number or address, word for word; None where the shop gives none."""
        info = self.shop.info
        said = {"phone": info.phone, "address": info.address}[what]
        return ServiceFact(name=called, where=said) if said else None

    def _unit_price_text(self, unit_price: str) -> str:
        amount, slash, unit = unit_price.partition("/")
        if not slash:
            return ""
        written = self.formats.money_words(Decimal(amount.strip()), self.shop.currency)
        return self.formats.unit_price.format(money=written, unit=unit.strip())
