"""How fast events reach head office, beside bare paho publishing the same bytes to the same mosquitto in the same run.

Ours is the whole way: store, ledger, uplink, broker, the receiver's commit in a process of its own, its
acknowledgement, the row deleted. Bare paho ends at the broker's PUBACK. Both take turns on one broker.
"""

import os
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

from edge.bench.paho_peer import publish_all
from edge.bench.results import BenchResult, at_least
from edge.bench.store import bench_facts, bench_store
from edge.store.config import StoreSettings
from edge.store.store import Store
from sync.config import SyncSettings
from sync.envelope import encode
from sync.errors import BrokerUnavailableError
from sync.lifeline import ChildProcess
from sync.link import Endpoint, Message
from sync.mqtt_link import mqtt_links
from sync.records import Lane
from sync.topics import NodeName
from sync.uplink import Uplink, uplink_profile

_GROUP_ROWS = 100
_DEADLINE_S = 120.0
_LOOK_S = 0.002


@dataclass(frozen=True, slots=True)
class _Turn:
    """Events a second."""

    batched: float
    alone: float
    bare: float


def run(quick: bool) -> list[BenchResult]:
    """Measure in a temporary folder; blocks for half a minute when quick, some minutes otherwise.

    Raises:
        BrokerUnavailableError: mosquitto is not installed, or does not start.
    """
    rounds, events, outages = (3, 5_000, 3) if quick else (7, 20_000, 10)
    with tempfile.TemporaryDirectory(prefix="bench-sync-") as place:
        folder = Path(place)
        with _Broker(folder) as broker, _receiver(broker, folder):
            turns = [_turn(folder / str(number), broker.endpoint, events) for number in range(rounds)]
            waits_s = _outages_s(folder / "outage", broker, outages)
    return _results(turns, waits_s)


def _results(turns: Sequence[_Turn], waits_s: Sequence[float]) -> list[BenchResult]:
    against = "bare paho, QoS 1, same bytes, same mosquitto, same run"
    median = statistics.median
    return [
        at_least(
            "acknowledged events, in batches", median(t.batched / t.bare for t in turns), "x", goal=5.0, against=against
        ),
        at_least(
            "acknowledged events, each alone", median(t.alone / t.bare for t in turns), "x", goal=0.8, against=against
        ),
        BenchResult("acknowledged events, in batches", median(t.batched for t in turns), "events/s"),
        BenchResult("acknowledged events, each alone", median(t.alone for t in turns), "events/s"),
        BenchResult("bare paho", median(t.bare for t in turns), "events/s"),
        BenchResult("first row gone after the broker is back, worst", max(waits_s), "s", 2.0, max(waits_s) <= 2.0),
    ]


def _turn(folder: Path, endpoint: Endpoint, events: int) -> _Turn:
    folder.mkdir()
    batched, _ = _ours(folder / "batched.db", endpoint, SyncSettings(), events)
    alone, messages = _ours(folder / "alone.db", endpoint, SyncSettings(batch_rows=1), events)
    return _Turn(batched, alone, publish_all(endpoint, messages))


def _ours(path: Path, endpoint: Endpoint, settings: SyncSettings, events: int) -> tuple[float, list[Message]]:
    """Acknowledged events a second from a full outbox to an empty one, and the messages as they are sent alone."""
    node = NodeName("bench", "store", uuid4().hex)
    with _filled(path, events) as store:
        rows = store.outbox.take(store.outbox.epochs()[-1], Lane.P1, after_seq=0, limit=events)
        messages = [encode(node, row) for row in rows]
        began_s = time.perf_counter()
        with _uplink(store, node, endpoint, settings) as uplink:
            _await(lambda: uplink.status().deleted >= events, "head office acknowledged")
            return events / (time.perf_counter() - began_s), messages


def _outages_s(path: Path, broker: "_Broker", times: int) -> list[float]:
    """Seconds from the broker being back to the first acknowledged row, with rows waiting, for each outage."""
    waits_s: list[float] = []
    settings = SyncSettings(backoff_max_s=60.0)
    with bench_store(StoreSettings(path=path, ballast_bytes=0)) as store:
        node = NodeName("bench", "store", uuid4().hex)
        with _uplink(store, node, broker.endpoint, settings) as uplink:
            for fact in bench_facts(times):
                _await(lambda: uplink.status().is_up and uplink.status().receiver is not None, "the uplink came up")
                broker.stop()
                _await(lambda: not uplink.status().is_up, "the uplink saw the broker go")
                deleted = uplink.status().deleted
                store.append_wait([fact])
                broker.start()
                began_s = time.perf_counter()
                _await(lambda before=deleted: uplink.status().deleted > before, "a row went out again")  # type: ignore[misc]
                waits_s.append(time.perf_counter() - began_s)
    return waits_s


@contextmanager
def _filled(path: Path, events: int) -> Iterator[Store]:
    facts = bench_facts(events)
    with bench_store(StoreSettings(path=path, ballast_bytes=0)) as store:
        for start in range(0, events, _GROUP_ROWS):
            store.append_wait(facts[start : start + _GROUP_ROWS])
        yield store


def _uplink(store: Store, node: NodeName, endpoint: Endpoint, settings: SyncSettings) -> Uplink:
    links = mqtt_links(uplink_profile(node, endpoint, settings))
    uplink = Uplink(store.outbox, node, settings, make_link=links, broker=endpoint.address)
    store.subscribe(uplink.wake)
    return uplink


def _receiver(broker: "_Broker", folder: Path) -> ChildProcess:
    arguments = ["--broker", broker.endpoint.address, "--db", str(folder / "head-office.db"), "--backoff-max-s", "1"]
    return ChildProcess("sync.cloud.sink", arguments, stdout=subprocess.DEVNULL)


class _Broker:
    """A mosquitto of its own on a free port of this machine, which may be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.endpoint = Endpoint("127.0.0.1", int(probe.getsockname()[1]))
        self._config = folder / "mosquitto.conf"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        listener = f"listener {self.endpoint.port} {self.endpoint.host}"
        options = "allow_anonymous true\nuser root\npersistence false\nmax_inflight_messages 200\n"
        self._config.write_text(f"{listener}\n{options}", encoding="utf-8")
        self.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        program = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        if program is None:
            raise BrokerUnavailableError("mosquitto is not installed; on Debian: apt-get install mosquitto")
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen([program, "-c", str(self._config)], stdout=quiet, stderr=quiet)  # noqa: S603
        _await(self._listens, "mosquitto listens")

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _listens(self) -> bool:
        with suppress(OSError), socket.create_connection((self.endpoint.host, self.endpoint.port), timeout=1.0):
            return True
        return False


def _await(is_so: Callable[[], bool], what: str) -> None:
    deadline_s = time.monotonic() + _DEADLINE_S
    while not is_so():
        if time.monotonic() > deadline_s:
            raise BrokerUnavailableError(f"not within {_DEADLINE_S:g} s: {what}")
        time.sleep(_LOOK_S)
