"""The tools themselves: each takes checked arguments, asks the assistant's read-only tools and gives typed values.

Owns the list of tools and what each may be given. All are read-only but `call_colleague`. A text is guarded before
anything looks at it. Blocks for milliseconds; any thread may call it. Knows nothing of the protocol.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import BaseModel

from edge.assistant.asked_day import FURTHEST
from edge.assistant.assistant import Assistant
from edge.assistant.guard import guard, words_of_goods
from edge.assistant.tools import Tools
from edge.catalogue import Product
from edge.mcp_server.asked import Listed, Nothing, OfDay, OfProduct, Search
from edge.mcp_server.errors import DayFarError, HostileTextError, ProductUnknownError
from edge.mcp_server.told import (
    AllergensTold,
    AvailabilityTold,
    HoursTold,
    OffersTold,
    OfferTold,
    PlaceTold,
    PolicyTold,
    PriceTold,
    ProductTold,
    SearchTold,
    ServiceTold,
    SimilarTold,
    TicketTold,
)

_SIMILAR = 8
CALLER = "mcp"
"""Source of the tickets that programs ask for; while one is open, the same one is given again."""


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool: what it is for, what it takes, what it gives, and how."""

    name: str
    purpose: str
    takes: type[BaseModel]
    gives: type[BaseModel]
    run: Callable[[Any], BaseModel]
    is_read_only: bool = True


class Toolbox:
    """All tools of one shop."""

    def __init__(self, tools: Tools, assistant: Assistant) -> None:
        self._tools = tools
        self._assistant = assistant
        self._goods = words_of_goods(product.title for product in tools.shop.catalogue)

    def all(self) -> Mapping[str, Tool]:
        """Every tool by its name, in the order in which they are shown."""
        listed = (
            Tool("find_product", "Find products by a shopper's words, misspelled ones too.", Search, SearchTold,
                 self._find),
            Tool("price", "Today's price of a product, with the offer that holds.", OfProduct, PriceTold, self._price),
            Tool("availability", "Units last seen on a product's shelf, and how long ago.", OfProduct, AvailabilityTold,
                 self._availability),
            Tool("locate", "Aisle and bay of a product.", OfProduct, PlaceTold, self._locate),
            Tool("offers", "What is on offer today.", Listed, OffersTold, self._offers),
            Tool("hours", "Opening hours of a day, and whether the shop is open now.", OfDay, HoursTold, self._hours),
            Tool("policy", "Returns, services, telephone and address of the shop.", Nothing, PolicyTold, self._policy),
            Tool("allergens", "Allergens that the shop's data list for a product.", OfProduct, AllergensTold,
                 self._allergens),
            Tool("alternatives", "What could stand in for a product; nothing that was seen to be gone.", OfProduct,
                 SimilarTold, self._alternatives),
            Tool("goes_with", "Products that the shop suggests with one.", OfProduct, SimilarTold, self._goes_with),
            Tool("call_colleague", "Call a member of staff; gives the number of the ticket that they see.", Nothing,
                 TicketTold, self._call_colleague, is_read_only=False),
        )  # fmt: skip
        return {tool.name: tool for tool in listed}

    def _find(self, asked: Search) -> SearchTold:
        guarded = guard(asked.query, goods=self._goods)
        if guarded.is_attack:
            raise HostileTextError("The query is aimed at the machine, not at the shop. Give words for a product.")
        found = self._tools.find(guarded.question, limit=asked.limit) if guarded.question else None
        if found is None or found.kind == "none":
            alike = found.proposals if found is not None else ()
            return SearchTold(match="none", total=0, products=(), alike=tuple(map(self._product, alike)))
        shown = found.products[: asked.limit]
        return SearchTold(match=found.kind, total=found.total, products=tuple(self._product(one) for one in shown))

    def _price(self, asked: OfProduct) -> PriceTold:
        return self._price_of(self._known(asked.sku))

    def _price_of(self, product: Product) -> PriceTold:
        fact = self._tools.price(product)
        return PriceTold(
            sku=product.sku,
            amount=f"{fact.amount:.2f}",
            currency=fact.currency,
            unit_price=fact.unit_price,
            normal_amount=None if fact.normal is None else f"{fact.normal:.2f}",
            offer_until=fact.until,
            offer_text=fact.offer_text,
        )

    def _availability(self, asked: OfProduct) -> AvailabilityTold:
        fact = self._tools.stock(self._known(asked.sku))
        return AvailabilityTold(sku=asked.sku, state=fact.state, units=fact.units, age_s=fact.age_s)

    def _locate(self, asked: OfProduct) -> PlaceTold:
        fact = self._tools.place(self._known(asked.sku))
        return PlaceTold(sku=asked.sku, aisle=fact.aisle, bay=fact.bay)

    def _offers(self, asked: Listed) -> OffersTold:
        products = self._tools.offers_today()
        shown = [OfferTold(product=self._product(one), price=self._price_of(one)) for one in products[: asked.limit]]
        return OffersTold(total=len(products), offers=shown)

    def _hours(self, asked: OfDay) -> HoursTold:
        self._require_known(asked.day)
        fact = self._tools.hours(asked.day)
        opens = tuple((span.opens, span.closes) for span in fact.ranges)
        return HoursTold(day=fact.day, opens=opens, special=fact.special, is_open_now=fact.is_open_now)

    def _require_known(self, day: date | None) -> None:
        """As at the kiosk: holidays further away may not be entered yet, and then the weekday's hours are wrong."""
        today = self._tools.local_now().date()
        if day is None or today <= day <= today + FURTHEST:
            return
        if day < today or day not in {special.date for special in self._tools.shop.info.exceptions}:
            raise DayFarError(
                f"Hours are known from today to {today + FURTHEST}. Give a day of these, or call_colleague."
            )

    def _policy(self, _: Nothing) -> PolicyTold:
        returns, info = self._tools.returns(), self._tools.shop.info
        return PolicyTold(
            return_days=returns.days,
            returns=returns.lines,
            services=tuple(ServiceTold(name=fact.name, where=fact.where) for fact in self._tools.services()),
            phone=info.phone or None,
            address=info.address or None,
        )

    def _allergens(self, asked: OfProduct) -> AllergensTold:
        fact = self._tools.allergens(self._known(asked.sku))
        return AllergensTold(sku=asked.sku, listed=fact.allergens)

    def _alternatives(self, asked: OfProduct) -> SimilarTold:
        product = self._known(asked.sku)
        return SimilarTold(
            sku=asked.sku, products=tuple(map(self._product, self._tools.alternatives(product)[:_SIMILAR]))
        )

    def _goes_with(self, asked: OfProduct) -> SimilarTold:
        product = self._known(asked.sku)
        return SimilarTold(sku=asked.sku, products=tuple(map(self._product, self._tools.goes_with(product)[:_SIMILAR])))

    def _call_colleague(self, _: Nothing) -> TicketTold:
        answer = self._assistant.call_colleague(kiosk_id=CALLER, session=CALLER)
        return TicketTold(ticket=str(answer.facts[0]["ticket"]))

    def _known(self, sku: str) -> Product:
        product = self._tools.product(sku)
        if product is None:
            raise ProductUnknownError("There is no such product here. Take a number that find_product gives.")
        return product

    def _product(self, product: Product) -> ProductTold:
        return ProductTold(
            sku=product.sku,
            title=product.title,
            name=product.name,
            brand=product.brand,
            size=product.size,
            department=product.department,
            price=f"{self._tools.price(product).amount:.2f}",
            aisle=product.aisle,
            bay=product.bay,
            age_limit=product.age_limit,
        )
