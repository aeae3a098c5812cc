import html
import subprocess
import sys
import threading
import time

import pytest

from edge.console.source import CameraState
from tests.integration.edge_console.console_fake import RunningConsole


def _page(console: RunningConsole, path: str) -> str:
    _, cookie = console.log_in()
    response, body = console.ask("GET", path, cookie=cookie)
    assert response.status == 200
    return html.unescape(html.unescape(body.decode().replace('\\"', '"')))


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/", ["Dairy fridge", "Cherry Tomatoes 500 g", "Gluten-free bread", "3 of 4", "2 out, 1 low"]),
        ("/cameras", ["Dairy fridge", "dairy-1", "has not been lost"]),
        ("/cameras/cam-produce", ["Covered or dark", "Camera restored", "counts are on hold"]),
        ("/cameras/cam-none", ["no camera of that name"]),
        ("/facts", ["shelf.out_of_stock", "no data <b>37.0 s</b>", "Pause"]),
        ("/sync", ["mqtt.shop.lan:8883", "dropped, no room", "e7k2", "Connected"]),
        ("/privacy", ["2026-11-02", "detector: phone number", "e7k2:p1:18408"]),
        ("/health", ["SmolLM2-135M-Instruct", "nanodet-g-416-int8", "covered or dark for 4 min"]),
    ],
)
def test_each_page_tells_what_the_source_knows(console: RunningConsole, path: str, said: list[str]) -> None:
    page = _page(console, path)

    for text in said:
        assert text in page, text


@pytest.mark.parametrize("path", ["/", "/cameras", "/facts", "/sync", "/privacy", "/health"])
def test_a_source_that_is_away_reads_as_unavailable_and_no_last_value_stays(console: RunningConsole, path: str) -> None:
    _page(console, path)
    console.source.is_away = True
    console.clock.ahead_s += 2.0

    page = _page(console, path)

    assert "Unavailable" in page
    for stale in ("Dairy fridge", "Cherry Tomatoes", "mqtt.shop.lan", "shelf.count", "SmolLM2"):
        assert stale not in page


def test_a_blind_cameras_slots_are_without_data_and_not_empty(console: RunningConsole) -> None:
    console.source.states = dict.fromkeys(console.source.states, CameraState.BLIND)

    page = _page(console, "/")

    assert "0 of 4" in page
    assert "0 out, 0 low" in page


def test_an_empty_shop_gets_sentences_in_place_of_tables(console: RunningConsole) -> None:
    console.source.states = {}
    console.source.stored = []
    console.source.open_tickets = {}

    assert "No camera is set up" in _page(console, "/")
    assert "Nobody has called" in _page(console, "/")
    assert "No shelf place" in _page(console, "/")
    assert "Nothing has been written down yet" in _page(console, "/facts")


def test_stored_words_never_become_markup(console: RunningConsole) -> None:
    console.source.add_fact("shelf.count", "cam-dairy", slot="<script>alert(1)</script>", sku="<b>x</b>", units=1)
    _, cookie = console.log_in()

    _, body = console.ask("GET", "/facts", cookie=cookie)

    # Once by the template, and once more by the page that carries the markup as a value.
    assert b"&amp;lt;script&amp;gt;alert(1)" in body
    assert b"<script>alert" not in body
    assert b"&lt;script&gt;alert" not in body


def test_a_picture_is_sent_once_and_never_kept(console: RunningConsole) -> None:
    console.source.picture_numbers = False
    _, cookie = console.log_in()

    first, jpeg = console.ask("GET", "/pictures/cam-dairy.jpg", cookie=cookie)
    tag = first.getheader("ETag") or ""
    second, nothing = console.ask("GET", "/pictures/cam-dairy.jpg", cookie=cookie, If_None_Match=tag)

    assert first.getheader("Cache-Control") == "no-store"
    assert jpeg
    assert (second.status, nothing) == (304, b"")


def test_no_picture_and_no_source_are_different_answers(console: RunningConsole) -> None:
    _, cookie = console.log_in()

    assert console.ask("GET", "/pictures/cam-none.jpg", cookie=cookie)[0].status == 404
    console.source.is_away = True
    assert console.ask("GET", "/pictures/cam-dairy.jpg", cookie=cookie)[0].status == 503


def test_ten_readers_cost_the_source_one_question_a_second(console: RunningConsole) -> None:
    _, cookie = console.log_in()
    began = time.monotonic()
    readers = [
        threading.Thread(
            target=console.ask, args=("GET", "/health"), kwargs={"cookie": cookie}, name=f"reader-{number}"
        )
        for number in range(10)
    ]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(10.0)

    assert console.source.asked["health"] <= 1 + (time.monotonic() - began)


def test_the_console_starts_in_a_thread_and_stops_within_its_deadline_with_a_browser_connected() -> None:
    program = (
        "import sys, tempfile, threading, time\n"
        "from pathlib import Path\n"
        "from websockets.sync.client import connect\n"
        "from tests.integration.edge_console.console_fake import RunningConsole\n"
        "with tempfile.TemporaryDirectory() as folder, RunningConsole.start(Path(folder)) as running:\n"
        "    _, cookie = running.log_in()\n"
        "    with connect(f'ws://{running.netloc}/_nicegui_ws/socket.io/?EIO=4&transport=websocket',\n"
        "                 origin=f'http://{running.netloc}', additional_headers={'Cookie': cookie}) as socket:\n"
        "        socket.recv(timeout=5)\n"
        "        began = time.monotonic()\n"
        "        running.surface.__exit__(None, None, None)\n"
        "        print(time.monotonic() - began)\n"
        "        print(sorted(t.name for t in threading.enumerate() if t.name.startswith('console')))\n"
    )

    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=40, check=True)

    seconds, threads = ran.stdout.splitlines()
    assert float(seconds) < 5.0
    assert "console-web" not in threads
