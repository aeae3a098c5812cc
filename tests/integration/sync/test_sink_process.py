"""The receiver as the process that head office runs: killed, stopped, orphaned, fed with rubbish."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from sync.cloud.sink_reader_store import SinkReader
from sync.cloud.sink_store import RejectedMessage, SinkStore
from sync.envelope import encode
from sync.errors import SinkStoreError
from sync.lifeline import ChildProcess
from sync.link import LinkProfile, Message
from sync.mqtt_link import MqttLink
from sync.received import decode
from sync.records import Lane, QueuedRecord
from tests.integration.sync.conftest import NODE, wait_until
from tests.integration.sync.fakes import EPOCH, record


def start(database: Path, port: int, *words: str, stdout: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "sync.cloud.sink",
            "--broker",
            f"mqtt://127.0.0.1:{port}",
            "--db",
            str(database),
            "--json",
            "--status-s",
            "0.1",
            "--backoff-max-s",
            "1",
            *words,
        ],
        stdout=stdout,
        stderr=subprocess.DEVNULL,
    )


def row(seq: int, lane: Lane = Lane.P1, **data) -> QueuedRecord:
    return QueuedRecord(EPOCH, lane, seq, record(lane, seq, data=data or None))


def test_a_receiver_killed_between_commit_and_acknowledgement_loses_and_doubles_nothing(
    mosquitto, outbox, uplink_to, tmp_path
):
    database = tmp_path / "head-office.db"
    process = start(database, mosquitto.port)
    with uplink_to(mosquitto.endpoint) as uplink:
        try:
            for _ in range(3):
                before = uplink.status().deleted
                outbox.put_many(Lane.P1, 600)
                uplink.wake()
                wait_until(lambda before=before: uplink.status().deleted > before, "some were acknowledged")
                process.kill()
                process.wait(5)
                process = start(database, mosquitto.port)
            wait_until(lambda: outbox.pending == 0, "the outbox is empty")
        finally:
            process.terminate()
            process.wait(10)
    report = SinkReader(database).report()
    assert report.is_whole
    assert report.tallies == report.stored == {"shelf.count": 1800}


def test_one_that_stands_by_takes_over_from_a_killed_one_and_loses_and_doubles_nothing(
    mosquitto, outbox, uplink_to, tmp_path
):
    database = tmp_path / "head-office.db"
    first, second = (start(database, mosquitto.port, "--stand-by") for _ in range(2))
    alive = [first, second]
    with uplink_to(mosquitto.endpoint) as uplink:
        try:
            for _ in range(2):
                before = uplink.status().deleted
                outbox.put_many(Lane.P1, 600)
                uplink.wake()
                wait_until(lambda before=before: uplink.status().deleted > before, "some were acknowledged")
                holder = next(one for one in alive if holds(one.pid, database))
                alive.remove(holder)
                holder.kill()
                holder.wait(5)
                alive.append(start(database, mosquitto.port, "--stand-by"))
            wait_until(lambda: outbox.pending == 0, "the outbox is empty")
        finally:
            for process in alive:
                process.terminate()
                process.wait(10)
    report = SinkReader(database).report()
    assert (report.is_whole, report.tallies) == (True, {"shelf.count": 1200})


def test_one_that_stands_by_ends_when_it_is_told_to(mosquitto, tmp_path):
    with SinkStore(tmp_path / "head-office.db"):
        process = start(tmp_path / "head-office.db", mosquitto.port, "--stand-by")
        wait_until(lambda: takes_sigterm(process.pid), "it waits for its turn")
        process.terminate()
        assert process.wait(10) == 0


def takes_sigterm(pid: int) -> bool:
    taken = Path(f"/proc/{pid}/status").read_text().split("SigCgt:")[1].split()[0]
    return bool(int(taken, 16) >> (signal.SIGTERM - 1) & 1)


def holds(pid: int, database: Path) -> bool:
    """Whether this process has the database itself open; one that stands by has not."""
    open_files = Path(f"/proc/{pid}/fd").iterdir()
    return any(os.path.realpath(file) == str(database.resolve()) for file in open_files)


def test_sigterm_ends_it_cleanly_with_a_last_status_line(mosquitto, tmp_path):
    process = start(tmp_path / "head-office.db", mosquitto.port, stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout:
        lines = iter(process.stdout.readline, b"")
        assert any(json.loads(line)["is_up"] for line in lines)
        process.terminate()
        assert process.wait(10) == 0
        last = json.loads(list(lines)[-1])
    assert (last["is_up"], last["committed"], last["broker"]) == (False, 0, f"mqtt://127.0.0.1:{mosquitto.port}")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--broker", "mqtt://u:hunter2@127.0.0.1"], "must not hold credentials"),
        (["--broker", "ftp://x"], "mqtts://host:8883"),
        (["--broker", "mqtt://127.0.0.1", "--db", "/proc/none/x.db"], "cannot be opened"),
    ],
)
def test_misuse_is_one_sentence_and_a_status(tmp_path, arguments, says):
    command = [sys.executable, "-m", "sync.cloud.sink", "--db", str(tmp_path / "x.db"), *arguments]
    done = subprocess.run(command, capture_output=True, timeout=20, text=True, check=False)
    assert done.returncode in (1, 2)
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert "hunter2" not in done.stderr


def test_a_second_receiver_on_one_database_is_refused(tmp_path):
    with SinkStore(tmp_path / "x.db"), pytest.raises(SinkStoreError, match="another receiver"):
        SinkStore(tmp_path / "x.db").__enter__()


def test_a_parent_killed_with_sigkill_takes_the_receiver_along(mosquitto, tmp_path):
    database = tmp_path / "head-office.db"
    script = (
        "import sys, time\nfrom sync.lifeline import ChildProcess\n"
        f"with ChildProcess('sync.cloud.sink', ['--broker', 'mqtt://127.0.0.1:{mosquitto.port}', '--db', "
        f"{str(database)!r}], stdout=sys.stderr.fileno()) as child:\n"
        "    print(child.process.pid, flush=True)\n    time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert parent.stdout is not None
    with parent.stdout:
        child_pid = int(parent.stdout.readline())
        wait_until(database.exists, "the receiver runs")
        parent.kill()
        parent.wait(5)
    wait_until(lambda: not is_alive(child_pid), "the receiver is gone")


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (OSError, IndexError):
        return False


def test_a_child_is_stopped_at_the_end_of_its_block(mosquitto, tmp_path):
    arguments = ["--broker", f"mqtt://127.0.0.1:{mosquitto.port}", "--db", str(tmp_path / "x.db")]
    with ChildProcess("sync.cloud.sink", arguments, stdout=subprocess.DEVNULL) as child:
        wait_until((tmp_path / "x.db").exists, "the receiver runs")
        process = child.process
    assert process.returncode in (0, -signal.SIGTERM)


def test_rubbish_is_kept_with_its_reason_and_the_good_goes_on(mosquitto, head_office):
    office = head_office(mosquitto.endpoint).await_link()
    link = MqttLink(LinkProfile(endpoint=mosquitto.endpoint, client_id="rubbish", subscriptions=()))
    link.open()
    good = encode(NODE, row(1))
    for message in (
        Message("br/v1/a/b/c/ev/p9", b"{}"),
        Message(good.topic, b"\xff\xfe", good.properties, good.content_type),
        Message(good.topic, b"[" * 50_000, good.properties, good.content_type),
        Message(good.topic, good.payload, good.properties[:3], good.content_type),
        Message("br/v1/a/b/c/st", b"gone fishing"),
        good,
    ):
        link.publish(message)
    wait_until(lambda: office.report().stored == {"shelf.count": 1}, "the good one is stored")
    link.close(is_farewell=True)
    assert office.report().rejected == 5


class TestStore:
    def test_an_event_sent_twice_has_one_effect_and_is_counted(self, tmp_path):
        event = decode(encode(NODE, row(1)))
        with SinkStore(tmp_path / "x.db") as store:
            store.commit([event, event])
            acked = store.commit([event])
        report = SinkReader(tmp_path / "x.db").report()
        assert (report.tallies, report.lanes[0].duplicates) == ({"shelf.count": 1}, 2)
        assert report.is_whole
        assert list(acked.values()) == [1]

    def test_the_same_number_with_other_bytes_is_kept_apart(self, tmp_path):
        with SinkStore(tmp_path / "x.db") as store:
            store.commit([decode(encode(NODE, row(1, units=3)))])
            store.commit([decode(encode(NODE, row(1, units=4)))])
        report = SinkReader(tmp_path / "x.db").report()
        assert (report.lanes[0].mismatches, report.is_whole) == (1, False)
        assert [fact.data for fact in SinkReader(tmp_path / "x.db").facts()] == [{"units": 3}]

    @pytest.mark.parametrize("change", [{"mono_s": 1.0}, {"source": "cam-other"}, {"boot_id": "b2"}])
    def test_another_event_under_the_same_number_is_noticed_whatever_differs(self, tmp_path, change):
        other = QueuedRecord(EPOCH, Lane.P1, 1, replace(row(1).record, **change))
        with SinkStore(tmp_path / "x.db") as store:
            store.commit([decode(encode(NODE, row(1))), decode(encode(NODE, other))])
        assert SinkReader(tmp_path / "x.db").report().lanes[0].mismatches == 1

    def test_a_trace_that_another_attempt_continues_makes_no_other_event(self, tmp_path):
        trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        traced = QueuedRecord(EPOCH, Lane.P1, 1, replace(row(1).record, traceparent=trace))
        with SinkStore(tmp_path / "x.db") as store:
            store.commit([decode(encode(NODE, row(1)))])
            store.commit([decode(encode(NODE, traced))])
        assert SinkReader(tmp_path / "x.db").report().lanes[0].duplicates == 1

    def test_a_run_that_overlaps_what_came_is_new_only_where_it_is(self, tmp_path):
        with SinkStore(tmp_path / "x.db") as store:
            store.commit([decode(encode(NODE, row(seq))) for seq in (1, 2, 5)])
            acked = store.commit([decode(encode(NODE, row(seq))) for seq in range(2, 8)])
        report = SinkReader(tmp_path / "x.db").report()
        assert (list(acked.values()), report.tallies, report.lanes[0].duplicates) == ([7], {"shelf.count": 7}, 2)
        assert report.is_whole

    def test_a_file_of_an_older_version_is_brought_up_to_date_and_goes_on(self, tmp_path):
        with SinkStore(tmp_path / "x.db") as store:
            store.commit([decode(encode(NODE, row(1, share=1e-7)))])
        with closing(sqlite3.connect(tmp_path / "x.db")) as old, old:
            old.execute("ALTER TABLE events ADD COLUMN digest BLOB NOT NULL DEFAULT x'00'")
            old.execute("UPDATE events SET data = '{\"share\":1e-07}'")
            old.execute("PRAGMA user_version = 1")
        with SinkStore(tmp_path / "x.db") as store:
            assert list(store.commit([decode(encode(NODE, row(seq, share=1e-7))) for seq in (1, 2)]).values()) == [2]
        report = SinkReader(tmp_path / "x.db").report()
        assert (report.is_whole, report.lanes[0].duplicates, report.tallies) == (True, 1, {"shelf.count": 2})

    def test_a_file_of_a_later_version_is_refused(self, tmp_path):
        with SinkStore(tmp_path / "x.db"), closing(sqlite3.connect(tmp_path / "x.db")) as later:
            later.execute("PRAGMA user_version = 99")
        with pytest.raises(SinkStoreError, match="version 99"):
            SinkStore(tmp_path / "x.db").__enter__()

    def test_only_the_contiguous_part_is_acknowledged_and_holes_are_reported(self, tmp_path):
        with SinkStore(tmp_path / "x.db") as store:
            acked = store.commit([decode(encode(NODE, row(seq))) for seq in (1, 2, 4, 7)])
        assert list(acked.values()) == [2]
        assert SinkReader(tmp_path / "x.db").report().lanes[0].holes == ((3, 3), (5, 6))

    def test_numbers_survive_a_restart(self, tmp_path):
        for seq in (1, 2, 3):
            with SinkStore(tmp_path / "x.db") as store:
                assert list(store.commit([decode(encode(NODE, row(seq)))]).values()) == [seq]

    def test_two_nodes_and_two_epochs_are_kept_apart(self, tmp_path):
        first = decode(encode(NODE, row(1)))
        second = decode(encode(type(NODE)("acme", "store-8", "node-1"), row(1)))
        with SinkStore(tmp_path / "x.db") as store:
            assert sorted(store.commit([first, second]).values()) == [1, 1]
        assert SinkReader(tmp_path / "x.db").report().stored == {"shelf.count": 2}

    def test_a_gap_that_declares_nonsense_covers_nothing(self, tmp_path):
        data = {"epoch": EPOCH, "gap_lane": "p2", "first": 9, "last": 3, "reason": "evicted"}
        event = decode(encode(NODE, QueuedRecord(EPOCH, Lane.P0, 1, record(Lane.P0, 1, kind="gap", data=data))))
        with SinkStore(tmp_path / "x.db") as store:
            store.commit([event])
        report = SinkReader(tmp_path / "x.db").report()
        assert ([lane.lane for lane in report.lanes], report.rejected) == (["p0"], 1)

    def test_a_failed_commit_acknowledges_nothing_and_can_be_repeated(self, tmp_path):
        event = decode(encode(NODE, row(1)))
        unwritable = RejectedMessage("t", "r", payload=None)  # type: ignore[arg-type]  # breaks the transaction
        with SinkStore(tmp_path / "x.db") as store:
            with pytest.raises((SinkStoreError, TypeError)):
                store.commit([event], rejected=[unwritable])
            assert list(store.commit([event]).values()) == [1]
        assert SinkReader(tmp_path / "x.db").report().tallies == {"shelf.count": 1}

    def test_refusals_do_not_fill_the_disk(self, tmp_path, monkeypatch):
        monkeypatch.setattr("sync.cloud.sink_store._KEPT_REFUSALS", 10)
        with SinkStore(tmp_path / "x.db") as store:
            store.commit([], rejected=[RejectedMessage("t" * 1000, "r", b"x" * 100_000)] * 50)
            kept = store._db.execute("SELECT count(*), max(length(payload)) FROM rejected").fetchone()
        assert kept == (10, 4096)
        assert SinkReader(tmp_path / "x.db").report().rejected == 50

    def test_a_report_is_read_beside_the_writer(self, tmp_path):
        with SinkStore(tmp_path / "x.db") as store:
            store.commit([decode(encode(NODE, row(1)))])
            found: list[int] = []
            reader = threading.Thread(
                target=lambda: found.append(SinkReader(tmp_path / "x.db").report().lanes[0].received), name="reader"
            )
            reader.start()
            reader.join(5)
        assert found == [1]

    def test_a_database_that_is_not_there_is_a_sentence(self, tmp_path):
        with pytest.raises(SinkStoreError, match=r"x\.db"):
            SinkReader(tmp_path / "x.db").report()

    def test_a_file_that_is_no_database_is_a_sentence(self, tmp_path):
        (tmp_path / "x.db").write_bytes(b"not a database at all" * 100)
        with pytest.raises(SinkStoreError, match=r"x\.db"):
            SinkStore(tmp_path / "x.db").__enter__()
