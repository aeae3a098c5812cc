"""Marks an answer: whether it holds what was asked for, and every claim in it that the shop's files deny.

A second opinion on the verifier, which shares no code with it: it goes through the text by pattern and compares with
catalogue, offers, hours and shelves. What it does not understand (a number, a negation, a brand that is left over) is
a wrong claim too. Pure.
"""

import re
from collections.abc import Collection, Generator, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from edge.assistant.assistant import Answer
from edge.assistant.language import load_language
from edge.catalogue import Product
from edge.questions.question import Question
from edge.questions.stage import STAGED_AT, Stage

_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z\x02])")
_MARK = re.compile(r"\x02([A-Z]{2}-\d+)\x03")
_UNIT_PRICE = re.compile(r"€\d+\.\d\d/\d*\s*[a-z]+")
_NORMAL = re.compile(r"instead of (€\d+\.\d\d)")
_UNTIL_DAY = re.compile(r"until (\d{1,2} [A-Z][a-z]+(?: \d{4})?)")
_PRICE = re.compile(r"€\d+\.\d\d")
_PLACE = re.compile(r"aisle (\S+), bay ([A-Za-z0-9-]+)")
_UNITS = re.compile(r"(\d+) on the shelf")
_AGE = re.compile(r"(?:seen,? )(just now|\d+ minutes? ago)")
_MUST_BE = re.compile(r"must be (\d+) or over")
_LISTS = re.compile(r"the shop's data lists: ([a-z, ]+)")
_TIME = re.compile(r"\d\d:\d\d")
_DAY = re.compile(r"\b(?:today|tomorrow|on [A-Z][a-z]+day \d{1,2} [A-Z][a-z]+(?: \d{4})?)")
_LEFT_OVER = re.compile(
    r"\d|\b(?i:not|no|none|never|nothing|without|free|cheap\w*|less|more|only|empty|half|double|isn't|don't)\b",
    re.IGNORECASE,
)
_NONE_WITH = re.compile(r"I found none with ([^.]*(?:\.\d+)?[^.]*)\.")
_TICKET = re.compile(r"Your ticket is C-\d{3,}\.")
_HARMLESS_NEGATIONS = (
    "which proves nothing", "lists no allergens", "I cannot see its shelf right now", "I found only part of that",
)  # fmt: skip


def is_right(question: Question, answer: Answer) -> bool:
    """Whether the answer is what the question's author knows to be right."""
    shown = {fact["name"] for fact in answer.facts if fact["kind"] == "product"}
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
    answers = load_language("en").answers
    if text in answers.constants or text == answers.say.no_offers:
        return ()
    marked, found = _with_products_marked(text, stage), []
    about: str | None = None
    for sentence in _SENTENCE.split(marked):
        if sentence in _said_word_for_word(stage) or _TICKET.fullmatch(sentence):
            continue
        if (none_with := _NONE_WITH.fullmatch(sentence)) and not _has_size(marked, none_with[1], stage):
            continue
        found += [f"{wrong} in: {_MARK.sub('#', sentence)}" for wrong in _Sentence(sentence, about, stage).wrong()]
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


def _said_word_for_word(stage: Stage) -> frozenset[str]:
    info = stage.shop.info
    services = [f"{service.name}: {service.where}." for service in info.services]
    contact = [f"Phone: {info.phone}.", f"Address: {info.address}."]
    return frozenset((*info.returns.lines, *services, *contact, load_language("en").answers.say.check_label))


@dataclass
class _Sentence:
    """One sentence, the product that the one before was about, and what is still unread of it."""

    text: str
    before: str | None
    stage: Stage

    def wrong(self) -> Iterator[str]:
        """What is wrong in it, in words."""
        names = _MARK.findall(self.text)
        if "open" in self.text or "closed" in self.text:
            yield from self._wrong_hours()
            return
        rest = re.sub(r"Here are \d+ of \d+|^No, (?=\x02\S+\x03 is not sold out)", "", self.text)
        for quote in _HARMLESS_NEGATIONS:
            rest = rest.replace(quote, "")
        for start, end, sku in self._stretches(names):
            product = self.stage.shop.catalogue.get(sku) if sku else None
            stretch = rest_of(rest, start, end, names)
            if product is not None:
                yield from self._wrong_about(product, stretch)
            else:
                yield from _left_over(stretch, self.stage)

    def _stretches(self, names: Sequence[str]) -> Iterator[tuple[int, int, str | None]]:
        """Number of the name that a part of the sentence starts at (0: before the first), and whose part it is."""
        if not names:
            yield 0, 1, self.before
            return
        yield 0, 1, names[0]
        for number, sku in enumerate(names, 1):
            yield number, number + 1, sku

    def _wrong_about(self, product: Product, said: str) -> Iterator[str]:
        facts = _Truth(self.stage, product)
        said = yield from _checked(said, _UNIT_PRICE, {facts.unit_price})
        said = yield from _checked(said, _NORMAL, {facts.normal_price})
        said = yield from _checked(said, _UNTIL_DAY, {facts.until})
        said = yield from _checked(said, _PRICE, {facts.price})
        said = yield from _checked(said, _PLACE, {(product.aisle, product.bay)})
        said = yield from _checked(said, _UNITS, {str(facts.units)} if facts.units else set())
        said = yield from _checked(said, _MUST_BE, {str(product.age_limit)})
        said = yield from _checked(said, _AGE, {facts.age_text})
        said = yield from _checked(said, _LISTS, {", ".join(product.allergens)})
        yield from facts.wrong_states(said)
        yield from _left_over(facts.without_states(said), self.stage)

    def _wrong_hours(self) -> Iterator[str]:
        local = STAGED_AT.astimezone(self.stage.shop.timezone)
        info, days = self.stage.shop.info, _DAY.findall(self.text)
        if re.search(r"\b(not|never|n't)\b", self.text):
            yield "a negation about hours"
        if "again" in self.text:
            following = info.next_opening(local)
            right = following is not None and _TIME.findall(self.text) == [following[1].opens]
        elif "now" in self.text:
            now = info.open_range(local)
            right = ("open" in self.text) == (now is not None)
            right = right and _TIME.findall(self.text) in ([], [now.closes] if now else [])
        else:
            day = _date_of(days[0], local) if len(days) == 1 else None
            ranges = info.on(day)[0] if day else ()
            said = [time for span in ranges for time in (span.opens, span.closes)]
            right = day is not None and ("open" in self.text) == bool(ranges) and _TIME.findall(self.text) == said
        if not right:
            yield "hours"


class _Truth:
    """What the shop's files say of one product, written as the kiosk writes it."""

    def __init__(self, stage: Stage, product: Product) -> None:
        offers = [offer for offer in stage.shop.offers.on(STAGED_AT.date()) if offer.sku == product.sku]
        seen = stage.shelves.stock(product.sku)
        self.is_on_offer = bool(offers)
        self.price = f"€{offers[0].price if offers else product.price:.2f}"
        self.normal_price = f"€{product.price:.2f}" if offers else None
        last = offers[0].last_day if offers else None
        year = f" {last.year}" if last and last.year != STAGED_AT.year else ""
        self.until = f"{last.day} {last:%B}{year}" if last else None
        amount, _, unit = product.unit_price.partition("/")
        self.unit_price = f"€{amount.strip()}/{unit.strip()}"
        self.units = None if seen is None else seen.units
        minutes = 0 if seen is None else int((STAGED_AT - seen.seen_at).total_seconds() // 60)
        self.age_text = f"{minutes} minute{'s' if minutes > 1 else ''} ago" if minutes else "just now"

    def wrong_states(self, said: str) -> Iterator[str]:
        """Claims about the shelf and the offer that do not hold."""
        if re.search(r"\bwas empty\b|\b(?<!not )sold out\b|\bout of stock\b", said) and self.units != 0:
            yield "said to be empty"
        if (
            re.search(r"\bon the shelf\b|\bin stock\b|\bwe have\b|\bnot sold out\b", said, re.IGNORECASE)
            and not self.units
        ):
            yield "said to be there"
        if re.search(r"\bnot on offer\b", said) and self.is_on_offer:
            yield "said not to be on offer"
        if re.search(r"\b(?<!not )on offer\b", said) and not self.is_on_offer:
            yield "said to be on offer"

    @staticmethod
    def without_states(said: str) -> str:
        """What is left once those claims are out."""
        return re.sub(r"\bshelf was empty\b|\bnot sold out\b|\bnot on offer\b", "", said)


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


def _left_over(said: str, stage: Stage) -> Iterator[str]:
    if unread := _LEFT_OVER.search(said):
        yield f"{unread[0]!r} is left over"
    for brand in {product.brand for product in stage.shop.catalogue if product.brand}:
        if brand in said:
            yield f"the brand {brand}"


def _date_of(said: str, local: datetime) -> date | None:
    if said in ("today", "tomorrow"):
        return local.date() + timedelta(days=said == "tomorrow")
    words = said.split()[1:]
    written = " ".join(words if len(words) == 4 else [*words, str(local.year)])
    try:
        day = datetime.strptime(written, "%A %d %B %Y").replace(tzinfo=local.tzinfo).date()
    except ValueError:
        return None
    return day if day.strftime("%A") == words[0] else None
