"""Replies that suggest: what could be taken instead of a product, what goes with it, and the shop's own ideas.

Owns when something is suggested. What goes with what is only ever the shop's word (`ideas.toml`), what stands in for
what follows from the catalogue, and neither is said of what was seen to be gone.
"""

from collections.abc import Sequence
from dataclasses import replace

from edge.assistant.answers import Answers
from edge.assistant.intents import Intent
from edge.assistant.reply import Reply
from edge.assistant.router import Route, Router
from edge.assistant.talk import Talk
from edge.assistant.tool_facts import SuggestionFact, SuggestionReason
from edge.assistant.tools import Tools
from edge.catalogue import Product
from edge.catalogue_words import folded
from edge.shop_ideas import Idea

_SHOWN = 3
_BESIDE = 2
_MATCHES = 50
_MAY_NAME_IDEA = frozenset({Intent.UNKNOWN, Intent.WHERE_IS, Intent.HAVE_YOU_GOT, Intent.GOES_WITH})


class Suggestions:
    """Suggestions in one language. Holds nothing between questions; any thread may call it."""

    def __init__(self, tools: Tools, router: Router, answers: Answers, *, language: str) -> None:
        """``language`` is the code under which the shop's ideas have their names."""
        self._tools = tools
        self._router = router
        self._answers = answers
        self._language = language

    def to(self, route: Route, last: Talk) -> Reply | None:
        """The reply where a suggestion is asked for; None where the question is about something else."""
        idea = self._idea(route) if route.intent in _MAY_NAME_IDEA else None
        if idea is not None:
            return self._told("idea", self._tools.of_idea(idea), idea.called(self._language)[0])
        if route.intent is Intent.ALTERNATIVES:
            return self._instead(route, last)
        return self._with(route, last) if route.intent is Intent.GOES_WITH else None

    def beside(self, reply: Reply, product: Product) -> Reply:
        """The reply about a product whose shelf was empty, with what could be taken instead, where there is any."""
        others = self._tools.alternatives(product)[:_BESIDE]
        if not others:
            return reply
        told = self._told("instead_of", others, product)
        facts = tuple(dict.fromkeys((*reply.facts, *told.facts)))
        return replace(reply, text=f"{reply.text} {told.text}", facts=facts, may_be_worded=False)

    def perhaps(self, route: Route, proposals: Sequence[Product]) -> Reply:
        """What could be meant where nothing is called so: asked, never claimed."""
        if not proposals:
            return Reply(route.intent, self._answers.say.dont_know)
        told = self._told("perhaps", tuple(proposals)[:_SHOWN], "")
        return replace(told, intent=Intent.WHERE_IS if route.intent is Intent.UNKNOWN else route.intent)

    def _instead(self, route: Route, last: Talk) -> Reply:
        asked = self._content(route.words)
        for product in self._named(route, last)[:1]:
            others = self._called_otherwise(self._tools.alternatives(product), asked)
            if others:
                return self._told("instead_of", others, product)
            others = self._called_otherwise(self._tools.alternatives(product, any_allergen=True), asked)
            if others:
                reply = self._told("instead_of", others, product)
                return replace(reply, text=f"{reply.text} {self._answers.say.check_label}")
        return Reply(route.intent, self._answers.say.dont_know)

    def _with(self, route: Route, last: Talk) -> Reply:
        for product in self._named(route, last):
            others = self._tools.goes_with(product)
            if others:
                return self._told("goes_with", others[:_SHOWN], product)
        return Reply(route.intent, self._answers.say.dont_know)

    def _named(self, route: Route, last: Talk) -> tuple[Product, ...]:
        """Products that the question names, or the one that it points at."""
        if self._router.content(route.words):
            return self._tools.find(route.words, limit=_MATCHES).products
        product = self._tools.product(last.sku) if last.sku else None
        return () if product is None else (product,)

    def _idea(self, route: Route) -> Idea | None:
        """The idea whose name stands in the question; one word alone only where it can mean nothing else."""
        asked = self._content(route.question)
        best: tuple[int, Idea] | None = None
        for idea in self._tools.shop.ideas.ideas:
            for meant in map(self._content, idea.called(self._language)):
                is_enough = len(meant) > 1 or (meant and self._is_meant(meant, route))
                if is_enough and meant <= asked and (best is None or len(meant) > best[0]):
                    best = (len(meant), idea)
        return best[1] if best else None

    def _is_meant(self, meant: frozenset[str], route: Route) -> bool:
        """Whether one word means an idea: ideas are asked for, or it is all that is named and no product's name."""
        if route.intent is Intent.GOES_WITH:
            return True
        is_all = route.intent is not Intent.WHERE_IS and meant == self._content(route.words)
        return is_all and self._tools.find(route.words).kind == "none"

    def _called_otherwise(self, products: Sequence[Product], asked: frozenset[str]) -> tuple[Product, ...]:
        """Those whose name is not what was asked for: whoever wants no butter is shown no other butter."""
        words = self._router.words
        return tuple(one for one in products if not asked or not asked <= set(words.of(one.name)))[:_SHOWN]

    def _content(self, text: str) -> frozenset[str]:
        words = self._router.words
        return frozenset(one for word in self._router.content(folded(text)) for one in words.of(word))

    def _told(self, reason: SuggestionReason, others: Sequence[Product], about: Product | str) -> Reply:
        """``about`` is the product that they go with or stand in for, or an idea's name."""
        tools, named = self._tools, [about] if isinstance(about, Product) else []
        fact = SuggestionFact(
            reason=reason,
            sku=named[0].sku if named else None,
            name="" if isinstance(about, Product) else about,
            skus=tuple(other.sku for other in others),
        )
        title = tools.sold(named[0]).title if named else ""
        lines = [(tools.sold(other), tools.price(other), tools.place(other)) for other in others]
        cards = (one for shown in (*named, *others) for one in tools.about(shown))
        intent = Intent.ALTERNATIVES if reason == "instead_of" else Intent.GOES_WITH
        return Reply(intent, self._answers.suggested(fact, title, lines), (fact, *cards), candidates=fact.skus)
