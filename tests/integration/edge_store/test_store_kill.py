import random
import signal
import subprocess
import sys
from pathlib import Path

from sync.records import Lane

_ROUNDS = 6
_CHILD = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from edge.clock import SystemClock
from edge.egress import EgressGate
from edge.egress_policy import load_policy
from edge.facts import NodeHealthFact, ShelfCountFact
from edge.store.config import StoreSettings
from edge.store.store import Store

gate = EgressGate(load_policy(Path("firmware-config/egress-policy.toml")), b"k" * 32)
settings = StoreSettings(path=Path(sys.argv[1]), group_ms=2.0, ballast_bytes=65536)

def stamp():
    return {"at": datetime.now(UTC), "mono_s": 1.0, "source": "cam-1"}

with Store(settings, gate=gate, clock=SystemClock()) as store:
    print("up", flush=True)
    number = 0
    while True:
        facts = [
            ShelfCountFact(**stamp(), slot="s1", sku="BR-1", units=number % 20, facings=20, delta=None, shelf_units=0),
            NodeHealthFact(**stamp(), uptime_s=1.0, cameras_ok=1, cameras=1, language_up=True, disk_free_share=0.5,
                           rss_mb=1.0, skipped_frames=0),
        ]
        for future in [store.append(facts) for _ in range(10)]:
            print(*future.result(), flush=True)
        number += 1
"""


def _killed_round(path: Path, lines_before_the_kill: int) -> list[int]:
    """Run a writer until it printed some lines, kill it, and return the ids that it said were stored."""
    with subprocess.Popen([sys.executable, "-c", _CHILD, str(path)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        printed = [child.stdout.readline() for _ in range(lines_before_the_kill)]
        child.send_signal(signal.SIGKILL)
        printed += child.stdout.read().splitlines(keepends=True)
    whole = [line for line in printed if line.endswith("\n") and not line.startswith("up")]
    return [int(word) for line in whole for word in line.split()]


def test_after_every_kill_all_acknowledged_facts_are_there_and_numbers_have_no_holes(tmp_path, new_store) -> None:
    draws = random.Random(20261122)
    path = tmp_path / "killed.db"
    promised: list[int] = []
    for _ in range(_ROUNDS):
        promised += _killed_round(path, draws.randint(1, 120))
        with new_store(path=path) as store:
            assert store.stats().quick_check == "ok"
            found = {fact.id for fact in store.facts(limit=100_000)}
            assert set(promised) <= found
            _assert_numbers_have_no_holes(store)
    assert len(promised) == len(set(promised)) > 0


def _assert_numbers_have_no_holes(store) -> None:
    (epoch,) = store.outbox.epochs()
    gaps = [row.record.data for row in store.outbox.take(epoch, Lane.P0, after_seq=1, limit=10_000)]
    declared = {number for gap in gaps for number in range(gap["first"], gap["last"] + 1)}
    for state in store.outbox.lanes(epoch):
        waiting = {row.seq for row in store.outbox.take(epoch, state.lane, after_seq=0, limit=100_000)}
        known = waiting | declared if state.lane is Lane.P3 else waiting
        assert known == set(range(1, state.drawn_upto + 1))
