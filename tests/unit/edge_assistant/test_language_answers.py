"""Every answer that a language can give is proved by that language's own claims, whatever the facts are."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from edge.assistant.answers import Answers
from edge.assistant.language import load_language
from edge.assistant.tool_facts import (
    AllergenFact,
    MatchesFact,
    OtherSizeFact,
    PlaceFact,
    PriceFact,
    ProductFact,
    StockFact,
    TicketFact,
    ToolFact,
)
from edge.assistant.voice import Voice, make_voice
from edge.language_files import known_languages
from edge.questions.stage import STAGED_AT, Stage, StageClock

Said = tuple[str, tuple[ToolFact, ...]]


@pytest.fixture(scope="module", params=known_languages())
def voice(request: pytest.FixtureRequest) -> Voice:
    stage = Stage.of_demo_shop(language=request.param)
    return make_voice(load_language(request.param), stage.shop, stage.shelves, clock=StageClock())


class _Night(StageClock):
    def now(self) -> datetime:
        return STAGED_AT + timedelta(hours=10)


def _about_one(answers: Answers, facts: tuple[ToolFact, ...], allergens: AllergenFact) -> Iterator[Said]:
    product, price, place, stock = facts
    assert isinstance(product, ProductFact)
    assert isinstance(price, PriceFact)
    assert isinstance(place, PlaceFact)
    assert isinstance(stock, StockFact)
    yield answers.where_is(product, place, stock), facts
    yield answers.how_much(product, price), facts
    yield answers.how_much_each(product, price), facts
    yield answers.have_you_got(product, place, stock), facts
    yield answers.how_many_seen(product, place, stock), facts
    yield answers.sold_out(product, place, stock), facts
    yield answers.allergens(product, allergens), (*facts, allergens)
    if price.normal is None:
        yield answers.not_on_offer(product, price), facts
    if product.age_limit is not None:
        one = MatchesFact(total=1, shown=1)
        yield answers.ages([(product, price, place)], one), (one, *facts)


def _about_several(voice: Voice) -> Iterator[Said]:
    tools, answers = voice.tools, voice.language.answers
    products = tools.offers_today()[:3]
    lines = [(tools.sold(p), tools.price(p), tools.place(p)) for p in products]
    facts = tuple(fact for p in products for fact in tools.about(p))
    few, many = MatchesFact(total=3, shown=3), MatchesFact(total=9, shown=3)
    for matches in (few, many):
        yield answers.which_one(lines, matches), (matches, *facts)
        yield answers.these(lines, matches), (matches, *facts)
        yield answers.offers(lines, matches), (matches, *facts)
    size = OtherSizeFact(text="5 l", words=("5000ml",))
    yield f"{answers.no_such_size(size)} {answers.which_one(lines, many)}", (many, size, *facts)
    none = MatchesFact(total=0, shown=0)
    yield answers.offers([], none), (none,)


def _about_the_shop(voice: Voice) -> Iterator[Said]:
    tools, answers = voice.tools, voice.language.answers
    today = tools.local_now().date()
    days = [tools.hours(today + timedelta(days=ahead)) for ahead in range(60)]
    for fact in days:
        yield answers.hours(fact), (fact,)
    yield answers.hours_of_days(days[1:8]), tuple(days[1:8])
    yield answers.returns(tools.returns()), (tools.returns(),)
    for service in tools.services():
        yield answers.service(service), (service,)
    yield answers.ticket("C-007"), (TicketFact(ticket="C-007"),)


def _said(voice: Voice) -> Iterator[Said]:
    tools, answers = voice.tools, voice.language.answers
    for product in tools.shop.catalogue:
        yield from _about_one(answers, tools.about(product), tools.allergens(product))
    sold, price, place, stock = tools.about(next(iter(tools.shop.catalogue)))
    assert isinstance(sold, ProductFact)
    assert isinstance(stock, StockFact)
    for age_s in (10.0, 90.0, 300.0, 3700.0, 9000.0):
        for units in (0, 1, 12):
            seen = replace(
                stock,
                state="in_stock" if units else "out_of_stock",
                units=units,
                age_s=age_s,
                age_text=voice.language.formats.age_words(age_s),
            )
            nothing = AllergenFact(sku=sold.sku, allergens=())
            yield from _about_one(answers, (sold, price, place, seen), nothing)
    yield from _about_several(voice)
    yield from _about_the_shop(voice)


def test_every_answer_is_proved(voice: Voice) -> None:
    for text, facts in _said(voice):
        proof = voice.verifier.prove(text, facts)
        assert proof.ok, f"{text}: {proof.reason}"


def test_at_night_the_shop_is_closed_and_opens_again(voice: Voice) -> None:
    tools = voice.tools
    night = make_voice(voice.language, tools.shop, Stage.of_demo_shop().shelves, clock=_Night())
    fact = night.tools.hours()
    text = night.language.answers.hours(fact)
    assert fact.is_open_now is False
    assert night.verifier.prove(text, (fact,)).ok, text
    assert not voice.verifier.prove(text, (tools.hours(),)).ok
