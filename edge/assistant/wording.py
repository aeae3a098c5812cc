"""Asks the language model to word an answer whose facts are already found.

Owns the prompt and the grammar: the model chooses among turns of phrase, and every name, amount, place and time in
them is copied from the facts letter by letter. Trusts nothing that comes back; the verifier reads it like any text.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from edge.assistant.answers import Answers
from edge.assistant.claims import ClaimKind
from edge.assistant.intents import Intent
from edge.assistant.tool_facts import HoursFact, PlaceFact, PriceFact, ProductFact, StockFact, ToolFact
from edge.clock import Clock, SystemClock
from edge.language_files import LanguageFile
from models.errors import LanguageUnavailableError, ModelsError
from models.language.requests import Completion, CompletionRequest, LanguagePort

PREFIX = (
    "You are the friendly voice of a shop's information screen. You answer one shopper in one or two short sentences."
    " You use only the facts that you are given, and you copy names, prices and places exactly."
)
_Wordings = Annotated[tuple[str, ...], Field(min_length=1)]
_MAX_TOKENS = 120
_FAILURES_BEFORE_REST = 2
_FIRST_SHARE = 0.4
"""Of the deadline: a model that has not begun by then would be late, and the shopper has seen nothing yet."""


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

    def word(self, question: str, turn: Turn, *, on_piece: Callable[[str], None] | None = None) -> str | None:
        """The model's wording, or None when it is down, late, cut off or cannot do it.

        ``on_piece`` gets the wording while it grows, on the asking thread.
        """
        if not self.is_up:
            return None
        request = CompletionRequest(
            prefix=PREFIX,
            prompt=f"Facts: {facts_line(turn)}\nQuestion: {question}",
            deadline_s=self._deadline_s,
            first_within_s=_FIRST_SHARE * self._deadline_s,
            grammar=grammar_of(turn.parts),
            max_tokens=_MAX_TOKENS,
        )
        try:
            completion = self._completed(request, on_piece)
        except ModelsError:
            self._note_failure()
            return None
        self._failures = 0
        return completion.text.strip() if completion.finish == "stop" else None

    def _completed(self, request: CompletionRequest, on_piece: Callable[[str], None] | None) -> Completion:
        with closing(self._language.stream(request)) as pieces:
            for piece in pieces:
                if isinstance(piece, Completion):
                    return piece
                if on_piece is not None:
                    on_piece(piece)
        raise LanguageUnavailableError("the model's stream ended without an answer")

    def _note_failure(self) -> None:
        self._failures += 1
        if self._failures >= _FAILURES_BEFORE_REST:
            self._failures = 0
            self._rests_until_mono_s = self._clock.mono_s() + self._rest_s


class Wordings(LanguageFile):
    """`wording.toml`: the turns of phrase that the model chooses among, the plainest first."""

    found: _Wordings
    costs: _Wordings
    on_offer: _Wordings
    its_place: _Wordings
    we_have: _Wordings
    sold_but_empty: _Wordings
    empty_place: _Wordings
    ask_colleague: _Wordings
    we_sell: _Wordings
    not_seen: _Wordings
    one_seen: _Wordings
    several_seen: _Wordings
    seen_empty: _Wordings
    age_limit: _Wordings
    open: _Wordings
    open_specially: _Wordings
    closed: _Wordings
    closed_specially: _Wordings
    open_now: _Wordings
    closed_now: _Wordings
    opens_again: _Wordings
    goodbye: _Wordings


class Turns:
    """What the model may say in one language. Holds nothing between turns; any thread may call it."""

    def __init__(self, wordings: Wordings, answers: Answers) -> None:
        self._wordings = wordings
        self._answers = answers

    def of(self, intent: Intent, facts: Sequence[ToolFact]) -> Turn | None:
        """The wordings for one intent and one product or day; None where only a template may speak."""
        by_type = {type(fact): fact for fact in facts}
        if intent is Intent.OPEN_HOURS:
            fact = by_type.get(HoursFact)
            return self._hours(fact) if isinstance(fact, HoursFact) else None
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
                return self._where_is(product, place, stock)
            case Intent.HOW_MUCH:
                return self._how_much(product, price, place)
            case Intent.HAVE_YOU_GOT:
                return self._have_you_got(product, place, stock)
        return None

    def _where_is(self, product: ProductFact, place: PlaceFact, stock: StockFact) -> Turn:
        found = _filled(self._wordings.found, title=product.title, place=self._answers.place_words(place))
        needs: set[ClaimKind] = {"product", "aisle", "bay"}
        if stock.state == "unknown":
            return Turn((found,), frozenset(needs))
        return Turn(
            (found, self._shelf(stock)),
            frozenset(needs | ({"out_of_stock"} if stock.state == "out_of_stock" else set())),
        )

    def _how_much(self, product: ProductFact, price: PriceFact, place: PlaceFact) -> Turn:
        wordings = self._wordings
        needs: set[ClaimKind] = {"product", "price"}
        if price.normal_text is None:
            said = _filled(wordings.costs, title=product.title, price=price.text)
        else:
            said = _filled(
                wordings.on_offer,
                title=product.title,
                price=price.text,
                normal=price.normal_text,
                until=price.until_text,
            )
            needs |= {"normal_price", "until_day"}
        where = ("", *_filled(wordings.its_place, place=self._answers.place_words(place)))
        return self._with_age_limit(product, (said, where), needs)

    def _have_you_got(self, product: ProductFact, place: PlaceFact, stock: StockFact) -> Turn:
        wordings, title, where = self._wordings, product.title, self._answers.place_words(place)
        needs: set[ClaimKind] = {"product", "aisle"}
        its_place = _filled(wordings.its_place, place=where)
        parts: tuple[tuple[str, ...], ...]
        match stock.state:
            case "in_stock":
                parts = (_filled(wordings.we_have, title=title), self._shelf(stock), its_place)
                needs.add("count")
            case "out_of_stock":
                empty = _filled(wordings.sold_but_empty, title=title, age=stock.age_text)
                parts = (empty, _filled(wordings.empty_place, place=where), wordings.ask_colleague)
                needs.add("out_of_stock")
            case _:
                parts = (_filled(wordings.we_sell, title=title), its_place, wordings.not_seen)
                needs.add("stock_unknown")
        return self._with_age_limit(product, parts, needs)

    def _shelf(self, stock: StockFact) -> tuple[str, ...]:
        if stock.state == "out_of_stock":
            return _filled(self._wordings.seen_empty, age=stock.age_text)
        wordings = self._wordings.one_seen if stock.units == 1 else self._wordings.several_seen
        return _filled(wordings, units=stock.units, age=stock.age_text)

    def _with_age_limit(self, product: ProductFact, parts: tuple[tuple[str, ...], ...], needs: set[ClaimKind]) -> Turn:
        if not product.age_limit:
            return Turn(parts, frozenset(needs))
        limit = _filled(self._wordings.age_limit, age_limit=product.age_limit)
        return Turn((*parts, limit), frozenset({*needs, "age_limit"}))

    def _hours(self, fact: HoursFact) -> Turn:
        wordings, day = self._wordings, self._day(fact)
        again = _filled(wordings.opens_again, day=fact.next_day_text, opens=fact.next_opens)
        following = (again,) if fact.next_opens else ()
        if not fact.ranges:
            return Turn((day, *following), frozenset({"closed", "day"}))
        if fact.is_open_now is None:
            return Turn((day, wordings.goodbye), frozenset({"open", "span", "day"}))
        if fact.is_open_now:
            now = _filled(wordings.open_now, closes=fact.closes)
            return Turn((now, ("", *day)), frozenset({"open", "now", "until_time"}))
        return Turn((wordings.closed_now, *following, day), frozenset({"closed", "now"}))

    def _day(self, fact: HoursFact) -> tuple[str, ...]:
        wordings, span = self._wordings, self._answers.ranges_words(fact)
        if fact.ranges:
            said = wordings.open_specially if fact.special else wordings.open
        else:
            said = wordings.closed_specially if fact.special else wordings.closed
        return _filled(said, day=fact.day_text, special=fact.special, span=span)


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


def _filled(wordings: Sequence[str], **values: object) -> tuple[str, ...]:
    return tuple(wording.format(**values) for wording in wordings)


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return f'"{escaped}"'
