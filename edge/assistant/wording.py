"""Asks the language model to word an answer whose facts are already found.

Owns the prompt and the grammar: the model chooses among turns of phrase, and every name, amount, place and time in
them is copied from the facts letter by letter. Trusts nothing that comes back; the verifier reads it like any text.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from edge.assistant import templates
from edge.assistant.claims import ClaimKind
from edge.assistant.router import Intent
from edge.assistant.tool_facts import HoursFact, PlaceFact, PriceFact, ProductFact, StockFact, ToolFact
from edge.clock import Clock, SystemClock
from models.errors import ModelsError
from models.language.requests import CompletionRequest, LanguagePort

PREFIX = (
    "You are the friendly voice of a shop's information screen. You answer one shopper in one or two short sentences."
    " You use only the facts that you are given, and you copy names, prices and places exactly."
)
_MAX_TOKENS = 120
_FAILURES_BEFORE_REST = 2


@dataclass(frozen=True, slots=True)
class Turn:
    """What may be said: for each part of the answer its wordings, and the claims that must not be left out."""

    parts: tuple[tuple[str, ...], ...]
    needs: frozenset[ClaimKind]


class Worder:
    """Words answers with a language model. Any thread may call it; it blocks at most ``deadline_s``.

    A model that failed twice in a row is left alone for ``rest_s``: on a busy box nobody should wait for the
    deadline with every question only to read the template then.
    """

    def __init__(
        self, language: LanguagePort, *, clock: Clock | None = None, deadline_s: float = 2.5, rest_s: float = 30.0
    ) -> None:
        self._language = language
        self._clock = clock or SystemClock()
        self._deadline_s = deadline_s
        self._rest_s = rest_s
        self._failures = 0
        self._rests_until_mono_s = float("-inf")

    @property
    def is_up(self) -> bool:
        """Whether the model would be asked now."""
        return self._language.is_up and self._clock.mono_s() >= self._rests_until_mono_s

    def word(self, question: str, turn: Turn) -> str | None:
        """The model's wording, or None when it is down, late, cut off or cannot do it."""
        if not self.is_up:
            return None
        request = CompletionRequest(
            prefix=PREFIX,
            prompt=f"Facts: {facts_line(turn)}\nQuestion: {question}",
            deadline_s=self._deadline_s,
            grammar=grammar_of(turn.parts),
            max_tokens=_MAX_TOKENS,
        )
        try:
            completion = self._language.complete(request)
        except ModelsError:
            self._note_failure()
            return None
        self._failures = 0
        return completion.text.strip() if completion.finish == "stop" else None

    def _note_failure(self) -> None:
        self._failures += 1
        if self._failures >= _FAILURES_BEFORE_REST:
            self._failures = 0
            self._rests_until_mono_s = self._clock.mono_s() + self._rest_s


def turn_of(intent: Intent, facts: Sequence[ToolFact]) -> Turn | None:
    """The wordings for one intent and one product or day; None where only a template may speak."""
    by_type = {type(fact): fact for fact in facts}
    if intent is Intent.OPEN_HOURS:
        fact = by_type.get(HoursFact)
        return _hours(fact) if isinstance(fact, HoursFact) else None
    if sum(isinstance(fact, ProductFact) for fact in facts) != 1:
        return None
    product, price, place, stock = (by_type.get(kind) for kind in (ProductFact, PriceFact, PlaceFact, StockFact))
    if not (
        isinstance(product, ProductFact)
        and isinstance(price, PriceFact)
        and isinstance(place, PlaceFact)
        and isinstance(stock, StockFact)
    ):
        return None
    match intent:
        case Intent.WHERE_IS:
            return _where_is(product, place, stock)
        case Intent.HOW_MUCH:
            return _how_much(product, price, place)
        case Intent.HAVE_YOU_GOT:
            return _have_you_got(product, place, stock)
    return None


def grammar_of(parts: Iterable[Sequence[str]]) -> str:
    """GBNF for one wording of each part, in order, with a space between parts; an empty wording leaves one out."""
    rules, names = [], []
    for number, wordings in enumerate(parts):
        lead = " " if number else ""
        options = " | ".join(_literal(lead + wording if wording else "") for wording in wordings)
        names.append(f"part{number}")
        rules.append(f"part{number} ::= {options}")
    return "\n".join([f"root ::= {' '.join(names)}", *rules]) + "\n"


def facts_line(turn: Turn) -> str:
    """The facts as the model reads them: the plainest wording of every part."""
    return " ".join(part[0] for part in turn.parts if part[0])


def _where_is(product: ProductFact, place: PlaceFact, stock: StockFact) -> Turn:
    title, where = product.title, templates.place_words(place)
    found = (
        f"{title} is in {where}.",
        f"You will find {title} in {where}.",
        f"Please go to {where} for {title}.",
        f"Look in {where} for {title}.",
    )
    needs: set[ClaimKind] = {"product", "aisle", "bay"}
    if stock.state == "out_of_stock":
        return Turn((found, _shelf(stock)), frozenset(needs | {"out_of_stock"}))
    return Turn((found, *((_shelf(stock),) if stock.state == "in_stock" else ())), frozenset(needs))


def _how_much(product: ProductFact, price: PriceFact, place: PlaceFact) -> Turn:
    title, where = product.title, templates.place_words(place)
    needs: set[ClaimKind] = {"product", "price"}
    if price.normal_text is None:
        said: tuple[str, ...] = (
            f"{title} costs {price.text}.",
            f"The price of {title} is {price.text}.",
            f"{title} is {price.text}.",
        )
    else:
        offer = f"{price.text} instead of {price.normal_text}, until {price.until_text}"
        said = (f"{title} is on offer: {offer}.", f"{title} is on offer at {offer}.")
        needs |= {"normal_price", "until_day"}
    parts = [said, ("", f"You will find it in {where}.", f"It is in {where}.")]
    return Turn((*parts, *_age_limit(product)), frozenset(needs | _age_need(product)))


def _have_you_got(product: ProductFact, place: PlaceFact, stock: StockFact) -> Turn:
    title, where = product.title, templates.place_words(place)
    needs: set[ClaimKind] = {"product", "aisle"}
    its_place = (f"You will find it in {where}.", f"It is in {where}.")
    parts: tuple[tuple[str, ...], ...]
    if stock.state == "in_stock":
        parts = ((f"Yes, we have {title}.", f"Yes, {title} is in stock."), _shelf(stock), its_place)
        needs.add("count")
    elif stock.state == "out_of_stock":
        parts = (
            (f"We sell {title}, but its shelf was empty when last seen, {stock.age_text}.",),
            (f"Its place is {where}.", f"Its shelf is in {where}."),
            ("", "Please ask our colleague."),
        )
        needs.add("out_of_stock")
    else:
        parts = ((f"Yes, we sell {title}.", f"We sell {title}."), its_place, ("I cannot see its shelf right now.",))
        needs.add("stock_unknown")
    return Turn((*parts, *_age_limit(product)), frozenset(needs | _age_need(product)))


def _shelf(stock: StockFact) -> tuple[str, ...]:
    if stock.state == "out_of_stock":
        return (f"Its shelf was empty when last seen, {stock.age_text}.",)
    verb = "is" if stock.units == 1 else "are"
    return (
        f"{templates.shelf_words(stock)}.",
        f"There {verb} {stock.units} on the shelf for you, seen {stock.age_text}.",
    )


def _age_limit(product: ProductFact) -> tuple[tuple[str, ...], ...]:
    return ((f"You must be {product.age_limit} or over to buy it.",),) if product.age_limit else ()


def _age_need(product: ProductFact) -> set[ClaimKind]:
    return {"age_limit"} if product.age_limit else set()


def _hours(fact: HoursFact) -> Turn:
    special = f", {fact.special}" if fact.special else ""
    span = templates.ranges_words(fact)
    day = (f"We are open {fact.day_text}{special} {span}.", f"Our shop is open {fact.day_text}{special} {span}.")
    again = f"We open again {fact.next_day_text} at {fact.next_opens}." if fact.next_opens else ""
    if not fact.ranges:
        closed = (f"We are closed {fact.day_text}{special}.", f"Our shop is closed {fact.day_text}{special}.")
        return Turn((closed, (again,)) if again else (closed,), frozenset({"closed", "day"}))
    if fact.is_open_now is None:
        return Turn((day, ("", "See you!", "You are welcome.")), frozenset({"open", "span", "day"}))
    if fact.is_open_now:
        now = (f"Yes, we are open now, until {fact.closes}.", f"We are open right now, until {fact.closes}.")
        return Turn((now, ("", *day)), frozenset({"open", "now", "until_time"}))
    closed_now = ("We are closed now.", "Our shop is closed right now.")
    return Turn((closed_now, (again,), day) if again else (closed_now, day), frozenset({"closed", "now"}))


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return f'"{escaped}"'
