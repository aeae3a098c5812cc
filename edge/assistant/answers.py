"""The answers of one language, put together from the sentences of its `answers.toml` and from facts, nothing else.

Owns which sentences make an answer. Each answer must pass the verifier like the model's own; one that does not is a
bug. Allergens, returns and services are only ever said from here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

from edge.assistant.formats import Formats
from edge.assistant.tool_facts import (
    AllergenFact,
    HoursFact,
    MatchesFact,
    OtherSizeFact,
    PlaceFact,
    PriceFact,
    ProductFact,
    ReturnsFact,
    ServiceFact,
    StockFact,
    SuggestionFact,
)
from edge.language_files import LanguageFile, holds

_Title = Annotated[str, holds("title")]
_Place = Annotated[str, holds("place")]
_Plain = Annotated[str, holds()]
_Seen = Annotated[str, holds("units", "age")]
_ShownOf = Annotated[str, holds("shown", "total")]


class Sentences(LanguageFile):
    """`answers.toml`."""

    dont_know: _Plain
    refused: _Plain
    greeting: _Plain
    thanks: _Plain
    no_offers: _Plain
    call_failed: _Plain
    no_allergen_list: _Plain
    found_only_part: _Plain
    check_label: _Plain
    yes: _Plain
    place: Annotated[str, holds("aisle", "bay")]
    is_in: Annotated[str, holds("title", "place")]
    it_is_in: _Place
    its_place: _Place
    costs: Annotated[str, holds("title", "price")]
    on_offer: Annotated[str, holds("title", "price", "normal", "until")]
    unit_price: Annotated[str, holds("unit_price")]
    price_of_one: _Plain
    age_limit: Annotated[str, holds("age_limit")]
    we_have: _Title
    we_sell: _Title
    sold_but_empty: Annotated[str, holds("title", "age")]
    not_sold_out: _Title
    named: _Title
    not_on_offer: Annotated[str, holds("title", "price")]
    one_seen: _Seen
    several_seen: _Seen
    seen_empty: Annotated[str, holds("age")]
    not_seen: _Plain
    shown_of: _ShownOf
    which_one: _Plain
    found_this: _Plain
    line: Annotated[str, holds("title", "price", "place")]
    shown_of_offers: _ShownOf
    one_offer: _Plain
    offer_line: Annotated[str, holds("title", "price", "normal", "until", "place")]
    instead_of: _Title
    goes_with: _Title
    idea: Annotated[str, holds("name")]
    perhaps: _Plain
    no_such_size: Annotated[str, holds("size")]
    lists: Annotated[str, holds("title", "allergens")]
    lists_none: _Title
    open: Annotated[str, holds("day", "span")]
    closed: Annotated[str, holds("day")]
    open_specially: Annotated[str, holds("day", "special", "span")]
    closed_specially: Annotated[str, holds("day", "special")]
    open_now: Annotated[str, holds("closes")]
    closed_now: _Plain
    opens_again: Annotated[str, holds("day", "opens")]
    span: Annotated[str, holds("opens", "closes")]
    span_joint: str
    phone: _Plain
    address: _Plain
    service: Annotated[str, holds("name", "where")]
    ticket: Annotated[str, holds("ticket")]


@dataclass(frozen=True)
class Answers:
    """Answers in one language. Holds nothing between them; any thread may call it."""

    say: Sentences
    formats: Formats

    @cached_property
    def constants(self) -> frozenset[str]:
        """Answers that claim nothing and are said as they stand."""
        say = self.say
        return frozenset({say.dont_know, say.no_allergen_list, say.refused, say.greeting, say.thanks, say.call_failed})

    def where_is(self, product: ProductFact, place: PlaceFact, stock: StockFact) -> str:
        """Place first, then what was seen of the shelf, where something was, and how old one must be."""
        is_in = self.say.is_in.format(title=product.title, place=self.place_words(place))
        return _joined(is_in, self._seen(stock), self.age_limit(product))

    def how_much(self, product: ProductFact, price: PriceFact) -> str:
        """Price, and the offer with its last day or the unit price."""
        unit = self.say.unit_price.format(unit_price=price.unit_price_text) if price.unit_price_text else ""
        return _joined(self.price_sentence(product.title, price), unit, self.age_limit(product))

    def how_much_each(self, product: ProductFact, price: PriceFact) -> str:
        """The price, and that it is the price of one, where several are wanted."""
        return _joined(self.price_sentence(product.title, price), self.say.price_of_one, self.age_limit(product))

    def have_you_got(self, product: ProductFact, place: PlaceFact, stock: StockFact) -> str:
        """Whether it is there, as far as that was seen."""
        say, title, where = self.say, product.title, self.place_words(place)
        match stock.state:
            case "out_of_stock":
                parts = [say.sold_but_empty.format(title=title, age=stock.age_text), say.its_place.format(place=where)]
            case "in_stock":
                parts = [say.we_have.format(title=title), self._seen(stock), say.it_is_in.format(place=where)]
            case _:
                parts = [say.we_sell.format(title=title), say.its_place.format(place=where), say.not_seen]
        return _joined(*parts, self.age_limit(product))

    def how_many_seen(self, product: ProductFact, place: PlaceFact, stock: StockFact) -> str:
        """What was seen of a shelf, where more are wanted than that: neither yes nor no."""
        seen = self._seen(stock) or self.say.not_seen
        its_place = self.say.its_place.format(place=self.place_words(place))
        return _joined(self.say.named.format(title=product.title), seen, its_place, self.age_limit(product))

    def sold_out(self, product: ProductFact, place: PlaceFact, stock: StockFact) -> str:
        """Whether it is sold out, in words that mean the same whichever way round it was asked."""
        where = self.place_words(place)
        if stock.state == "in_stock":
            return _joined(self.not_sold_out(product), self._seen(stock), self.say.it_is_in.format(place=where))
        seen = self._seen(stock) or self.say.not_seen
        return _joined(self.say.named.format(title=product.title), seen, self.say.its_place.format(place=where))

    def not_sold_out(self, product: ProductFact) -> str:
        """Said only where units were seen."""
        return self.say.not_sold_out.format(title=product.title)

    def ages(self, lines: Sequence[tuple[ProductFact, PriceFact, PlaceFact]], matches: MatchesFact) -> str:
        """How old one must be to buy each, and where it is."""
        listed = [
            _joined(
                self.say.named.format(title=product.title),
                self.age_limit(product),
                self.say.it_is_in.format(place=self.place_words(place)),
            )
            for product, _, place in lines
        ]
        return _joined(self._shown_of(matches), *listed)

    def no_such_size(self, fact: OtherSizeFact) -> str:
        """None of the products that follow has the size that was asked for."""
        return self.say.no_such_size.format(size=fact.text)

    def suggestion(self, fact: SuggestionFact, title: str) -> str:
        """What comes next is a suggestion, and why; ``title`` is the product that it goes with or stands in for."""
        match fact.reason:
            case "instead_of":
                return self.say.instead_of.format(title=title)
            case "goes_with":
                return self.say.goes_with.format(title=title)
            case "perhaps":
                return self.say.perhaps
        return self.say.idea.format(name=fact.name)

    def suggested(
        self, fact: SuggestionFact, title: str, lines: Sequence[tuple[ProductFact, PriceFact, PlaceFact]]
    ) -> str:
        """A suggestion, each product with price and place."""
        return _joined(self.suggestion(fact, title), self._listed(lines))

    def these(self, lines: Sequence[tuple[ProductFact, PriceFact, PlaceFact]], matches: MatchesFact) -> str:
        """Several things were asked for at once: each with price and place."""
        return _joined(self._shown_of(matches) or self.say.found_this, self._listed(lines))

    def which_one(self, lines: Sequence[tuple[ProductFact, PriceFact, PlaceFact]], matches: MatchesFact) -> str:
        """Several products match: name some, each with price and place, and ask back."""
        if len(lines) == 1:
            return _joined(self.say.found_this, self._listed(lines))
        return _joined(self._shown_of(matches), self.say.which_one, self._listed(lines))

    def offers(self, lines: Sequence[tuple[ProductFact, PriceFact, PlaceFact]], matches: MatchesFact) -> str:
        """Products on offer today."""
        say = self.say
        if not lines:
            return say.no_offers
        several = say.shown_of_offers.format(shown=matches.shown, total=matches.total)
        listed = [
            say.offer_line.format(
                title=product.title,
                price=price.text,
                normal=price.normal_text,
                until=price.until_text,
                place=self.place_words(place),
            )
            for product, price, place in lines
        ]
        return _joined(several if matches.total > 1 else say.one_offer, *listed)

    def not_on_offer(self, product: ProductFact, price: PriceFact) -> str:
        """One product that has its normal price today."""
        return self.say.not_on_offer.format(title=product.title, price=price.text)

    def hours(self, fact: HoursFact) -> str:
        """Open or closed, the day's hours, and when next."""
        again = self.opens_again(fact)
        if not fact.ranges:
            return _joined(self.closed_on(fact), again)
        if fact.is_open_now is None:
            return self.open_on(fact)
        if fact.is_open_now:
            return _joined(self.say.open_now.format(closes=fact.closes), self.open_on(fact))
        return _joined(self.say.closed_now, again, self.open_on(fact))

    def hours_of_days(self, facts: Sequence[HoursFact]) -> str:
        """Each of several days in a sentence of its own."""
        return " ".join(
            self.say.open.format(day=fact.day_text, span=self.ranges_words(fact))
            if fact.ranges
            else self.say.closed.format(day=fact.day_text)
            for fact in facts
        )

    def open_on(self, fact: HoursFact) -> str:
        """The hours of a day on which the shop opens, with the day's name where it is a special one."""
        span = self.ranges_words(fact)
        if fact.special:
            return self.say.open_specially.format(day=fact.day_text, special=fact.special, span=span)
        return self.say.open.format(day=fact.day_text, span=span)

    def closed_on(self, fact: HoursFact) -> str:
        """That the shop stays closed on a day, with the day's name where it is a special one."""
        if fact.special:
            return self.say.closed_specially.format(day=fact.day_text, special=fact.special)
        return self.say.closed.format(day=fact.day_text)

    def opens_again(self, fact: HoursFact) -> str:
        """When the shop opens next; empty where it is open or nothing is known."""
        return self.say.opens_again.format(day=fact.next_day_text, opens=fact.next_opens) if fact.next_opens else ""

    def returns(self, fact: ReturnsFact) -> str:
        """The policy, word for word."""
        return " ".join(fact.lines)

    def service(self, fact: ServiceFact) -> str:
        """Where a service is, word for word."""
        return self.say.service.format(name=fact.name, where=fact.where)

    def allergens(self, product: ProductFact, fact: AllergenFact) -> str:
        """What the catalogue lists, never that something is free of anything."""
        if not fact.allergens:
            return _joined(self.say.lists_none.format(title=product.title), self.say.check_label)
        listed = ", ".join(map(self.formats.allergen_words, fact.allergens))
        return _joined(self.say.lists.format(title=product.title, allergens=listed), self.say.check_label)

    def ticket(self, number: str) -> str:
        """A colleague is on the way."""
        return self.say.ticket.format(ticket=number)

    def place_words(self, place: PlaceFact) -> str:
        """``aisle 2, bay 1``."""
        return self.say.place.format(aisle=place.aisle, bay=place.bay)

    def price_sentence(self, title: str, price: PriceFact) -> str:
        """What it costs, with the offer."""
        if price.normal_text is None:
            return self.say.costs.format(title=title, price=price.text)
        return self.say.on_offer.format(title=title, price=price.text, normal=price.normal_text, until=price.until_text)

    def shelf_words(self, stock: StockFact) -> str:
        """``There are 6 on the shelf, seen 2 minutes ago.``; only where units were seen."""
        say = self.say.one_seen if stock.units == 1 else self.say.several_seen
        return say.format(units=stock.units, age=stock.age_text)

    def ranges_words(self, fact: HoursFact) -> str:
        """``from 08:00 to 12:30 and from 14:00 to 20:00``."""
        spans = [self.say.span.format(opens=span.opens, closes=span.closes) for span in fact.ranges]
        return self.say.span_joint.join(spans)

    def age_limit(self, product: ProductFact) -> str:
        """How old one must be; empty where the catalogue has no limit."""
        return self.say.age_limit.format(age_limit=product.age_limit) if product.age_limit else ""

    def _seen(self, stock: StockFact) -> str:
        match stock.state:
            case "in_stock":
                return self.shelf_words(stock)
            case "out_of_stock":
                return self.say.seen_empty.format(age=stock.age_text)
        return ""

    def _shown_of(self, matches: MatchesFact) -> str:
        if matches.total <= matches.shown:
            return ""
        return self.say.shown_of.format(shown=matches.shown, total=matches.total)

    def _listed(self, lines: Sequence[tuple[ProductFact, PriceFact, PlaceFact]]) -> str:
        return " ".join(
            _joined(
                self.say.line.format(title=product.title, price=price.text, place=self.place_words(place)),
                self.age_limit(product),
            )
            for product, price, place in lines
        )


def _joined(*sentences: str) -> str:
    return " ".join(sentence for sentence in sentences if sentence)
