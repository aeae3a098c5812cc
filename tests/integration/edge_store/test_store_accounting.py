import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.store.rows import decode_record
from edge.store.schema import record_number, unpacked
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
        self._settings = {"path": folder / "shop.db", "p2_limit_rows": 8, "ballast_bytes": 0}
        self._make = make
        self._new_store = new_store
        self.office = HeadOffice()
        self._held: list[QueuedRecord] = []
        self._handed_over: set[str] = set()
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
            "p3c": [self._make.health("a"), self._make.health("b"), self._make.health("a")],
        }
        self.store.append_wait(facts[what])

    def take(self, lane: Lane, limit: int) -> None:
        """Rows wait in the uplink's hands while the store goes on."""
        for epoch in self.store.outbox.epochs():
            self._held.extend(self.store.outbox.take(epoch, lane, after_seq=0, limit=limit))

    def send_held(self, *, arrives: bool) -> None:
        rows, self._held = self._held, []
        self.store.outbox.mark_sent(rows, [1] * len(rows))
        self._handed_over |= {row.id for row in rows}
        for row in rows if arrives else []:
            self.office.receive(row)

    def arrive(self) -> None:
        self.send_held(arrives=True)

    def deliver(self, lane: Lane, limit: int) -> None:
        self.take(lane, limit)
        self.send_held(arrives=True)

    def lose(self, lane: Lane, limit: int) -> None:
        self.take(lane, limit)
        self.send_held(arrives=False)

    def acknowledge(self, lane: Lane) -> None:
        for epoch in self.store.outbox.epochs():
            self.store.outbox.acknowledge(epoch, lane, self.office.contiguous_upto(epoch, lane))

    def lie(self, lane: Lane, above: int) -> None:
        """Claim the first waiting row that the link never had, or a number never drawn; nothing may go for it."""
        epoch = self.store.outbox.epochs()[-1]
        state = next(state for state in self.store.outbox.lanes(epoch) if state.lane is lane)
        waiting = self._waiting(epoch, lane)
        unsent = [row.seq for row in waiting if row.id not in self._handed_over]
        with pytest.raises(AckRejectedError):
            self.store.outbox.acknowledge(epoch, lane, (unsent[0] if unsent else state.drawn_upto + 1) + above)
        assert self._waiting(epoch, lane) == waiting

    def _waiting(self, epoch: str, lane: Lane) -> list[QueuedRecord]:
        """Looks past the outbox, because taking a row fixes its content."""
        numbers = self.store._snapshot[epoch].epoch_no
        sql = "SELECT record_no, key, record FROM outbox WHERE record_no BETWEEN ? AND ? ORDER BY record_no"
        bounds = record_number(numbers, lane, 0), record_number(numbers, lane, 2**40)
        rows = self.store._readers.query(sql, bounds)
        return [QueuedRecord(epoch, lane, unpacked(no)[2], decode_record(text, lane, key)) for no, key, text in rows]

    def restart(self) -> None:
        self._held = []
        self.close()
        self._open()

    def crash(self) -> None:
        """Open a copy of the files as they lie there while the store is still at work."""
        self._held = []
        aside = self._folder.with_name(self._folder.name + "x")
        shutil.copytree(self._folder, aside)
        self.close()
        shutil.rmtree(self._folder)
        aside.rename(self._folder)
        self._open()

    def settle(self) -> None:
        """Deliver and acknowledge everything, alarms last so that late gaps arrive too."""
        self.send_held(arrives=True)
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
                if state.lane is Lane.P3:
                    assert not {name for name in known if name in self.office.received and name in self.office.declared}
                assert state.pending == 0
                assert state.acked_upto == state.drawn_upto


def _steps(appends: list[str], lanes: list[Lane]) -> st.SearchStrategy[list[tuple]]:
    """Runs in which some lanes are much used, so that rare meetings of steps happen in few examples."""
    lane = st.sampled_from(lanes)
    append = st.tuples(st.just("append"), st.sampled_from(appends))
    step = st.one_of(
        append,
        append,
        append,
        st.tuples(st.just("take"), lane, st.integers(1, 8)),
        st.tuples(st.sampled_from(["deliver", "lose"]), lane, st.integers(1, 8)),
        st.just(("arrive",)),
        st.tuples(st.just("acknowledge"), lane),
        st.tuples(st.just("lie"), lane, st.integers(0, 3)),
        st.just(("restart",)) | st.just(("crash",)),
    )
    return st.lists(step, min_size=25, max_size=60)


@pytest.mark.parametrize(
    ("appends", "lanes"),
    [
        (["p0", "p1", "p2", "p3a", "p3b", "p3c"], list(Lane)),
        (["p3a", "p3b", "p3c"], [Lane.P0, Lane.P3]),
        (["p2", "p2", "p0"], [Lane.P0, Lane.P2]),
    ],
    ids=["all lanes", "metrics", "telemetry"],
)
def test_received_and_declared_are_exactly_what_was_drawn(appends, lanes, make, new_store, tmp_path_factory) -> None:
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(steps=_steps(appends, lanes))
    def holds(steps: list[tuple]) -> None:
        shop = Shop(tmp_path_factory.mktemp("shop"), make, new_store)
        try:
            for name, *arguments in steps:
                getattr(shop, name)(*arguments)
            shop.settle()
            shop.check()
        finally:
            shop.close()

    holds()
