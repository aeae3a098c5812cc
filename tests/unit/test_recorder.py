"""Facts wait while the store cannot take them, keep their order, and are counted when they have to go."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

import edge.recorder
from edge.errors import StoreFullError
from edge.facts import ClockStepFact, Fact, ZoneCrossingFact
from edge.recorder import Recorder
from sync.records import Lane


class MoodyStore:
    """Takes batches unless it is full; then only alarms, as the store does, or, if so told, not even those."""

    def __init__(self) -> None:
        self.is_full = False
        self.takes_alarms = True
        self.taken: list[float] = []

    def append_wait(self, facts: Sequence[Fact], timeout_s: float = 1.0) -> list[int]:
        if self.is_full and not (self.takes_alarms and all(fact.lane is Lane.P0 for fact in facts)):
            raise StoreFullError("no room")
        self.taken.extend(fact.mono_s for fact in facts)
        return []


def _fact(number: float) -> Fact:
    return ZoneCrossingFact(at=datetime(2026, 5, 4, tzinfo=UTC), mono_s=number, source="n", line="door", direction="in")


def _alarm(number: float) -> Fact:
    return ClockStepFact(at=datetime(2026, 5, 4, tzinfo=UTC), mono_s=number, source="n", step_s=1.0)


def test_alarms_wait_behind_nothing_while_the_disk_is_full() -> None:
    store = MoodyStore()
    recorder = Recorder(store)
    store.is_full = True
    recorder.record([_fact(1), _alarm(2)])
    recorder.record([_fact(3)])
    recorder.record([_alarm(4)])
    assert (store.taken, recorder.waiting) == ([2, 4], 2)
    store.is_full = False
    recorder.record([])
    assert (store.taken, recorder.waiting) == ([2, 4, 1, 3], 0)


def test_alarms_that_even_the_disk_refuses_are_kept_and_come_first() -> None:
    store = MoodyStore()
    recorder = Recorder(store)
    store.is_full, store.takes_alarms = True, False
    recorder.record([_fact(1), _alarm(2)])
    recorder.record([_alarm(3)])
    assert (store.taken, recorder.waiting) == ([], 2)
    store.takes_alarms = True
    recorder.record([_fact(4)])
    assert (store.taken, recorder.waiting, recorder.lost) == ([2, 3], 2, 0)


def test_facts_wait_for_a_full_store_and_keep_their_order() -> None:
    store = MoodyStore()
    recorder = Recorder(store)
    store.is_full = True
    recorder.record([_fact(1)])
    recorder.record([_fact(2), _fact(3)])
    assert (store.taken, recorder.waiting) == ([], 2)
    store.is_full = False
    recorder.record([_fact(4)])
    assert (store.taken, recorder.waiting, recorder.lost) == ([1, 2, 3, 4], 0, 0)


def test_an_empty_batch_only_tries_what_waits() -> None:
    store = MoodyStore()
    recorder = Recorder(store)
    store.is_full = True
    recorder.record([_fact(1)])
    store.is_full = False
    recorder.record([])
    assert store.taken == [1]


def test_what_had_to_go_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge.recorder, "WAITING_BATCHES", 2)
    store = MoodyStore()
    recorder = Recorder(store)
    store.is_full = True
    for number in range(4):
        recorder.record([_fact(number)])
    store.is_full = False
    recorder.record([])
    assert (store.taken, recorder.lost) == ([2, 3], 2)
