import shutil
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.store.store import Store
from sync.errors import AckRejectedError
from sync.records import Lane, QueuedRecord


class HeadOffice:
    """Counts what arrives as the other end of the link would: received and declared numbers per epoch and lane."""

    def __init__(self) -> None:
        self.received: dict[str, str] = {}
        self.declared: set[str] = set()

    def receive(self, row: QueuedRecord) -> None:
        content = repr(row.record)
        assert self.received.setdefault(row.id, content) == content, f"{row.id} came twice with unlike content"
        data = row.record.data
        if row.record.kind == "gap":
            numbers = range(int(data["first"]), int(data["last"]) + 1)
            self.declared |= {f"{data['epoch']}:{data['gap_lane']}:{number}" for number in numbers}

    def contiguous_upto(self, epoch: str, lane: Lane) -> int:
        known = 0
        while f"{epoch}:{lane}:{known + 1}" in self.received or f"{epoch}:{lane}:{known + 1}" in self.declared:
            known += 1
        return known


class Shop:
    """One store and its uplink, driven step by step."""

    def __init__(self, folder: Path, make, new_store: Callable[..., Store]) -> None:
        self._settings = {"path": folder / "shop.db", "p2_limit_rows": 12, "ballast_bytes": 0}
        self._make = make
        self._new_store = new_store
        self.office = HeadOffice()
        self._folder = folder
        self._open()

    def _open(self) -> None:
        self.store = self._new_store(**self._settings).__enter__()

    def close(self) -> None:
        self.store.__exit__(None, None, None)

    def append(self, what: str) -> None:
        facts = {
            "p0": [self._make.leak()],
            "p1": [self._make.count(1)],
            "p2": [self._make.crossing() for _ in range(5)],
            "p3a": [self._make.health("a")],
            "p3b": [self._make.health("b"), self._make.count(2)],
        }
        self.store.append_wait(facts[what])

    def send(self, lane: Lane, limit: int) -> list[QueuedRecord]:
        """Hand rows to a link that loses them."""
        sent: list[QueuedRecord] = []
        outbox = self.store.outbox
        for epoch in outbox.epochs():
            rows = outbox.take(epoch, lane, after_seq=0, limit=limit)
            outbox.mark_sent(rows, [1] * len(rows))
            sent.extend(rows)
        return sent

    def deliver(self, lane: Lane, limit: int) -> None:
        for row in self.send(lane, limit):
            self.office.receive(row)

    def acknowledge(self, lane: Lane) -> None:
        for epoch in self.store.outbox.epochs():
            self.store.outbox.acknowledge(epoch, lane, self.office.contiguous_upto(epoch, lane))

    def lie(self, lane: Lane) -> None:
        epoch = self.store.outbox.epochs()[-1]
        state = next(state for state in self.store.outbox.lanes(epoch) if state.lane is lane)
        try:
            self.store.outbox.acknowledge(epoch, lane, state.drawn_upto + 1)
        except AckRejectedError:
            return
        raise AssertionError("an ack above the last number was believed")

    def restart(self) -> None:
        self.close()
        self._open()

    def power_cut(self) -> None:
        """Open a copy of the files as they lie there while the store is still at work."""
        aside = self._folder.with_name(self._folder.name + "x")
        shutil.copytree(self._folder, aside)
        self.close()
        shutil.rmtree(self._folder)
        aside.rename(self._folder)
        self._open()

    def settle(self) -> None:
        """Deliver and acknowledge everything, alarms last so that late gaps arrive too."""
        for _ in range(3):
            for lane in (Lane.P1, Lane.P2, Lane.P3, Lane.P0):
                self.deliver(lane, 10_000)
            for lane in Lane:
                self.acknowledge(lane)

    def check(self) -> None:
        for epoch in self.store.outbox.epochs():
            for state in self.store.outbox.lanes(epoch):
                prefix = f"{epoch}:{state.lane}:"
                everything = {f"{prefix}{number}" for number in range(1, state.drawn_upto + 1)}
                known = {name for name in self.office.received.keys() | self.office.declared if name.startswith(prefix)}
                assert known == everything
                assert state.pending == 0
                assert state.acked_upto == state.drawn_upto


_LANES = st.sampled_from(list(Lane))
_STEPS = st.one_of(
    st.tuples(st.just("append"), st.sampled_from(["p0", "p1", "p2", "p2", "p3a", "p3a", "p3b"])),
    st.tuples(st.just("send"), _LANES, st.integers(1, 8)),
    st.tuples(st.just("deliver"), _LANES, st.integers(1, 8)),
    st.tuples(st.just("acknowledge"), _LANES),
    st.tuples(st.just("lie"), _LANES),
    st.tuples(st.sampled_from(["restart", "power_cut"])),
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(steps=st.lists(_STEPS, max_size=30))
def test_received_and_declared_are_exactly_what_was_drawn(steps, make, new_store, tmp_path_factory) -> None:
    shop = Shop(tmp_path_factory.mktemp("shop"), make, new_store)
    try:
        for name, *arguments in steps:
            getattr(shop, name)(*arguments)
        shop.settle()
        shop.check()
    finally:
        shop.close()
