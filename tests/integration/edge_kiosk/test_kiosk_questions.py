"""The question set over the demo shop, asked through the kiosk's own interface."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from edge.assistant.language import load_language
from edge.kiosk.config import KioskSettings
from tests.integration.edge_kiosk.kiosk_fixture import kiosk_app
from tests.unit.edge_assistant.shop_fixture import Shop, demo_shop

QUESTIONS = tomllib.loads(Path("tests/integration/edge_kiosk/questions.toml").read_text())["question"]


@pytest.fixture(scope="module")
def shop() -> Shop:
    return demo_shop()


@pytest.fixture(scope="module")
def client(shop: Shop) -> Iterator[TestClient]:
    settings = KioskSettings(rate_per_minute=6000)
    app = kiosk_app(shop, settings)
    with TestClient(app) as client:
        yield client


def test_the_set_is_large_enough() -> None:
    outcomes = [question.get("outcome", "answered") for question in QUESTIONS]
    assert len(QUESTIONS) >= 60
    assert outcomes.count("unknown") >= 10
    assert sum("one" in question or "several" in question for question in QUESTIONS) >= 40


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question["ask"][:40])
def test_a_question_gets_right_facts_or_none(shop: Shop, client: TestClient, question: dict[str, Any]) -> None:
    response = client.post("/api/kiosk/ask", json={"question": question["ask"]})
    assert response.status_code == 200
    got = response.json()
    shape = {"answer", "intent", "outcome", "facts", "ways", "verified", "wording", "timings_ms", "turn"}
    assert set(got) == shape
    assert got["verified"] is True
    assert got["intent"] == question.get("intent", got["intent"])
    outcome = question.get("outcome", "answered")
    assert shop.recorded[-1].outcome == outcome  # type: ignore[attr-defined]
    if outcome == "unknown":
        assert got["answer"].startswith("I don't know")
    if outcome in ("unknown", "refused"):
        assert got["facts"] == []
        return
    assert question.get("says", "") in got["answer"]
    names = [fact["name"] for fact in got["facts"] if fact["kind"] == "product"]
    if "one" in question:
        assert names == [question["one"]]
    if "several" in question:
        assert question["several"] in names
        assert 1 < len(names) <= 3
    for fact in got["facts"]:
        check_against_the_shop(shop, fact)
    check_the_text(got)


def test_every_product_is_found_by_its_whole_title(shop: Shop) -> None:
    """The screen asks in these words when a tile is touched."""
    wrong = []
    for product in shop.tools.shop.catalogue:
        answer = shop.assistant.ask(f"Where is {product.title}?", kiosk_id="kiosk-1")
        if [fact["sku"] for fact in answer.facts if fact["kind"] == "product"] != [product.sku]:
            wrong.append(product.title)
    assert wrong == []


def check_against_the_shop(shop: Shop, fact: dict[str, Any]) -> None:
    """Every fact about a product equals the shop's files and the shelf, read another way."""
    if "sku" not in fact:
        return
    product = shop.tools.shop.catalogue.get(fact["sku"])
    assert product is not None
    match fact["kind"]:
        case "place":
            assert (fact["aisle"], fact["bay"]) == (product.aisle, product.bay)
        case "price":
            held = [
                offer.price for offer in shop.tools.shop.offers.on(shop.clock.now().date()) if offer.sku == product.sku
            ]
            assert fact["text"] == load_language("en").formats.money_words(held[0] if held else product.price, "EUR")
        case "stock":
            seen = shop.stock.stock(product.sku)
            state = "unknown" if seen is None else "in_stock" if seen.units else "out_of_stock"
            assert (fact["state"], fact["units"]) == (state, None if seen is None else seen.units)
        case "allergens":
            assert tuple(fact["allergens"]) == product.allergens


def check_the_text(got: dict[str, Any]) -> None:
    """The text itself names the price or the place that was asked for."""
    facts = {fact["kind"]: fact for fact in got["facts"]}
    if got["intent"] == "how_much":
        assert facts["price"]["text"] in got["answer"]
    if got["intent"] in ("where_is", "have_you_got"):
        assert f"aisle {facts['place']['aisle']}, bay {facts['place']['bay']}" in got["answer"]
    if got["intent"] == "have_you_got" and "matches" not in facts:
        state = facts["stock"]["state"]
        assert ("on the shelf" in got["answer"]) == (state == "in_stock")
        assert ("was empty" in got["answer"]) == (state == "out_of_stock")
        assert ("cannot see" in got["answer"]) == (state == "unknown")
