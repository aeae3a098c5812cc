"""Power cuts and kills, with an oracle outside that knows what is owed; the long runs of `tests/faults`.

Runs from the project's folder: the recorder is compiled, the processes are killed and the promises counted by the
modules there, each in a process of its own.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from edge.bench.results import BenchResult
from edge.errors import ConfigError

_FOLDER = Path("tests/faults")
_AGAINST = "what was promised, noted outside of the machine"
_RIGHT = "the one right command among them, carried out once"
_LAZY = "the same run with synchronous=NORMAL"


def run(quick: bool) -> list[BenchResult]:
    """Cut and kill; blocks for half a minute when quick, a quarter of an hour otherwise.

    Raises:
        ConfigError: not run from the project's folder, or a part of it did not come to its end.
    """
    if not _FOLDER.is_dir():
        raise ConfigError(f"{_FOLDER} is missing: this bench runs from the project's folder")
    points, kills = (60, 10) if quick else (1000, 1000)
    cut = _asked("power_cut", "--points", str(points))
    lazy = _asked("power_cut", "--points", str(min(points, 200)), "--synchronous", "NORMAL")
    killed = _asked("kills", "--kills", str(kills))
    fuzzed = _asked("orders", "--commands", "3000" if quick else "100000")
    return [
        BenchResult("power cuts at recorded points", cut["points"], "cuts"),
        BenchResult("promises asked for after them", cut["promises"], "records"),
        _none("promised records lost", cut["lost"], _AGAINST),
        _none("files broken", cut["broken"], "SQLite's integrity_check and our own"),
        BenchResult("lost without syncs", lazy["lost"], "records", 1, lazy["lost"] > 0, _LAZY),
        BenchResult("random kills of node, broker and receiver", killed["kills"], "kills"),
        BenchResult("promises asked for after the last", killed["promised"], "records"),
        _none("promised records lost, after kills", killed["lost"], _AGAINST),
        _none("undeclared holes", killed["holes"], "1..max of every lane"),
        _none("contents that differ", killed["mismatches"], _AGAINST),
        _none("effects applied twice", killed["applied_twice"], "events stored"),
        BenchResult("malformed and hostile commands", fuzzed["commands"], "commands"),
        BenchResult("hostile commands carried out", fuzzed["executed"], "commands", 0, fuzzed["executed"] == 0, _RIGHT),
        BenchResult("crashes by them", fuzzed["crashes"], "crashes", 0, fuzzed["crashes"] == 0, _RIGHT),
        BenchResult("memory grown by them", fuzzed["grown_mb"], "MB", 8, fuzzed["grown_mb"] <= 8, _RIGHT),
    ]


def _none(what: str, value: int, against: str) -> BenchResult:
    return BenchResult(what, value, "records", 0, value == 0, against)


def _asked(module: str, *arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", f"tests.faults.{module}", *arguments, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - own modules
    lines = done.stdout.splitlines()
    if not lines or not lines[-1].startswith("{"):
        raise ConfigError(f"tests.faults.{module} did not come to its end: {done.stderr.strip()[-400:]}")
    found: dict[str, Any] = json.loads(lines[-1])
    return found
