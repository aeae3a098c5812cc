"""The kiosk's interface over HTTP: what it gives, what it refuses and how it says so."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from edge.errors import StoreFullError
from edge.facts import Fact
from edge.kiosk.app import create_app
from edge.kiosk.config import KioskSettings
from edge.kiosk.limits import RateLimiter
from tests.unit.edge_assistant.shop_fixture import FakeLanguage, Shop, said_facts, small_shop


def client_of(shop: Shop, *, rate_per_minute: int = 6000) -> TestClient:
    settings = KioskSettings(rate_per_minute=rate_per_minute)
    app = create_app(shop.assistant, shop.tools, settings, clock=shop.clock, shop_name="Corner <Shop>")
    return TestClient(app, raise_server_exceptions=False)


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
    shop.assistant._router = None  # type: ignore[assignment]
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
    assert (shown["local_time"], shown["is_open"], shown["open_text"]) == ("12:00", True, "Open until 12:30")
    assert [offer["sku"] for offer in shown["offers"]] == ["BR-0003"]
    assert [place["aisle"] for place in shown["aisles"]] == ["2", "3", "8"]
    assert len(shown["week"]) == 7


def test_a_department_lists_its_products_and_an_unknown_one_is_404(client: TestClient) -> None:
    assert len(client.get("/api/kiosk/departments/Dairy").json()["products"]) == 5
    assert client.get("/api/kiosk/departments/Cars").status_code == 404


@pytest.mark.parametrize(("is_up", "said"), [(True, "up"), (False, "down")])
def test_health_says_whether_the_language_model_words(is_up: bool, said: str) -> None:
    with client_of(small_shop(FakeLanguage(said_facts, is_up=is_up))) as client:
        assert client.get("/healthz").json() == {"status": "ok", "language": said, "products": 5}
