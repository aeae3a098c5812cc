"""Replies about the shop itself: hours, returns, services, telephone and address, word for word as the shop gave them.

Owns telling such a question from one about goods. Where the shop's data hold no answer the reply is "I don't know".
"""

from datetime import date
from typing import Literal

from edge.assistant.answers import Answers
from edge.assistant.asked_day import UnreadDayError, read_days
from edge.assistant.intents import Intent
from edge.assistant.reply import Reply
from edge.assistant.router import Route, Router
from edge.assistant.talk import Talk
from edge.assistant.tool_facts import ServiceFact
from edge.assistant.tools import Tools


class ShopReplies:
    """Replies about the shop. Holds nothing between questions; any thread may call it."""

    def __init__(self, tools: Tools, router: Router, answers: Answers) -> None:
        self._tools = tools
        self._router = router
        self._answers = answers

    def to(self, route: Route, *, last: Talk) -> Reply | None:
        """The reply, or None where the question is about goods; ``last`` lets "and tomorrow?" follow hours."""
        service = self._service(route)
        if service is not None:
            return Reply(Intent.SERVICES, self._answers.service(service), (service,))
        contact = self._router.contact_asked(route.question)
        if contact is not None:
            return self._contact(contact)
        if route.intent is Intent.OPEN_HOURS or self._goes_on_with_hours(route, last):
            return self._hours(route)
        return self._returns(route) if route.intent is Intent.RETURNS else None

    def _contact(self, what: Literal["phone", "address"]) -> Reply:
        fact = self._tools.contact(what, called=getattr(self._answers.say, what))
        if fact is None:
            return Reply(Intent.SERVICES, self._answers.say.dont_know)
        return Reply(Intent.SERVICES, self._answers.service(fact), (fact,))

    def _service(self, route: Route) -> ServiceFact | None:
        said = self._router.content(route.words)
        if route.intent is Intent.RETURNS:
            said = (
                self._router.returning,
                *route.words.split(),
            )  # bottles say nothing of a product, but much beside "return"
        asked = self._router.service_words(said)
        words = {word for text in asked for word in self._router.words.of(text)}
        if route.intent is Intent.RETURNS:
            if self._is_purchase(route):
                return None
            words &= {word for fact in self._tools.services() for word in self._router.words.of(fact.name)}
        if not self._router.may_mean_service(words):
            return None
        return next((fact for fact in self._tools.services() if words <= set(self._router.words.of(fact.name))), None)

    def _is_purchase(self, route: Route) -> bool:
        """Whether goods are to be given back, not their bottles: "a bottle of wine I opened yesterday"."""
        said = self._router.content(route.words)
        named = self._router.about_returns(route.words)
        return len(named) < len(said) and self._tools.find(" ".join(named)).kind != "none"

    def _hours(self, route: Route) -> Reply:
        try:
            days = self._days(route)
        except UnreadDayError:
            return Reply(Intent.OPEN_HOURS, self._answers.say.dont_know)
        if len(days) > 1:
            facts = tuple(self._tools.hours(day) for day in days)
            return Reply(Intent.OPEN_HOURS, self._answers.hours_of_days(facts), facts)
        fact = self._tools.hours(next(iter(days), None))
        return Reply(Intent.OPEN_HOURS, self._answers.hours(fact), (fact,), may_be_worded=True)

    def _goes_on_with_hours(self, route: Route, last: Talk) -> bool:
        """Whether "and on saturday?" follows a question about hours, and names nothing but a day."""
        if route.intent is not Intent.UNKNOWN or last.intent is not Intent.OPEN_HOURS:
            return False
        try:
            return bool(self._days(route))
        except UnreadDayError:
            return False

    def _days(self, route: Route) -> tuple[date, ...]:
        info = self._tools.shop.info
        own_name = frozenset(self._router.words.of(info.name or ""))
        return read_days(
            " ".join(word for word in route.question.split() if word not in own_name),
            today=self._tools.local_now().date(),
            special=info.exceptions,
            words=self._router.day_words,
            forms=self._router.words,
        )

    def _returns(self, route: Route) -> Reply:
        """The policy holds for what is sold here; of anything else nothing is known."""
        said = self._router.about_returns(route.words)
        if said and self._tools.find(" ".join(said)).kind == "none":
            return Reply(route.intent, self._answers.say.dont_know)
        policy = self._tools.returns()
        return Reply(route.intent, self._answers.returns(policy), (policy,))
