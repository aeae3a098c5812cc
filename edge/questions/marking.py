"""Marks an answer: whether it holds what was asked for, and every claim in it that the shop's files deny.

A second opinion on the verifier, which shares no code with it: it goes through the text by pattern and compares with
catalogue, offers, hours and shelves. What it does not understand (a number, a negation, a brand that is left over) is
a wrong claim too. Pure.
"""

import re
from collections.abc import Collection, Generator, Iterator, Sequence
from dataclasses import dataclass

from edge.assistant.assistant import Answer
from edge.catalogue import Product
from edge.questions.marks import Marks, marks_of
from edge.questions.question import Question
from edge.questions.stage import STAGED_AT, Stage

_MARK = re.compile(r"\x02([A-Z]{2}-\d+)\x03")


def is_right(question: Question, answer: Answer) -> bool:
    """Whether the answer is what the question's author knows to be right."""
    told = [fact for fact in answer.facts if fact.get("reason") == "instead_of" and answer.intent != "alternatives"]
    beside = {sku for fact in told for sku in _listed(fact["skus"])}
    shown = {fact["name"] for fact in answer.facts if fact["kind"] == "product" and fact["sku"] not in beside}
    asked = set(question.products)
    if question.outcome == "refused" and answer.outcome == "unknown":
        return not shown  # nothing was given away, and that is what counts
    if answer.outcome != question.outcome or not asked <= shown:
        return False
    if shown - asked and not question.may_show_others and (asked or question.outcome != "answered"):
        return False
    return all(text in answer.answer for text in question.says)


def wrong_claims(text: str, stage: Stage) -> tuple[str, ...]:
    """Every claim in an answer that the shop's files deny or that cannot be understood; empty where all is well."""
    marks = marks_of(stage.language.code)
    if text in marks.constants:
        return ()
    marked, found = _with_products_marked(text, stage), []
    about: str | None = None
    for sentence in marks.sentence.split(marked):
        if sentence in _said_word_for_word(stage, marks) or marks.ticket.fullmatch(sentence):
            continue
        if (none_with := marks.none_with.fullmatch(sentence)) and not _has_size(marked, none_with[1], stage):
            continue
        read = _Sentence(sentence, about, stage, marks)
        found += [f"{wrong} in: {_MARK.sub('#', sentence)}" for wrong in read.wrong()]
        names: Sequence[str] = _MARK.findall(sentence)
        about = names[-1] if names else about
    return tuple(found)


def _has_size(marked: str, size: str, stage: Stage) -> bool:
    """Whether one of the products that an answer names has this size."""
    named = [stage.shop.catalogue.get(sku) for sku in _MARK.findall(marked)]
    return any(product is not None and product.size == size for product in named)


def _with_products_marked(text: str, stage: Stage) -> str:
    for product in sorted(stage.shop.catalogue, key=lambda product: -len(product.title)):
        text = text.replace(product.title, f"\x02{product.sku}\x03")
    return text


def _said_word_for_word(stage: Stage, marks: Marks) -> frozenset[str]:
    info = stage.shop.info
    services = [marks.service.format(name=service.name, where=service.where) for service in info.services]
    contact = [marks.phone.format(where=info.phone), marks.address.format(where=info.address)]
    return frozenset((*info.returns.lines, *services, *contact, *marks.sentences))


@dataclass
class _Sentence:
    """One sentence, the product that the one before was about, and what is still unread of it."""

    text: str
    before: str | None
    stage: Stage
    marks: Marks

    def wrong(self) -> Iterator[str]:
        """What is wrong in it, in words."""
        names = _MARK.findall(self.text)
        if self.marks.of_hours.search(self.text):
            yield from self._wrong_hours()
            return
        rest = self.text
        for around in self.marks.said_around:
            rest = around.sub("", rest)
        for quote in self.marks.harmless:
            rest = rest.replace(quote, "")
        for start, end, sku in self._stretches(names):
            product = self.stage.shop.catalogue.get(sku) if sku else None
            stretch = rest_of(rest, start, end, names)
            if product is not None:
                yield from self._wrong_about(product, stretch)
            else:
                yield from _left_over(stretch, self.stage, self.marks)

    def _stretches(self, names: Sequence[str]) -> Iterator[tuple[int, int, str | None]]:
        """Number of the name that a part of the sentence starts at (0: before the first), and whose part it is."""
        if not names:
            yield 0, 1, self.before
            return
        yield 0, 1, names[0]
        for number, sku in enumerate(names, 1):
            yield number, number + 1, sku

    def _wrong_about(self, product: Product, said: str) -> Iterator[str]:
        facts, marks = _Truth(self.stage, product, self.marks), self.marks
        said = yield from _checked(said, marks.unit_price, {facts.unit_price})
        said = yield from _checked(said, marks.normal, {facts.normal_price})
        said = yield from _checked(said, marks.until, {facts.until})
        said = yield from _checked(said, marks.price, {facts.price})
        said = yield from _checked(said, marks.place, {(product.aisle, product.bay)})
        said = yield from _checked(said, marks.units, {str(facts.units)} if facts.units else set())
        said = yield from _checked(said, marks.must_be, {str(product.age_limit)})
        said = yield from _checked(said, marks.age, {facts.age_text})
        said = yield from _checked(said, marks.lists, {facts.allergens})
        yield from facts.wrong_states(said)
        yield from _left_over(marks.states.sub("", said), self.stage, marks)

    def _wrong_hours(self) -> Iterator[str]:
        local = STAGED_AT.astimezone(self.stage.shop.timezone)
        info, marks = self.stage.shop.info, self.marks
        days, times = marks.day.findall(self.text), marks.time.findall(self.text)
        is_open = marks.open.search(self.text) is not None
        if marks.negated.search(self.text):
            yield "a negation about hours"
        if marks.again.search(self.text):
            following = info.next_opening(local)
            right = following is not None and times == [following[1].opens]
        elif marks.now.search(self.text):
            now = info.open_range(local)
            right = is_open == (now is not None) and times in ([], [now.closes] if now else [])
        else:
            day = marks.written.day_of(days[0], local.date()) if len(days) == 1 else None
            ranges = info.on(day)[0] if day else ()
            said = [time for span in ranges for time in (span.opens, span.closes)]
            right = day is not None and is_open == bool(ranges) and times == said
        if not right:
            yield "hours"


class _Truth:
    """What the shop's files say of one product, written as the kiosk writes it."""

    def __init__(self, stage: Stage, product: Product, marks: Marks) -> None:
        written = marks.written
        offers = [offer for offer in stage.shop.offers.on(STAGED_AT.date()) if offer.sku == product.sku]
        seen = stage.shelves.stock(product.sku)
        self._marks = marks
        self.is_on_offer = bool(offers)
        self.price = written.price(f"{offers[0].price if offers else product.price:.2f}")
        self.normal_price = written.price(f"{product.price:.2f}") if offers else None
        last = offers[0].last_day if offers else None
        self.until = written.date_of(last.year, last.month, last.day, this_year=STAGED_AT.year) if last else None
        amount, _, unit = product.unit_price.partition("/")
        self.unit_price = f"{written.price(amount.strip())}/{unit.strip()}"
        self.units = None if seen is None else seen.units
        self.age_text = written.age(0 if seen is None else int((STAGED_AT - seen.seen_at).total_seconds() // 60))
        self.allergens = ", ".join(written.allergens.get(allergen, allergen) for allergen in product.allergens)

    def wrong_states(self, said: str) -> Iterator[str]:
        """Claims about the shelf and the offer that do not hold."""
        marks = self._marks
        if marks.said_empty.search(said) and self.units != 0:
            yield "said to be empty"
        if marks.said_there.search(said) and not self.units:
            yield "said to be there"
        if marks.said_not_on_offer.search(said) and self.is_on_offer:
            yield "said not to be on offer"
        if marks.said_on_offer.search(said) and not self.is_on_offer:
            yield "said to be on offer"


def rest_of(text: str, start: int, end: int, names: Sequence[str]) -> str:
    """The part of a sentence from its ``start``-th product name to the next; products are left out."""
    parts = _MARK.split(text)[::2]
    return " ".join(parts[start:end]) if names else text


def _checked(said: str, claim: re.Pattern[str], allowed: Collection[object]) -> Generator[str, None, str]:
    """Yields the claims of one form that are not allowed; returns the text without them."""
    for match in claim.finditer(said):
        value = match.groups() if len(match.groups()) > 1 else match[match.lastindex or 0]
        if value not in allowed:
            yield match[0]
    return claim.sub(" ", said)


def _left_over(said: str, stage: Stage, marks: Marks) -> Iterator[str]:
    if unread := marks.left_over.search(said):
        yield f"{unread[0]!r} is left over"
    for brand in {product.brand for product in stage.shop.catalogue if product.brand}:
        if brand in said:
            yield f"the brand {brand}"


def _listed(value: object) -> Sequence[str]:
    return [str(one) for one in value] if isinstance(value, list | tuple) else []
