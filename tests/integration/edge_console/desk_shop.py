"""A shop of one camera that really runs: a drawn clip, real networks, real files, a real store and the desk over it.

Run as a program it serves the console over all that; it prints the address and goes on until its input closes.
"""

import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from edge.camera_desk import ShopDesk
from edge.catalogue import Catalogue, load_catalogue
from edge.clock import SystemClock
from edge.config import ShopFiles, load_shop
from edge.console.app import create_console
from edge.console.auth import write_password
from edge.console.config import ConsoleSettings, ShopLabel
from edge.console_source import RunningShop, ShopSource, Tickets
from edge.desk_making import make_desk
from edge.node_report import NoUplink
from edge.node_store import open_store
from edge.places import DEFAULT_ARTEFACTS, DEMO_SHOP, Places
from edge.serving import WebSurface, take_port
from edge.store.store import Store
from models.governor import Governor
from models.language.requests import LanguageStats
from models.manifest import Task
from models.registry import Registry
from tests.integration.edge_console.console_fake import PASSWORD
from tests.integration.edge_console.desk_fake import draw_still
from vision.box_network import BoxNetwork
from vision.config import VisionSettings
from vision.readings import Reading, ShelfCounted
from vision.service import VisionService

Image = np.ndarray[Any, Any]
_CAMERA = """\
# Written by hand on a ladder.
id = "cam"
name = "Dairy"
loop = true
url = "{clip}"
"""


def write_clip(path: Path, picture: "np.ndarray[Any, Any]") -> None:
    """Some seconds of one view, with the camera's own noise so that it does not look frozen."""
    rng = np.random.default_rng(7)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 10.0, (picture.shape[1], picture.shape[0]))
    for _ in range(40):
        noise = rng.integers(-5, 6, picture.shape, dtype=np.int16)
        writer.write(np.clip(picture.astype(np.int16) + noise, 0, 255).astype(np.uint8))
    writer.release()


class Running:
    """A shop of one camera with its desk."""

    def __init__(
        self,
        desk: ShopDesk,
        vision: VisionService,
        shop: ShopFiles,
        places: Places,
        store: Store,
        registry: Registry,
        catalogue: Catalogue,
    ) -> None:
        self.desk, self.vision, self.shop, self.places, self.store = desk, vision, shop, places, store
        self.registry, self.catalogue = registry, catalogue
        self.file = shop.folder / "cameras" / "cam.toml"
        self._readings: list[Reading] = []
        self._more = threading.Condition()

    def take(self, readings: list[Reading]) -> None:
        with self._more:
            self._readings += readings
            self._more.notify_all()

    def wait_for_count(self, slot_id: str) -> ShelfCounted:
        def found() -> list[ShelfCounted]:
            return [r for r in self._readings if isinstance(r, ShelfCounted) and r.slot_id == slot_id]

        with self._more:
            assert self._more.wait_for(found, 30.0), self._readings
            return found()[-1]

    def save(self, **places: Any) -> Any:
        return self.desk.save_plan("cam", places, version=self.desk.plan("cam").version)


def make_shop(folder: Path, picture: Image | None = None, more: str = "") -> ShopFiles:
    """The demo shop's files with one camera on a drawn shelf, or on another picture."""
    shutil.copytree(DEMO_SHOP, folder)
    text = (folder / "shop.toml").read_text()
    begin = text.index("cameras = [")
    (folder / "shop.toml").write_text(
        text[:begin] + 'cameras = ["cameras/cam.toml"]' + text[text.index("]", begin) + 1 :]
    )
    clip = folder / "clip.mp4"
    shelf = cv2.imdecode(np.frombuffer(draw_still(), np.uint8), cv2.IMREAD_COLOR)
    write_clip(clip, shelf if picture is None else picture)
    (folder / "cameras" / "cam.toml").write_text(_CAMERA.format(clip=clip) + more)
    return load_shop(folder)


def run_shop(stack: ExitStack, shop: ShopFiles, places: Places) -> Running:
    """Start it for as long as the stack is open."""
    places.make()
    clock = SystemClock()
    registry = Registry(places.models, DEFAULT_ARTEFACTS)
    networks = {
        task: stack.enter_context(BoxNetwork.open(registry.active(task))) for task in (Task.PERSONS, Task.FACES)
    }
    heard: list[Running] = []
    vision = VisionService(
        shop.cameras,
        VisionSettings(),
        person_network=networks[Task.PERSONS],
        face_network=networks[Task.FACES],
        on_readings=lambda readings: heard[0].take(readings) if heard else None,
        clock=clock,
    )
    store, _ = stack.enter_context(open_store(shop, places, clock))
    catalogue = load_catalogue(shop.path(shop.settings.shop.catalogue))
    desk = make_desk(shop, places, vision=vision, catalogue=catalogue, registry=registry, store=store, clock=clock)
    heard.append(Running(desk, vision, shop, places, store, registry, catalogue))
    stack.enter_context(vision)
    return heard[0]


class _NoLanguage:
    """No language model runs here."""

    def stats(self) -> LanguageStats:
        return LanguageStats(
            is_up=False,
            requests=0,
            answered=0,
            late=0,
            cancelled=0,
            turned_away=0,
            restarts=0,
            queue_length=0,
            prefill_tokens_cached=0,
            first_token_ms=None,
            tokens_per_s=None,
            rss_mb=None,
        )


@contextmanager
def served(running: Running) -> Iterator[str]:
    """Address of the console over it."""
    clock = SystemClock()
    source = ShopSource(
        RunningShop(
            store=running.store,
            vision=running.vision,
            registry=running.registry,
            language=_NoLanguage(),
            governor=Governor(most_cores=1.0, least_cores=1.0, allow=lambda _: None, mono_s=clock.mono_s),
            catalogue=running.catalogue,
            tickets=Tickets(),
            move_ticket=lambda _ticket, _kiosk, _state: None,
            clock=clock,
            started_at=clock.now(),
            policy_version="1",
            kept_fields={},
            uplink=NoUplink(clock.now()),
            data=running.places.data,
        )
    )
    password = write_password(running.places.data / "console-password", PASSWORD)
    shop = ShopLabel(name="Corner Market", timezone="Europe/Berlin")
    app = create_console(source, running.desk, ConsoleSettings(), password=password, shop=shop, clock=clock)
    surface = WebSurface(app, take_port("127.0.0.1", 0, setting="console.port"), name="console-web")
    with surface:
        yield surface.url


def main() -> None:
    """Serve it until the standard input closes."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        running = run_shop(stack, make_shop(Path(folder) / "shop"), Places(Path(folder) / "data"))
        address = stack.enter_context(served(running))
        sys.stdout.write(f"{address}\n{running.file}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
