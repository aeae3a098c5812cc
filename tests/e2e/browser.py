"""A small driver for headless Chromium over its DevTools protocol: touch, type, look, and hear what went wrong.

Owns one browser process and one page. Offers no sleeps: everything waits for a condition with a deadline.
"""

import base64
import itertools
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit
from urllib.request import urlopen

from websockets.sync.client import connect

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-default-apps",
    "--disable-extensions", "--mute-audio", "--hide-scrollbars", "--remote-debugging-port=0",
)  # fmt: skip
_TICK_S = 0.02


class BrowserError(Exception):
    """The browser or the page did not do as asked in time."""


class Browser:
    """One page. `console_errors`, `requests` and `responses` fill while commands are read."""

    def __init__(self, *, width: int = 1080, height: int = 1920, timeout_s: float = 15.0) -> None:
        if CHROMIUM is None:
            raise BrowserError(
                "these tests need chromium: scripts/test installs it as root; else apt-get install chromium"
            )
        self.width, self.height = width, height
        self.console_errors: list[str] = []
        self.requests: list[str] = []
        self.responses: dict[str, dict[str, str]] = {}
        self._timeout_s = timeout_s
        self._ids = itertools.count(1)
        self._answers: dict[int, dict[str, Any]] = {}
        self._heap: list[str] = []
        self._opened = ExitStack()
        self._folder = tempfile.TemporaryDirectory(prefix="browser-", ignore_cleanup_errors=True)

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [str(CHROMIUM), *_FLAGS, f"--user-data-dir={self._folder.name}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            self._attach()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _attach(self) -> None:
        port = self.wait_for(self._port, "the browser did not start")
        page = self.wait_for(lambda: self._page(port), "the browser has no page")
        self._socket = self._opened.enter_context(connect(page, max_size=64 * 2**20, proxy=None))
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.command(f"{domain}.enable")
        size = {"width": self.width, "height": self.height, "deviceScaleFactor": 1, "mobile": False}
        self.command("Emulation.setDeviceMetricsOverride", **size)
        self.command("Emulation.setTouchEmulationEnabled", enabled=True, maxTouchPoints=5)

    def _port(self) -> str | None:
        file = Path(self._folder.name) / "DevToolsActivePort"
        lines = file.read_text().splitlines() if file.exists() else []
        return lines[0] if len(lines) == 2 else None

    def _page(self, port: str) -> str | None:
        with urlopen(f"http://127.0.0.1:{port}/json/list", timeout=self._timeout_s) as answer:
            pages = [page for page in json.load(answer) if page["type"] == "page"]
        return pages[0]["webSocketDebuggerUrl"] if pages else None

    def _stop(self) -> None:
        self._opened.close()
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(self._timeout_s)
        self._folder.cleanup()

    def open(self, url: str) -> None:
        """Go to a page and wait until it and its modules are loaded."""
        self.command("Page.navigate", url=url)
        self.wait_until("document.readyState === 'complete'", "the page did not load")

    def command(self, method: str, **parameters: object) -> dict[str, Any]:
        """One DevTools command and its result."""
        number = next(self._ids)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        deadline_s = time.monotonic() + self._timeout_s
        while number not in self._answers:
            self._read(max(0.01, deadline_s - time.monotonic()))
        answer = self._answers.pop(number)
        if "error" in answer:
            raise BrowserError(f"{method}: {answer['error']['message']}")
        result: dict[str, Any] = answer["result"]
        return result

    def evaluate(self, script: str) -> Any:
        """The value of a script in the page; a promise is awaited."""
        result = self.command("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise BrowserError(json.dumps(result["exceptionDetails"])[:400])
        return result["result"].get("value")

    def wait_until(self, script: str, why: str) -> None:
        """Wait until an expression is truthy in the page."""
        self.wait_for(lambda: self.evaluate(f"!!({script})"), f"{why}: {script}")

    def wait_for(self, check: Callable[[], Any], why: str) -> Any:
        """Call ``check`` until it is truthy; its value."""
        deadline_s = time.monotonic() + self._timeout_s
        pause = threading.Event()
        while not (found := check()):
            if time.monotonic() > deadline_s:
                raise BrowserError(why)
            pause.wait(_TICK_S)
        return found

    def wait_until_still(self) -> None:
        """Wait until no animation that ever ends is running, so that nothing moves under the finger."""
        self.wait_until(
            "document.getAnimations().every(a => a.playState !== 'running'"
            " || a.effect.getComputedTiming().iterations === Infinity)",
            "the page does not come to rest",
        )

    def touch(self, selector: str, *, text: str | None = None) -> None:
        """Touch the middle of an element, found by selector and optionally by its text."""
        find = (
            f"[...document.querySelectorAll({json.dumps(selector)})]"
            f".find(e => e.checkVisibility() && [null, e.innerText.trim()].includes({json.dumps(text)}))"
        )
        self.wait_until(f"!!{find}", f"nothing to touch: {selector} {text or ''}")
        self.evaluate(f"{find}.scrollIntoView({{block: 'nearest'}})")
        self.wait_until_still()
        box = self.evaluate(
            f"(() => {{ const b = {find}.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2] }})()"
        )
        points = [{"x": box[0], "y": box[1]}]
        self.command("Input.dispatchTouchEvent", type="touchStart", touchPoints=points)
        self.command("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])

    def screenshot(self, path: Path) -> None:
        """The visible page as PNG."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(self.command("Page.captureScreenshot", format="png")["data"]))

    def heap(self) -> str:
        """Everything that scripts of the page still hold, as V8 writes it down after a collection."""
        self.command("HeapProfiler.collectGarbage")
        self.command("HeapProfiler.takeHeapSnapshot")
        held = "".join(self._heap)
        self._heap.clear()
        return held

    def foreign_requests(self, host: str) -> list[str]:
        """Requests that went to anyone but ``host`` (``127.0.0.1:8080``)."""
        return [url for url in self.requests if urlsplit(url).scheme != "data" and urlsplit(url).netloc != host]

    def _read(self, timeout_s: float) -> None:
        try:
            message = json.loads(self._socket.recv(timeout=timeout_s))
        except TimeoutError as error:
            raise BrowserError("the browser did not answer") from error
        if "id" in message:
            self._answers[message["id"]] = message
            return
        self._note(message["method"], message["params"])

    def _note(self, method: str, event: dict[str, Any]) -> None:
        match method:
            case "Runtime.consoleAPICalled" if event["type"] in ("error", "warning", "assert"):
                self.console_errors.append(str([arg.get("value", arg.get("description")) for arg in event["args"]]))
            case "Runtime.exceptionThrown":
                self.console_errors.append(json.dumps(event["exceptionDetails"])[:400])
            case "Log.entryAdded" if event["entry"]["level"] in ("error", "warning"):
                self.console_errors.append(f"{event['entry']['text']} {event['entry'].get('url', '')}")
            case "Network.requestWillBeSent":
                self.requests.append(event["request"]["url"])
            case "HeapProfiler.addHeapSnapshotChunk":
                self._heap.append(event["chunk"])
            case "Network.responseReceived":
                headers = {name.lower(): value for name, value in event["response"]["headers"].items()}
                self.responses[event["response"]["url"]] = headers
