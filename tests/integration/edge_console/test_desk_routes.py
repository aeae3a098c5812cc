import json
from typing import Any

import pytest

from tests.integration.edge_console.console_fake import RunningConsole

_QUAD = [[0.1, 0.1], [0.3, 0.1], [0.3, 0.4], [0.1, 0.4]]


@pytest.fixture
def cookie(console: RunningConsole) -> str:
    return console.log_in()[1]


def _send(
    console: RunningConsole, method: str, path: str, cookie: str, body: Any = None, **headers: str
) -> tuple[int, Any]:
    sent = {"Origin": f"http://{console.netloc}", **headers}
    text = body if isinstance(body, str) or body is None else json.dumps(body)
    response, raw = console.ask(method, path, body=text, cookie=cookie, **sent)
    is_json = (response.getheader("Content-Type") or "").startswith("application/json")
    return response.status, json.loads(raw) if is_json else raw


def _plan(console: RunningConsole, cookie: str, camera: str = "cam-dairy") -> dict[str, Any]:
    return dict(_send(console, "GET", f"/desk/{camera}/plan", cookie)[1])


def test_a_drawing_comes_with_the_names_of_its_products_and_is_saved(console: RunningConsole, cookie: str) -> None:
    plan = _plan(console, cookie)
    assert plan["titles"]["BR-0001"] == "Farmhouse Whole Milk, 1 l"
    plan["places"]["slots"][0]["facings"] = 4

    status, saved = _send(console, "PUT", "/desk/cam-dairy/plan", cookie, plan)

    assert (status, saved["notes"]) == (200, [])
    assert console.desk.cameras["cam-dairy"].slots[0].facings == 4
    assert _plan(console, cookie)["version"] == saved["version"] != plan["version"]


def test_what_is_wrong_is_told_place_by_place_and_nothing_is_changed(console: RunningConsole, cookie: str) -> None:
    plan = _plan(console, cookie)
    before = console.desk.cameras["cam-dairy"]
    places = plan["places"]
    places["slots"][1] |= {"id": "dairy 2", "facings": 99}
    places["slots"][2]["polygon_norm"] = [[0.1, 0.1], [0.2, 0.2], [0.3, 0.3], [0.4, 0.4]]
    places["slots"][3] |= {"id": "dairy-1", "sku": "BR-9999"}
    places["masks"] = [{"polygon_norm": [[0.0, 0.0], [1.2, 0.0], [0.5, 0.05]]}]

    status, told = _send(console, "PUT", "/desk/cam-dairy/plan", cookie, plan)

    assert status == 422
    faults = {(f["kind"], f["index"], f["field"]): f["sentence"] for f in told["faults"]}
    assert set(faults) == {
        ("slots", 1, "id"),
        ("slots", 1, "facings"),
        ("slots", 2, "polygon_norm"),
        ("slots", 3, "id"),
        ("slots", 3, "sku"),
        ("masks", 0, "polygon_norm"),
    }
    assert faults["slots", 2, "polygon_norm"].startswith("the points enclose no area; give the corners in order")
    assert faults["slots", 3, "id"] == "another one here is called dairy-1; give each its own name"
    assert console.desk.cameras["cam-dairy"] == before


def test_a_drawing_begun_before_somebody_else_saved_is_not_saved(console: RunningConsole, cookie: str) -> None:
    first, second = _plan(console, cookie), _plan(console, cookie)
    first["places"]["slots"].pop()
    second["places"]["slots"][0]["facings"] = 2
    assert _send(console, "PUT", "/desk/cam-dairy/plan", cookie, first)[0] == 200

    status, told = _send(console, "PUT", "/desk/cam-dairy/plan", cookie, second)

    assert status == 409
    assert "somebody else changed the drawing" in told["message"]
    assert len(console.desk.cameras["cam-dairy"].slots) == 5


def test_a_save_that_cannot_be_written_says_why(console: RunningConsole, cookie: str) -> None:
    console.desk.cannot_write = True

    status, told = _send(console, "PUT", "/desk/cam-dairy/plan", cookie, _plan(console, cookie))

    assert (status, told["message"]) == (409, "Not saved: cam.toml: cannot be written: No space left on device.")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "no JSON",
        "[" * 100_000,
        "[]",
        '{"version": 1, "places": {}}',
        '{"version": "a", "places": []}',
        '{"version": "a", "places": {"slots": {}}}',
        '{"version": "a", "places": {"slots": [1]}}',
        json.dumps({"version": "a", "places": {"slots": [{"id": "x" * 600_000}]}}),
    ],
    ids=["empty", "no JSON", "deep", "a list", "version", "places", "no list", "no place", "too long"],
)
def test_a_body_that_is_no_drawing_is_refused_with_a_sentence(console: RunningConsole, cookie: str, body: str) -> None:
    status, told = _send(console, "PUT", "/desk/cam-dairy/plan", cookie, body)

    assert (status, told["message"]) == (400, "That was no drawing: send the version and the places as JSON.")


def test_an_unknown_kind_of_place_is_refused(console: RunningConsole, cookie: str) -> None:
    plan = _plan(console, cookie)
    plan["places"]["doors"] = []

    status, told = _send(console, "PUT", "/desk/cam-dairy/plan", cookie, plan)

    assert (status, told["faults"][0]["sentence"]) == (
        422,
        "no such kind of place; there are masks, slots, zones, lines",
    )


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/desk/cam-dairy/plan"),
        ("PUT", "/desk/cam-dairy/plan"),
        ("POST", "/desk/cam-dairy/still"),
        ("GET", "/desk/cam-dairy/stills/still-1.jpg"),
        ("GET", "/desk/cam-dairy/references/stocked.jpg"),
        ("GET", "/desk/products"),
    ],
)
def test_nothing_of_the_desk_answers_without_a_login(console: RunningConsole, method: str, path: str) -> None:
    assert _send(console, method, path, "")[0] == 401


def test_another_page_cannot_save(console: RunningConsole, cookie: str) -> None:
    plan = _plan(console, cookie)

    status, _ = _send(console, "PUT", "/desk/cam-dairy/plan", cookie, plan, Origin="http://127.0.0.1:1")

    assert status == 403


def test_a_still_is_shown_until_another_is_taken(console: RunningConsole, cookie: str) -> None:
    _, still = _send(console, "POST", "/desk/cam-dairy/still", cookie)
    path = f"/desk/cam-dairy/stills/{still['still_id']}.jpg"
    assert _send(console, "GET", path, cookie)[1][:2] == b"\xff\xd8"

    _send(console, "POST", "/desk/cam-dairy/still", cookie)

    assert _send(console, "GET", path, cookie)[0] == 404


def test_a_camera_that_is_not_there_is_unavailable(console: RunningConsole, cookie: str) -> None:
    status, told = _send(console, "GET", "/desk/cam-none/plan", cookie)

    assert (status, told["message"]) == (503, "Unavailable: there is no such camera.")


def test_products_are_found_by_name_and_number(console: RunningConsole, cookie: str) -> None:
    assert _send(console, "GET", "/desk/products?q=yogh", cookie)[1] == [
        {"sku": "BR-0004", "title": "Greek Yoghurt, 500 g"}
    ]
    assert len(_send(console, "GET", "/desk/products?q=br-000", cookie)[1]) == 7
