"""The store goes on storing, whatever the uplink's connection is stuck in."""

import threading
from collections.abc import Sequence

import pytest

from edge.errors import StoreClosedError
from sync.config import SyncSettings
from sync.errors import LinkUnavailableError, OutboxUnavailableError
from sync.link import Arrived, LinkEvent, Message
from sync.records import Lane
from sync.topics import NodeName
from sync.uplink import Uplink

NODE = NodeName("demo", "store-1", "node-1")
FAST = SyncSettings(backoff_base_s=0.05, backoff_max_s=0.2, connect_timeout_s=1.0, greeting_wait_s=0.5)


class StuckLink:
    """A link that hangs in one of its calls until it is released."""

    def __init__(self, call: str, released: threading.Event) -> None:
        self._call = call
        self._released = released
        self.is_stuck = threading.Event()

    def _come_to(self, call: str) -> None:
        if call == self._call:
            self.is_stuck.set()
            self._released.wait(60)
            raise LinkUnavailableError(f"{call} was stuck")

    def open(self) -> int:
        self._come_to("open")
        return 20

    def publish(self, message: Message) -> int:
        self._come_to("publish")
        return 1

    def confirm(self, token: int) -> None:
        raise AssertionError("nothing arrives")

    def poll(self, timeout_s: float) -> Sequence[LinkEvent | Arrived]:
        self._come_to("poll")
        return ()

    def wake(self) -> None:
        return

    def close(self, *, is_farewell: bool) -> None:
        self._come_to("close")


@pytest.mark.parametrize("call", ["open", "publish", "poll"])
def test_facts_are_stored_while_the_uplink_hangs_in(call: str, open_store, make) -> None:
    store = open_store()
    released = threading.Event()
    link = StuckLink(call, released)
    with Uplink(store.outbox, NODE, FAST, make_link=lambda: link, broker="mqtt://stuck") as uplink:
        store.subscribe(uplink.wake)
        try:
            assert link.is_stuck.wait(10)
            for number in range(30):
                store.append_wait([make.count(number)], timeout_s=5.0)
            assert len(store.facts(kind="shelf.count", limit=100)) == 30
            assert uplink.status().is_up is False or call != "open"
        finally:
            released.set()


def test_an_outbox_that_is_away_is_a_reason_for_being_down_and_no_fault(open_store, make, capsys) -> None:
    store = open_store()
    store.append_wait([make.count(1)])
    is_back = threading.Event()

    class AwayOutbox:
        """The store's outbox, whose disk refuses the ledger for a while."""

        def __getattr__(self, name: str) -> object:
            if name == "mark_sent" and not is_back.is_set():
                raise OutboxUnavailableError("the outbox cannot be used now: no room")
            return getattr(store.outbox, name)

    marked = threading.Event()
    told: list[str] = []

    class QuietLink(StuckLink):
        def publish(self, message: Message) -> int:
            if is_back.is_set():
                marked.set()
            return 1

        def close(self, *, is_farewell: bool) -> None:
            if not is_back.is_set():
                told.append("closed")

    link = QuietLink("never", threading.Event())
    with Uplink(AwayOutbox(), NODE, FAST, make_link=lambda: link, broker="mqtt://quiet") as uplink:  # type: ignore[arg-type]
        pause = threading.Event()
        for _ in range(100):
            if uplink.status().reason.startswith("the outbox cannot be used now"):
                break
            pause.wait(0.05)
        assert uplink.status().reason == "the outbox cannot be used now: no room"
        is_back.set()
        assert marked.wait(10)
    assert "uplink.failed" not in capsys.readouterr().out
    assert told


def test_the_outbox_of_a_closed_store_says_so_in_the_ports_words(new_store, make) -> None:
    with new_store() as store:
        store.append_wait([make.count(1)])
        outbox = store.outbox
        rows = outbox.take(outbox.epochs()[-1], Lane.P1, after_seq=0, limit=1)
    for ask in (
        lambda: outbox.mark_sent(rows, [100]),
        lambda: outbox.acknowledge(rows[0].epoch, Lane.P1, 1),
        lambda: outbox.take(rows[0].epoch, Lane.P1, after_seq=0, limit=1),
    ):
        with pytest.raises(OutboxUnavailableError) as told:
            ask()
        assert isinstance(told.value.__cause__, StoreClosedError)
