"""Commands and the twin on a real store, and over a real broker from head office to the node and back."""

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.clock import SystemClock
from edge.commands import CommandDesk, DeskPorts, Work
from edge.errors import CommandError
from edge.node_key import NodeKey, is_signed
from edge.store.store import Store
from edge.trusted_key import TrustedKey
from edge.twins import TwinBook, TwinPorts
from sync.commands import Command, command_message, encode_command
from sync.link import Message
from sync.mqtt_link import mqtt_links
from sync.twin import encode_twin, make_twin, twin_message
from sync.uplink import Uplink, UplinkTools, uplink_profile
from tests.faults.workload import facts_of, open_store
from tests.integration.sync.conftest import FAST, NODE, HeadOffice, Mosquitto, wait_until

CLOCK = SystemClock()


@pytest.fixture
def key(tmp_path: Path) -> NodeKey:
    return NodeKey.load(tmp_path / "head-office.key")


def desk_of(store: Store, key: Callable[[], str]) -> CommandDesk:
    ports = DeskPorts(
        inbox=store,
        epoch=lambda: store.stats().epoch,
        record=lambda facts: store.append_wait(facts) and None,
        clock=CLOCK,
        is_signed=is_signed,
        key=key,
    )
    return CommandDesk(NODE, ports)


def order(
    store: Store, key: NodeKey, counter: int, do: str = "note", about: str = "-", *, until_s: int = 600
) -> Message:
    until_s += int(CLOCK.mono_s())
    command = Command(NODE.path, store.stats().epoch, counter, CLOCK.boot_id, until_s, do, about)
    return command_message(NODE, encode_command(command, key.sign))


def results(store: Store) -> list[tuple[int, str, str | None]]:
    found = store.facts(kind="command.result", limit=100)
    return [(fact.body["counter"], fact.body["outcome"], fact.body["detail"]) for fact in found]


def fail(_about: str) -> None:
    raise CommandError("no-such-part")


def fault(_about: str) -> None:
    raise ValueError("ours")


def test_every_command_that_counts_gets_one_result_and_rows_in_the_chain(tmp_path: Path, key: NodeKey) -> None:
    done: list[str] = []
    with open_store(tmp_path) as store:
        with desk_of(store, lambda: key.public).open({"note": done.append, "fail": fail, "fault": fault}) as desk:
            for message in (
                order(store, key, 1, "note", "a"),
                order(store, key, 2, "fail"),
                order(store, key, 3, "fault"),
                order(store, key, 4, "nonsense"),
                order(store, key, 5, until_s=-5),
                order(store, key, 5),
                order(store, key, 9, "note", "b"),
            ):
                desk.take(message)
        assert done == ["a", "b"]
        assert sorted(results(store)) == [
            (1, "done", None),
            (2, "failed", "no-such-part"),
            (3, "failed", "fault"),
            (4, "refused", "unknown"),
            (5, "refused", "expired"),
            (9, "done", None),
        ]
        refused = next(store.audited("command.refused"), None)
        assert refused is not None
        assert json.loads(refused.body) == {"reason": "replayed", "count": 1}


def test_a_name_that_looks_like_personal_data_is_neither_kept_nor_told(tmp_path: Path, key: NodeKey) -> None:
    card, done = "5555555555554444", []
    with open_store(tmp_path) as store:
        with desk_of(store, lambda: key.public).open({"note": lambda about: done.append(about)}) as desk:
            desk.take(order(store, key, 1, "note", card))
            desk.take(order(store, key, 2, card, card))
        assert results(store) == [(1, "done", None), (2, "refused", "unknown")]
        kept = [row.body for row in store.audited("command.accepted", "command.result")]
        assert not [body for body in kept if card in body]
    assert done == [card]


def test_a_replay_is_refused_after_a_restart_too(tmp_path: Path, key: NodeKey) -> None:
    done: list[str] = []
    with open_store(tmp_path) as store, desk_of(store, lambda: key.public).open({"note": done.append}) as desk:
        again = order(store, key, 1)
        desk.take(again)
    with open_store(tmp_path) as store:
        with desk_of(store, lambda: key.public).open({"note": done.append}) as desk:
            desk.take(again)
        assert len(done) == 1
        assert results(store) == [(1, "done", None)]


def test_what_was_taken_and_not_done_when_the_power_went_is_told_and_never_done(tmp_path: Path, key: NodeKey) -> None:
    done: list[str] = []
    with open_store(tmp_path) as store:
        again = order(store, key, 1)
        desk_of(store, lambda: key.public).take(again)  # never opened: as if the power went here
        assert results(store) == []
    with open_store(tmp_path) as store:
        with desk_of(store, lambda: key.public).open({"note": done.append}) as desk:
            desk.take(again)
        assert done == []
        assert results(store) == [(1, "interrupted", None)]
    with open_store(tmp_path) as store:
        desk_of(store, lambda: key.public).tell_twin(1, "done", None)
        desk_of(store, lambda: key.public)
        assert results(store) == [(1, "interrupted", None), (1, "done", None)]


def test_all_that_was_begun_and_not_ended_is_told_once_and_in_its_order(tmp_path: Path, key: NodeKey) -> None:
    begun, gate, folder, cut = threading.Event(), threading.Event(), tmp_path / "node", tmp_path / "cut"
    folder.mkdir()

    def hang(_about: str) -> None:
        begun.set()
        gate.wait(20)

    works: dict[str, Work] = {"note": lambda _: None, "hang": hang}
    with open_store(folder) as store, desk_of(store, lambda: key.public).open(works) as desk:
        desk.take(order(store, key, 1))
        desk.take(order(store, key, 2, "hang"))
        assert begun.wait(20)
        for counter in (3, 5, 8):
            desk.take(order(store, key, counter))
        desk.take(order(store, key, 9, until_s=-5))
        shutil.copytree(folder, cut)  # what a disk holds when the power goes here
        gate.set()
    for _ in range(2):
        with open_store(cut) as store:
            desk_of(store, lambda: key.public)
            assert results(store) == [
                (1, "done", None),
                (9, "refused", "expired"),
                *((counter, "interrupted", None) for counter in (2, 3, 5, 8)),
            ]


def test_another_key_is_obeyed_after_a_hand_over_and_after_a_restart(tmp_path: Path, key: NodeKey) -> None:
    new = NodeKey.load(tmp_path / "new.key")
    trusted = TrustedKey(tmp_path / "command-key", key.public)
    trusted.rotate(new.public)
    assert trusted() == TrustedKey(tmp_path / "command-key", key.public)() == new.public
    assert TrustedKey(tmp_path / "command-key", "0" * 64)() == "0" * 64
    with pytest.raises(CommandError):
        trusted.rotate("nonsense")


class TestTwin:
    def book(self, folder: Path, key: NodeKey) -> TwinBook:
        self.applied: list[dict[str, int]] = []
        self.told: list[tuple[int, str, str | None]] = []
        ports = TwinPorts(
            is_signed=is_signed,
            key=lambda: key.public,
            apply=lambda settings: self.applied.append(dict(settings)),
            tell=lambda *told: self.told.append(told),
            note=lambda _reason: True,
        )
        return TwinBook(folder / "twin.json", NODE, ports)

    def message(self, key: NodeKey, version: int, **settings: int) -> Message:
        return twin_message(NODE, encode_twin(make_twin(NODE, version, settings), key.sign))

    def test_the_newest_is_in_force_also_after_a_restart_without_a_network(self, tmp_path: Path, key: NodeKey) -> None:
        book = self.book(tmp_path, key)
        for version in (1, 3, 2, 3):
            book.take(self.message(key, version, drain_bytes_per_s=version))
        assert self.told == [(1, "done", None), (3, "done", None), (2, "refused", "older")]
        assert self.book(tmp_path, key).version == 3
        assert self.applied == [{"drain_bytes_per_s": 3}]

    def test_a_forged_one_changes_nothing(self, tmp_path: Path, key: NodeKey) -> None:
        book = self.book(tmp_path, key)
        book.take(self.message(NodeKey.load(tmp_path / "foe.key"), 7, drain_bytes_per_s=1))
        assert (book.version, self.told) == (0, [(0, "refused", "signature")])

    def test_a_broken_file_counts_as_none(self, tmp_path: Path, key: NodeKey) -> None:
        (tmp_path / "twin.json").write_bytes(b"\x00" * 300)
        assert self.book(tmp_path, key).version == 0


def test_head_office_orders_over_a_broker_and_hears_what_became_of_it(
    mosquitto: Mosquitto, head_office: Callable[..., HeadOffice], tmp_path: Path, key: NodeKey
) -> None:
    settings = FAST.model_copy(update={"command_key": key.public})
    office, done = head_office(mosquitto.endpoint).await_link(), []
    seen = threading.Event()
    with open_store(tmp_path) as store:
        desk = desk_of(store, lambda: key.public)
        links = mqtt_links(uplink_profile(NODE, mosquitto.endpoint, settings))
        tools = UplinkTools(downlink=desk.take)
        uplink = Uplink(store.outbox, NODE, settings, make_link=links, broker="broker", tools=tools)
        store.subscribe(uplink.wake)
        work = {"note": lambda about: (done.append(about), seen.set()) and "noted"}
        with desk.open(work), uplink:
            store.append_wait([fact.model_copy(update={"mono_s": CLOCK.mono_s()}) for fact in facts_of(1)])
            wait_until(lambda: office.report().stored.get("node.health") == 1, "head office knows the node")
            arguments = [NODE.path, "note", "camera-1", "--key", str(tmp_path / "head-office.key")]
            command = [sys.executable, "-c", "from edge.cli.main import main; main()", "cloud", "command", *arguments]
            command += ["--db", str(office.database), "--broker", mosquitto.endpoint.address, "--json"]
            told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
            assert json.loads(told.stdout) == {"heard": True, "outcome": "done", "detail": "noted"}, told.stderr
            assert (told.returncode, done, seen.is_set()) == (0, ["camera-1"], True)
