"""The kiosk's interface over HTTP: what it gives, what it refuses and how it says so."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from edge.errors import StoreFullError
from edge.facts import Fact, KioskRatingFact
from edge.kiosk.config import KioskSettings
from edge.rate_limit import RateLimiter
from models.language.requests import CompletionRequest
from tests.integration.edge_kiosk.kiosk_fixture import demo_plan, kiosk_app, tickets_of
from tests.unit.edge_assistant.shop_fixture import FakeLanguage, Shop, demo_shop, said_facts, small_shop

SESSION = "0123456789ab"


def client_of(shop: Shop, *, rate_per_minute: int = 6000) -> TestClient:
    settings = KioskSettings(rate_per_minute=rate_per_minute)
    return TestClient(kiosk_app(shop, settings, name="Corner <Shop>"), raise_server_exceptions=False)


@pytest.fixture
def shop() -> Shop:
    return small_shop()


@pytest.fixture
def client(shop: Shop) -> Iterator[TestClient]:
    with client_of(shop) as client:
        yield client


def test_the_page_is_served_with_strict_headers_and_nothing_inline(client: TestClient) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert page.headers["content-security-policy"].startswith("default-src 'self'")
    assert "unsafe" not in page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "Corner &lt;Shop&gt;" in page.text
    assert "style=" not in page.text
    assert "http" not in page.text.replace("http-equiv", "")
    assert page.text.count("<script") == page.text.count('src="/static/js/')


@pytest.mark.parametrize(
    "path", ["/docs", "/redoc", "/openapi.json", "/console", "/login", "/metrics", "/.env", "/static/../app.py"]
)
def test_nothing_else_lives_on_this_port(client: TestClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert response.json()["error"]["message"] == "There is nothing here."


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "The field question is missing."),
        ({"question": ""}, "The question is empty; please type something."),
        ({"question": "   "}, "The question is empty; please type something."),
        ({"question": "x" * 301}, "The question is too long; at most 300 characters fit."),
        ({"question": 3}, "The field question must be text."),
        ({"question": ["milk"]}, "The field question must be text."),
        ({"question": "milk", "sku": "BR-0001"}, "The field sku is not known here."),
        ({"question": "milk", "session": "a b"}, "The field session must be 8 to 64 letters, digits or dashes."),
        ([], 'The request must be a JSON object, such as {"question": "Where is the milk?"}.'),
    ],
)
def test_a_wrong_request_gets_a_plain_sentence(client: TestClient, body: Any, said: str) -> None:
    response = client.post("/api/kiosk/ask", json=body)
    assert response.status_code == 422
    assert response.json() == {"error": {"code": "not_understood", "message": said}}


def test_what_is_no_json_is_said_to_be_none(client: TestClient) -> None:
    response = client.post("/api/kiosk/ask", content=b"{", headers={"content-type": "application/json"})
    assert response.status_code == 422
    assert response.json()["error"]["message"] == "The request must be JSON."


def test_a_body_that_is_no_utf_8_is_said_to_be_none(client: TestClient) -> None:
    response = client.post(
        "/api/kiosk/ask", content=b'{"question": "\xff\xfe"}', headers={"content-type": "application/json"}
    )
    assert response.status_code in (400, 422)
    assert response.json()["error"]["code"] == "not_understood"
    assert response.json()["error"]["message"].startswith("The request must be JSON")


def test_a_long_body_is_refused_by_its_length_and_while_it_streams(client: TestClient) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(100):
            yield b" " * 1000

    assert client.post("/api/kiosk/ask", content=b" " * 5000).status_code == 413
    assert client.post("/api/kiosk/ask", content=endless()).status_code == 413


def test_a_screen_that_asks_too_fast_waits(shop: Shop) -> None:
    with client_of(shop, rate_per_minute=6) as client:
        answers = [client.post("/api/kiosk/ask", json={"question": "butter"}) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
        assert answers[-1].headers["retry-after"] == "10"
        shop.clock.move(10)
        assert client.post("/api/kiosk/ask", json={"question": "butter"}).status_code == 200
        assert client.get("/healthz").status_code == 200


def test_the_limiter_remembers_a_bounded_number_of_screens(shop: Shop) -> None:
    limiter = RateLimiter(shop.clock, per_minute=60, limit=10)
    assert all(limiter.admits(f"screen-{number}") for number in range(1000))
    assert len(limiter._buckets) == 10


def test_a_store_that_is_full_is_a_503_with_a_code(shop: Shop, client: TestClient) -> None:
    def full(_: Fact) -> None:
        raise StoreFullError("full")

    shop.assistant._record = full
    response = client.post("/api/kiosk/colleague", json={})
    assert response.status_code == 503
    assert response.json()["error"]["code"] == "store"
    assert client.post("/api/kiosk/ask", json={"question": "butter"}).status_code == 200


def test_our_own_fault_is_a_503_with_a_code_and_no_trace(shop: Shop, client: TestClient) -> None:
    shop.assistant._voices.clear()
    shop.assistant._own = None  # type: ignore[assignment]
    response = client.post("/api/kiosk/ask", json={"question": "butter"})
    assert response.status_code == 503
    assert response.json()["error"]["code"] == "internal"
    assert "Traceback" not in response.text
    assert response.headers["x-content-type-options"] == "nosniff"


def test_a_colleague_is_called_and_the_session_is_wiped(client: TestClient) -> None:
    session = "0123456789ab"
    first = client.post("/api/kiosk/colleague", json={"session": session}).json()
    assert first == {"ticket": "C-001", "answer": "I have called a colleague. Your ticket is C-001. Please wait here."}
    assert client.post("/api/kiosk/colleague", json={"session": session}).json()["ticket"] == "C-001"
    assert client.post("/api/kiosk/reset", json={"session": session}).status_code == 204
    assert client.post("/api/kiosk/colleague", json={"session": session}).json()["ticket"] == "C-002"


def test_the_shop_is_shown_without_a_question(client: TestClient) -> None:
    shown = client.get("/api/kiosk/shop").json()
    assert (shown["local_time"], shown["is_open"], shown["closes"]) == ("12:00", True, "12:30")
    assert [(offer["sku"], offer["amount"], offer["normal"]) for offer in shown["offers"]] == [
        ("BR-0003", "1.99", "2.49")
    ]
    assert [day["day"] for day in shown["week"]][:2] == ["2026-11-25", "2026-11-26"]
    assert shown["week"][0]["ranges"] == [["08:00", "12:30"], ["14:00", "20:00"]]


def test_a_closed_shop_says_when_it_opens_next(shop: Shop, client: TestClient) -> None:
    shop.clock.move(12 * 3600)
    shown = client.get("/api/kiosk/shop").json()
    assert (shown["is_open"], shown["closes"]) == (False, None)
    assert (shown["next_day"], shown["next_opens"]) == ("2026-11-26", "08:00")


def test_a_department_lists_its_products_and_an_unknown_one_is_404(client: TestClient) -> None:
    assert len(client.get("/api/kiosk/departments/Dairy").json()["products"]) == 5
    assert client.get("/api/kiosk/departments/Cars").status_code == 404


@pytest.mark.parametrize(("is_up", "said"), [(True, "up"), (False, "down")])
def test_health_says_whether_the_language_model_words(is_up: bool, said: str) -> None:
    with client_of(small_shop(FakeLanguage(said_facts, is_up=is_up))) as client:
        assert client.get("/healthz").json() == {"status": "ok", "language": said, "products": 5}


def events_of(text: str) -> list[tuple[str, Any]]:
    pieces = [piece.split("\n", 1) for piece in text.strip().split("\n\n")]
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in pieces]


STREAMED = {"accept": "text/event-stream"}


def test_an_answer_comes_as_a_card_and_then_sentence_by_sentence(client: TestClient) -> None:
    asked = {"question": "where is the whole milk", "session": SESSION}
    response = client.post("/api/kiosk/ask", json=asked, headers=STREAMED)
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["cache-control"] == "no-store"
    events = events_of(response.text)
    names = [name for name, _ in events]
    assert names == ["card", *["sentence"] * (len(events) - 2), "done"]
    assert {fact["kind"] for fact in events[0][1]["facts"]} >= {"product", "price", "place", "stock"}
    done = events[-1][1]
    assert " ".join(data["text"] for name, data in events if name == "sentence") == done["answer"]
    assert done["verified"] is True


def test_the_card_does_not_wait_for_the_model(shop: Shop) -> None:
    asked: list[bool] = []

    def say(request: CompletionRequest) -> str:
        asked.append(True)
        return said_facts(request)

    with client_of(small_shop(FakeLanguage(say))) as client:
        events = events_of(
            client.post("/api/kiosk/ask", json={"question": "where is the butter"}, headers=STREAMED).text
        )
    assert asked
    assert (events[0][0], events[-1][1]["wording"]) == ("card", "model")
    assert events[0][1]["facts"] == events[-1][1]["facts"]


def test_our_own_fault_in_a_stream_is_a_503_like_any_other(shop: Shop, client: TestClient) -> None:
    shop.assistant._voices.clear()
    shop.assistant._own = None  # type: ignore[assignment]
    response = client.post("/api/kiosk/ask", json={"question": "butter"}, headers=STREAMED)
    assert response.status_code == 503
    assert response.json()["error"]["code"] == "internal"


def test_an_answer_brings_the_way_from_the_screen_that_asks() -> None:
    shop = demo_shop()
    app = kiosk_app(shop, KioskSettings(), floor_plan=demo_plan())
    with TestClient(app) as client:
        plan = client.get("/api/kiosk/plan").json()
        assert plan["kiosk"] == {"at_m": [8.2, 11.5], "faces": "north"}
        answer = client.post("/api/kiosk/ask", json={"question": "where is the camembert"}).json()
        (way,) = answer["ways"].values()
        assert way["metres"] > 5
        desk = client.post("/api/kiosk/ask", json={"question": "where is the service desk"}).json()
        assert list(desk["ways"]) == ["Service desk"]
        assert client.get("/api/kiosk/plan?kiosk=kiosk-9").status_code == 404


def test_a_shop_without_a_plan_answers_in_words_alone(client: TestClient) -> None:
    assert client.get("/api/kiosk/plan").json() is None
    assert client.post("/api/kiosk/ask", json={"question": "where is the butter"}).json()["ways"] == {}


def test_a_screen_that_the_shop_does_not_have_is_refused(client: TestClient) -> None:
    assert client.post("/api/kiosk/ask", json={"question": "butter", "kiosk": "kiosk-1"}).status_code == 200
    assert client.post("/api/kiosk/ask", json={"question": "butter", "kiosk": "elsewhere"}).status_code == 404
    page = client.get("/?kiosk=elsewhere")
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/plain")
    assert page.text == "There is no kiosk elsewhere in floor-plan.toml. There is kiosk-1."


def test_the_page_names_its_buttons_before_its_script_runs(client: TestClient) -> None:
    page = client.get("/").text
    assert "built-in method" not in page
    assert 'id="clear" data-label="clear" aria-label="Clear' in page


def test_a_thumb_is_counted_once_without_words(shop: Shop, client: TestClient) -> None:
    turn = client.post("/api/kiosk/ask", json={"question": "where is the butter", "session": SESSION}).json()["turn"]
    assert client.post("/api/kiosk/rating", json={"turn": turn, "helped": False}).status_code == 204
    assert client.post("/api/kiosk/rating", json={"turn": turn, "helped": True}).status_code == 404
    (rating,) = [fact for fact in shop.recorded if isinstance(fact, KioskRatingFact)]
    assert (rating.intent, rating.outcome, rating.helped) == ("where_is", "answered", False)


@pytest.mark.parametrize(
    "body", [{}, {"turn": "x", "helped": True}, {"turn": "0" * 24, "helped": "yes"}, {"turn": "0" * 24, "helped": 1}]
)
def test_a_wrong_thumb_is_refused(client: TestClient, body: Any) -> None:
    assert client.post("/api/kiosk/rating", json=body).status_code == 422


def test_a_thumb_after_the_session_is_wiped_counts_nothing(shop: Shop, client: TestClient) -> None:
    turn = client.post("/api/kiosk/ask", json={"question": "where is the butter", "session": SESSION}).json()["turn"]
    assert client.post("/api/kiosk/reset", json={"session": SESSION}).status_code == 204
    assert client.post("/api/kiosk/rating", json={"turn": turn, "helped": True}).status_code == 404
    assert not [fact for fact in shop.recorded if isinstance(fact, KioskRatingFact)]


def test_the_screen_hears_that_a_colleague_is_on_the_way_and_has_been(shop: Shop, client: TestClient) -> None:
    ticket = client.post("/api/kiosk/colleague", json={"session": SESSION}).json()["ticket"]
    assert client.get("/api/kiosk/tickets").json() == [{"ticket": ticket, "is_taken": False}]
    assert [waiting.ticket_id for waiting in tickets_of(shop).waiting()] == [ticket]
    moved = shop.recorded[0].model_copy(update={"state": "coming"})
    shop.recorded.append(moved)
    assert client.get("/api/kiosk/tickets").json() == [{"ticket": ticket, "is_taken": True}]
    shop.recorded.append(moved.model_copy(update={"state": "closed"}))
    assert client.get("/api/kiosk/tickets").json() == []


def test_every_language_of_the_screen_is_sent_with_its_keyboard(client: TestClient) -> None:
    languages = client.get("/api/kiosk/languages").json()
    assert list(languages) == ["en"], "only what is answered in"
    assert languages["en"]["words"]["ask"] == "Ask"
    assert languages["en"]["keys"][1] == "qwertyuiop"


@pytest.mark.parametrize("language", ["xx", "tlh", "", "<script>", 3])
def test_an_unknown_language_never_breaks_an_answer(client: TestClient, language: Any) -> None:
    response = client.post("/api/kiosk/ask", json={"question": "butter", "language": language})
    assert response.status_code == (200 if language == "xx" else 422)
