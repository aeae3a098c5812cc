"""From a routed question to facts and their template text: which tools an intent asks, and what is said of it.

Owns the decision table intent -> tools -> template. Where the shop's data holds no answer the reply is "I don't
know", whatever the intent. Knows nothing of the language model.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest

from edge.assistant.answers import Answers
from edge.assistant.caution import Caution, without
from edge.assistant.clauses import joined, may_be_joined
from edge.assistant.intents import Intent
from edge.assistant.reply import Reply
from edge.assistant.router import Route, Router
from edge.assistant.shop_replies import ShopReplies
from edge.assistant.suggestions import Suggestions
from edge.assistant.talk import NOTHING, Talk, called, continued, fitting, own_words, wanted
from edge.assistant.tool_facts import (
    MatchesFact,
    OtherSizeFact,
    PartsFact,
    PlaceFact,
    PriceFact,
    ProductFact,
    ToolFact,
)
from edge.assistant.tools import Tools
from edge.catalogue import Product
from edge.catalogue_search import SearchResult
from edge.catalogue_words import is_size

_SHOWN = 3
_MATCHES = 50
_MOST_PARTS = 8


class Replies:
    """Replies to routed questions. Holds nothing between them; any thread may call it."""

    def __init__(self, tools: Tools, router: Router, answers: Answers, *, language: str) -> None:
        """``language`` is its code."""
        self._tools = tools
        self._router = router
        self._answers = answers
        self._words = router.words
        self._of_shop = ShopReplies(tools, router, answers)
        self._suggestions = Suggestions(tools, router, answers, language=language)

    def to(self, route: Route, *, last: Talk = NOTHING) -> Reply:
        """The reply to a route; ``last`` is what "it" and "the cheaper one" point at."""
        return self._to_each(route, last) or self._to_one(continued(route, last), last)

    def _to_each(self, route: Route, last: Talk) -> Reply | None:
        """The reply to several questions in one; None where the text is one question."""
        clauses = self._router.clauses(route.question)
        routes = [self._router.route(clause) for clause in clauses] if len(clauses) > 1 else []
        if route.caution is not None or not may_be_joined(routes):
            return None
        replies = []
        for one in routes:
            replies.append(self._to_one(one, last))
            last = replies[-1].talk(last)
        return joined(replies, yes=self._answers.say.yes)

    def _to_one(self, route: Route, last: Talk) -> Reply:
        of_shop = self._of_shop.to(route, last=last)
        if of_shop is not None:
            return of_shop
        if route.is_beyond:
            return Reply(route.intent, self._answers.say.dont_know)
        match route.intent:
            case Intent.GREETING:
                return Reply(route.intent, self._answers.say.greeting)
            case Intent.THANKS:
                return Reply(route.intent, self._answers.say.thanks)
            case Intent.OFFERS if route.caution is None:
                return self._offers(route, last)
        suggested = self._suggestions.to(route, last) if route.caution is None else None
        return suggested or self._about_product(route, last)

    def _about_product(self, route: Route, last: Talk) -> Reply:
        if route.caution is not None:
            return self._careful(route, route.caution, last)
        if route.asks_every and self._names_allergen(route):
            return Reply(route.intent, self._answers.say.no_allergen_list)  # one of them would pass for all of them
        if route.asks_age:
            return self._ages(route, self._found(route, last, limit=_MATCHES))
        found = self._found(route, last, limit=_MATCHES)
        parts = () if route.is_follow_up or self._is_said_whole(route, found) else self._router.parts(route.words)
        if len(parts) > 1:
            return self._parts(route.intent, parts)
        if route.asks_cheapest:
            return self._cheapest(route, last)
        leaning = self._leaning(route, last)
        if leaning.products:
            found = leaning
        if found.kind == "none":
            return self._suggestions.perhaps(route, found.proposals)
        if found.kind == "several":
            return self._which_one(route.intent, found)
        if route.asks_out:
            return self._sold_out(found.products[0])
        number = wanted(route.words, found.products[0], self._words)
        if number is not None and route.intent is Intent.HAVE_YOU_GOT:
            return self._so_many(found.products[0], number)
        if number is not None and number > 1 and route.intent is Intent.HOW_MUCH:
            return self._each(found.products[0])
        return self._one(route.intent, found.products[0])

    def _each(self, product: Product) -> Reply:
        text = self._answers.how_much_each(self._tools.sold(product), self._tools.price(product))
        return Reply(Intent.HOW_MUCH, text, self._cards([product]), product.sku)

    def _so_many(self, product: Product, number: int) -> Reply:
        """Yes only where as many were seen as are wanted."""
        sold, place, stock = self._tools.sold(product), self._tools.place(product), self._tools.stock(product)
        if number <= (stock.units or 0):
            return self._one(Intent.HAVE_YOU_GOT, product)
        text = self._answers.how_many_seen(sold, place, stock)
        return Reply(Intent.HAVE_YOU_GOT, text, self._cards([product]), product.sku)

    def _cheapest(self, route: Route, last: Talk) -> Reply:
        """The one that costs least of those that are named, or of those on the screen where none is."""
        if self._router.content(route.words):
            among = self._tools.find(route.words, limit=_MATCHES).products
            among = called(among, self._router.content(route.words), self._words)
        else:
            among = self._on_screen(last)
        among = tuple(product for product in among if product.department == among[0].department)
        if not among:
            return Reply(route.intent, self._answers.say.dont_know)
        return self._one(Intent.HOW_MUCH, min(among, key=lambda product: self._tools.price(product).amount))

    def _leaning(self, route: Route, last: Talk) -> SearchResult:
        """Products that were on the screen, where the question picks among them or points at them."""
        chosen: tuple[Product, ...] = ()
        if route.points_at_one:
            chosen = fitting(self._on_screen(last), self._router.content(route.words), self._words)
        elif route.is_follow_up and last.sku is None:
            chosen = self._on_screen(last)
        return SearchResult("one" if len(chosen) == 1 else "several", chosen, len(chosen))

    def _on_screen(self, last: Talk) -> tuple[Product, ...]:
        return tuple(product for sku in last.candidates if (product := self._tools.product(sku)) is not None)

    def _is_said_whole(self, route: Route, found: SearchResult) -> bool:
        """Whether one product has all the words: "nuts and raisins" is one thing, "milk and eggs" are two."""
        said = self._words.of(" ".join(self._router.content(route.words)))
        asked = {word for word in said if not is_size(word)}
        return bool(found.products) and asked <= own_words(found.products[0], self._words)

    def _parts(self, intent: Intent, parts: Sequence[str]) -> Reply:
        """Several things in one question: the best match of the first three, and plain words where one is missing."""
        found = [result.products for part in parts if (result := self._tools.find(part, limit=_MATCHES)).products]
        found = [] if any(self._tools.find(part).other_size for part in parts) else found
        if not found or len(parts) > _MOST_PARTS or intent is Intent.ALLERGENS:
            return Reply(intent, self._answers.say.dont_know)
        in_turn = [product for row in zip_longest(*found) for product in row if product is not None]
        every = list({product.sku: product for product in in_turn}.values())
        shown = every[:_SHOWN]
        matches = MatchesFact(total=len(every), shown=len(shown))
        counted = PartsFact(asked=len(parts), found=min(len(found), len(shown)))
        text = self._answers.these(self._lines(shown), matches)
        if counted.found < counted.asked:
            text = f"{self._answers.say.found_only_part} {text}"
        intent = Intent.WHERE_IS if intent is Intent.UNKNOWN else intent
        return Reply(intent, text, (matches, counted, *self._cards(shown)))

    def _ages(self, route: Route, found: SearchResult) -> Reply:
        """How old one must be; an empty age limit in the catalogue proves nothing."""
        limited = [product for product in found.products if product.age_limit is not None]
        if not limited:
            return Reply(route.intent, self._answers.say.dont_know)
        shown = limited[:_SHOWN]
        matches = MatchesFact(total=len(limited), shown=len(shown))
        text = self._answers.ages(self._lines(shown), matches)
        sku = shown[0].sku if len(limited) == 1 else None
        return Reply(Intent.WHERE_IS, text, (matches, *self._cards(shown)), sku)

    def _sold_out(self, product: Product) -> Reply:
        tools = self._tools
        text = self._answers.sold_out(tools.sold(product), tools.place(product), tools.stock(product))
        return Reply(Intent.HAVE_YOU_GOT, text, self._cards([product]), product.sku)

    def _careful(self, route: Route, caution: Caution, last: Talk) -> Reply:
        """Only what the catalogue says itself: products that are called so, or one named product's allergens."""
        called_so = self._called_so(route, caution) if caution.is_read and route.intent is not Intent.ALLERGENS else ()
        if route.points_at_one:
            called_so = tuple(product for product in called_so if product.sku in last.candidates) or called_so
        if called_so:
            found = SearchResult("one" if len(called_so) == 1 else "several", called_so, len(called_so))
            reply = (
                self._which_one(route.intent, found) if len(called_so) > 1 else self._one(route.intent, called_so[0])
            )
            return replace(reply, text=f"{reply.text} {self._answers.say.check_label}", may_be_worded=False)
        product = self._named(route, caution, last)
        against = {a for diet in caution.diets for a in self._router.speaks_against(diet) or ()}
        if product is not None and not (
            set(caution.diets) <= own_words(product, self._words) or against & set(product.allergens)
        ):
            return Reply(
                route.intent, self._answers.say.dont_know
            )  # allergens never prove a diet, they only speak against it
        return (
            Reply(route.intent, self._answers.say.dont_know)
            if product is None
            else self._one(Intent.ALLERGENS, product)
        )

    def _called_so(self, route: Route, caution: Caution) -> tuple[Product, ...]:
        """Products whose own words say all that is asked, and whose allergens do not speak against it."""
        asked = {
            word
            for text in self._router.content(" ".join(self._words.of(route.words)))
            for word in self._words.of(text)
        }
        against = {a for word in (*caution.free_from, *caution.diets) for a in self._router.speaks_against(word) or ()}
        found = self._tools.find(route.words, limit=_MATCHES)
        if not caution.own_words or any(
            not asked | caution.own_words <= own_words(product, self._words) or against & set(product.allergens)
            for product in found.products
        ):
            return ()
        return found.products

    def _named(self, route: Route, caution: Caution, last: Talk) -> Product | None:
        """The one product that is named beside what must be left out, where its allergens say something of that."""
        left_out = (*caution.free_from, *caution.diets)
        if any(self._router.speaks_against(word) is None for word in left_out):
            return None
        if not caution.is_read and route.intent is not Intent.ALLERGENS:
            return None
        bare = without(route.words, caution, self._words)
        if not self._router.content(bare):
            return self._tools.product(last.sku) if last.sku and self._router.points_back(route.words) else None
        said = [word for word in self._words.of(bare) if self._router.speaks_against(word) is None]
        # "Allergic to nuts, which chocolate" must not end at the chocolate with nuts.
        every = self._words.of(route.words)
        called = [word for word in every if word not in caution.free_from]
        tries: tuple[str, ...] = (" ".join(every), " ".join(called), bare) if caution.is_read else ()
        if not caution.is_read or route.intent is Intent.ALLERGENS:
            tries = (*tries, " ".join(said))  # else "plant milk without soya" would end at another plant product
        for words in tries:
            found = self._tools.find(words)
            asked = {word for text in self._router.content(words) for word in self._words.of(text)}
            if found.kind == "one" and asked and asked <= own_words(found.products[0], self._words):
                return found.products[0]
        return None

    def _one(self, intent: Intent, product: Product) -> Reply:
        tools = self._tools
        if intent is Intent.UNKNOWN:
            intent = Intent.WHERE_IS  # only a product's name: its place is what most people want
        sold, price, place, stock = (
            tools.sold(product), tools.price(product), tools.place(product), tools.stock(product),
        )  # fmt: skip
        facts: tuple[ToolFact, ...] = (sold, price, place, stock)
        match intent:
            case Intent.HOW_MUCH:
                text = self._answers.how_much(sold, price)
            case Intent.HAVE_YOU_GOT:
                text = self._answers.have_you_got(sold, place, stock)
            case Intent.ALLERGENS:
                listed = tools.allergens(product)
                return Reply(intent, self._answers.allergens(sold, listed), (*facts, listed), product.sku)
            case _:
                text = self._answers.where_is(sold, place, stock)
        reply = Reply(intent, text, facts, product.sku, may_be_worded=True)
        if intent is Intent.HOW_MUCH or stock.state != "out_of_stock":
            return reply
        return self._suggestions.beside(reply, product)

    def _which_one(self, intent: Intent, found: SearchResult) -> Reply:
        if intent is Intent.UNKNOWN:
            intent = Intent.WHERE_IS
        shown = found.products[:_SHOWN]
        matches = MatchesFact(total=found.total, shown=len(shown))
        text = self._answers.which_one(self._lines(shown), matches)
        candidates = tuple(product.sku for product in found.products)
        if not found.other_size:
            return Reply(intent, text, (matches, *self._cards(shown)), candidates=candidates)
        size = OtherSizeFact(text=" ".join(map(self._words.written_size, found.other_size)), words=found.other_size)
        text = f"{self._answers.no_such_size(size)} {text}"
        return Reply(intent, text, (matches, size, *self._cards(shown)), candidates=candidates)

    def _offers(self, route: Route, last: Talk) -> Reply:
        names_product = route.is_follow_up or bool(self._router.content(route.words))
        if not names_product:
            return self._offer_list(self._tools.offers_today())
        found = self._found(route, last, limit=_MATCHES)
        if found.kind == "none":
            return Reply(route.intent, self._answers.say.dont_know)
        if found.other_size:
            return self._which_one(Intent.WHERE_IS, found)
        on_offer = self._tools.offers_today(found.products)
        if on_offer:
            return self._offer_list(on_offer)
        if found.kind == "several":
            return self._which_one(route.intent, found)
        product = found.products[0]
        text = self._answers.not_on_offer(self._tools.sold(product), self._tools.price(product))
        return Reply(route.intent, text, self._cards([product]), product.sku)

    def _offer_list(self, products: Sequence[Product]) -> Reply:
        shown = products[:_SHOWN]
        matches = MatchesFact(total=len(products), shown=len(shown))
        lines = self._lines(shown)
        sku = shown[0].sku if len(products) == 1 else None
        return Reply(Intent.OFFERS, self._answers.offers(lines, matches), (matches, *self._cards(shown)), sku)

    def _lines(self, products: Sequence[Product]) -> list[tuple[ProductFact, PriceFact, PlaceFact]]:
        return [(self._tools.sold(p), self._tools.price(p), self._tools.place(p)) for p in products]

    def _cards(self, products: Sequence[Product]) -> tuple[ToolFact, ...]:
        return tuple(fact for product in products for fact in self._tools.about(product))

    def _found(self, route: Route, last: Talk, *, limit: int = _SHOWN) -> SearchResult:
        if route.is_follow_up or self._asks_of_it(route):
            product = self._tools.product(last.sku) if last.sku else None
            return SearchResult("one", (product,), 1) if product else SearchResult("none")
        found = self._tools.find(route.words, limit=limit)
        if found.kind == "none" and route.intent is Intent.ALLERGENS:
            return self._found_without_allergen(route)
        return found

    def _asks_of_it(self, route: Route) -> bool:
        """Whether "does it contain nuts" names nothing but the nuts."""
        words = [word for text in self._router.content(route.words) for word in self._words.of(text)]
        names_nothing = all(self._router.speaks_against(word) is not None for word in words)
        return route.intent is Intent.ALLERGENS and names_nothing and self._router.points_back(route.question)

    def _names_allergen(self, route: Route) -> bool:
        """Whether it asks by an allergen: "which products contain fish", "products with celery"."""
        words = [word for text in self._router.content(route.words) for word in self._words.of(text)]
        known = [self._router.speaks_against(word) is not None for word in words]
        return any(known) if route.intent is Intent.ALLERGENS else all(known) and bool(known)

    def _found_without_allergen(self, route: Route) -> SearchResult:
        """In "do the muffins contain nuts" the nuts are no part of a name: leave out one word at a time."""
        words = self._router.content(route.words)
        for left_out in reversed(range(len(words))):
            kept = " ".join(words[:left_out] + words[left_out + 1 :])
            if all(self._router.speaks_against(word) is not None for word in self._words.of(kept)):
                continue  # "is there mustard in the salami" asks nothing of the mustard
            found = self._tools.find(kept)
            if found.kind == "one":
                return found
        return SearchResult("none")
