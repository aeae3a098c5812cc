"""A message that got lost between node and receiver is asked for, long before the node's own watchdog."""

import threading
from collections.abc import Sequence
from pathlib import Path

from sync.cloud.receiver import Sink, sink_profile
from sync.cloud.sink_reader_store import SinkReader
from sync.cloud.sink_store import SinkStore
from sync.link import Endpoint, LinkProfile, Message
from sync.records import Lane
from sync.topics import Channel
from sync.uplink import Uplink, uplink_profile
from tests.integration.sync.conftest import DEADLINE_S, FAST, NODE, wait_until
from tests.integration.sync.fakes import MemoryBroker, MemoryLink, MemoryOutbox

NOWHERE = Endpoint("127.0.0.1", 1)
PATIENT = FAST.model_copy(update={"watchdog_s": 600.0, "batch_rows": 1})


class LossyLink(MemoryLink):
    """Loses some of the events that it takes over, once each."""

    def __init__(self, broker: MemoryBroker, profile: LinkProfile, lost: set[int]) -> None:
        super().__init__(broker, profile)
        self._lost = lost
        self._events_seen = 0

    def publish(self, message: Message) -> int:
        if f"/{Channel.EVENT}/" in message.topic:
            self._events_seen += 1
            if self._events_seen in self._lost:
                self._lost.discard(self._events_seen)
                return super().publish(Message("nowhere/at/all", b""))
        return super().publish(message)


def lanes_of(database: Path) -> Sequence[tuple[int, int]]:
    return [(lane.received, lane.max) for lane in SinkReader(database).report().lanes]


def test_a_lost_message_is_asked_for_and_comes(tmp_path: Path, outbox: MemoryOutbox) -> None:
    broker, database = MemoryBroker(), tmp_path / "head-office.db"
    profile = sink_profile(NOWHERE, FAST, client_id="head-office")
    is_open = threading.Event()
    sinks: list[Sink] = []

    def receive() -> None:
        with SinkStore(database) as store:
            sinks.append(Sink(store, FAST, make_link=lambda: MemoryLink(broker, profile), hole_patience_s=0.3))
            is_open.set()
            sinks[0].run()

    thread = threading.Thread(target=receive, name="head-office")
    thread.start()
    assert is_open.wait(DEADLINE_S)
    outbox.put_many(Lane.P1, 50)
    lossy = uplink_profile(NODE, NOWHERE, PATIENT)
    try:
        with Uplink(outbox, NODE, PATIENT, make_link=lambda: LossyLink(broker, lossy, {3, 4, 20}), broker="b"):
            wait_until(lambda: outbox.pending == 0, "everything is acknowledged")
    finally:
        sinks[0].stop()
        thread.join(DEADLINE_S)
    assert lanes_of(database) == [(50, 50)]
    assert sinks[0].counters.asked_again >= 1
