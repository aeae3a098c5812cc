"""A whole node as its own process: `backroom run` on a shop of two cameras, with every door open, on free ports."""

import json
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path
from shutil import copytree
from typing import Any, Self

import cv2
import numpy as np

from edge.clock import SystemClock
from edge.places import DEMO_SHOP, Places
from edge.status import NodeStatus, read_status
from tests.integration.edge_console.desk_shop import write_clip
from tests.integration.sync.conftest import NODE, free_port, wait_until

BACKROOM = Path(sys.executable).parent / "backroom"
START_S = 120.0
_SHOP = """\
[shop]
tenant = "{node.tenant}"
store = "{node.store}"
node = "{node.node}"
name = "Whole"
cameras = ["cameras/cam.toml", "cameras/yard.toml"]

[kiosk]
port = 0
rate_per_minute = 6000

[console]
port = 0

[openai]
enabled = true
port = 0

[mcp]
enabled = true
port = 0

[camera_post]
port = {post_port}
least_interval_s = 0.1

[sync]
broker = "mqtt://127.0.0.1:{broker_port}"
backoff_base_s = 0.05
backoff_max_s = 0.5
watchdog_s = 5.0
greeting_wait_s = 0.5
idle_poll_s = 0.1
"""
_CAMERA = """\
id = "cam"
name = "Door"
loop = true
url = "{clip}"
[[slots]]
id = "shelf"
sku = "BR-0050"
polygon_norm = [[0.02, 0.5], [0.3, 0.5], [0.3, 0.9], [0.02, 0.9]]
[[zones]]
id = "till"
polygon_norm = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]
kind = "queue"
[[lines]]
id = "door"
start_norm = [0.5, 0.0]
end_norm = [0.5, 1.0]
"""


@dataclass(frozen=True)
class Answer:
    """What came back over HTTP."""

    status: int
    body: bytes


class WholeNode:
    """The process, its files, and its doors over HTTP."""

    def __init__(self, folder: Path, broker_port: int, *, data: Path | None = None, settings: str = "") -> None:
        self.folder, self.places = folder, Places(data or folder / "data")
        self.shop = Path(copytree(DEMO_SHOP, folder / "shop"))
        self.post_port = free_port()
        text = _SHOP.format(node=NODE, post_port=self.post_port, broker_port=broker_port)
        (self.shop / "shop.toml").write_text(text + settings)
        self.log = folder / "node.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(CookieJar())
        )
        self.addresses: dict[str, Any] = {}

    def draw_cameras(self, picture: "np.ndarray[Any, Any]") -> None:
        """One camera on a clip of the picture, one that posts."""
        write_clip(self.folder / "clip.mp4", picture)
        for old in (self.shop / "cameras").iterdir():
            old.unlink()
        (self.shop / "cameras" / "cam.toml").write_text(_CAMERA.format(clip=self.folder / "clip.mp4"))
        (self.shop / "cameras" / "yard.toml").write_text('id = "yard"\nurl = "post:"\npicture_every_s = 1.0\n')

    def __enter__(self) -> Self:
        command = [str(BACKROOM), "run", "--shop", str(self.shop), "--data", str(self.places.data), "--json"]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            wait_until(lambda: not self.is_alive or b"}\n" in self.log.read_bytes(), "the node answers", START_S)
            line = next((line for line in self.log.read_text().splitlines() if line.startswith("{")), "{}")
            self.addresses = json.loads(line)
            assert "kiosk" in self.addresses, self.log.read_text()
        except AssertionError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.terminate()
        self.exit_code = self._process.wait(60)

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def status(self) -> NodeStatus:
        return read_status(self.places.status, SystemClock().now())

    def send(
        self, url: str, body: object = None, *, method: str = "POST", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One request; a refusal is an answer too. ``body``: JSON, or bytes as they are."""
        console = self.addresses["console"]
        sent = {**({"origin": console} if url.startswith(console) else {}), **(headers or {})}
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        sent.setdefault("content-type", "application/json")
        request = urllib.request.Request(url, data=data, headers=sent, method=method)
        try:
            with self._opener.open(request, timeout=60) as response:
                return Answer(response.status, response.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.read())

    def ask(self, question: str, **more: str) -> Answer:
        return self.send(f"{self.addresses['kiosk']}/api/kiosk/ask", {"question": question, **more})

    def log_in(self, password: str) -> Answer:
        form = urllib.parse.urlencode({"password": password}).encode()
        kind = {"content-type": "application/x-www-form-urlencoded"}
        return self.send(f"{self.addresses['console']}/login", form, headers=kind)


def picture_with_a_face() -> "np.ndarray[Any, Any]":
    """One of the golden faces, large in the view, as a camera might see a shopper who comes close."""
    faces = DEMO_SHOP.parents[2] / "models" / "golden" / "faces"
    image = cv2.imread(str(faces / "00.jpg"))
    assert image is not None
    return cv2.resize(image, (640, 480))
