"""Real brokers on free loopback ports, and the pieces that every test of the link puts together."""

import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sync.broker import EmbeddedBroker
from sync.cloud.receiver import Sink, sink_profile
from sync.cloud.sink_reader_store import SinkReader, SinkReport
from sync.cloud.sink_store import SinkStore
from sync.config import SyncSettings
from sync.link import Endpoint
from sync.mqtt_link import mqtt_links
from sync.topics import NodeName
from sync.uplink import Uplink, UplinkTools, uplink_profile
from tests.integration.sync.fakes import MemoryOutbox

NODE = NodeName("acme", "store-7", "node-1")
FAST = SyncSettings(
    backoff_base_s=0.02, backoff_max_s=0.2, watchdog_s=2.0, greeting_wait_s=0.3, idle_poll_s=0.05, connect_timeout_s=5.0
)
DEADLINE_S = 20.0


def wait_until(is_so: Callable[[], bool], what: str, timeout_s: float = DEADLINE_S) -> None:
    """Wait for something that another thread or process brings about."""
    ticker = threading.Event()
    for _ in range(int(timeout_s / 0.01)):
        if is_so():
            return
        ticker.wait(0.01)
    raise AssertionError(f"not within {timeout_s} s: {what}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def accepts(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.2):
            return True
    except OSError:
        return False


class Mosquitto:
    """A real broker process that can be killed and started again on its port."""

    def __init__(self, folder: Path, extra: str = "allow_anonymous true\n", *, listener: str = "") -> None:
        self.port = free_port()
        self.endpoint = Endpoint("127.0.0.1", self.port)
        self._config = folder / "mosquitto.conf"
        # Started as root it would give up its rights and could then not write into root's folders.
        self._config.write_text(
            (listener or f"listener {self.port} 127.0.0.1\n") + f"user root\npersistence false\n{extra}"
        )
        self._log = folder / "mosquitto.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            command = [shutil.which("mosquitto") or "/usr/sbin/mosquitto", "-c", str(self._config)]
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        wait_until(lambda: accepts(self.port), f"mosquitto listens; it says {self._log.read_text()}")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(5)
            self._process = None


class Embedded:
    """The embedded broker with the same handle."""

    def __init__(self) -> None:
        self.port = free_port()
        self._broker: EmbeddedBroker | None = None
        self.endpoint = Endpoint("127.0.0.1", self.port)

    def start(self) -> None:
        self._broker = EmbeddedBroker(self.port).__enter__()

    def kill(self) -> None:
        if self._broker is not None and self._broker._child is not None:
            self._broker._child.process.kill()
            self._broker.__exit__(None, None, None)
            self._broker = None


class HeadOffice:
    """The receiver in a thread, over its own database."""

    def __init__(self, database: Path, endpoint: Endpoint) -> None:
        self.database = database
        self._endpoint = endpoint
        self._sink: Sink | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> "HeadOffice":
        is_open = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(is_open,), name="head-office")
        self._thread.start()
        assert is_open.wait(DEADLINE_S)
        return self

    def _run(self, is_open: threading.Event) -> None:
        profile = sink_profile(self._endpoint, FAST, client_id="head-office")
        with SinkStore(self.database) as store:
            self._sink = Sink(store, FAST, make_link=mqtt_links(profile))
            is_open.set()
            self._sink.run()

    def await_link(self) -> "HeadOffice":
        wait_until(lambda: self._sink is not None and self._sink.counters.is_up, "head office is connected")
        return self

    def stop(self) -> None:
        if self._sink is not None and self._thread is not None:
            self._sink.stop()
            self._thread.join(DEADLINE_S)
            assert not self._thread.is_alive()
            self._sink = None

    def report(self) -> SinkReport:
        return SinkReader(self.database).report()


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    broker = Mosquitto(tmp_path)
    broker.start()
    yield broker
    broker.kill()


@pytest.fixture(params=["mosquitto", "embedded"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Mosquitto | Embedded]:
    broker = Mosquitto(tmp_path) if request.param == "mosquitto" else Embedded()
    broker.start()
    yield broker
    broker.kill()


@pytest.fixture
def head_office(tmp_path: Path) -> Iterator[Callable[[Endpoint], HeadOffice]]:
    """Maker of receivers over one database; stopped at the end."""
    made: list[HeadOffice] = []

    def make(endpoint: Endpoint) -> HeadOffice:
        made.append(HeadOffice(tmp_path / "head-office.db", endpoint).start())
        return made[-1]

    yield make
    for office in made:
        office.stop()


@pytest.fixture
def outbox() -> MemoryOutbox:
    return MemoryOutbox()


@pytest.fixture
def uplink_to(outbox: MemoryOutbox) -> Callable[..., Uplink]:
    """Maker of an uplink, not yet started."""

    def make(endpoint: Endpoint, settings: SyncSettings = FAST, tools: UplinkTools | None = None) -> Uplink:
        return Uplink(
            outbox,
            NODE,
            settings,
            make_link=mqtt_links(uplink_profile(NODE, endpoint, settings)),
            broker=endpoint.address,
            tools=tools,
        )

    return make
