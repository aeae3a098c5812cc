"""The kiosk behind a real socket, and what a shopper's finger does on its screen."""

import os
import socket
import threading
from dataclasses import replace
from pathlib import Path

import uvicorn

from edge.answering import load_shop_data, make_assistant
from edge.config import load_shop
from edge.floor_plan import FloorPlan
from edge.kiosk.config import KioskSettings
from edge.kiosk.screen_words import ScreenLanguage, load_screen_languages
from tests.e2e.browser import Browser
from tests.integration.edge_kiosk.kiosk_fixture import demo_plan, kiosk_app
from tests.unit.edge_assistant.shop_fixture import DEMO, Shop, demo_shop

SHOTS = Path(os.environ["KIOSK_SHOTS"]) if "KIOSK_SHOTS" in os.environ else None
LANGUAGES: dict[str, ScreenLanguage] = load_screen_languages(["en", "de", "fr", "es"])


def speaking_shop() -> Shop:
    """The demo shop in all its languages, as the node puts it together; its stock as `demo_shop` has it."""
    shop, files = demo_shop(), load_shop(DEMO)
    _, assistant = make_assistant(
        files, load_shop_data(files), shop.stock, language=None, clock=shop.clock, record=shop.recorded.append
    )
    return replace(shop, assistant=assistant)


class Kiosk:
    """The application in its own uvicorn thread; it can be stopped and started on the same port."""

    def __init__(
        self, *, idle_s: float, shop: Shop | None = None, floor_plan: FloorPlan | None = None, port: int = 0
    ) -> None:
        self.shop = shop or demo_shop()
        settings = KioskSettings(idle_s=idle_s, rate_per_minute=6000)
        app = kiosk_app(self.shop, settings, floor_plan=floor_plan or demo_plan())
        self._socket = socket.create_server(("127.0.0.1", port))
        self.port = self._socket.getsockname()[1]
        self.host = f"127.0.0.1:{self.port}"
        self._server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), name="kiosk")

    def __enter__(self) -> "Kiosk":
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.should_exit = True
        self._thread.join(10)
        self._socket.close()


def open_start(page: Browser, kiosk: Kiosk) -> None:
    """Go to the start and wait for its tiles."""
    page.console_errors.clear()
    page.requests.clear()
    page.open(f"http://{kiosk.host}/")
    page.wait_until("document.querySelectorAll('.tile').length > 8", "no tiles")


def type_question(page: Browser, question: str, *, space: str = "space") -> None:
    page.touch("#question")
    for char in question:
        page.touch(".key", text=space if char == " " else char)


def ask(page: Browser, question: str, *, shot: str, space: str = "space") -> str:
    """Type and ask by touch; the answer view's text."""
    type_question(page, question, space=space)
    page.touch(".ask-key")
    return shown_answer(page, shot=shot)


def shown_answer(page: Browser, *, shot: str) -> str:
    page.wait_until("document.querySelector('#answer-view .next')", "no answer")
    page.wait_until("!document.querySelector('.card.product') || document.querySelector('.verified')", "not complete")
    page.wait_until_still()
    assert small_targets(page) == []
    take(page, shot)
    return str(page.evaluate("document.getElementById('answer-view').innerText"))


def take(page: Browser, name: str) -> None:
    if SHOTS is not None:
        page.screenshot(SHOTS / f"{name}.png")


def small_targets(page: Browser) -> list[object]:
    """Touch targets under 64 px, as a finger would meet them."""
    found = page.evaluate(
        "[...document.querySelectorAll('button, input')].filter(e => e.checkVisibility()).map(e => {"
        " const box = e.getBoundingClientRect(); return [e.id || e.className, box.width, box.height] })"
        ".filter(([, width, height]) => Math.min(width, height) < 63.99)"
    )
    assert isinstance(found, list)
    return found
