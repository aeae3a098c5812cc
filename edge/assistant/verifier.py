"""Proves an answer: every claim in it must follow from the facts, with the same polarity, about the same product.

Owns the last word over what the screen shows. Refuses whatever it cannot read or cannot prove, and an answer that
leaves out what was asked; it never repairs one. Pure: facts and text in, proof out.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from edge.assistant.answers import Answers
from edge.assistant.claims import Claim, ClaimKind, ClaimReader, ClaimWords, UnreadError
from edge.assistant.tool_facts import (
    AllergenFact,
    HoursFact,
    MatchesFact,
    OtherSizeFact,
    PartsFact,
    PlaceFact,
    PriceFact,
    ProductFact,
    ReturnsFact,
    ServiceFact,
    StockFact,
    SuggestionFact,
    TicketFact,
    ToolFact,
)
from edge.catalogue import Catalogue
from edge.catalogue_words import WordForms

MAX_CHARS = 1200
_AMBIGUOUS = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """Whether every claim is proved, and if not, the first one that is not."""

    ok: bool
    reason: str | None = None
    claims: int = 0


class Verifier:
    """Proves answers of one shop. Any thread may call it."""

    def __init__(self, catalogue: Catalogue, answers: Answers, claims: ClaimWords, forms: WordForms) -> None:
        """Learn every product name, so that naming one that is not in the facts is noticed.

        ``answers``, ``claims`` and ``forms`` are the language's.
        """
        self._answers = answers
        self._claims = claims
        self._forms = forms
        self._names: dict[str, str] = {}
        for product in catalogue:
            branded = product.title.removesuffix(f", {product.size}") if product.size else product.title
            for written in {product.title, branded, product.name}:
                known = self._names.setdefault(written, product.sku)
                if known != product.sku:
                    self._names[written] = _AMBIGUOUS

    def prove(self, text: str, facts: Sequence[ToolFact], *, needs: Collection[ClaimKind] = ()) -> Proof:
        """Prove ``text`` from ``facts``; ``needs`` are claims without which it would be no answer."""
        if not text.strip() or len(text) > MAX_CHARS:
            return Proof(False, "empty or too long")
        if text in self._answers.constants:
            return Proof(True)
        case = _Case.of(facts, answers=self._answers, forms=self._forms)
        names = {**self._names, **case.own_names()}
        try:
            claims = ClaimReader(self._claims, names, case.quotes()).read(text)
        except UnreadError as error:
            return Proof(False, f"unread: {error}")
        missing = set(needs) - {claim.kind for claim in claims}
        if missing:
            return Proof(False, f"left out: {', '.join(sorted(missing))}")
        wrong = case.first_wrong(claims, names)
        return Proof(wrong is None, wrong, sum(claim.kind != "end" for claim in claims))


@dataclass(slots=True)
class _Case:
    """The facts of one answer by what they are about."""

    answers: Answers
    forms: WordForms
    products: dict[str, ProductFact] = field(default_factory=dict)
    prices: dict[str, PriceFact] = field(default_factory=dict)
    places: dict[str, PlaceFact] = field(default_factory=dict)
    stocks: dict[str, StockFact] = field(default_factory=dict)
    allergens: dict[str, AllergenFact] = field(default_factory=dict)
    hours: list[HoursFact] = field(default_factory=list)
    matches: MatchesFact | None = None
    others: list[ToolFact] = field(default_factory=list)

    @classmethod
    def of(cls, facts: Sequence[ToolFact], *, answers: Answers, forms: WordForms) -> "_Case":
        case = cls(answers, forms)
        for fact in facts:
            match fact:
                case ProductFact():
                    case.products[fact.sku] = fact
                case PriceFact():
                    case.prices[fact.sku] = fact
                case PlaceFact():
                    case.places[fact.sku] = fact
                case StockFact():
                    case.stocks[fact.sku] = fact
                case AllergenFact():
                    case.allergens[fact.sku] = fact
                case HoursFact():
                    case.hours.append(fact)
                case MatchesFact():
                    case.matches = fact
                case _:
                    case.others.append(fact)
        return case

    def own_names(self) -> dict[str, str]:
        """Written forms of the facts' products; a form that two of them share names neither."""
        names: dict[str, str] = {}
        for sku, fact in self.products.items():
            for written in {fact.title, fact.title.removesuffix(f", {fact.size}"), fact.name}:
                names[written] = _AMBIGUOUS if written in names else sku
        return names

    def quotes(self) -> list[str]:
        """Texts that may be said word for word, each built from its own fact."""
        answers = self.answers
        said = [
            answers.allergens(product, self.allergens[sku])
            for sku, product in self.products.items()
            if sku in self.allergens
        ]
        said.append(answers.say.check_label)
        said.extend(
            answers.not_sold_out(product)
            for sku, product in self.products.items()
            if sku in self.stocks and self.stocks[sku].state == "in_stock"
        )
        for fact in self.others:
            match fact:
                case ReturnsFact():
                    said.append(answers.returns(fact))
                case ServiceFact():
                    said.append(answers.service(fact))
                case PartsFact() if fact.found < fact.asked:
                    said.append(answers.say.found_only_part)
                case OtherSizeFact() if not any(self._has_size(sku, fact.words) for sku in self.products):
                    said.append(answers.no_such_size(fact))
                case SuggestionFact() if set(fact.skus) <= set(self.products):
                    about = self.products.get(fact.sku or "")
                    said.append(answers.suggestion(fact, about.title if about else ""))
                case TicketFact():
                    said.append(answers.ticket(fact.ticket))
        if self.matches is not None and self.matches.total == 0:
            said.append(answers.say.no_offers)
        if len(self.hours) == 1 and self.hours[0].special:  # beside several days its name could stand at a wrong one
            said.append(self.hours[0].special)
        return said

    def _has_size(self, sku: str, words: Collection[str]) -> bool:
        product = self.products[sku]
        return set(words) <= {*self.forms.of(product.size), *self.forms.of(product.name)}

    def first_wrong(self, claims: Sequence[Claim], names: dict[str, str]) -> str | None:
        """The first claim that does not follow, in words for the log of a test; None where all do."""
        about = next(iter(self.products)) if len(self.products) == 1 else None
        sentence: list[Claim] = []
        if not self._offers_hold(claims, names):
            return "on_offer does not follow"
        for number, claim in enumerate((*claims, Claim("end"))):
            if claim.kind == "product":
                about = names.get(claim.values[0])
                if about not in self.products:
                    return f"product {claim.values[0]} is not in the facts"
            elif claim.kind == "end":
                if not self._sentence_holds(sentence):
                    return "opening hours do not follow: " + " ".join(part.kind for part in sentence)
                sentence = []
            elif claim.kind in _HOURS_KINDS:
                sentence.append(claim)
            elif claim.kind == "on_offer":
                continue
            elif not self._holds(claim, _object_of(claims[number:], names) or about):
                return f"{claim.kind} {' '.join(claim.values)} does not follow"
        return None

    def _holds(self, claim: Claim, about: str | None) -> bool:
        if claim.kind == "quote":
            return True
        if claim.kind == "shown_of":
            return self.matches is not None and claim.values == (str(self.matches.shown), str(self.matches.total))
        if about is None:
            return False
        check = _PRODUCT_CHECKS.get(claim.kind)
        return check is not None and check(self, about, claim.values)

    def _offers_hold(self, claims: Sequence[Claim], names: dict[str, str]) -> bool:
        """Offers are read by the sentence: of every product that it names, else of every product in the facts."""
        sentence: list[Claim] = []
        for claim in (*claims, Claim("end")):
            if claim.kind != "end":
                sentence.append(claim)
                continue
            kinds = [part.kind for part in sentence]
            if "on_offer" in kinds:
                is_of_named = "shown_of" not in kinds and "product" in kinds[: kinds.index("on_offer")]
                named = [names.get(part.values[0], _AMBIGUOUS) for part in sentence if part.kind == "product"]
                about = [*named, *(() if is_of_named else self.products)]
                if not about or not all(_on_offer(self, sku) for sku in about):
                    return False
            sentence = []
        return True

    def _sentence_holds(self, claims: Sequence[Claim]) -> bool:
        """Hours are read by the sentence: who is open, when, on which day."""
        kinds = {claim.kind for claim in claims}
        if not kinds - {"yes"}:
            return not kinds or self._may_say_yes()
        if self.products and kinds <= {"yes", "now", "day"}:
            return "day" not in kinds and "now" not in kinds and self._may_say_yes()
        return any(_hours_hold(fact, claims, kinds) for fact in self.hours)

    def _may_say_yes(self) -> bool:
        return bool(self.products) and all(stock.state != "out_of_stock" for stock in self.stocks.values())


def _object_of(claims: Sequence[Claim], names: dict[str, str]) -> str | None:
    """What is sold or there stands behind the verb: "we have milk"; None where nothing does, or it is another claim."""
    if not claims or claims[0].kind not in ("have", "sell"):
        return None
    for claim in claims[1:]:
        if claim.kind == "product":
            return names.get(claim.values[0])
        if claim.kind == "end":
            return None
    return None


_HOURS_KINDS: frozenset[ClaimKind] = frozenset(
    {"open", "closed", "now", "again", "span", "until_time", "at_time", "day", "yes"}
)


def _hours_hold(fact: HoursFact, claims: Sequence[Claim], kinds: set[ClaimKind]) -> bool:
    said = {kind: [claim.values for claim in claims if claim.kind == kind] for kind in kinds}
    days = [values[0].casefold() for values in said.get("day", [])]
    if len(days) > 1 or len({"open", "closed", "again"} & kinds) != 1:
        return False
    if "again" in kinds:
        wanted = {"again", "day", "at_time"}
        return (
            kinds == wanted
            and days == [(fact.next_day_text or "").casefold()]
            and said["at_time"] == [(fact.next_opens or "-",)]
        )
    if "now" in kinds:
        if days or kinds & {"span", "at_time"}:
            return False
        closes_right = said.get("until_time", [(fact.closes,)]) == [(fact.closes,)]
        if "open" in kinds:
            return fact.is_open_now is True and closes_right
        return fact.is_open_now is False and kinds == {"closed", "now"}
    if days != [fact.day_text.casefold()] or kinds & {"until_time", "at_time"}:
        return False
    if "closed" in kinds:
        return not fact.ranges and kinds == {"closed", "day"}
    return bool(fact.ranges) and said.get("span") == [(span.opens, span.closes) for span in fact.ranges]


_Check = Callable[[_Case, str, tuple[str, ...]], bool]


def _price(case: _Case, sku: str, values: tuple[str, ...]) -> bool:
    return sku in case.prices and values[0] == case.prices[sku].text


def _normal_price(case: _Case, sku: str, values: tuple[str, ...]) -> bool:
    return sku in case.prices and case.prices[sku].normal_text == values[0]


def _unit_price(case: _Case, sku: str, values: tuple[str, ...]) -> bool:
    return sku in case.prices and bool(values[0]) and case.prices[sku].unit_price_text == values[0]


def _on_offer(case: _Case, sku: str) -> bool:
    return sku in case.prices and case.prices[sku].normal is not None


def _not_on_offer(case: _Case, sku: str, _: tuple[str, ...]) -> bool:
    return sku in case.prices and case.prices[sku].normal is None


def _until_day(case: _Case, sku: str, values: tuple[str, ...]) -> bool:
    return sku in case.prices and case.prices[sku].until_text == values[0]


def _aisle(case: _Case, sku: str, values: tuple[str, ...]) -> bool:
    return sku in case.places and case.places[sku].aisle.casefold() == values[0].casefold()


def _bay(case: _Case, sku: str, values: tuple[str, ...]) -> bool:
    return sku in case.places and case.places[sku].bay.casefold() == values[0].casefold()


def _count(case: _Case, sku: str, values: tuple[str, ...]) -> bool:
    stock = case.stocks.get(sku)
    return stock is not None and stock.state == "in_stock" and str(stock.units) == values[0]


def _age(case: _Case, sku: str, values: tuple[str, ...]) -> bool:
    return sku in case.stocks and (case.stocks[sku].age_text or "").casefold() == values[0].casefold()


def _out_of_stock(case: _Case, sku: str, values: tuple[str, ...]) -> bool:
    stock = case.stocks.get(sku)
    return (
        stock is not None
        and stock.state == "out_of_stock"
        and values[0].casefold() in ("", (stock.age_text or "").casefold())
    )


def _state(*allowed: str) -> _Check:
    def check(case: _Case, sku: str, _: tuple[str, ...]) -> bool:
        return sku in case.stocks and case.stocks[sku].state in allowed

    return check


def _age_limit(case: _Case, sku: str, values: tuple[str, ...]) -> bool:
    return str(case.products[sku].age_limit) == values[0]


_PRODUCT_CHECKS: dict[ClaimKind, _Check] = {
    "price": _price,
    "normal_price": _normal_price,
    "unit_price": _unit_price,
    "not_on_offer": _not_on_offer,
    "until_day": _until_day,
    "aisle": _aisle,
    "bay": _bay,
    "count": _count,
    "age": _age,
    "in_stock": _state("in_stock"),
    "out_of_stock": _out_of_stock,
    "stock_unknown": _state("unknown"),
    "have": _state("in_stock"),
    "sell": lambda case, sku, _: sku in case.products,
    "age_limit": _age_limit,
}
