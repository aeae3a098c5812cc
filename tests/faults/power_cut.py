"""Cuts the power of a working store at many points and asks the outside oracle what is owed.

``python -m tests.faults.power_cut --points 800 [--synchronous NORMAL] [--json]`` from the project's folder.
"""

import argparse
import json
import logging
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random

import structlog

from edge.store.store import Store
from sync.records import Lane
from tests.faults.power import Change, Disk, build_recorder, read_changes
from tests.faults.workload import open_store

_SEED = 20261122


@dataclass(slots=True)
class Verdict:
    """What was found over all points."""

    points: int = 0
    changes: int = 0
    promises: int = 0
    lost: int = 0
    """Accepted records of p0 and p1 that were neither there nor acknowledged, or had another content."""
    broken: int = 0
    """Files that SQLite's own whole check found damaged, or that the store had to salvage."""
    examples: list[str] = field(default_factory=list)

    def note(self, sentence: str) -> None:
        """Keep the first few sentences for whoever has to look."""
        if len(self.examples) < 5:
            self.examples.append(sentence)


@dataclass(frozen=True, slots=True)
class Run:
    """A recorded run: the folder before it, and every change of it."""

    start: dict[str, bytes]
    changes: list[Change]


def record(place: Path, *, synchronous: str, is_migrating: bool) -> Run:
    """Run the workload under the recorder; ``is_migrating``: on a store of the version before."""
    folder = place / "shop"
    folder.mkdir()
    if is_migrating:
        _make_old(folder)
    start = {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.endswith("-shm")}
    environment = os.environ | {
        "LD_PRELOAD": str(build_recorder(place)), "FAULTS_DIR": str(folder), "FAULTS_LOG": str(place / "changes"),
    }  # fmt: skip
    command = [sys.executable, "-m", "tests.faults.workload", str(folder), synchronous]
    subprocess.run(command, env=environment, check=True, timeout=300)
    return Run(start, read_changes(place / "changes"))


def _make_old(folder: Path) -> None:
    """A store as the version before the audit left it."""
    with open_store(folder):
        pass
    database = sqlite3.connect(folder / "shop.db")
    with database:
        database.execute("DROP TABLE audit")
        database.execute("DROP TABLE audit_seals")
        database.execute("DELETE FROM _sqlite_migrations WHERE name IN ('0002-audit', '0003-audit-by-kind')")
    database.close()
    (folder / "shop.db.numbers").unlink()


def judge(run: Run, verdict: Verdict, *, points: int, place: Path) -> None:
    """Cut the power at so many points, half of them in the first tenth of the run, and open what is left each time."""
    random, disk = Random(_SEED), Disk(run.start)
    verdict.changes += len(run.changes)
    wanted = {*_spread(len(run.changes) // 10, points // 2), *_spread(len(run.changes), points - points // 2)}
    for number, change in enumerate(run.changes, start=1):
        disk.apply(change)
        if number in wanted:
            _judge_one(disk, random, verdict, place / f"cut-{number}", number)


def _spread(changes: int, points: int) -> set[int]:
    return {max(1, round((number + 1) * changes / points)) for number in range(points)}


def _judge_one(disk: Disk, random: Random, verdict: Verdict, folder: Path, number: int) -> None:
    folder.mkdir()
    for name, contents in disk.cut(random).items():
        (folder / name).write_bytes(contents)
    promises = [line.split() for line in disk.promises()]
    verdict.points += 1
    verdict.promises += sum(line[0] == "accepted" for line in promises)
    with open_store(folder) as store:
        if store.stats().quick_check != "ok":
            verdict.broken += 1
            verdict.note(f"change {number}: {store.stats().quick_check}")
        waiting, acked = _outbox_of(store)
    asked = {
        lane: max((int(line[2]) for line in promises if line[:2] == ["acking", lane]), default=0) for lane in acked
    }
    for kind, lane, seq, *units in promises:
        is_owed = kind != "acking" and lane in ("p0", "p1") and int(seq) > min(acked[lane], asked[lane])
        if is_owed and (found := waiting.get((lane, int(seq)))) != units[0]:
            verdict.lost += 1
            verdict.note(f"change {number}: {kind} {lane} {seq} {units[0]}, found {found}")
    _check_whole(folder, verdict, number)
    shutil.rmtree(folder)


def _outbox_of(store: Store) -> tuple[dict[tuple[str, int], str], dict[str, int]]:
    """What waits in p0 and p1, by lane and number, and up to where each lane is acknowledged."""
    epoch = store.outbox.epochs()[-1]
    waiting = {
        (str(lane), row.seq): str(row.record.data.get("units", "-"))
        for lane in (Lane.P0, Lane.P1)
        for row in store.outbox.take(epoch, lane, after_seq=0, limit=100_000)
    }
    return waiting, {str(state.lane): state.acked_upto for state in store.outbox.lanes(epoch)}


def _check_whole(folder: Path, verdict: Verdict, number: int) -> None:
    database = sqlite3.connect(folder / "shop.db")
    (finding,) = database.execute("PRAGMA integrity_check(1)").fetchone()
    database.close()
    if finding != "ok":
        verdict.broken += 1
        verdict.note(f"change {number}: {finding}")


def try_points(points: int, *, synchronous: str) -> Verdict:
    """Record a new store and one that is migrated, and cut the power of each at half of the points."""
    total = Verdict()
    for is_migrating in (False, True):
        with tempfile.TemporaryDirectory(prefix="power-cut-") as place:
            run = record(Path(place), synchronous=synchronous, is_migrating=is_migrating)
            judge(run, total, points=points // 2, place=Path(place))
    return total


def main() -> int:
    """Entry point; exit status 0 when nothing was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=800)
    parser.add_argument("--synchronous", choices=["FULL", "NORMAL"], default="FULL")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    found = try_points(options.points, synchronous=options.synchronous)
    summary = f"{found.points} power cuts over {found.changes} changes, {found.promises} promises asked for: "
    lines = [summary + f"{found.lost} lost, {found.broken} files broken", *found.examples]
    sys.stdout.write((json.dumps(asdict(found)) if options.json else "\n  ".join(lines)) + "\n")
    return 0 if found.lost == found.broken == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
