"""The demo shop: rendered clips as cameras, an own broker, head office as a second process, and a report on all of it.

Owns the demo's order of starting and stopping and its comparison with the truth. Uses the same node as a real shop;
nothing in the node knows that it is a demo.
"""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from edge.app import Appliance, wanted_ports
from edge.clock import Clock
from edge.config import ShopFiles
from edge.demo_truth import CameraTruth, load_truth, score
from edge.errors import ConfigError
from edge.places import APPLIANCE_ROOT, Places
from edge.serving import take_ports
from edge.store.rows import StoredFact
from sync.broker import EmbeddedBroker
from sync.cloud.sink_reader_store import SinkReader, SinkReport
from sync.config import SyncSettings
from sync.lifeline import ChildProcess
from vision.config import CameraSettings, ReferenceSettings

DRAIN_S = 30.0
_PAGE = 1_000
_RENDERER = APPLIANCE_ROOT / "scripts" / "render_shop.py"

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Outage:
    """The demo's own broker goes away after ``from_s`` seconds, for ``for_s`` seconds."""

    from_s: float
    for_s: float


class DemoShop:
    """The demo, running. Entering renders the clips at the first start, then starts broker, head office and node."""

    def __init__(self, shop: ShopFiles, places: Places, *, clock: Clock, say: Say) -> None:
        """Keep what to start; ``say`` takes one line of progress at a time."""
        self._shop = shop
        self._places = places
        self._clock = clock
        self._say = say
        self._stack = ExitStack()
        self._broker_stack = ExitStack()
        self._broker_port = 0
        self._broker: EmbeddedBroker | None = None
        self._sink_stack = ExitStack()
        self._sink: ChildProcess | None = None

    def __enter__(self) -> Self:
        """Start everything.

        Raises:
            ConfigError: a port is in use, the clips cannot be rendered, or as `Appliance`.
        """
        with self._stack:
            self._start()
            self._stack = self._stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop node, head office, broker, in this order."""
        self._stack.close()

    def wait(self, seconds: float | None, *, stop: threading.Event, outage: Outage | None = None) -> float:
        """Let the shop run until the time is over or ``stop`` is set; returns the seconds that it ran."""
        began_s = self._clock.mono_s()
        shut = False
        while not stop.is_set():
            ran_s = self._clock.mono_s() - began_s
            if seconds is not None and ran_s >= seconds:
                break
            self._mend()
            if outage is not None and not shut and ran_s >= outage.from_s:
                shut = True
                self._cut(outage.for_s, stop)
            stop.wait(0.2)
        return self._clock.mono_s() - began_s

    def report(self, watched_s: float) -> dict[str, Any]:
        """Stop the cameras and screens, let the outbox drain, and compare with the truth and with head office."""
        self.node.quiesce()
        self._drain()
        stats = self.node.store.stats()
        arrived = SinkReader(self._sink_file).report()
        result = score(self._truth, self._facts_of_this_run(), watched_s=watched_s)
        delivery = _delivery(stats.facts, sum(h.records for h in self.node.store.held_back()), arrived)
        return {
            "seconds": round(watched_s, 1),
            **result.summary(),
            **delivery,
            "pending": sum(stats.pending.values()),
            "holds": result.holds and delivery["all_accounted_for"],
        }

    def _start(self) -> None:
        for held in take_ports(wanted_ports(self._shop)).values():
            held.close()  # free for the node; a busy one is told before the clips take half a minute
        self._places.make()
        settings = self._shop.settings.sync
        if settings.broker is None:
            self._start_broker(settings.embedded_port)
            self._stack.callback(lambda: self._broker_stack.close())
            settings = settings.model_copy(update={"broker": f"mqtt://127.0.0.1:{self._broker_port}"})
        clips = self._places.data / "clips"
        self._render(clips)
        self._truth = load_truth(clips / "truth.json")
        self._sink_file = self._places.data / "cloud" / "head-office.db"
        self._sink_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._sync = settings
        self._start_sink()
        self._stack.callback(lambda: self._sink_stack.close())
        self._say("starting the shop")
        shop = self._shop.with_cameras(_on_clips(self._shop, self._truth))
        self.node = Appliance(shop, self._places, clock=self._clock, endpoint=settings.endpoint(), new_password=True)
        self._stack.enter_context(self.node)

    def _render(self, clips: Path) -> None:
        done = subprocess.run(  # noqa: S603 - our own script, no shell
            [sys.executable, str(_RENDERER), str(clips)],
            check=False,
            stdout=sys.stderr,
            stderr=subprocess.PIPE,
            text=True,
        )
        if done.returncode == -signal.SIGINT:
            raise ConfigError("Stopped while the demo's clips were rendered; the next start renders them.")
        if done.returncode:
            said = [line for line in done.stderr.splitlines() if line.startswith("demo shop:")]
            raise ConfigError(f"The demo's clips could not be rendered. {' '.join(said) or done.stderr[-500:].strip()}")

    def _start_broker(self, port: int) -> None:
        broker = self._broker_stack.enter_context(EmbeddedBroker(port))
        self._broker = broker
        self._broker_port = broker.endpoint.port

    def _start_sink(self) -> None:
        self._sink = self._sink_stack.enter_context(_head_office(self._sync, self._sink_file))

    def _mend(self) -> None:
        """Start again what somebody killed: the demo's own broker and head office."""
        if self._broker is not None and not self._broker.is_running:
            self._say("the demo's broker ended; starting it again")
            self._broker_stack.close()
            self._broker_stack = ExitStack()
            self._start_broker(self._broker_port)
        if self._sink is not None and self._sink.process.poll() is not None:
            self._say("head office's receiver ended; starting it again")
            self._sink_stack.close()
            self._sink_stack = ExitStack()
            self._start_sink()

    def _cut(self, for_s: float, stop: threading.Event) -> None:
        self._say(f"the broker is gone for {for_s:.0f} s; the shop works on")
        self._broker_stack.close()
        self._broker = None
        stop.wait(for_s)
        self._broker_stack = ExitStack()
        self._start_broker(self._broker_port)
        self._say("the broker is back")

    def _drain(self) -> None:
        deadline_s = self._clock.mono_s() + DRAIN_S
        pause = threading.Event()
        while any(self.node.store.stats().pending.values()) and self._clock.mono_s() < deadline_s:
            pause.wait(0.1)

    def _facts_of_this_run(self) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = []
        after = self.node.first_fact_id
        while page := self.node.store.facts(after_id=after, limit=_PAGE):
            found.extend(_plain(fact) for fact in page)
            after = page[-1].id
        return found


def writable_copy(folder: Path, places: Places) -> Path:
    """The shop's files under the data folder, so that what is drawn in the console leaves the given ones as they are.

    Camera files that are there already stay as they were drawn; all else is brought up to date.

    Raises:
        ConfigError: the data folder cannot be written.
    """
    places.make()
    for source in sorted(path for path in folder.rglob("*") if path.is_file()):
        copy = places.data / "shop" / source.relative_to(folder)
        if copy.exists() and copy.parent.name == "cameras":
            continue
        try:
            copy.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            copy.write_bytes(source.read_bytes())
        except OSError as error:
            raise ConfigError(f"{copy}: the demo shop's file cannot be put there: {error.strerror}") from error
    return places.data / "shop"


def _plain(fact: StoredFact) -> Mapping[str, Any]:
    return {**fact.body, "kind": fact.kind, "source": fact.source}


def _head_office(settings: SyncSettings, database: Path) -> ChildProcess:
    arguments = ["--broker", str(settings.broker), "--db", str(database), "--json"]
    for flag, value in (
        ("--tls-ca", settings.tls_ca_file),
        ("--tls-cert", settings.tls_cert_file),
        ("--tls-key", settings.tls_key_file),
        ("--username", settings.username),
        ("--password-file", settings.password_file),
    ):
        if value is not None:
            arguments += [flag, str(value)]
    return ChildProcess("sync.cloud.sink", arguments, stdout=subprocess.DEVNULL)


def _on_clips(shop: ShopFiles, truth: Sequence[CameraTruth]) -> list[CameraSettings]:
    clips = {camera.camera: camera.clip for camera in truth}
    placed = []
    for camera in shop.cameras:
        clip = clips.get(camera.id)
        if clip is None:
            placed.append(camera)
            continue
        references = {
            name: path
            for name in ("stocked", "empty")
            if (path := clip.parent / "refs" / f"{camera.id}-{name}.png").exists()
        }
        placed.append(
            camera.model_copy(update={"url": str(clip), "loop": True, "references": ReferenceSettings(**references)})
        )
    return placed


def _delivery(stored: int, kept: int, arrived: SinkReport) -> dict[str, Any]:
    received = sum(lane.received for lane in arrived.lanes)
    gaps = sum(last - first + 1 for lane in arrived.lanes for first, last in lane.gaps)
    return {
        "facts_stored": stored,
        "facts_at_sink": received,
        "declared_gaps": gaps,
        "kept_in_shop": kept,
        "sink_whole": arrived.is_whole,
        "duplicates_ignored": sum(lane.duplicates for lane in arrived.lanes),
        "all_accounted_for": arrived.is_whole and stored == received + gaps + kept,
    }
