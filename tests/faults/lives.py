"""What the shop's processes live for, until they are killed: a node, a node that drains, a receiver."""

import logging
import os
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from sync.cloud.receiver import Sink, sink_profile
from sync.cloud.sink_store import SinkStore
from sync.config import SyncSettings
from sync.link import Endpoint
from sync.mqtt_link import mqtt_links
from sync.records import Lane
from sync.topics import NodeName
from sync.uplink import Uplink, uplink_profile
from tests.faults.workload import facts_of, open_store

PROMISES = "promises"
NODE = NodeName("acme", "store-7", "node-1")
_SYNC = SyncSettings(
    backoff_base_s=0.02, backoff_max_s=0.2, watchdog_s=2.0, greeting_wait_s=0.3, idle_poll_s=0.05, connect_timeout_s=5.0
)
DRAIN_S = 120.0


def live_node(folder: str, port: int) -> None:
    """A node's life, until it is killed: accept, promise, send."""
    _be_quiet()
    promises = os.open(Path(folder) / PROMISES, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    links = mqtt_links(uplink_profile(NODE, Endpoint("127.0.0.1", port), _SYNC))
    with open_store(Path(folder)) as store:
        epoch = store.outbox.epochs()[-1]
        seen = {state.lane: state.drawn_upto for state in store.outbox.lanes(epoch)}
        uplink = Uplink(store.outbox, NODE, _SYNC, make_link=links, broker="broker")
        store.subscribe(uplink.wake)
        with uplink:
            number = seen[Lane.P1]
            while True:
                number += 1
                store.append_wait(facts_of(number))
                for lane in (Lane.P0, Lane.P1):
                    for row in store.outbox.take(epoch, lane, after_seq=seen[lane], limit=100):
                        line = f"{epoch}:{lane}:{row.seq} {row.record.data.get('units', '-')}\n"
                        os.write(promises, line.encode())
                        seen[lane] = row.seq


def drain_node(folder: str, port: int) -> None:
    """A node's last life: sends what waits, and ends."""
    _be_quiet()
    links = mqtt_links(uplink_profile(NODE, Endpoint("127.0.0.1", port), _SYNC))
    with (
        open_store(Path(folder)) as store,
        Uplink(store.outbox, NODE, _SYNC, make_link=links, broker="broker") as uplink,
    ):
        wait(lambda: not any(store.stats().pending.values()), "the outbox is empty")
        assert uplink.status().is_up


def live_receiver(folder: str, port: int) -> None:
    """A receiver's life, until it is killed."""
    _be_quiet()
    profile = sink_profile(Endpoint("127.0.0.1", port), _SYNC, client_id="head-office")
    with SinkStore(Path(folder) / "head-office.db") as store:
        Sink(store, _SYNC, make_link=mqtt_links(profile)).run()


def wait(is_so: Callable[[], bool], what: str) -> None:
    """Wait for something that another process brings about."""
    deadline_s = time.monotonic() + DRAIN_S
    while not is_so():
        if time.monotonic() > deadline_s:
            raise AssertionError(f"not within {DRAIN_S:g} s: {what}")
        time.sleep(0.01)


def _be_quiet() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
