"""The answers in English, built from facts and nothing else.

Owns every sentence that the kiosk says without the language model. Each one must pass the verifier like the
model's own; a template that does not is a bug. Allergens, returns and services are only ever said from here.
"""

from collections.abc import Sequence

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
)

DONT_KNOW = "I don't know. Shall I call a colleague?"
REFUSED = "I can help with products, prices, places and opening hours in this shop. Shall I call a colleague?"
GREETING = "Hello! Ask me where something is, what it costs, or when we are open."
THANKS = "You are welcome."
NO_OFFERS = "There are no offers in the shop's data today. Shall I call a colleague?"
CALL_FAILED = "Please ask a colleague; I cannot answer this right now."
NO_ALLERGEN_LIST = "I cannot list products by allergen. Shall I call a colleague?"
CONSTANTS = frozenset({DONT_KNOW, NO_ALLERGEN_LIST, REFUSED, GREETING, THANKS, CALL_FAILED})

FOUND_ONLY_PART = "I found only part of that."
CHECK_LABEL = "Please check the label; it is what counts."


def where_is(product: ProductFact, place: PlaceFact, stock: StockFact) -> str:
    """Place first, then what was seen of the shelf, where something was."""
    return f"{product.title} is in {place_words(place)}.{_seen(stock)}"


def how_much(product: ProductFact, price: PriceFact) -> str:
    """Price, and the offer with its last day or the unit price."""
    return f"{price_sentence(product.title, price)}{_unit(price)}{_age_limit(product)}"


def how_much_each(product: ProductFact, price: PriceFact) -> str:
    """The price, and that it is the price of one, where several are wanted."""
    return f"{price_sentence(product.title, price)} That is the price of one.{_age_limit(product)}"


def have_you_got(product: ProductFact, place: PlaceFact, stock: StockFact) -> str:
    """Whether it is there, as far as that was seen."""
    if stock.state == "out_of_stock":
        return (
            f"We sell {product.title}, but its shelf was empty when last seen, {stock.age_text}."
            f" Its place is {place_words(place)}.{_age_limit(product)}"
        )
    if stock.state == "in_stock":
        return f"Yes, we have {product.title}.{_seen(stock)} It is in {place_words(place)}.{_age_limit(product)}"
    return (
        f"Yes, we sell {product.title}. Its place is {place_words(place)}."
        f" I cannot see its shelf right now.{_age_limit(product)}"
    )


def how_many_seen(product: ProductFact, place: PlaceFact, stock: StockFact) -> str:
    """What was seen of a shelf, where more are wanted than that: neither yes nor no."""
    seen = _seen(stock) or " I cannot see its shelf right now."
    return f"{product.title}:{seen} Its place is {place_words(place)}.{_age_limit(product)}"


def sold_out(product: ProductFact, place: PlaceFact, stock: StockFact) -> str:
    """Whether it is sold out, in words that mean the same whichever way round it was asked."""
    if stock.state == "in_stock":
        return f"{not_sold_out(product)} {shelf_words(stock)}. It is in {place_words(place)}."
    seen = _seen(stock) or " I cannot see its shelf right now."
    return f"{product.title}:{seen} Its place is {place_words(place)}."


def not_sold_out(product: ProductFact) -> str:
    """Said only where units were seen."""
    return f"No, {product.title} is not sold out."


def ages(lines: Sequence[tuple[ProductFact, PriceFact, PlaceFact]], matches: MatchesFact) -> str:
    """How old one must be to buy each, and where it is."""
    head = f"Here are {matches.shown} of {matches.total}. " if matches.total > matches.shown else ""
    return head + " ".join(
        f"{product.title}:{_age_limit(product)} It is in {place_words(place)}." for product, _, place in lines
    )


def no_such_size(fact: OtherSizeFact) -> str:
    """None of the products that follow has the size that was asked for."""
    return f"I found none with {fact.text}."


def these(lines: Sequence[tuple[ProductFact, PriceFact, PlaceFact]], matches: MatchesFact) -> str:
    """Several things were asked for at once: each with price and place."""
    head = f"Here are {matches.shown} of {matches.total}." if matches.total > matches.shown else "I found this:"
    listed = " ".join(f"{product.title}: {price.text}, {place_words(place)}." for product, price, place in lines)
    return f"{head} {listed}"


def which_one(lines: Sequence[tuple[ProductFact, PriceFact, PlaceFact]], matches: MatchesFact) -> str:
    """Several products match: name some, each with price and place, and ask back."""
    head = f"Here are {matches.shown} of {matches.total}. " if matches.total > matches.shown else ""
    listed = " ".join(f"{product.title}: {price.text}, {place_words(place)}." for product, price, place in lines)
    return f"{head}Which one do you mean? {listed}" if len(lines) > 1 else f"I found this: {listed}"


def offers(lines: Sequence[tuple[ProductFact, PriceFact, PlaceFact]], matches: MatchesFact) -> str:
    """Products on offer today."""
    if not lines:
        return NO_OFFERS
    head = f"Here are {matches.shown} of {matches.total} on offer." if matches.total > 1 else "On offer:"
    listed = " ".join(
        f"{product.title}: {price.text} instead of {price.normal_text}, until {price.until_text}, {place_words(place)}."
        for product, price, place in lines
    )
    return f"{head} {listed}"


def not_on_offer(product: ProductFact, price: PriceFact) -> str:
    """One product that has its normal price today."""
    return f"{product.title} is not on offer today. It costs {price.text}."


def hours(fact: HoursFact) -> str:
    """Open or closed, the day's hours, and when next."""
    special = f", {fact.special}" if fact.special else ""
    if not fact.ranges:
        return f"We are closed {fact.day_text}{special}.{_opens_again(fact)}"
    span = f"We are open {fact.day_text}{special} {ranges_words(fact)}."
    if fact.is_open_now is None:
        return span
    if fact.is_open_now:
        return f"Yes, we are open now, until {fact.closes}. {span}"
    return f"We are closed now.{_opens_again(fact)} {span}"


def hours_of_days(facts: Sequence[HoursFact]) -> str:
    """Each of several days in a sentence of its own."""
    return " ".join(
        f"We are open {fact.day_text} {ranges_words(fact)}." if fact.ranges else f"We are closed {fact.day_text}."
        for fact in facts
    )


def returns(fact: ReturnsFact) -> str:
    """The policy, word for word."""
    return " ".join(fact.lines)


def service(fact: ServiceFact) -> str:
    """Where a service is, word for word."""
    return f"{fact.name}: {fact.where}."


def allergens(product: ProductFact, fact: AllergenFact) -> str:
    """What the catalogue lists, never that something is free of anything."""
    if fact.allergens:
        return f"For {product.title} the shop's data lists: {', '.join(fact.allergens)}. {CHECK_LABEL}"
    return f"For {product.title} the shop's data lists no allergens, which proves nothing. {CHECK_LABEL}"


def ticket(number: str) -> str:
    """A colleague is on the way."""
    return f"I have called a colleague. Your ticket is {number}. Please wait here."


def place_words(place: PlaceFact) -> str:
    """``aisle 2, bay 1``."""
    return f"aisle {place.aisle}, bay {place.bay}"


def price_sentence(title: str, price: PriceFact) -> str:
    """What it costs, with the offer."""
    if price.normal_text is None:
        return f"{title} costs {price.text}."
    return f"{title} is on offer: {price.text} instead of {price.normal_text}, until {price.until_text}."


def shelf_words(stock: StockFact) -> str:
    """``There are 6 on the shelf, seen 2 minutes ago`` without the full stop; only where units were seen."""
    verb = "is" if stock.units == 1 else "are"
    return f"There {verb} {stock.units} on the shelf, seen {stock.age_text}"


def ranges_words(fact: HoursFact) -> str:
    """``from 08:00 to 12:30 and from 14:00 to 20:00``."""
    return " and ".join(f"from {span.opens} to {span.closes}" for span in fact.ranges)


def _opens_again(fact: HoursFact) -> str:
    return f" We open again {fact.next_day_text} at {fact.next_opens}." if fact.next_opens else ""


def _seen(stock: StockFact) -> str:
    if stock.state == "in_stock":
        return f" {shelf_words(stock)}."
    return f" Its shelf was empty when last seen, {stock.age_text}." if stock.state == "out_of_stock" else ""


def _unit(price: PriceFact) -> str:
    return f" The unit price is {price.unit_price_text}." if price.unit_price_text else ""


def _age_limit(product: ProductFact) -> str:
    return f" You must be {product.age_limit} or over to buy it." if product.age_limit else ""
