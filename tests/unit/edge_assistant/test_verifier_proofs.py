"""What the verifier proves and what it refuses, claim by claim."""

import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.assistant.language import load_language
from edge.assistant.tool_facts import OtherSizeFact, PartsFact
from edge.assistant.tools import Stock
from edge.assistant.verifier import Verifier
from edge.catalogue import Catalogue
from tests.unit.edge_assistant.shop_fixture import NOON, SMALL, small_shop

ENGLISH = load_language("en")
VERIFIER = Verifier(Catalogue(SMALL), ENGLISH.answers, ENGLISH.claims, ENGLISH.words)


def facts(*skus: str, units: int | None = 6) -> tuple[object, ...]:
    shop = small_shop()
    for sku in skus:
        if units is not None:
            shop.stock.seen[sku] = Stock(units=units, seen_at=NOON - timedelta(seconds=130))
    found = []
    for sku in skus:
        product = shop.tools.product(sku)
        assert product is not None
        found.extend(shop.tools.about(product))
    return tuple(found)


MILK, BUTTER, SKIMMED, VODKA = "BR-0001", "BR-0003", "BR-0002", "BR-0005"


@pytest.mark.parametrize(
    ("text", "about", "units"),
    [
        ("Whole milk 3.5 % is in aisle 2, bay 1.", (MILK,), 6),
        ("Yes, we have Fennmoor Whole milk 3.5 %, 1 l. There are 6 on the shelf, seen 2 minutes ago.", (MILK,), 6),
        ("You will find it in aisle 2, bay 1. It costs €1.29.", (MILK,), None),
        ("Tilbeck Butter salted is on offer: €1.99 instead of €2.49, until 30 November.", (BUTTER,), None),
        ("Whole milk 3.5 %: €1.29, bay 1. Semi-skimmed milk 1.5 %: €1.19, bay 2.", (MILK, SKIMMED), None),
        ("Its shelf was empty when last seen, 2 minutes ago.", (MILK,), 0),
        ("We sell Vodka 37.5 %. You must be 18 or over to buy it.", (VODKA,), None),
    ],
)
def test_what_follows_from_the_facts_is_proved(text: str, about: tuple[str, ...], units: int | None) -> None:
    proof = VERIFIER.prove(text, facts(*about, units=units))
    assert proof.ok, proof.reason


@pytest.mark.parametrize(
    ("text", "about", "units"),
    [
        ("Whole milk 3.5 % is not in aisle 2, bay 1.", (MILK,), 6),
        ("Whole milk 3.5 % isn't in aisle 2.", (MILK,), 6),
        ("Whole milk 3.5 % is in aisle 1, bay 2.", (MILK,), 6),
        ("Whole milk 3.5 % costs 1.29.", (MILK,), 6),
        ("Whole milk 3.5 % costs $1.29.", (MILK,), 6),
        ("Whole milk 3.5 % costs €1.2.", (MILK,), 6),
        ("Whole milk 3.5 % costs €1.29 a kilo.", (MILK,), 6),
        ("Whole milk 3.5 % costs only half of €1.29.", (MILK,), 6),
        ("Whole milk costs one euro.", (MILK,), 6),
        ("Organic Whole milk 3.5 % is in aisle 2.", (MILK,), 6),
        ("Tilbeck Whole milk 3.5 % is in aisle 2.", (MILK,), 6),
        ("Butter salted is in aisle 3.", (MILK,), 6),
        ("Butter salted costs €2.49.", (BUTTER,), None),
        ("Butter salted costs €2.49 instead of €1.99.", (BUTTER,), None),
        ("Butter salted is on offer until 30 December.", (BUTTER,), None),
        ("Butter salted is not on offer today.", (BUTTER,), None),
        ("Whole milk 3.5 % is on offer.", (MILK,), None),
        ("Whole milk 3.5 %: €1.19. Semi-skimmed milk 1.5 %: €1.29.", (MILK, SKIMMED), None),
        ("It costs €1.29.", (MILK, SKIMMED), None),
        ("Yes, we have Whole milk 3.5 %.", (MILK,), None),
        ("Yes, we have Whole milk 3.5 %.", (MILK,), 0),
        ("Whole milk 3.5 % is available.", (MILK,), 0),
        ("Whole milk 3.5 % is out of stock.", (MILK,), None),
        ("Whole milk 3.5 % is sold out.", (MILK,), 6),
        ("There are 7 on the shelf, seen 2 minutes ago.", (MILK,), 6),
        ("There are 6 on the shelf, seen just now.", (MILK,), 6),
        ("There are 6 on the shelf, seen 2 hours ago.", (MILK,), 6),
        ("I cannot see its shelf right now.", (MILK,), 6),
        ("You must be 16 or over to buy it.", (VODKA,), None),
        ("Whole milk 3.5 % has no lactose.", (MILK,), 6),
        ("Whole milk 3.5 % is fresh and tasty.", (MILK,), 6),
        ("We are open now.", (MILK,), 6),
        ("", (MILK,), 6),
    ],
)
def test_what_does_not_follow_is_refused(text: str, about: tuple[str, ...], units: int | None) -> None:
    assert not VERIFIER.prove(text, facts(*about, units=units)).ok


def test_what_was_asked_must_not_be_left_out() -> None:
    assert not VERIFIER.prove("It is in aisle 2, bay 1.", facts(MILK), needs={"price"}).ok


TRUE = (
    "Yes, we have Fennmoor Whole milk 3.5 %, 1 l. There are 6 on the shelf, seen 2 minutes ago."
    " It is in aisle 2, bay 1."
)


@given(at=st.integers(0, len(TRUE) - 1), digit=st.sampled_from("0123456789"))
def test_any_changed_digit_is_refused(at: int, digit: str) -> None:
    if not TRUE[at].isdigit() or TRUE[at] == digit:
        return
    assert not VERIFIER.prove(TRUE[:at] + digit + TRUE[at + 1 :], facts(MILK)).ok


@given(st.text(max_size=80))
def test_any_text_at_all_is_judged_without_a_crash(text: str) -> None:
    proof = VERIFIER.prove(text, facts(MILK))
    assert not (proof.ok and re.search(r"\d", re.sub(r"3\.5 %|1 l|aisle 2|bay 1|€1\.29|6 on|2 minutes", "", text)))


@given(
    word=st.sampled_from(["not", "no", "never", "hardly", "without", "almost", "twice", "half"]), at=st.integers(0, 24)
)
def test_a_negation_or_quantity_anywhere_is_refused(word: str, at: int) -> None:
    words = TRUE.split()
    words.insert(at % (len(words) + 1), word)
    assert not VERIFIER.prove(" ".join(words), facts(MILK)).ok


HOURS = "We are closed now. We open again today at 14:00."


def test_opening_hours_are_proved_by_the_sentence() -> None:
    shop = small_shop()
    shop.clock.move(3600)
    fact = (shop.tools.hours(),)
    assert VERIFIER.prove(HOURS, fact).ok
    for false in (
        "We are open now.",
        "Yes, we are closed now.",
        "We are closed today.",
        "We open again today at 13:00.",
        "We open again tomorrow at 14:00.",
        "We are open today from 08:00 to 12:30.",
        "We are open today from 08:00 to 20:00.",
        "We are open today from 14:00 to 20:00 and from 08:00 to 12:30.",
        "We are open tomorrow from 08:00 to 12:30 and from 14:00 to 20:00.",
        "We are not closed now.",
        "We are open.",
    ):
        assert not VERIFIER.prove(false, fact).ok, false


def test_that_a_size_is_missing_is_proved_by_the_sizes_of_the_products() -> None:
    five, one = OtherSizeFact(text="5 l", words=("5000ml",)), OtherSizeFact(text="1 l", words=("1000ml",))
    assert VERIFIER.prove("I found none with 5 l.", (five, *facts(MILK))).ok
    assert not VERIFIER.prove("I found none with 1 l.", (one, *facts(MILK))).ok
    assert not VERIFIER.prove("I found none with 5 l.", facts(MILK)).ok


def test_that_a_part_was_not_found_is_said_only_where_one_was_not() -> None:
    assert VERIFIER.prove("I found only part of that.", (PartsFact(asked=2, found=1), *facts(MILK))).ok
    assert not VERIFIER.prove("I found only part of that.", (PartsFact(asked=2, found=2), *facts(MILK))).ok


@pytest.mark.parametrize(("units", "is_proved"), [(6, True), (0, False), (None, False)])
def test_not_sold_out_is_said_only_of_units_that_were_seen(units: int | None, is_proved: bool) -> None:
    text = "No, Fennmoor Whole milk 3.5 %, 1 l is not sold out."
    assert VERIFIER.prove(text, facts(MILK, units=units)).ok is is_proved
    assert not VERIFIER.prove(text, facts(BUTTER)).ok


def test_hours_of_several_days_are_each_proved_by_their_own_day() -> None:
    tools = small_shop().tools
    days = tuple(tools.hours(NOON.date() + timedelta(days=ahead)) for ahead in (3, 4))  # Saturday, Sunday
    true = "We are open on Saturday 28 November from 08:00 to 18:00. We are closed on Sunday 29 November."
    assert VERIFIER.prove(true, days).ok
    for lie in (
        "We are closed on Saturday 28 November.",
        "We are open on Sunday 29 November from 08:00 to 18:00.",
        "We are open on Saturday 28 November from 08:00 to 20:00.",
        "We are open on Friday 27 November from 08:00 to 20:00.",
        "We are open now.",
    ):
        assert not VERIFIER.prove(lie, days).ok, lie


OFFER = "Butter salted is on offer: €1.99 instead of €2.49, until 30 November."


def test_an_offer_is_proved_of_the_product_that_the_sentence_names() -> None:
    about = facts(BUTTER, MILK)
    for true in (f"{OFFER} Whole milk 3.5 % costs €1.29.", f"Whole milk 3.5 % costs €1.29. {OFFER}"):
        assert VERIFIER.prove(true, about).ok
    for lie in (
        "Whole milk 3.5 % is on offer.",
        f"{OFFER} It is on offer.",
        f"{OFFER} Whole milk 3.5 % is on offer: €1.29.",
        "Butter salted and Whole milk 3.5 % on offer.",
        "Whole milk 3.5 % and Butter salted on offer.",
        "Butter salted is on offer and Whole milk 3.5 %.",
        "Butter salted. On offer.",
        "On offer: Butter salted.",
        "Semi-skimmed milk 1.5 % is on offer.",
    ):
        assert not VERIFIER.prove(lie, about).ok, lie
