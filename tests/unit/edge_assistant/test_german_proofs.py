"""What the verifier proves and refuses in German, claim by claim."""

from datetime import timedelta
from decimal import Decimal

import pytest

from edge.assistant.language import load_language
from edge.assistant.tool_facts import ToolFact
from edge.assistant.tools import ShopData, Stock
from edge.assistant.voice import make_voice
from edge.catalogue import Catalogue
from edge.shop_info import Offers
from tests.unit.edge_assistant.shop_fixture import (
    BERLIN,
    BUTTER_OFFER,
    INFO,
    NOON,
    FakeClock,
    FakeStock,
    product,
)

MILK, BUTTER = "BR-0001", "BR-0003"
SEEN = {MILK: Stock(units=6, seen_at=NOON - timedelta(seconds=130))}
CATALOGUE = Catalogue(
    [
        product(MILK, "Vollmilch 3,5 %"),
        product(BUTTER, "Butter gesalzen", "Tilbeck", "250 g", price=Decimal("2.49"), aisle="3"),
    ]
)
SHOP = ShopData(catalogue=CATALOGUE, info=INFO, offers=Offers((BUTTER_OFFER,)), currency="EUR", timezone=BERLIN)
VOICE = make_voice(load_language("de"), SHOP, FakeStock(SEEN), clock=FakeClock())


def facts(*skus: str) -> tuple[ToolFact, ...]:
    found = [VOICE.tools.product(sku) for sku in skus]
    return tuple(fact for one in found if one is not None for fact in VOICE.tools.about(one))


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("Vollmilch 3,5 % finden Sie in Gang 2, Regal 1.", (MILK,)),
        ("Ja, Fennmoor Vollmilch 3,5 %, 1 l haben wir da. Im Regal stehen 6 Stück, gesehen vor 2 Minuten.", (MILK,)),
        ("Sie finden es in Gang 2, Regal 1. Der Preis ist 1,29 €.", (MILK,)),
        ("Butter gesalzen ist im Angebot: 1,99 € statt 2,49 €, bis zum 30. November.", (BUTTER,)),
        ("Vollmilch 3,5 %: 1,29 €, Regal 1. Butter gesalzen: 1,99 €, Gang 3.", (MILK, BUTTER)),
    ],
)
def test_what_follows_from_the_facts_is_proved(text: str, about: tuple[str, ...]) -> None:
    proof = VOICE.verifier.prove(text, facts(*about))
    assert proof.ok, proof.reason


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("Vollmilch 3,5 % finden Sie nicht in Gang 2, Regal 1.", (MILK,)),
        ("Vollmilch 3,5 % finden Sie in Gang 1, Regal 2.", (MILK,)),
        ("Vollmilch 3,5 % kostet 1.29 €.", (MILK,)),
        ("Vollmilch 3,5 % kostet 1,29.", (MILK,)),
        ("Vollmilch 3,5 % kostet 1,92 €.", (MILK,)),
        ("Vollmilch 3,5 % kostet nur 1,29 €.", (MILK,)),
        ("Vollmilch 3,5 % ist kostenlos.", (MILK,)),
        ("Vollmilch 3,5 % ist ausverkauft.", (MILK,)),
        ("Vollmilch 3,5 % ist im Angebot: 1,29 €.", (MILK,)),
        ("Vollmilch 3,5 % ist laktosefrei.", (MILK,)),
        ("Vollmilch 3,5 % kostet ein Euro.", (MILK,)),
        ("Keine Vollmilch 3,5 %.", (MILK,)),
        ("Im Regal stehen 7 Stück, gesehen vor 2 Minuten.", (MILK,)),
        ("Im Regal stehen 6 Stück, gesehen vor 3 Minuten.", (MILK,)),
        ("Im Regal stehen 6 Stück.", (BUTTER,)),
        ("Das Regal war leer, als es zuletzt gesehen wurde, vor 2 Minuten.", (MILK,)),
        ("Butter gesalzen kostet 2,49 €.", (BUTTER,)),
        ("Butter gesalzen ist heute nicht im Angebot.", (BUTTER,)),
        ("Butter gesalzen ist im Angebot: 1,99 € statt 2,49 €, bis zum 31. November.", (BUTTER,)),
        ("Vollmilch 3,5 %: 1,99 €. Butter gesalzen: 1,29 €.", (MILK, BUTTER)),
        ("Butter gesalzen finden Sie in Gang 3.", (MILK,)),
        ("Unser Markt ist jetzt geschlossen.", (MILK,)),
        ("Sie müssen mindestens 16 Jahre alt sein, um es zu kaufen.", (MILK,)),
    ],
)
def test_what_does_not_follow_is_refused(text: str, about: tuple[str, ...]) -> None:
    assert not VOICE.verifier.prove(text, facts(*about)).ok


@pytest.mark.parametrize(
    "text",
    [
        "Unser Markt ist heute von 08:00 bis 20:00 Uhr geöffnet.",
        "Unser Markt ist heute nicht geöffnet.",
        "Unser Markt ist morgen von 08:00 bis 12:30 Uhr und von 14:00 bis 20:00 Uhr geöffnet.",
        "Ja, unser Markt ist jetzt geöffnet, bis 20:00 Uhr.",
    ],
)
def test_wrong_hours_are_refused(text: str) -> None:
    assert not VOICE.verifier.prove(text, (VOICE.tools.hours(),)).ok
